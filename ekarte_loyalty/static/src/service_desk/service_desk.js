import { Component, onMounted, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { DeskPayment } from "./payment/payment";
import { DeskQuestions } from "./questions/questions";
import { DeskRegister } from "./register/register";

const STATE_COLORS = { active: "success", new: "info" };

/** The operator's screen. A number lives here until it was asked for, and nowhere else. */
export class ServiceDesk extends Component {
    static template = "ekarte_loyalty.ServiceDesk";
    static components = { DeskPayment, DeskQuestions, DeskRegister };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.search = useRef("search");
        this.code = useRef("code");
        this.unknown = "";
        this.state = useState({
            text: "",
            busy: false,
            found: null,
            chosen: 0,
            shown: null,
            doing: "",
            unknown: false,
            number: "",
        });
        onWillStart(async () => {
            this.start = await this._call("start");
        });
        onMounted(() => this.search.el.focus());
        useEffect(
            () => {
                if (!this.state.doing) {
                    this.search.el?.focus();
                }
            },
            () => [this.state.doing, this.state.shown]
        );
    }

    get customer() {
        return this.state.shown?.customer;
    }

    get card() {
        return this.state.shown?.card;
    }

    get stateColor() {
        return STATE_COLORS[this.card.state] || "danger";
    }

    contact(one) {
        return [one.phone, one.email].filter((said) => said).join(" · ");
    }

    numbers(one) {
        return one.cards.map((card) => card.number).join(", ");
    }

    _call(method, args = []) {
        return this.orm.call("ekarte.service.desk", method, args);
    }

    /** One thing at a time: who presses twice is heard once. */
    async _once(act) {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            return await act();
        } finally {
            this.state.busy = false;
        }
    }

    // Finding

    onSearchKeydown(ev) {
        const last = (this.state.found?.length || 0) - 1;
        const moves = { ArrowDown: 1, ArrowUp: -1 };
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.onEnter();
        } else if (ev.key in moves && last >= 0) {
            ev.preventDefault();
            const next = this.state.chosen + moves[ev.key];
            this.state.chosen = Math.max(0, Math.min(last, next));
        } else if (ev.key === "Escape") {
            this.clear();
        }
    }

    onEnter() {
        if (this.state.found?.length && this.asked === this.state.text) {
            return this.showCustomer(this.state.found[this.state.chosen].id);
        }
        return this.find();
    }

    find() {
        return this._once(async () => {
            const text = this.state.text.trim();
            if (!text) {
                return;
            }
            const answer = await this._call("find", [text]);
            if (answer.card) {
                return this._show({ card_id: answer.card });
            }
            this.asked = this.state.text;
            this.unknown = answer.unknown ? text : "";
            Object.assign(this.state, {
                found: answer.customers,
                chosen: 0,
                unknown: Boolean(answer.unknown),
            });
            if (answer.unknown) {
                // Not kept on the screen for others to read.
                this.state.text = "";
                if (this.customer) {
                    Object.assign(this.state, { found: null, doing: "hand_out" });
                }
            }
        });
    }

    showCustomer(id) {
        return this._once(() => this._show({ partner_id: id }));
    }

    showCard(id) {
        return this._once(() => this._show({ card_id: id }));
    }

    async _show({ card_id = false, partner_id = false }) {
        const shown = await this._call("show", [card_id, partner_id]);
        const waiting = this.unknown && shown.customer;
        Object.assign(this.state, {
            shown,
            text: "",
            found: null,
            doing: waiting ? "hand_out" : "",
        });
    }

    _again() {
        const { card, customer } = this.state.shown;
        return this._show({ card_id: card && card.id, partner_id: customer && customer.id });
    }

    clear() {
        this.unknown = "";
        this.asked = "";
        Object.assign(this.state, {
            text: "",
            found: null,
            shown: null,
            doing: "",
            unknown: false,
            number: "",
        });
        this.search.el?.focus();
    }

    // Doing

    do(what) {
        this.state.doing = this.state.doing === what ? "" : what;
    }

    async onRegistered(id) {
        await this._show({ partner_id: id });
        if (!this.unknown) {
            this.state.doing = this.card ? "" : "hand_out";
        }
    }

    handOut() {
        return this._once(async () => {
            const number = this.unknown || this.state.number;
            const code = this.code.el?.value || null;
            const args = [this.customer.id, number, code];
            const { card } = await this._call("hand_out", args);
            this._forgetNumber();
            this.notification.add(_t("The card is given."), { type: "success" });
            await this._show({ card_id: card });
            this.state.doing = this.state.shown.questionnaire ? "questions" : "";
        });
    }

    onNumberKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            this.handOut();
        }
    }

    _forgetNumber() {
        this.unknown = "";
        Object.assign(this.state, { number: "", unknown: false });
    }

    async onAnswered(effects) {
        const told = effects.length ? effects.join(" · ") : _t("The answers are kept.");
        this.notification.add(told, { type: "success" });
        await this._again();
    }

    async onPaid() {
        this.notification.add(_t("The payment is booked."), { type: "success" });
        await this._again();
    }

    toggleConsent(consent) {
        return this._once(async () => {
            const wanted = { [consent.code]: !consent.given };
            const args = [this.customer.id, wanted];
            const { consents, problem } = await this._call("consent", args);
            this.state.shown.consents = consents;
            if (problem) {
                this.notification.add(problem, { type: "danger" });
            }
        });
    }
}

registry.category("actions").add("ekarte_service_desk", ServiceDesk);
