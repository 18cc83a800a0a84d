import { Component, onMounted, onWillUpdateProps, useRef, useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** The questions of an issuer, as its operator reads them out. */
export class DeskQuestions extends Component {
    static template = "ekarte_loyalty.DeskQuestions";
    static props = {
        questionnaire: Object,
        partnerId: Number,
        cardId: { type: [Number, Boolean] },
        onAnswered: Function,
    };

    setup() {
        this.orm = useService("orm");
        this.form = useRef("form");
        this.state = useState({ values: {}, problems: {}, busy: false });
        this._read(this.props);
        onWillUpdateProps((next) => this._read(next));
        onMounted(() => this._focus("input, select, textarea"));
    }

    _read(props) {
        for (const field of props.questionnaire.fields) {
            this.state.values[field.id] = field.value;
        }
    }

    _focus(selector) {
        this.form.el?.querySelector(selector)?.focus();
    }

    inputType(field) {
        const types = { number: "number", date: "date" };
        const special = { email: "email", phone: "tel" };
        return types[field.kind] || special[field.special] || "text";
    }

    options(field) {
        return field.options;
    }

    isChosen(field, value) {
        return (this.state.values[field.id] || []).includes(value);
    }

    choose(field, value) {
        const chosen = this.state.values[field.id] || [];
        this.state.values[field.id] = chosen.includes(value)
            ? chosen.filter((one) => one !== value)
            : [...chosen, value];
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && (ev.ctrlKey || ev.target.tagName !== "BUTTON")) {
            ev.preventDefault();
            this.save();
        }
    }

    async save() {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { partnerId, cardId } = this.props;
            const values = { ...this.state.values };
            const args = [partnerId, values, cardId];
            const answer = await this.orm.call("ekarte.service.desk", "answer", args);
            this.state.problems = answer.problems || {};
            if (!answer.problems) {
                await this.props.onAnswered(answer.effects);
            }
        } finally {
            this.state.busy = false;
        }
        const wrong = Object.keys(this.state.problems)[0];
        if (wrong) {
            this._focus(`#ekarte-question-${wrong}`);
        }
    }
}
