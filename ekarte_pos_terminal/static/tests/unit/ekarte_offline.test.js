import { expect, test } from "@odoo/hoot";
import { SCAN, defineTillModels, ownLines, quiet, withCard } from "./ekarte_till";

defineTillModels();

function listen(pos) {
    const said = [];
    pos.notification.add = (message) => said.push(String(message));
    return said;
}

function goOffline(pos, offline = true) {
    pos.data.network.offline = offline;
}

test("without a connection the discount goes, with a word, and the sale goes on", async () => {
    const { pos, order } = await withCard();
    const said = listen(pos);
    goOffline(pos);
    order.lines[0].setQuantity(5);
    await quiet(pos, order);
    expect(ownLines(order)).toHaveLength(0);
    expect(order.priceIncl).toBe(17.25);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/No connection/);
    // It is said once, not with every change.
    order.lines[0].setQuantity(6);
    await quiet(pos, order);
    expect(said).toHaveLength(1);
});

test("with the connection the discount comes back", async () => {
    const { desk, pos, order } = await withCard();
    listen(pos);
    goOffline(pos);
    order.lines[0].setQuantity(4);
    await quiet(pos, order);
    goOffline(pos, false);
    await pos.ekarte.goOnline();
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
    expect(ownLines(order)[0].priceIncl).toBe(-0.69);
    expect(pos.ekarte.stateOf(order).offline).toBe(false);
});

test("what is held stays approved without a connection", async () => {
    const { pos, order } = await withCard();
    const said = listen(pos);
    pos.ekarte.stateOf(order).held = { payment: { card_payment: 200 } };
    goOffline(pos);
    await pos.ekarte.refresh(order);
    expect(ownLines(order)).toHaveLength(1);
    expect(said).toHaveLength(0);
});

test("a card scanned without a connection waits, and its number is wiped at first contact", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    listen(pos);
    goOffline(pos);
    await pos.ekarte.identify(order, SCAN);
    const state = pos.ekarte.stateOf(order);
    expect(state.pending.masked).toBe("•••• 0018");
    expect(JSON.stringify(order.uiState).includes(SCAN.value)).toBe(true);
    goOffline(pos, false);
    await pos.ekarte.goOnline();
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify"]);
    expect(ownLines(order)).toHaveLength(1);
    expect(JSON.stringify(order.uiState).includes(SCAN.value)).toBe(false);
});

test("what may be goods is not kept as a card without a connection", async () => {
    const { pos, order } = await withCard({ identified: false });
    goOffline(pos);
    await pos.ekarte.identify(order, SCAN, { unsure: true });
    expect(pos.ekarte.stateOf(order).pending).toBe(null);
});

async function soldOffline(pos, order) {
    goOffline(pos);
    await pos.ekarte.identify(order, SCAN);
    order.state = "paid";
    goOffline(pos, false);
}

test("a sale closed offline is credited once, before the order is sent", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    listen(pos);
    await soldOffline(pos, order);
    const sent = [];
    const call = pos.data.call.bind(pos.data);
    pos.data.call = (model, method, ...rest) => {
        sent.push(method);
        return call(model, method, ...rest);
    };
    await pos.syncAllOrders({ orders: [order], force: true });
    expect(sent.filter((name) => name !== "ekarte_state")).toEqual([
        "ekarte_identify",
        "sync_from_ui",
    ]);
    expect(desk.asked.at(-1)[2]).toEqual(SCAN);
    expect(ownLines(order)).toHaveLength(0);
    expect(JSON.stringify(order.uiState).includes(SCAN.value)).toBe(false);
    await pos.syncAllOrders({ orders: [order], force: true });
    expect(desk.names()).toEqual(["ekarte_identify"]);
});

test("a card refused afterwards is named with its order, which is kept without it", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    const said = listen(pos);
    await soldOffline(pos, order);
    desk.answers.ekarte_identify = () => ({ rc: "14", message: "No such card." });
    const name = order.pos_reference;
    await pos.syncAllOrders({ orders: [order], force: true });
    expect(said.at(-1).includes(name)).toBe(true);
    expect(said.at(-1).includes("No such card.")).toBe(true);
    expect(order.isSynced).toBe(true);
    expect(JSON.stringify(order.uiState).includes(SCAN.value)).toBe(false);
});

test("a card taken off without a connection is forgotten before the order is sent", async () => {
    const { desk, pos, order } = await withCard();
    goOffline(pos);
    await pos.ekarte.forget(order);
    expect(order.priceIncl).toBe(6.9);
    goOffline(pos, false);
    await pos.syncAllOrders({ orders: [order], force: true });
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_forget"]);
    await pos.syncAllOrders({ orders: [order], force: true });
    expect(desk.names()).toHaveLength(2);
});
