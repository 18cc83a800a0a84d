import { _t } from "@web/core/l10n/translation";
import { Component, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { PartnerList } from "@point_of_sale/app/screens/partner_list/partner_list";
import { makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { uuidv4 } from "@point_of_sale/utils";
import { CardEntry } from "../../pay/card_entry/card_entry";
import { CodeEntry } from "../../pay/code_entry/code_entry";
import { ask, isSettled, sentence } from "../answers";

const ADDRESS = /^\S+@\S+\.\S+$/;

/**
 * A card is given to a customer: which card, whose it will be, what the customer says.
 * One dialog; the server does all of it or nothing.
 */
export class EnrollDialog extends Component {
    static template = "ekarte_pos_terminal.EnrollDialog";
    static components = { Dialog, CardEntry, CodeEntry };
    static props = { order: { type: Object, optional: true }, close: Function };

    setup() {
        this.pos = usePos();
        this.dialog = useService("dialog");
        useAutofocus({ refName: "name" });
        // Not in the state: nothing that renders may show them.
        this.identifier = null;
        this.code = null;
        this.key = null;
        this.state = useState({
            step: "card",
            busy: false,
            message: "",
            card: null,
            partner: null,
            form: { name: "", phone: "", email: "", lang: "" },
            consents: {},
            hasCode: false,
            known: null,
            answer: null,
        });
        onWillStart(() => {
            if (this.props.order) {
                return this.onCard({ order_uuid: this.props.order.uuid });
            }
        });
    }

    get form() {
        return this.state.form;
    }

    get isReady() {
        const { name, email } = this.form;
        const typed = name.trim() && (!email.trim() || ADDRESS.test(email.trim()));
        return !this.state.busy && Boolean(this.state.partner || typed);
    }

    get isAddressOdd() {
        const email = this.form.email.trim();
        return Boolean(email) && !ADDRESS.test(email);
    }

    get order() {
        return this.props.order || this.pos.getOrder();
    }

    get mayUseCard() {
        return this.order && !this.props.order && !this.pos.ekarte.hasCard(this.order);
    }

    get sentences() {
        return [...this.state.answer.explain, ...this.state.answer.next];
    }

    // The card

    async onCard(identifier) {
        const answer = await this._ask("ekarte_enrolment", [identifier]);
        if (answer.rc !== "00") {
            return;
        }
        this.identifier = identifier;
        this.key = uuidv4();
        const consented = new Set(answer.consented);
        Object.assign(this.state, {
            step: "form",
            card: answer,
            partner: answer.partner_id ? this._partner(answer.partner_id, answer.holder) : null,
            consents: Object.fromEntries(
                answer.purposes.map(({ purpose }) => [purpose, consented.has(purpose)])
            ),
        });
        const partner = this.order?.getPartner();
        if (!this.state.partner && partner) {
            this.state.partner = this._partner(partner.id, partner.name);
        }
        this.form.lang = this.form.lang || answer.lang || answer.languages[0].code;
    }

    get cardState() {
        return { new: _t("New card"), active: _t("In use") }[this.state.card.state] || "";
    }

    // The customer

    _partner(id, name) {
        return { id, name };
    }

    async choosePartner() {
        const partner = await makeAwaitable(this.dialog, PartnerList, { partner: null });
        if (partner) {
            this.take(this._partner(partner.id, partner.name));
        }
    }

    take(partner) {
        this.state.partner = partner;
        this.state.known = null;
        this.state.message = "";
        this.key = uuidv4();
    }

    onInput() {
        this.state.known = null;
        this.state.message = "";
    }

    toggle(purpose) {
        this.state.consents[purpose] = !this.state.consents[purpose];
    }

    /** Common purposes have words; an issuer's own one is its word. */
    purposeName(purpose) {
        const words = {
            news: _t("News and offers"),
            marketing: _t("Advertising"),
            partners: _t("Passing data on to partners"),
        };
        return words[purpose] || sentence(purpose.replaceAll("_", " "));
    }

    askCode() {
        this.state.step = "code";
    }

    onCode(code) {
        this.code = code;
        this.state.hasCode = true;
        this.state.step = "form";
    }

    dropCode() {
        this.code = null;
        this.state.hasCode = false;
    }

    // Giving it

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            return this.give();
        }
    }

    async give() {
        if (!this.isReady) {
            return;
        }
        const customer = this.state.partner ? this.state.partner.id : { ...this.form };
        const answer = await this._ask("ekarte_enroll", [
            this.key,
            this.identifier,
            customer,
            { ...this.state.consents },
            this.code,
        ]);
        // What was refused stays refused under its key: the next try is a new one.
        if (isSettled(answer)) {
            this.key = uuidv4();
        }
        if (answer.rc === "confirm") {
            this.state.known = this._partner(answer.partner_id, answer.name);
        } else if (answer.rc === "00") {
            await this._given(answer);
        }
    }

    /** The till learns to know the customer; an order that shows the card is told. */
    async _given(answer) {
        const [partner] = await this.pos.data.read("res.partner", [answer.partner_id]);
        if (this.props.order) {
            this.props.order.setPartner(partner);
            await this.pos.ekarte.refresh(this.props.order);
        }
        this.partner = partner;
        this.code = null;
        Object.assign(this.state, { step: "done", answer, message: "" });
    }

    async useCard() {
        this.order.setPartner(this.partner);
        await this.pos.ekarte.identify(this.order, this.identifier);
        this.props.close();
    }

    async _ask(name, args) {
        Object.assign(this.state, { busy: true, message: "" });
        const answer = await ask(this.pos, name, args);
        this.state.busy = false;
        if (answer.rc !== "00") {
            const told = [sentence(answer.message), ...(answer.explain || [])];
            this.state.message = told.filter(Boolean).join(" ");
        }
        return answer;
    }
}
