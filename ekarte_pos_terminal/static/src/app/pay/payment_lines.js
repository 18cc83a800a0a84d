import { PaymentScreenPaymentLines } from "@point_of_sale/app/screens/payment_screen/payment_lines/payment_lines";
import { patch } from "@web/core/utils/patch";
import { holdsOf, isCardPayment } from "./holds";

patch(PaymentScreenPaymentLines.prototype, {
    isCardPayment(line) {
        return isCardPayment(line);
    },
    maskedOf(line) {
        return holdsOf(line.pos_order_id)[line.uuid]?.masked || line.card_no;
    },
});
