import { _t } from "@web/core/l10n/translation";
import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";
import { Numpad, BACKSPACE, ZERO } from "@point_of_sale/app/components/numpad/numpad";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { useCardReader } from "@ekarte_pos_terminal/app/hooks/card_reader_hook";
import { isTrack, scanned, typed } from "@ekarte_pos_terminal/app/services/ekarte_identifier";

const CLEAR = { value: "Clear", text: "C" };
const SHORTEST = 4;

/** Asks for a card: scan it, swipe it, type its number, or take the customer's. */
export class CardDialog extends Component {
    static template = "ekarte_pos_terminal.CardDialog";
    static components = { Dialog, Numpad };
    static props = { order: Object, close: Function };

    setup() {
        this.pos = usePos();
        this.input = useRef("number");
        useAutofocus({ refName: "number", mobile: true });
        this.state = useState({ text: "", busy: false, message: "" });
        // While a question is asked the field is closed, and loses the cursor.
        useEffect(
            (busy) => {
                if (!busy) {
                    this.input.el?.focus();
                }
            },
            () => [this.state.busy]
        );
        // A scan while the cursor is elsewhere. With the cursor in the field, the keys of
        // scanner and stripe reader end up there, and so does their Enter.
        useCardReader((identifier) => this.take(identifier));
    }

    get cards() {
        return this.pos.ekarte;
    }

    get partner() {
        return this.props.order.partner_id;
    }

    get card() {
        return this.cards.stateOf(this.props.order).quote?.card;
    }

    get numpadButtons() {
        const digits = ["1", "2", "3", "4", "5", "6", "7", "8", "9"].map((value) => ({ value }));
        return [...digits, CLEAR, ZERO, BACKSPACE];
    }

    get ready() {
        return !this.state.busy && this.state.text.length >= SHORTEST;
    }

    press(key) {
        if (key === CLEAR.value) {
            this.state.text = "";
        } else if (key === BACKSPACE.value) {
            this.state.text = this.state.text.slice(0, -1);
        } else {
            this.state.text += key;
        }
        this.state.message = "";
        this.input.el?.focus();
    }

    onKeydown(ev) {
        if (ev.key === "Enter") {
            ev.preventDefault();
            ev.stopPropagation();
            this.confirm();
        }
    }

    confirm() {
        const text = this.state.text.trim();
        if (this.ready) {
            return isTrack(text)
                ? this.take(scanned(text))
                : this.take(typed(text), { read: false });
        }
    }

    /** What was typed wrong may be typed again at once; what was read twice is one. */
    take(identifier, { read = true } = {}) {
        const ask = read ? "scan" : "identify";
        return this._ask(() => this.cards[ask](this.props.order, identifier, { silent: true }));
    }

    takePartners() {
        return this._ask(() =>
            this.cards.identify(
                this.props.order,
                { partner_id: this.partner.id },
                { silent: true }
            )
        );
    }

    async _ask(question) {
        this.state.busy = true;
        this.state.message = "";
        this.state.text = "";
        const answer = await question();
        this.state.busy = false;
        if (answer.rc === "00" || answer.card || answer.kept) {
            this.props.close();
        } else if (!["choose", "repeated"].includes(answer.rc)) {
            this.state.message = answer.message || _t("The card cannot be used here.");
        }
    }

    async remove() {
        await this.cards.forget(this.props.order);
        this.props.close();
    }
}
