import { patch } from "@web/core/utils/patch";
import { ControlButtons } from "@point_of_sale/app/screens/product_screen/control_buttons/control_buttons";
import { CardDialog } from "./card_dialog/card_dialog";

patch(ControlButtons.prototype, {
    /** none, card, noted or wrong: the mark at the button. */
    get ekarteMark() {
        const order = this.currentOrder;
        if (!order || !this.pos.ekarte.active) {
            return "none";
        }
        const state = this.pos.ekarte.stateOf(order);
        if (state.pending) {
            return "noted";
        }
        if (!this.pos.ekarte.hasCard(order)) {
            return "none";
        }
        return state.error ? "wrong" : "card";
    },
    clickEkarteCard() {
        this.props.close?.();
        this.dialog.add(CardDialog, { order: this.currentOrder });
    },
});
