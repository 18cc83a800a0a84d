import { AlertDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { isLoad, loadOf } from "../load/loads";
import { holdsOf, isCardPayment } from "./holds";

function tell(pos, title, body) {
    pos.dialog.add(AlertDialog, { title, body });
    return false;
}

function unheld(order) {
    return order.payment_ids.filter(
        (payment) => isCardPayment(payment) && !holdsOf(order)[payment.uuid]
    );
}

function amountText(pos, order) {
    return pos.env.utils.formatCurrency(order.totalDue);
}

/** The till's own checks before an order is stored; the server makes its own. */
export async function checkBeforePaying(pos, order) {
    const loads = order.lines.filter(isLoad);
    const missing = loads.find((line) => line.qty > 0 && !loadOf(line));
    if (missing) {
        return tell(
            pos,
            _t("No card for %s", missing.getFullProductName()),
            _t("Scan the card that shall be loaded, or take the line off the order.")
        );
    }
    if (!loads.length && !pos.ekarte.hasCard(order) && !order.payment_ids.some(isCardPayment)) {
        return true;
    }
    const before = order.totalDue;
    await pos.ekarteSettled();
    if (!order.currency.isZero(order.totalDue - before)) {
        return tell(
            pos,
            _t("The amount has changed"),
            _t("With the card's discount of now the order costs %s.", amountText(pos, order))
        );
    }
    return !pos.data.network.offline || checkOffline(pos, order, loads);
}

function checkOffline(pos, order, loads) {
    if (loads.length) {
        return tell(
            pos,
            _t("No connection"),
            _t("Cards can only be sold and loaded with a connection to the server.")
        );
    }
    if (unheld(order).length) {
        return tell(
            pos,
            _t("No connection"),
            _t("The payment by card has not been approved. Choose another way to pay.")
        );
    }
    return true;
}

/** The server did not store the order: the amounts of now are fetched, and said. */
export async function refusedOrder(pos, order) {
    if (!order || order.finalized || !pos.ekarte.hasCard(order)) {
        return;
    }
    const before = order.totalDue;
    await pos.ekarte.recall([order]);
    pos.ekarteHolds.restore([order]);
    if (!Object.keys(holdsOf(order)).length) {
        await pos.ekarte.refresh(order);
    }
    if (!order.currency.isZero(order.totalDue - before)) {
        pos.notification.add(_t("The order now costs %s.", amountText(pos, order)), {
            type: "warning",
        });
    }
}
