import { onWillUnmount, useEffect } from "@odoo/owl";
import { registry } from "@web/core/registry";
import {
    ProgressBarField,
    progressBarField,
} from "@web/views/fields/progress_bar/progress_bar_field";

const LOOK_EVERY_MS = 2000;

/** How far an import in the background is; looks again until it is booked or refused. */
export class ImportProgress extends ProgressBarField {
    setup() {
        super.setup();
        let timer;
        const look = async () => {
            await this.props.record.load();
            timer = this.waits ? setTimeout(look, LOOK_EVERY_MS) : undefined;
        };
        useEffect(
            (waits) => {
                if (waits) {
                    timer = setTimeout(look, LOOK_EVERY_MS);
                }
                return () => clearTimeout(timer);
            },
            () => [this.waits]
        );
        onWillUnmount(() => clearTimeout(timer));
    }

    get waits() {
        return this.props.record.data.state === "queued";
    }
}

registry.category("fields").add("ekarte_import_progress", {
    ...progressBarField,
    component: ImportProgress,
});
