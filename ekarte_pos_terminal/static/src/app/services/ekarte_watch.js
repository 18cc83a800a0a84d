import { isOwn, isRefund } from "./ekarte_lines";
import { hasCard, stateOf } from "./ekarte_state";

/** Whether a change of this order is any business of the card's. */
function concerns(order) {
    return (
        hasCard(order) ||
        Boolean(stateOf(order).pending) ||
        isRefund(order) ||
        order.lines.some(isOwn)
    );
}

/**
 * Tell the cards of every change of an order's goods, whoever made it: the cashier, a
 * price list, another module, another device.
 */
export function watchOrders(models, cards) {
    const touch = (order) => {
        if (order?.uiState && !order.finalized && concerns(order)) {
            cards.schedule(order);
        }
    };
    const lines = models["pos.order.line"];
    const orders = models["pos.order"];
    lines.addEventListener("create", ({ ids }) => {
        for (const line of lines.readMany(ids)) {
            touch(line?.order_id);
        }
    });
    lines.addEventListener("update", ({ id }) => touch(lines.get(id)?.order_id));
    // A deleted line does not say any more whose it was.
    lines.addEventListener("delete", () => orders.getAll().forEach(touch));
    orders.addEventListener("update", ({ id }) => touch(orders.get(id)));
    orders.addEventListener("create", ({ ids }) => {
        const known = orders.readMany(ids).filter((order) => order?.isSynced);
        if (known.length) {
            cards.recall(known);
        }
    });
}
