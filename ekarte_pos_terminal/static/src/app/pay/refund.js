import { givenBack, isCardPayment } from "./holds";

function cardMethod(screen) {
    return screen.payment_methods_from_config.find((method) =>
        isCardPayment({ payment_method_id: method })
    );
}

/** A refund gives back to the card what came from it: the line is there without asking. */
export async function offerRefund(screen) {
    const order = screen.currentOrder;
    const method = cardMethod(screen);
    if (!order.isRefund || !method || order.payment_ids.some(isCardPayment)) {
        return;
    }
    const quote = await screen.pos.ekarte.settled(order);
    if (!quote || !(givenBack(quote) < 0) || order.payment_ids.some(isCardPayment)) {
        return;
    }
    await screen.addNewPaymentLine(method);
}
