import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** A new customer; those who are known under the same data are shown first. */
export class DeskRegister extends Component {
    static template = "ekarte_loyalty.DeskRegister";
    static props = {
        start: Object,
        onKnown: Function,
        onRegistered: Function,
        onCancel: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.name = useRef("name");
        this.state = useState({
            values: { name: "", phone: "", email: "", lang: this.props.start.lang },
            known: [],
            busy: false,
        });
        onMounted(() => this.name.el.focus());
    }

    contact(one) {
        return [one.phone, one.email].filter((said) => said).join(" · ");
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && ev.target.tagName !== "BUTTON") {
            ev.preventDefault();
            this.register(false);
        } else if (ev.key === "Escape") {
            this.props.onCancel();
        }
    }

    async register(sure) {
        if (this.state.busy || !this.state.values.name.trim()) {
            return;
        }
        Object.assign(this.state, { busy: true, known: [] });
        try {
            const args = [{ ...this.state.values }, sure];
            const answer = await this.orm.call("ekarte.service.desk", "register", args);
            this.state.known = answer.known || [];
            if (answer.id) {
                await this.props.onRegistered(answer.id);
            }
        } finally {
            this.state.busy = false;
        }
    }
}
