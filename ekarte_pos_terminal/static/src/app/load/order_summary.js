import { OrderSummary } from "@point_of_sale/app/screens/product_screen/order_summary/order_summary";
import { patch } from "@web/core/utils/patch";
import { _t } from "@web/core/l10n/translation";
import { isLoad } from "./loads";

patch(OrderSummary.prototype, {
    /** What a card is loaded with is agreed with the server, in the dialog. */
    _setValue(val) {
        const line = this.currentOrder.getSelectedOrderline();
        const { numpadMode } = this.pos;
        if (!line || !isLoad(line) || line.refunded_orderline_id || numpadMode === "quantity") {
            return super._setValue(...arguments);
        }
        this.numberBuffer.reset();
        if (numpadMode === "price") {
            this.pos.numpadMode = "quantity";
            this.pos.changeEkarteLoad(line);
        } else {
            this.pos.notification.add(_t("There is no discount on money for a card."), {
                type: "warning",
            });
        }
    },
});
