import { TicketScreen } from "@point_of_sale/app/screens/ticket_screen/ticket_screen";
import { patch } from "@web/core/utils/patch";
import { _t } from "@web/core/l10n/translation";
import { LOAD_ROLE, isLoad } from "../load/loads";
import { isCardPayment } from "./holds";

function isApproved(payment) {
    return payment.isElectronic() && payment.getPaymentStatus() === "done";
}

patch(TicketScreen.prototype, {
    /** What is held on a card is given back with the order: it may be deleted. */
    shouldHideDeleteButton(order) {
        const hidden = super.shouldHideDeleteButton(...arguments);
        if (!hidden || order.finalized) {
            return hidden;
        }
        const approved = order.payment_ids.filter(isApproved);
        const onlyCards = approved.length > 0 && approved.every(isCardPayment);
        return !(onlyCards && order.lines.length && !this.ui.isSmall);
    },
    _onUpdateSelectedOrderline({ buffer }) {
        const refused = this.ekarteRefusal(buffer);
        if (refused) {
            this.pos.notification.add(refused, { type: "warning" });
            return this.numberBuffer.reset();
        }
        return super._onUpdateSelectedOrderline(...arguments);
    },
    _prepareAutoRefundOnOrder(order) {
        const line = order.lines.find((one) => one.id === this.getSelectedOrderlineId());
        if (line && this.pos.ekarte.isOwn(line)) {
            this.pos.notification.add(ownLine(), { type: "warning" });
            return false;
        }
        return super._prepareAutoRefundOnOrder(...arguments);
    },
    postRefund(destinationOrder) {
        super.postRefund(...arguments);
        for (const line of destinationOrder.lines) {
            if (line.refunded_orderline_id && isLoad(line.refunded_orderline_id)) {
                line.ekarte_role = LOAD_ROLE;
            }
        }
    },
    /** Why the selected line cannot be given back that way; "" when it can. */
    ekarteRefusal(buffer) {
        const lineId = this.getSelectedOrderlineId();
        const line = this.getSelectedOrder()?.lines.find((one) => one.id === lineId);
        if (!line) {
            return "";
        }
        if (this.pos.ekarte.isOwn(line)) {
            return ownLine();
        }
        const quantity = Math.abs(parseFloat(buffer) || 0);
        if (isLoad(line) && quantity && quantity !== line.qty) {
            return _t("What was loaded on a card can only be given back whole.");
        }
        return "";
    },
});

function ownLine() {
    return _t("The card's discount comes back with the goods; it is not picked by itself.");
}
