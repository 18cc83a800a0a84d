import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { ask } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { OrderSummary } from "@point_of_sale/app/screens/product_screen/order_summary/order_summary";
import { isOwn } from "@ekarte_pos_terminal/app/services/ekarte_lines";

patch(OrderSummary.prototype, {
    async updateSelectedOrderline({ key }) {
        const line = this.currentOrder?.getSelectedOrderline();
        if (!line || !isOwn(line)) {
            return super.updateSelectedOrderline(...arguments);
        }
        this.numberBuffer.reset();
        if (key === "Backspace" || key === "Delete") {
            return this._ekarteRemoveCard(line.order_id);
        }
        this.dialog.add(AlertDialog, {
            title: _t("Card discount"),
            body: _t(
                "The card's rules decide this amount. It follows the goods; to be rid of it, take the card off the order."
            ),
        });
    },
    async _ekarteRemoveCard(order) {
        const confirmed = await ask(this.dialog, {
            title: _t("Take the card off the order?"),
            body: _t("Its discount goes with it, and the purchase earns nothing."),
            confirmLabel: _t("Take off"),
            cancelLabel: _t("Keep"),
        });
        if (confirmed) {
            await this.pos.ekarte.forget(order);
        }
    },
    async onOrderlineLongPress(ev, orderline) {
        if (!isOwn(orderline)) {
            return super.onOrderlineLongPress(...arguments);
        }
    },
});
