import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { Dialog } from "@web/core/dialog/dialog";
import { localization } from "@web/core/l10n/localization";
import { BACKSPACE, DECIMAL, Numpad, ZERO, getButtons } from "@point_of_sale/app/components/numpad/numpad";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { CardEntry } from "../../pay/card_entry/card_entry";
import { APPROVED } from "../../pay/holds";
import { fromMinor, toMinor } from "../../pay/money";
import { useTypedKeys } from "../../pay/typed_keys";
import { loadOf } from "../loads";

/**
 * Which card a line loads, and with how much. The server looks at the card first; it is
 * activated or loaded only when the order is stored.
 */
export class LoadDialog extends Component {
    static template = "ekarte_pos_terminal.LoadDialog";
    static components = { CardEntry, Dialog, Numpad };
    static props = {
        order: Object,
        product: Object,
        lineUuid: String,
        line: { type: Object, optional: true },
        getPayload: Function,
        close: Function,
    };

    setup() {
        this.pos = usePos();
        this.identifier = null; // never rendered
        this.state = useState({ step: "card", look: null, typed: "", message: "", busy: false });
        useTypedKeys(
            (key) => this.state.step === "amount" && this.onKey(key),
            () => this.state.step === "amount" && this.confirm()
        );
        onWillStart(() => this.start());
    }

    /** Another amount for the card that a line has: the server knows which. */
    async start() {
        const { line } = this.props;
        if (!line || !loadOf(line)) {
            return;
        }
        const answer = await this.ask(null);
        if (answer.fixed) {
            this.state.message = _t("Its price is fixed. You can choose another card.");
            return;
        }
        this.state.look = { ...loadOf(line), ...answer };
        this.state.typed = this.text(toMinor(line.price_unit, this.currency));
        this.state.step = "amount";
    }

    get currency() {
        return this.props.order.currency;
    }

    get title() {
        return this.props.product.display_name;
    }

    get buttons() {
        return getButtons([DECIMAL, ZERO, BACKSPACE]);
    }

    get minor() {
        const { typed } = this.state;
        return toMinor(Number(typed.replace(localization.decimalPoint, ".")) || 0, this.currency);
    }

    get denominations() {
        return this.state.look?.denominations || [];
    }

    format(minor) {
        return this.env.utils.formatCurrency(fromMinor(minor, this.currency));
    }

    text(minor) {
        const amount = fromMinor(minor, this.currency).toFixed(this.currency.decimal_places);
        return amount.replace(".", localization.decimalPoint);
    }

    async ask(amount) {
        const { order, lineUuid, product } = this.props;
        Object.assign(this.state, { busy: true, message: "" });
        const answer = await this.pos.ekarte.call("ekarte_load", [
            order.uuid,
            lineUuid,
            this.identifier,
            product.id,
            amount,
        ]);
        this.state.busy = false;
        if (answer.rc !== APPROVED) {
            this.state.message = answer.message;
        }
        return answer;
    }

    async onCard(identifier) {
        this.identifier = identifier;
        const answer = await this.ask(null);
        if (answer.rc !== APPROVED) {
            return;
        }
        if (answer.planned) {
            this.done(answer);
            return;
        }
        this.state.look = answer;
        this.state.typed = answer.owed ? this.text(answer.owed) : "";
        this.state.step = "amount";
    }

    chooseAnother() {
        this.identifier = null;
        Object.assign(this.state, { step: "card", look: null, typed: "", message: "" });
    }

    onKey(key) {
        const { state } = this;
        const point = localization.decimalPoint;
        state.message = "";
        if (key === "Backspace") {
            state.typed = state.typed.slice(0, -1);
        } else if ([".", ","].includes(key)) {
            state.typed = state.typed.includes(point) ? state.typed : `${state.typed || 0}${point}`;
        } else if ((state.typed.split(point)[1] || "").length < this.currency.decimal_places) {
            state.typed += key;
        }
    }

    choose(minor) {
        this.state.typed = this.text(minor);
        return this.confirm();
    }

    async confirm() {
        if (!this.minor || this.state.busy) {
            return;
        }
        const answer = await this.ask(this.minor);
        if (answer.rc === APPROVED) {
            this.done(answer);
        }
    }

    done(answer) {
        this.props.getPayload({
            masked: answer.masked,
            command: answer.command,
            price: answer.price,
            fixed: Boolean(answer.fixed),
        });
        this.props.close();
    }

    get owedText() {
        return _t("Owed: %s", this.format(this.state.look.owed));
    }
}
