import { Component, useRef, useState } from "@odoo/owl";
import { useCardReader } from "../../hooks/card_reader_hook";
import { typed } from "../../services/ekarte_identifier";

/**
 * A card is scanned, swiped or its number typed. Whatever is scanned while this is shown is
 * taken for a card. The number goes to `onCard` and is forgotten; it is shown as dots.
 */
export class CardEntry extends Component {
    static template = "ekarte_pos_terminal.CardEntry";
    static props = {
        onCard: Function,
        busy: { type: Boolean, optional: true },
    };

    setup() {
        this.input = useRef("number");
        this.state = useState({ typed: false });
        useCardReader((identifier) => this.props.onCard(identifier), { exclusive: true });
    }

    onInput() {
        this.state.typed = Boolean(this.input.el.value.trim());
    }

    submit() {
        const value = this.input.el.value.trim();
        if (!value || this.props.busy) {
            return;
        }
        this.input.el.value = "";
        this.state.typed = false;
        this.props.onCard(typed(value));
    }
}
