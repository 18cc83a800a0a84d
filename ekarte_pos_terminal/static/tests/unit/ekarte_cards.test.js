import { advanceTime, expect, test } from "@odoo/hoot";
import { RPCError } from "@web/core/network/rpc";
import {
    GOODS,
    SCAN,
    addGoods,
    defineTillModels,
    fivePercent,
    openTill,
    ownLines,
    quiet,
    withCard,
} from "./ekarte_till";

defineTillModels();

test("a card's discount stands on the order with the goods' taxes, to the cent", async () => {
    const { desk, order } = await withCard();
    expect(desk.names()).toEqual(["ekarte_identify"]);
    expect(desk.asked.at(-1)[3][0].gross).toBe(690);
    const [line] = ownLines(order);
    expect(ownLines(order)).toHaveLength(1);
    expect(line.tax_ids.map((tax) => tax.id)).toEqual([1]);
    expect(line.priceIncl).toBe(-0.35);
    expect(line.orderDisplayProductName.name).toBe("Card discount 5 %");
    expect(order.priceIncl).toBe(6.55);
    expect(order.lines[0].ekarteSaving).toMatch(/0\.35/);
});

test("an unknown number is said to be one and leaves the order as it is", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    desk.answers.ekarte_identify = () => ({ rc: "14", message: "No such card." });
    const said = [];
    pos.notification.add = (message) => said.push(message);
    await pos.ekarte.identify(order, SCAN);
    await quiet(pos, order);
    expect(said).toEqual(["No such card."]);
    expect(ownLines(order)).toHaveLength(0);
    expect(pos.ekarte.hasCard(order)).toBe(false);
    // What may be no card at all is not spoken of.
    await pos.ekarte.identify(order, SCAN, { unsure: true });
    expect(said).toHaveLength(1);
});

test("the discount follows the cart on the same line", async () => {
    const { desk, pos, order } = await withCard();
    const [line] = ownLines(order);
    order.lines[0].setQuantity(4);
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
    expect(ownLines(order)).toHaveLength(1);
    expect(ownLines(order)[0].uuid).toBe(line.uuid);
    expect(line.priceIncl).toBe(-0.69);
    expect(order.priceIncl).toBe(13.11);
});

test("many changes at once are one question; no change of goods is none", async () => {
    const { desk, pos, order } = await withCard();
    for (const quantity of [3, 4, 5]) {
        order.lines[0].setQuantity(quantity);
        await advanceTime(50);
    }
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
    order.lines[0].setCustomerNote("no onions");
    order.selectOrderline(order.lines[0]);
    order.setToInvoice(true);
    await quiet(pos, order);
    expect(desk.names()).toHaveLength(2);
});

test("an answer that was overtaken does not count", async () => {
    const { desk, pos, order } = await withCard();
    const slow = desk.hold("ekarte_quote");
    order.lines[0].setQuantity(4);
    await advanceTime(200);
    order.lines[0].setQuantity(10);
    await advanceTime(200);
    slow.resolve();
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote", "ekarte_quote"]);
    expect(ownLines(order)[0].priceIncl).toBe(-1.73);
    expect(pos.ekarte.stateOf(order).busy).toBe(false);
});

test("goods of two rates have two lines; goods that go take theirs with them", async () => {
    const { pos, order } = await withCard();
    const [first] = ownLines(order);
    await addGoods(pos, order, GOODS.B, 2);
    await quiet(pos, order);
    expect(ownLines(order).map((line) => line.ekarte_key)).toEqual(["1", "2"]);
    expect(ownLines(order)[0].uuid).toBe(first.uuid);
    order.removeOrderline(order.lines[0]);
    await quiet(pos, order);
    expect(ownLines(order).map((line) => line.ekarte_key)).toEqual(["2"]);
});

test("what is paid waits for the newest quote", async () => {
    const { desk, pos, order } = await withCard();
    order.lines[0].setQuantity(4);
    const quote = await pos.ekarte.settled(order);
    expect(quote.discount).toBe(69);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
});

/** A till whose Payment was pressed while the discount was asked for. */
async function payingEarly() {
    const till = await withCard();
    const shown = [];
    till.pos.navigate = (page, { orderUuid }) => shown.push([page, orderUuid]);
    const late = till.desk.hold("ekarte_quote");
    till.order.lines[0].setQuantity(4);
    const paying = till.pos.pay();
    await advanceTime(200);
    expect(shown).toEqual([]);
    return { ...till, late, paying, shown };
}

test("Payment pressed while the discount is asked for goes on when it is known", async () => {
    const { late, order, paying, shown } = await payingEarly();
    late.resolve();
    await paying;
    expect(shown).toEqual([["PaymentScreen", order.uuid]]);
    expect(order.priceIncl).toBe(13.11);
});

test("Payment pressed goes on without an answer, after a while", async () => {
    const { order, paying, shown } = await payingEarly();
    await advanceTime(3000);
    await paying;
    expect(shown).toEqual([["PaymentScreen", order.uuid]]);
});

test("Payment pressed for one order pays no other that was turned to meanwhile", async () => {
    const { late, paying, pos, shown } = await payingEarly();
    const other = pos.addNewOrder();
    await addGoods(pos, other, GOODS.B);
    late.resolve();
    await paying;
    expect(shown).toEqual([]);
});

test("a card taken off takes its lines along and the server hears of it", async () => {
    const { desk, pos, order } = await withCard();
    const told = [];
    pos.ekarte.onForget((one) => told.push(one.uuid));
    await pos.ekarte.forget(order);
    await quiet(pos, order);
    expect(told).toEqual([order.uuid]);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_forget"]);
    expect(order.lines).toHaveLength(1);
    expect(order.priceIncl).toBe(6.9);
});

test("the number is nowhere in what the browser keeps of the order", async () => {
    const { pos, order } = await withCard();
    await pos.ekarte.identify(order, { kind: "track2", value: `;${SCAN.value}=2912?` });
    await quiet(pos, order);
    const kept = JSON.stringify([order.serializeForIndexedDB(), order.serializeForORM()]);
    expect(kept.includes(SCAN.value)).toBe(false);
    expect(kept.includes("0018")).toBe(true);
});

test("both tracks of one stripe are one question, another card is another", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    await pos.ekarte.scan(order, { kind: "track1", value: `%B${SCAN.value}^B/A^2912?` });
    await pos.ekarte.scan(order, { kind: "track2", value: `;${SCAN.value}=2912?` });
    expect(desk.names()).toEqual(["ekarte_identify"]);
    await pos.ekarte.scan(order, { kind: "barcode", value: "9990001000000026" });
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_identify"]);
});

test("of a customer's several cards the cashier takes one", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    const choices = [
        { card_id: 3, masked: "•••• 0018" },
        { card_id: 4, masked: "•••• 0026" },
    ];
    desk.answers.ekarte_identify = (uuid, identifier, lines) =>
        identifier.partner_id ? { rc: "choose", choices } : fivePercent(lines);
    pos.ekarte.chooseCard = (offered) => offered[1];
    await pos.ekarte.identify(order, { partner_id: 3 });
    await quiet(pos, order);
    expect(desk.asked.at(-1)[2]).toEqual({ card_id: 4 });
    expect(ownLines(order)).toHaveLength(1);
    // Nobody chosen: nothing taken.
    await pos.ekarte.forget(order);
    pos.ekarte.chooseCard = () => undefined;
    await pos.ekarte.identify(order, { partner_id: 3 });
    expect(pos.ekarte.hasCard(order)).toBe(false);
});

test("a blocked card is shown with what is wrong and gives nothing", async () => {
    const { desk, pos, order } = await withCard();
    desk.answers.ekarte_quote = (uuid, lines) => ({
        ...fivePercent(lines),
        rc: "62",
        message: "The card is blocked.",
        off_lines: [],
        per_line: [],
    });
    order.lines[0].setQuantity(5);
    await quiet(pos, order);
    expect(pos.ekarte.stateOf(order).error).toBe("The card is blocked.");
    expect(pos.ekarte.hasCard(order)).toBe(true);
    expect(ownLines(order)).toHaveLength(0);
});

test("a refused request is a sentence, no dialog", async () => {
    const { pos, order } = await withCard();
    const call = pos.data.call;
    pos.data.call = () => {
        throw Object.assign(new RPCError(), { data: { message: "The session is closed." } });
    };
    order.lines[0].setQuantity(5);
    await quiet(pos, order);
    pos.data.call = call;
    expect(pos.ekarte.stateOf(order).error).toBe("The session is closed.");
});

test("a held order is quoted anew only once its hold is released", async () => {
    const { desk, pos, order } = await withCard();
    const state = pos.ekarte.stateOf(order);
    state.held = { payment: { card_payment: 200 } };
    // Who holds decides; here it is the test.
    pos.ekarte.listeners.change = [];
    const changed = [];
    let release = false;
    pos.ekarte.onChange((one) => {
        changed.push(one.uuid);
        if (release) {
            state.held = {};
        }
    });
    order.lines[0].setQuantity(5);
    await quiet(pos, order);
    expect(changed).toHaveLength(1);
    expect(desk.names()).toEqual(["ekarte_identify"]);
    release = true;
    order.lines[0].setQuantity(6);
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
});

test("who lets go of what was held may wait for the new quote", async () => {
    const { desk, pos, order } = await withCard();
    const state = pos.ekarte.stateOf(order);
    state.held = { payment: { card_payment: 200 } };
    pos.ekarte.listeners.change = [
        async (one) => {
            state.held = {};
            await pos.ekarte.refresh(one);
        },
    ];
    order.lines[0].setQuantity(4);
    await quiet(pos, order);
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_identify", "ekarte_quote"]);
    expect(ownLines(order)[0].priceIncl).toBe(-0.69);
});

test("a refund is quoted for the card of its purchase and takes no other", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    const origin = order.lines[0];
    const refund = pos.createNewOrder();
    pos.models["pos.order.line"].create({
        order_id: refund,
        product_id: origin.product_id,
        qty: -1,
        price_unit: origin.price_unit,
        tax_ids: [["link", ...origin.tax_ids]],
        refunded_orderline_id: origin,
    });
    await quiet(pos, refund);
    expect(desk.names()).toEqual(["ekarte_quote"]);
    expect(desk.asked.at(-1)[2][0].qty.startsWith("-1")).toBe(true);
    expect(pos.ekarte.hasCard(refund)).toBe(true);
    const answer = await pos.ekarte.identify(refund, SCAN, { silent: true });
    expect(answer.rc).toBe("refused");
    expect(desk.names()).toEqual(["ekarte_quote"]);
});

test("another device's card is shown, a card it removed is gone", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    desk.answers.ekarte_state = (uuids) => ({
        [uuids[0]]: { card: { masked: "•••• 0018" }, held: [] },
    });
    await pos.ekarte.recall([order]);
    await quiet(pos, order);
    expect(desk.names()).toEqual(["ekarte_quote"]);
    expect(ownLines(order)).toHaveLength(1);
    desk.answers.ekarte_state = () => ({});
    await pos.ekarte.recall([order]);
    expect(pos.ekarte.hasCard(order)).toBe(false);
    expect(ownLines(order)).toHaveLength(0);
});

test("a till without a branch asks nothing", async () => {
    const { desk, pos } = await openTill({ branch: false });
    expect(pos.ekarte.active).toBe(false);
    const order = pos.addNewOrder();
    await addGoods(pos, order, GOODS.A);
    await quiet(pos, order);
    expect(desk.asked).toHaveLength(0);
});
