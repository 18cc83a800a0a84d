import { _t } from "@web/core/l10n/translation";
import { fromMinor } from "./money";

export const APPROVED = "00";
export const METHOD = "ekarte";
export const WRONG_CODE = "55";
/** There is less on the card than there was when it was shown. */
export const SHORT = ["51", "54", "57", "60", "61"];
export const OFFLINE = "offline";

export function isCardPayment(payment) {
    return payment.payment_method_id?.use_payment_terminal === METHOD;
}

/**
 * What is held on cards for an order: {payment uuid: {role, masked, card_payment, …}}. It is
 * the till's memory of what the server has approved; the server believes its own only.
 */
export function holdsOf(order) {
    return order.uiState.ekarte?.held || {};
}

export function mainHold(order) {
    return Object.values(holdsOf(order)).find((hold) => hold.role === "main");
}

/** What a refund brings back to all cards that paid, minor units, not above zero. */
export function givenBack(quote) {
    const payers = quote.payers || [];
    return payers.reduce((sum, payer) => sum + payer.card_payment, quote.card_payment || 0);
}

/** Which cards an answer takes from or gives to, for people to tell them apart. */
function maskedOf(answer) {
    const payers = (answer.payers || []).map((payer) => payer.masked);
    const own = answer.masked || answer.card?.masked || "";
    return [!payers.length || answer.card_payment ? own : "", ...payers].filter(Boolean).join(", ");
}

/** Holds value on cards for the orders of this till, and gives it up again. */
export class CardHolds {
    constructor(pos) {
        this.pos = pos;
        this.asked = new Map(); // payment uuid: the promise of the newest answer
    }

    get cards() {
        return this.pos.ekarte;
    }

    /** Ask what a second card has; nothing is attached to the order. */
    peek(order, identifier) {
        return this.cards.call("ekarte_peek", [order.uuid, identifier]);
    }

    /** Hold what `tender` names; on approval the order shows it. */
    hold(order, paymentUuid, asked) {
        const answer = this._hold(order, paymentUuid, asked);
        this.asked.set(paymentUuid, answer);
        return answer;
    }

    async _hold(order, paymentUuid, { tender, code = null, card = null, amount = null }) {
        const answer = await this.cards.call("ekarte_hold", [
            order.uuid,
            paymentUuid,
            this.cards.linesOf(order),
            tender,
            code,
            card,
            amount,
        ]);
        if (answer.rc === APPROVED && answer.held) {
            this.note(order, paymentUuid, answer, card ? "payer" : "main");
        }
        return answer;
    }

    /** The cashier gave up: what was approved meanwhile, or may have been, is let go. */
    async abandon(order, paymentUuid) {
        const answer = await this.asked.get(paymentUuid);
        this.asked.delete(paymentUuid);
        if (holdsOf(order)[paymentUuid] || answer?.rc === OFFLINE) {
            await this.release(order, paymentUuid);
        }
    }

    note(order, paymentUuid, answer, role) {
        this.cards.stateOf(order).held[paymentUuid] = {
            payment_uuid: paymentUuid,
            role,
            masked: maskedOf(answer),
            card_payment: givenBack(answer),
            reduction: answer.reduction || 0,
            tendered: answer.tendered || {},
            auth_code: answer.auth_code || "",
            hold_until: answer.hold_until || "",
        };
        if (role === "main") {
            this.cards.apply(order, answer);
        }
    }

    /** Put an approved hold on its payment line; a line of nothing is none. */
    settle(order, payment) {
        const hold = holdsOf(order)[payment.uuid];
        if (!hold.card_payment) {
            order.removePaymentline(payment);
            return false;
        }
        payment.setAmount(fromMinor(hold.card_payment, order.currency));
        payment.transaction_id = hold.auth_code;
        payment.card_no = hold.masked.slice(-4);
        return true;
    }

    /** Forget holds here, and take their payment lines off the order. */
    drop(order, paymentUuids) {
        const { held } = this.cards.stateOf(order);
        for (const uuid of paymentUuids) {
            delete held[uuid];
            const payment = order.getPaymentlineByUuid(uuid);
            if (payment && !order.finalized) {
                order.removePaymentline(payment);
            }
        }
    }

    /**
     * Give up what one payment held, or all that the order holds. Without a connection the
     * request waits for it; a hold that nobody releases ends by itself.
     */
    async release(order, paymentUuid = null) {
        const holds = holdsOf(order);
        const uuids = paymentUuid ? [paymentUuid] : Object.keys(holds);
        const wasMain = uuids.some((uuid) => holds[uuid]?.role === "main");
        await this.letGo(order, paymentUuid, uuids);
        if (wasMain && !order.finalized) {
            await this.cards.refresh(order);
        }
    }

    async letGo(order, paymentUuid, uuids) {
        this.drop(order, uuids);
        await this.pos.data.call(
            "pos.config",
            "ekarte_release",
            [[this.pos.config.id], order.uuid, paymentUuid],
            {},
            true
        );
    }

    /**
     * The cart is not the one that was approved: all goes back, and the cashier is told. The
     * new quote follows by itself: who tells us of the change waits for us before it asks.
     */
    async cartChanged(order) {
        const masked = [...new Set(Object.values(holdsOf(order)).map((hold) => hold.masked))];
        if (!masked.length) {
            return;
        }
        this.pos.notification.add(
            _t("The order has changed. What was held on card %s is free again.", masked.join(", ")),
            { type: "warning" }
        );
        await this.letGo(order, null, Object.keys(holdsOf(order)));
    }

    /** The page was loaded anew and the server has told what it holds: payments follow. */
    restore(orders) {
        for (const order of orders.filter((one) => !one.finalized)) {
            for (const payment of order.payment_ids.filter(isCardPayment)) {
                if (!holdsOf(order)[payment.uuid]) {
                    order.removePaymentline(payment);
                } else if (this.settle(order, payment)) {
                    payment.setPaymentStatus("done");
                }
            }
        }
    }
}
