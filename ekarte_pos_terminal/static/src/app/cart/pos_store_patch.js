import { _t } from "@web/core/l10n/translation";
import { patch } from "@web/core/utils/patch";
import { markRaw } from "@odoo/owl";
import { PosStore } from "@point_of_sale/app/services/pos_store";
import { SelectionPopup } from "@point_of_sale/app/components/popups/selection_popup/selection_popup";
import { makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { EkarteCards } from "@ekarte_pos_terminal/app/services/ekarte_card";
import { watchOrders } from "@ekarte_pos_terminal/app/services/ekarte_watch";
import { patchNeighbours, stripBeforeMerging } from "./neighbours";

// Longer than an answer takes; a dead connection must not keep the customer waiting.
const PATIENCE_MS = 3000;

function chooseCard(dialog, choices) {
    return makeAwaitable(dialog, SelectionPopup, {
        title: _t("Which card?"),
        list: choices.map((choice) => ({
            id: choice.card_id,
            label: choice.masked,
            description: (choice.types || []).join(", "),
            isSelected: false,
            item: choice,
        })),
    });
}

patch(PosStore.prototype, {
    async setup() {
        // Orders are sent while the store is being set up: the cards must be there.
        this.ekarte = markRaw(
            new EkarteCards(this, (choices) => chooseCard(this.dialog, choices))
        );
        await super.setup(...arguments);
        window.addEventListener("pos-network-online", () => this.ekarte.goOnline());
    },
    async processServerData() {
        await super.processServerData(...arguments);
        patchNeighbours();
        stripBeforeMerging(this);
        watchOrders(this.models, this.ekarte);
    },
    async afterProcessServerData() {
        const result = await super.afterProcessServerData(...arguments);
        if (this.ekarte.active) {
            await this.ekarte.recall(this.getOpenOrders());
            await this.ekarte.goOnline();
        }
        return result;
    },
    setOrder(order) {
        super.setOrder(...arguments);
        // Another device may have changed the card of an order that both know.
        if (this.ekarte.active && order?.isSynced && !order.finalized) {
            this.ekarte.recall([order]);
        }
    },
    async preSyncAllOrders(orders) {
        if (this.ekarte.active) {
            for (const order of orders) {
                await this.ekarte.beforeSync(order);
            }
        }
        await super.preSyncAllOrders(...arguments);
    },
    async deleteOrders(orders) {
        const carded = orders.filter(
            (order) =>
                order &&
                !order.finalized &&
                (this.ekarte.hasCard(order) || this.ekarte.hasHold(order))
        );
        const uuids = carded.map((order) => order.uuid);
        const deleted = await super.deleteOrders(...arguments);
        if (deleted) {
            // Holds that the server does not hear of end by themselves.
            await Promise.all(uuids.map((uuid) => this.ekarte.call("ekarte_forget", [uuid])));
        }
        return deleted;
    },
    /** Wait for the newest quote, not for a dead connection. */
    async ekarteSettled() {
        const order = this.getOrder();
        if (order && this.ekarte.active && !order.finalized) {
            await Promise.race([
                this.ekarte.settled(order),
                new Promise((resolve) => setTimeout(resolve, PATIENCE_MS)),
            ]);
        }
    },
    /** The same before `work`; who turned to another order meanwhile does not mean that one. */
    async ekarteOnceSettled(work) {
        const { selectedOrderUuid } = this;
        await this.ekarteSettled();
        return this.selectedOrderUuid === selectedOrderUuid ? work() : undefined;
    },
    async pay() {
        return this.ekarteOnceSettled(() => super.pay(...arguments));
    },
    async validateOrderFast() {
        return this.ekarteOnceSettled(() => super.validateOrderFast(...arguments));
    },
});
