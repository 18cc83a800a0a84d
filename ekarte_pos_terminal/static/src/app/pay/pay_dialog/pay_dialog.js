import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { localization } from "@web/core/l10n/localization";
import { useDebounced } from "@web/core/utils/timing";
import { BACKSPACE, DECIMAL, Numpad, ZERO, getButtons } from "@point_of_sale/app/components/numpad/numpad";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { CardEntry } from "../card_entry/card_entry";
import { CodeEntry } from "../code_entry/code_entry";
import { APPROVED, SHORT, WRONG_CODE } from "../holds";
import { fromMinor, toMinor } from "../money";
import * as plan from "../tender_plan";
import { useTypedKeys } from "../typed_keys";

const PREVIEW_MS = 300;

/**
 * What the card shall pay: sums of its purses and one voucher. Steps: `card` (scan or type
 * it), `amounts`, `code`. It closes when the server has approved, or is discarded.
 */
export class PayDialog extends Component {
    static template = "ekarte_pos_terminal.PayDialog";
    static components = { CardEntry, CodeEntry, Dialog, Numpad };
    static props = {
        order: Object,
        paymentUuid: String,
        second: { type: Boolean, optional: true },
        getPayload: Function,
        close: Function,
    };

    setup() {
        this.pos = usePos();
        this.identifier = null; // of a second card; never rendered
        this.state = useState({
            step: "card",
            second: Boolean(this.props.second),
            card: null,
            codeAsked: false,
            due: 0,
            purses: [],
            vouchers: [],
            amounts: { gift: 0, bonus: 0, credit: 0 },
            voucher: "",
            active: "",
            typed: "",
            quote: null,
            message: "",
            busy: false,
        });
        this.preview = useDebounced(() => this.fetchPreview(), PREVIEW_MS);
        useTypedKeys(
            (key) => this.state.step === "amounts" && this.onKey(key),
            () => this.state.step === "amounts" && this.confirm()
        );
        onWillStart(() => this.start());
    }

    get order() {
        return this.props.order;
    }

    get currency() {
        return this.order.currency;
    }

    get title() {
        return this.state.second ? _t("Pay with another card") : _t("Pay with the card");
    }

    async start() {
        if (this.state.second) {
            return;
        }
        const quote = await this.pos.ekarte.settled(this.order);
        if (quote?.card) {
            this.show(quote);
        }
    }

    /** Show what a card has, and propose what it shall pay. */
    show(quote) {
        const { state } = this;
        const open = toMinor(Math.max(0, this.order.remainingDue), this.currency);
        state.due = state.second ? open : Math.min(open, quote.due);
        state.card = quote.card;
        state.codeAsked = Boolean(quote.card.code_asked ?? quote.code_asked);
        state.purses = plan.pursesOf(quote);
        state.vouchers = state.second ? [] : quote.card.vouchers || [];
        state.amounts = plan.prefilled(state.purses, state.due);
        state.voucher = "";
        state.active = state.purses[0]?.kind || "";
        state.typed = "";
        state.message = quote.rc === APPROVED ? "" : quote.message;
        state.quote = null;
        state.step = "amounts";
        this.preview();
    }

    // The card

    async onCard(identifier) {
        const { state } = this;
        state.busy = true;
        state.message = "";
        const quote = state.second
            ? await this.pos.ekarteHolds.peek(this.order, identifier)
            : await this.pos.ekarte.identify(this.order, identifier, { silent: true });
        state.busy = false;
        if (!quote || quote.rc !== APPROVED || !quote.card) {
            state.message = quote?.message || _t("This card cannot be used here.");
            return;
        }
        this.identifier = state.second ? identifier : null;
        this.show(quote);
    }

    chooseAnother() {
        Object.assign(this.state, { second: true, step: "card", message: "", quote: null });
    }

    // The amounts

    get buttons() {
        return getButtons([DECIMAL, ZERO, BACKSPACE]);
    }

    get dueAfterVoucher() {
        const { vouchers, voucher, due } = this.state;
        return due - plan.voucherPays(vouchers, voucher, due);
    }

    get taken() {
        const { quote, amounts, due } = this.state;
        if (quote?.rc === APPROVED) {
            return Object.values(quote.tendered || {}).reduce((sum, one) => sum + one, 0);
        }
        return plan.moneyOf(amounts) + due - this.dueAfterVoucher;
    }

    get staysDue() {
        const open = toMinor(Math.max(0, this.order.remainingDue), this.currency);
        return Math.max(0, open - this.taken);
    }

    get canConfirm() {
        const { amounts, voucher, busy } = this.state;
        return !busy && Boolean(plan.moneyOf(amounts) || voucher);
    }

    format(minor) {
        return this.env.utils.formatCurrency(fromMinor(minor, this.currency));
    }

    shownAmount(kind) {
        const { active, typed, amounts } = this.state;
        return kind === active && typed ? typed : this.format(amounts[kind]);
    }

    purseName(purse) {
        return { gift: _t("Gift money"), bonus: _t("Bonus money"), credit: _t("Credit") }[purse.kind];
    }

    voucherText(voucher) {
        return [voucher.name, voucher.value ? "" : voucher.text].filter(Boolean).join(": ");
    }

    select(kind) {
        Object.assign(this.state, { active: kind, typed: "", message: "" });
    }

    takeAll(kind) {
        this.select(kind);
        this.setAmount(kind, this.state.due, { quietly: true });
    }

    takeNothing(kind) {
        this.select(kind);
        this.setAmount(kind, 0);
    }

    onKey(key) {
        const { state } = this;
        if (!state.active) {
            return;
        }
        const point = localization.decimalPoint;
        if (key === "Backspace") {
            state.typed = state.typed.slice(0, -1);
        } else if ([".", ","].includes(key)) {
            state.typed = state.typed.includes(point) ? state.typed : `${state.typed || 0}${point}`;
        } else if (!this.isFull(state.typed)) {
            state.typed += key;
        }
        const asked = Number(state.typed.replace(point, ".")) || 0;
        this.setAmount(state.active, toMinor(asked, this.currency));
    }

    isFull(typed) {
        const [, decimals] = typed.split(localization.decimalPoint);
        return typed.length > 9 || (decimals || "").length >= this.currency.decimal_places;
    }

    /** Set one sum; what cannot be is cut, and said. */
    setAmount(kind, asked, { quietly = false } = {}) {
        const { state } = this;
        const { minor, limit } = plan.capped(
            state.purses,
            state.amounts,
            kind,
            asked,
            this.dueAfterVoucher
        );
        state.amounts[kind] = minor;
        state.message = "";
        if (limit && !quietly) {
            state.typed = "";
            state.message =
                limit === "card"
                    ? _t("There is no more than %s on the card.", this.format(minor))
                    : _t("No more than %s is due.", this.format(minor));
        }
        state.quote = null;
        this.preview();
    }

    toggleVoucher(code) {
        const { state } = this;
        state.voucher = state.voucher === code ? "" : code;
        state.amounts = plan.shrunk(state.purses, state.amounts, this.dueAfterVoucher);
        Object.assign(state, { typed: "", message: "", quote: null });
        this.preview();
    }

    get tender() {
        return plan.tenderOf(this.state.amounts, this.state.voucher);
    }

    /** Ask the server what would be said; a second card is told by its balances alone. */
    async fetchPreview() {
        if (this.state.second || this.state.step === "card") {
            return;
        }
        const tender = this.tender;
        const asked = JSON.stringify(tender);
        const quote = await this.pos.ekarte.quote(this.order, tender);
        if (JSON.stringify(this.tender) !== asked || this.state.busy) {
            return; // changed meanwhile: another preview is on its way
        }
        this.state.quote = quote;
        if (quote.rc !== APPROVED) {
            this.state.message = quote.message;
        }
    }

    // The approval

    async confirm() {
        if (!this.canConfirm) {
            return;
        }
        if (this.state.codeAsked) {
            Object.assign(this.state, { step: "code", message: "" });
            return;
        }
        await this.hold(null);
    }

    async hold(code) {
        const { state } = this;
        Object.assign(state, { busy: true, message: "" });
        const answer = await this.pos.ekarteHolds.hold(this.order, this.props.paymentUuid, {
            tender: this.tender,
            code,
            card: this.identifier,
            amount: state.second ? plan.moneyOf(state.amounts) : null,
        });
        state.busy = false;
        if (answer.rc === APPROVED && answer.held) {
            this.props.getPayload(true);
            this.props.close();
            return;
        }
        state.message =
            answer.rc === WRONG_CODE ? this.wrongCode(answer.tries_left || 0) : answer.message;
        state.codeAsked = state.codeAsked || answer.rc === WRONG_CODE || answer.code_asked;
        state.step = answer.rc === WRONG_CODE ? "code" : "amounts";
        if (SHORT.includes(answer.rc)) {
            this.showRest(answer);
        }
    }

    /** Somebody was quicker: show what the card has now. */
    showRest(answer) {
        const { state } = this;
        if (!answer.card?.balances?.length) {
            return;
        }
        state.card = answer.card;
        state.purses = plan.pursesOf(answer);
        state.vouchers = state.second ? [] : answer.card.vouchers || [];
        if (!state.vouchers.some((voucher) => voucher.code === state.voucher)) {
            state.voucher = "";
        }
        state.amounts = plan.covered(state.purses, state.amounts);
        Object.assign(state, { typed: "", quote: null });
    }

    wrongCode(triesLeft) {
        return triesLeft
            ? _t("This is not the access code of the card. Tries left: %s.", triesLeft)
            : _t("This is not the access code of the card, which is locked now.");
    }

    back() {
        Object.assign(this.state, { step: "amounts", message: "" });
    }
}
