import { register_payment_method } from "@point_of_sale/app/services/pos_store";
import { PaymentInterface } from "@point_of_sale/app/utils/payment/payment_interface";
import { makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { APPROVED, METHOD, givenBack, mainHold } from "./holds";
import { PayDialog } from "./pay_dialog/pay_dialog";

/** Payment by card: value is held in the dialog and captured when the order is stored. */
export class PaymentEkarte extends PaymentInterface {
    /** The dialog asks for card and amounts itself: it opens at once. */
    get fastPayments() {
        return true;
    }

    async sendPaymentRequest(uuid) {
        await super.sendPaymentRequest(...arguments);
        const order = this.orderOf(uuid);
        const payment = order.getPaymentlineByUuid(uuid);
        const approved = order.isRefund
            ? await this.giveBack(order, payment)
            : await this.take(order, payment);
        if (!approved) {
            order.removePaymentline(payment);
            await this.pos.ekarteHolds.abandon(order, uuid);
            return false;
        }
        return this.pos.ekarteHolds.settle(order, payment);
    }

    async take(order, payment) {
        return makeAwaitable(this.env.services.dialog, PayDialog, {
            order,
            paymentUuid: payment.uuid,
            second: Boolean(mainHold(order)),
        });
    }

    /** What goes back to the card is not a matter of choice: the sale says it. */
    async giveBack(order, payment) {
        await this.pos.ekarte.settled(order);
        const answer = await this.pos.ekarteHolds.hold(order, payment.uuid, { tender: {} });
        if (answer.rc === APPROVED && givenBack(answer)) {
            return true;
        }
        this.env.services.dialog.add(AlertDialog, {
            title: _t("Nothing goes back to a card"),
            body: answer.rc === APPROVED
                ? _t("Nothing of this sale was paid with a card.")
                : answer.message,
        });
        return false;
    }

    async sendPaymentCancel(order, uuid) {
        await super.sendPaymentCancel(...arguments);
        await this.pos.ekarteHolds.release(order, uuid);
        return true;
    }

    orderOf(uuid) {
        return this.pos.models["pos.payment"].getBy("uuid", uuid).pos_order_id;
    }
}

register_payment_method(METHOD, PaymentEkarte);
