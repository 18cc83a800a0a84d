import OrderPaymentValidation from "@point_of_sale/app/utils/order_payment_validation";
import { patch } from "@web/core/utils/patch";
import { refusedOrder, checkBeforePaying } from "./before_paying";

patch(OrderPaymentValidation.prototype, {
    async askBeforeValidation() {
        if ((await super.askBeforeValidation(...arguments)) === false) {
            return false;
        }
        return checkBeforePaying(this.pos, this.order);
    },
    handleValidationError(error) {
        const result = super.handleValidationError(...arguments);
        refusedOrder(this.pos, this.order);
        return result;
    },
});
