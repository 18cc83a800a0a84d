import { _t } from "@web/core/l10n/translation";
import { EkarteContact } from "./ekarte_contact";
import { applyOffLines, isOwn, isRefund, linesOf, printOf } from "./ekarte_lines";
import { OK, UNKNOWN, blankState, hasCard, hasHold, stateOf } from "./ekarte_state";

// A quote is asked this long after the last change of the cart.
export const QUIET_MS = 120;
// Between the first track of a stripe and the last.
const SWIPE_MS = 1500;

/**
 * The card at this till: asks the server, which decides, and shows what it said.
 *
 * One request per change of the cart; answers that were overtaken by a newer request do
 * not count. Refusals are answers {rc, message}; nothing here raises for a lost
 * connection.
 */
export class EkarteCards extends EkarteContact {
    stateOf(order) {
        return stateOf(order);
    }

    linesOf(order) {
        return linesOf(order);
    }

    isOwn(line) {
        return isOwn(line);
    }

    hasCard(order) {
        return hasCard(order);
    }

    hasHold(order) {
        return hasHold(order);
    }

    // ---- identifying -----------------------------------------------------------------

    /**
     * Put a card on an order.
     *
     * @param {Object} identifier {kind, value}, {partner_id} or {card_id}
     * @param {Object} options silent: the caller shows refusals; unsure: it may be no
     *     card at all, so an unknown number is not spoken of, nor kept without connection
     */
    async identify(order, identifier, { silent = false, unsure = false } = {}) {
        const refusal = this._whyNoCard(order);
        if (refusal) {
            this._say(refusal, "warning", silent);
            return { rc: "refused", message: refusal };
        }
        const run = this._run(order);
        const lines = linesOf(order);
        run.identifying += 1;
        const revision = this._begin(order);
        try {
            const answer = await this.call("ekarte_identify", [order.uuid, identifier, lines]);
            if (answer.rc === "offline") {
                return unsure ? answer : this._keep(order, identifier, answer, silent);
            }
            // Read anew: the card may have been taken off meanwhile.
            const state = stateOf(order);
            if (revision !== state.revision) {
                return answer;
            }
            this._wipe(state);
            if (answer.rc === "choose") {
                return await this._choose(order, answer);
            }
            if (answer.rc === OK || answer.card?.masked) {
                state.print = printOf(lines);
                this.apply(order, answer);
                state.refused = answer.rc !== OK;
            } else if (!(unsure && answer.rc === UNKNOWN)) {
                this._say(answer.message, "danger", silent);
            }
            return answer;
        } finally {
            run.identifying -= 1;
            this._end(order, revision);
            this.schedule(order);
        }
    }

    _whyNoCard(order) {
        if (order.finalized) {
            return _t("This order is paid; its card cannot be changed.");
        }
        if (isRefund(order)) {
            return _t("A refund goes to the card of the original purchase.");
        }
        return "";
    }

    async _choose(order, answer) {
        const choice = await this.chooseCard(answer.choices);
        return choice ? this.identify(order, { card_id: choice.card_id }) : answer;
    }

    /**
     * A card was scanned or swiped. Both tracks of one stripe come as two scans: what
     * was just read is not asked about again.
     */
    async scan(order, identifier, options) {
        const digits = (identifier.value.match(/\d{8,19}/) || [""])[0];
        if (digits && digits === this.lastRead) {
            return { rc: "repeated" };
        }
        this.lastRead = digits;
        setTimeout(() => (this.lastRead = ""), SWIPE_MS);
        return this.identify(order, identifier, options);
    }

    // ---- quoting ---------------------------------------------------------------------

    /** Look at an order when nobody has touched it for a moment. */
    schedule(order) {
        const run = this._run(order);
        clearTimeout(run.timer);
        run.timer = setTimeout(() => {
            run.timer = null;
            this._follow(run, this.check(order));
        }, QUIET_MS);
    }

    /** Ask for a quote if the goods are others than those of the newest one. */
    async check(order) {
        if (order.finalized || this._run(order).identifying) {
            return;
        }
        this.sweep(order);
        const state = stateOf(order);
        if (state.pending && !this.offline) {
            await this.identify(order, state.pending.identifier);
            return;
        }
        if ((!hasCard(order) && !isRefund(order)) || state.refused) {
            return;
        }
        const lines = linesOf(order);
        const print = printOf(lines);
        if (print === state.print) {
            return;
        }
        if (hasHold(order)) {
            this._tellChange(order);
            return;
        }
        await this._quote(order, lines, print);
    }

    /**
     * Let those who hold value for an order let it go. Not waited for here: they may
     * wait for the next quote themselves.
     */
    async _tellChange(order) {
        const run = this._run(order);
        if (run.telling) {
            return;
        }
        run.telling = true;
        try {
            for (const callback of this.listeners.change) {
                await callback(order);
            }
        } finally {
            run.telling = false;
        }
        if (!hasHold(order)) {
            this.schedule(order);
        }
    }

    async _quote(order, lines, print) {
        const revision = this._begin(order);
        try {
            const answer = await this.call("ekarte_quote", [order.uuid, lines]);
            const state = stateOf(order);
            if (revision !== state.revision || order.finalized) {
                return answer;
            }
            if (answer.rc === "offline") {
                this.goOffline(order);
                return answer;
            }
            state.print = print;
            if (answer.rc === "error") {
                state.error = answer.message;
            } else {
                this.apply(order, answer);
            }
            return answer;
        } finally {
            this._end(order, revision);
        }
    }

    /** Ask again, whatever was asked before. */
    async refresh(order) {
        this.outdate(order);
        this.schedule(order);
        return this.settled(order);
    }

    /** Resolves with the newest quote when none is under way or due. */
    async settled(order) {
        const run = this._run(order);
        while (run.timer || run.under_way.size) {
            if (run.timer) {
                clearTimeout(run.timer);
                run.timer = null;
                this._follow(run, this.check(order));
            }
            await Promise.allSettled([...run.under_way]);
        }
        return stateOf(order).quote;
    }

    /** What would become of a tender; neither the order nor its state changes. */
    quote(order, tender) {
        return this.call("ekarte_quote", [order.uuid, linesOf(order), tender]);
    }

    /** Make an answer the order's: its words and its lines. */
    apply(order, answer) {
        const state = stateOf(order);
        state.quote = answer.card ? answer : null;
        state.error = answer.rc === OK ? "" : answer.message || "";
        state.offline = false;
        state.forgotten = false;
        state.refused = false;
        if (!order.finalized) {
            this._setLines(order, answer.off_lines || []);
        }
        this.save();
    }

    _setLines(order, offLines) {
        const product = this.pos.config.ekarte_discount_product_id;
        if (offLines.length && !product) {
            stateOf(order).error = _t(
                "This till has no product for card discounts. Choose one in the settings of the till."
            );
            return;
        }
        applyOffLines(order, offLines, product);
    }

    // ---- joining ---------------------------------------------------------------------

    /** Goods of an order join another one: its card comes along, where there is none. */
    async takeAlong(order, target) {
        if (!hasCard(order)) {
            return;
        }
        const lines = [...linesOf(order), ...linesOf(target)];
        const answer = await this.call("ekarte_move", [order.uuid, target.uuid, lines]);
        if (answer.rc === OK) {
            this.apply(target, answer);
        } else {
            this._say(answer.message, "warning");
        }
    }

    // ---- letting go ------------------------------------------------------------------

    /** Take the card off an order, with its lines and its holds. */
    async forget(order) {
        for (const callback of this.listeners.forget) {
            await callback(order);
        }
        const told = (hasCard(order) && !stateOf(order).refused) || hasHold(order);
        this._clear(order);
        if (!told) {
            return { rc: OK };
        }
        const answer = await this.call("ekarte_forget", [order.uuid]);
        if (answer.rc === "offline") {
            stateOf(order).forgotten = true;
            this.save();
        }
        return answer;
    }

    _clear(order) {
        const revision = stateOf(order).revision;
        order.uiState.ekarte = { ...blankState(), revision: revision + 1 };
        if (!order.finalized) {
            applyOffLines(order, [], null);
        }
        this.save();
    }

    /** Remove card lines that came with a copy: of a split bill, of merged tables. */
    sweep(order) {
        if (order.finalized || hasCard(order)) {
            return;
        }
        const stray = order.lines.filter((line) => isOwn(line) && !line.isSynced);
        if (stray.length) {
            applyOffLines(order, [], null);
        }
    }
}
