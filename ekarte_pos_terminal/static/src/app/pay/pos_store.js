import { PosStore } from "@point_of_sale/app/services/pos_store";
import { patch } from "@web/core/utils/patch";
import { CardHolds, holdsOf, isCardPayment } from "./holds";

patch(PosStore.prototype, {
    async processServerData() {
        await super.processServerData(...arguments);
        this.ekarteHolds = new CardHolds(this);
        this.ekarte.onChange((order) => this.ekarteHolds.cartChanged(order));
        this.ekarte.onForget((order) => this.ekarteHolds.drop(order, Object.keys(holdsOf(order))));
    },
    async afterProcessServerData() {
        const result = await super.afterProcessServerData(...arguments);
        if (this.ekarte.active && !this.ekarte.offline) {
            this.ekarteHolds.restore(this.getOpenOrders());
        }
        return result;
    },
    /** What cards paid is booked on them: another payment would not undo it. */
    canEditPayment(order) {
        return super.canEditPayment(...arguments) && !order.payment_ids.some(isCardPayment);
    },
});
