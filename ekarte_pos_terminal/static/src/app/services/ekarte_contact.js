import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { EkarteDesk } from "./ekarte_desk";
import { masked } from "./ekarte_identifier";
import { applyOffLines, isOwn, linesOf, printOf } from "./ekarte_lines";
import { OK, hasCard, hasHold, stateOf } from "./ekarte_state";

/** Cards while the connection is lost, after a reload, and on other devices. */
export class EkarteContact extends EkarteDesk {
    /** Without a connection a number waits; a customer's choice of cards cannot. */
    _keep(order, identifier, answer, silent) {
        const state = stateOf(order);
        if (!identifier.value) {
            this._say(answer.message, "warning", silent);
            return answer;
        }
        if (state.pending?.identifier.value === identifier.value) {
            return answer;
        }
        state.pending = { identifier: { ...identifier }, masked: masked(identifier) };
        state.quote = null;
        state.offline = true;
        state.forgotten = false;
        applyOffLines(order, [], null);
        this.save();
        this._say(
            _t(
                "No connection: the card is noted. Points are added as soon as the order is sent; discounts and balances need the connection."
            ),
            "warning"
        );
        return { ...answer, kept: true };
    }

    _wipe(state) {
        if (state.pending) {
            state.pending = null;
            this.save();
        }
    }

    /** No quote is to be had: the sale goes on at full price, unless value is held. */
    goOffline(order) {
        const state = stateOf(order);
        state.offline = true;
        this.outdate(order);
        if (hasHold(order) || !order.lines.some(isOwn)) {
            return;
        }
        applyOffLines(order, [], null);
        this.save();
        this.pos.notification.add(
            _t(
                "No connection: the card's discount was taken off order %s. The sale can go on; points are added later.",
                order.getName()
            ),
            { type: "warning" }
        );
    }

    /** The newest quote is to be asked for again; what is held stays as approved. */
    outdate(order) {
        if (!hasHold(order)) {
            stateOf(order).print = "";
        }
    }

    /** The connection is back: open orders are asked about anew. */
    async goOnline() {
        for (const order of this.pos.getOpenOrders()) {
            const state = stateOf(order);
            if (state.pending || state.offline) {
                this.outdate(order);
                this.schedule(order);
            }
        }
    }

    /** Learn the cards of orders that another device or an earlier page knew. */
    async recall(orders) {
        const wanted = orders.filter((order) => !order.finalized && !this._unsaid(order));
        const revisions = wanted.map((order) => stateOf(order).revision);
        if (!wanted.length || this.offline) {
            return;
        }
        const answer = await this.call("ekarte_state", [wanted.map((order) => order.uuid)]);
        if (answer.rc) {
            return; // a refusal: what is shown stays until something changes
        }
        wanted.forEach((order, place) => {
            // What was asked or decided here meanwhile is newer.
            if (stateOf(order).revision === revisions[place] && !this._unsaid(order)) {
                this._recalled(order, answer[order.uuid]);
            }
        });
    }

    /** Whether this till knows something that the server has yet to hear. */
    _unsaid(order) {
        const { pending, forgotten } = stateOf(order);
        return Boolean(pending || forgotten || this._run(order).identifying);
    }

    _recalled(order, known) {
        const state = stateOf(order);
        if (!known?.card) {
            if (hasCard(order) || order.lines.some(isOwn)) {
                this._clear(order);
            }
            return;
        }
        state.held = Object.fromEntries(
            (known.held || []).map((hold) => [hold.payment_uuid, hold])
        );
        state.quote = known.quote || { rc: OK, card: known.card };
        // What is held was approved for these goods: only others are a change.
        state.print = hasHold(order) ? printOf(linesOf(order)) : "";
        this.schedule(order);
    }

    /**
     * What must reach the server before an order does.
     *
     * @throws {ConnectionLostError} the order must wait, or its points would be lost
     */
    async beforeSync(order) {
        this.sweep(order);
        const state = stateOf(order);
        if (state.forgotten) {
            this._orWait(await this.call("ekarte_forget", [order.uuid]));
            state.forgotten = false;
        }
        if (!order.finalized) {
            if (state.pending) {
                await this.identify(order, state.pending.identifier);
            }
            return;
        }
        if (state.pending || (state.offline && hasCard(order) && !hasHold(order))) {
            await this._bookLater(order);
        }
        this.runs.delete(order.uuid);
    }

    /** An order closed without the ledger: the card gets its points, once. */
    async _bookLater(order) {
        const state = stateOf(order);
        const identifier = state.pending?.identifier || null;
        const answer = this._orWait(
            await this.call("ekarte_identify", [order.uuid, identifier, linesOf(order), true])
        );
        this._wipe(state);
        state.offline = false;
        if (answer.rc !== OK) {
            state.quote = null;
            this.pos.notification.add(
                _t(
                    "Order %(order)s is kept without the card: %(why)s",
                    { order: order.pos_reference || order.getName(), why: answer.message }
                ),
                { type: "danger", sticky: true }
            );
        }
        this.save();
    }

    _orWait(answer) {
        if (answer.rc === "offline") {
            throw new ConnectionLostError();
        }
        return answer;
    }
}
