import { PaymentScreen } from "@point_of_sale/app/screens/payment_screen/payment_screen";
import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { HeldOnCards } from "./held_on_cards/held_on_cards";
import { isCardPayment } from "./holds";
import { offerRefund } from "./refund";

patch(PaymentScreen, {
    components: { ...PaymentScreen.components, HeldOnCards },
});

patch(PaymentScreen.prototype, {
    onMounted() {
        super.onMounted(...arguments);
        offerRefund(this);
    },
    async addNewPaymentLine(paymentMethod) {
        const isRefundToCard = this.isRefundOrder && isMethod(paymentMethod);
        if (isRefundToCard && this.paymentLines.some(isCardPayment)) {
            this.notification.add(_t("What goes back to cards is on the order already."));
            return false;
        }
        const added = await super.addNewPaymentLine(...arguments);
        if (added && isRefundToCard) {
            // Not as the screen sends it: that would store the order before anybody looked.
            await this.paymentLines.at(-1).pay();
        }
        return added;
    },
    deletePaymentLine(uuid) {
        const payment = this.paymentLines.find((line) => line.uuid === uuid);
        if (!isCardPayment(payment)) {
            return super.deletePaymentLine(...arguments);
        }
        this.numberBuffer.reset();
        return this.pos.ekarteHolds.release(this.currentOrder, uuid);
    },
    sendForceDone(line) {
        // Only the server approves a payment by card.
        return isCardPayment(line) ? undefined : super.sendForceDone(...arguments);
    },
    updateSelectedPaymentline() {
        const first = this.payment_methods_from_config[0];
        const allPaid = this.paymentLines.every((line) => line.paid);
        if (allPaid && !this.selectedPaymentLine && first && isMethod(first)) {
            return; // typing digits is no wish to pay by card
        }
        return super.updateSelectedPaymentline(...arguments);
    },
});

function isMethod(method) {
    return isCardPayment({ payment_method_id: method });
}
