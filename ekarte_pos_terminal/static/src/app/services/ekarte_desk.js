import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError, RPCError } from "@web/core/network/rpc";
import { stateOf } from "./ekarte_state";

/** How the till asks the server about cards, and keeps order among its questions. */
export class EkarteDesk {
    /**
     * @param {Object} pos the store of the till
     * @param {Function} chooseCard asks the cashier which of several cards is meant
     */
    constructor(pos, chooseCard) {
        this.pos = pos;
        this.chooseCard = chooseCard;
        this.runs = new Map();
        this.listeners = { change: [], forget: [] };
        this.lastRead = "";
    }

    get active() {
        return Boolean(this.pos.config.raw.ekarte_branch_id);
    }

    get offline() {
        return this.pos.data.network.offline;
    }

    /** `callback(order)` lets go what is held, before an order is quoted anew. */
    onChange(callback) {
        this.listeners.change.push(callback);
    }

    /** `callback(order)` is awaited before a card is taken off an order. */
    onForget(callback) {
        this.listeners.forget.push(callback);
    }

    /**
     * Ask the server; a lost connection and a refusal are answers, too.
     *
     * @returns {Promise<Object>} what the method returned, {rc: "offline"|"error", message}
     */
    async call(name, args) {
        if (this.offline) {
            return this._offlineAnswer();
        }
        try {
            return await this.pos.data.call("pos.config", name, [[this.pos.config.id], ...args]);
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                // Odoo looks for the connection again only when it knows of the loss.
                this.pos.data.checkConnectivity();
                return this._offlineAnswer();
            }
            if (error instanceof RPCError) {
                return { rc: "error", message: error.data?.message || error.message };
            }
            throw error;
        }
    }

    _offlineAnswer() {
        return {
            rc: "offline",
            message: _t("There is no connection to the server: the card cannot be asked now."),
        };
    }

    /** Bring the browser's own storage up to date: nothing else tells it of `uiState`. */
    save() {
        this.pos.data.debouncedSynchronizeLocalDataInIndexedDB();
    }

    _say(message, type, silent = false) {
        if (message && !silent) {
            this.pos.notification.add(message, { type });
        }
    }

    _run(order) {
        if (!this.runs.has(order.uuid)) {
            this.runs.set(order.uuid, {
                timer: null,
                identifying: 0,
                telling: false,
                under_way: new Set(),
            });
        }
        return this.runs.get(order.uuid);
    }

    _begin(order) {
        const state = stateOf(order);
        state.busy = true;
        state.revision += 1;
        return state.revision;
    }

    _end(order, revision) {
        const state = stateOf(order);
        if (revision === state.revision) {
            state.busy = false;
        }
    }

    _follow(run, promise) {
        run.under_way.add(promise);
        const done = () => run.under_way.delete(promise);
        promise.then(done, done);
        return promise;
    }
}
