import { PosStore } from "@point_of_sale/app/services/pos_store";
import { makeAwaitable } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { uuidv4 } from "@point_of_sale/utils";
import { patch } from "@web/core/utils/patch";
import { fromMinor } from "../pay/money";
import { LoadDialog } from "./load_dialog/load_dialog";
import { LOAD_ROLE, isLoad, isLoadProduct } from "./loads";
import { fitPassPrices } from "./pass_price";

patch(PosStore.prototype, {
    async processServerData() {
        await super.processServerData(...arguments);
        this.models["pos.order.line"].addEventListener("delete", ({ key }) =>
            this.ekarteLineRemoved(key)
        );
        this.ekarteLoads = new Map(); // line uuid: order
    },
    async afterProcessServerData() {
        const result = await super.afterProcessServerData(...arguments);
        await this.restoreEkarteLoads();
        return result;
    },
    async addLineToOrder(vals, order, opts = {}, configure = true) {
        const template = this.ekarteTemplate(vals.product_tmpl_id);
        if (!isLoadProduct(template) || vals.ekarte_role === LOAD_ROLE || order.isRefund) {
            return super.addLineToOrder(...arguments);
        }
        const uuid = uuidv4();
        const product = vals.product_id || template.product_variant_ids[0];
        const load = await this.askEkarteLoad(order, product, uuid);
        if (!load) {
            return;
        }
        const price = load.fixed ? {} : { price_unit: fromMinor(load.price, order.currency) };
        const line = await this.addLineToOrder(
            { ...vals, ...price, uuid, product_tmpl_id: template, qty: 1, ekarte_role: LOAD_ROLE },
            order,
            opts,
            configure
        );
        if (line) {
            this.noteEkarteLoad(line, load);
        }
        return line;
    },
    async pay() {
        fitPassPrices(this.getOrder());
        return super.pay(...arguments);
    },
    ekarteTemplate(template) {
        return typeof template === "number" ? this.models["product.template"].get(template) : template;
    },
    /** Ask which card a line loads, and with how much; undefined when discarded. */
    askEkarteLoad(order, product, lineUuid, line = undefined) {
        return makeAwaitable(this.dialog, LoadDialog, { order, product, lineUuid, line });
    },
    /** The same for a line that is there: another card, or another amount. */
    async changeEkarteLoad(line) {
        const load = await this.askEkarteLoad(line.order_id, line.product_id, line.uuid, line);
        if (!load) {
            return;
        }
        this.noteEkarteLoad(line, load);
        if (!load.fixed) {
            line.price_type = "manual";
            line.setUnitPrice(fromMinor(load.price, line.currency));
        }
    },
    noteEkarteLoad(line, load) {
        const { masked, command, price } = load;
        line.uiState.ekarteLoad = { masked, command, price };
        this.ekarteLoads.set(line.uuid, line.order_id);
        fitPassPrices(line.order_id);
    },
    /** A line that was to load a card is gone; an order that is stored has done it. */
    ekarteLineRemoved(lineUuid) {
        const order = this.ekarteLoads.get(lineUuid);
        this.ekarteLoads.delete(lineUuid);
        if (order && !order.finalized) {
            this.data.call(
                "pos.config",
                "ekarte_unload",
                [[this.config.id], order.uuid, lineUuid],
                {},
                true
            );
        }
    },
    /** After a reload, or for an order of another device: the server knows the cards. */
    async restoreEkarteLoads() {
        const orders = this.getOpenOrders().filter((order) => order.lines.some(isLoad));
        if (!orders.length) {
            return;
        }
        const answer = await this.ekarte.call("ekarte_state", [orders.map((order) => order.uuid)]);
        for (const order of answer.rc ? [] : orders) {
            for (const load of answer[order.uuid]?.loads || []) {
                const line = order.lines.find((one) => one.uuid === load.line_uuid);
                if (line) {
                    this.noteEkarteLoad(line, load);
                }
            }
        }
    },
});
