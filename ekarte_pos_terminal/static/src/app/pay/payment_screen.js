import { PaymentScreen } from "@point_of_sale/app/screens/payment_screen/payment_screen";
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
