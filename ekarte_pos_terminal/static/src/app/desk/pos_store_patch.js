import { PosStore } from "@point_of_sale/app/services/pos_store";
import { patch } from "@web/core/utils/patch";
import { CheckInDialog } from "./check_in_dialog/check_in_dialog";
import { EnrollDialog } from "./enroll_dialog/enroll_dialog";

patch(PosStore.prototype, {
    /** Give a card to a customer: the order's card, or one that is scanned now. */
    ekarteEnroll(order) {
        const props = order && this.ekarte.hasCard(order) ? { order } : {};
        this.dialog.add(EnrollDialog, props);
    },
    ekarteCheckIn() {
        this.dialog.add(CheckInDialog);
    },
});
