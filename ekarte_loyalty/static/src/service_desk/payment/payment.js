import { Component, onMounted, onWillStart, useRef, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** A payment of what a card owes. Its number is drawn once: pressing twice pays once. */
export class DeskPayment extends Component {
    static template = "ekarte_loyalty.DeskPayment";
    static props = { cardId: Number, onPaid: Function };

    setup() {
        this.orm = useService("orm");
        this.amount = useRef("amount");
        this.state = useState({ amount: "", journal: "", busy: false });
        onWillStart(async () => {
            this.asked = await this.orm.call("ekarte.service.desk", "payment", [
                this.props.cardId,
            ]);
            this.state.amount = this.asked.most;
            this.state.journal = String(this.asked.journals[0]?.value || "");
        });
        onMounted(() => this.amount.el.select());
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.pay();
        }
    }

    async pay() {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { amount, journal } = this.state;
            const args = [this.props.cardId, this.asked.number, amount, Number(journal)];
            await this.orm.call("ekarte.service.desk", "pay", args);
            await this.props.onPaid();
        } finally {
            this.state.busy = false;
        }
    }
}
