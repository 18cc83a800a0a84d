import { animationFrame, expect, queryAllTexts, queryOne, test, tick } from "@odoo/hoot";
import { click } from "@odoo/hoot-dom";
import { mountWithCleanup } from "@web/../tests/web_test_helpers";
import { ProductScreen } from "@point_of_sale/app/screens/product_screen/product_screen";
import {
    GOODS,
    SCAN,
    addGoods,
    defineTillModels,
    fivePercent,
    ownLines,
    quiet,
    withCard,
} from "./ekarte_till";

defineTillModels();

test("the card's line is no goods: not merged, not discounted, not the last line", async () => {
    const { order } = await withCard();
    const [own] = ownLines(order);
    const [goods] = order.lines;
    expect(own.canBeMergedWith(own)).toBe(false);
    expect(goods.canBeMergedWith(own)).toBe(false);
    expect(order.getLastOrderline().uuid).toBe(goods.uuid);
    expect(own.isGlobalDiscountApplicable?.() ?? false).toBe(false);
    expect(goods.isGlobalDiscountApplicable?.() ?? true).toBe(true);
});

test("another module's discount is asked about as money off, not as goods", async () => {
    const { desk, pos, order } = await withCard();
    pos.models["pos.order.line"].create({
        order_id: order,
        product_id: order.lines[0].product_id,
        qty: 1,
        price_unit: -1,
        price_type: "manual",
        tax_ids: [["link", ...order.lines[0].tax_ids]],
    });
    await quiet(pos, order);
    const roles = desk.asked.at(-1)[2].map((line) => [line.role, line.gross]);
    expect(roles).toEqual([
        ["goods", 690],
        ["off", -115],
    ]);
});

test("a copied card line on an order without a card is swept away", async () => {
    const { pos, order } = await withCard();
    const [own] = ownLines(order);
    const other = pos.createNewOrder();
    await addGoods(pos, other, GOODS.A);
    const copy = { ...own.raw };
    delete copy.id;
    delete copy.uuid;
    pos.models["pos.order.line"].create({ ...copy, order_id: other.id }, false, true);
    expect(ownLines(other)).toHaveLength(1);
    await pos.preSyncAllOrders([other]);
    expect(ownLines(other)).toHaveLength(0);
    expect(ownLines(order)).toHaveLength(1);
});

test("a card line that somebody copied into the order of the card is removed", async () => {
    const { pos, order } = await withCard();
    const copy = { ...ownLines(order)[0].raw };
    delete copy.id;
    delete copy.uuid;
    pos.models["pos.order.line"].create({ ...copy, order_id: order.id }, false, true);
    order.lines[0].setQuantity(4);
    await quiet(pos, order);
    expect(ownLines(order)).toHaveLength(1);
    expect(order.priceIncl).toBe(13.11);
});

test("two orders have each their own card", async () => {
    const { pos, order } = await withCard();
    const other = pos.addNewOrder();
    await addGoods(pos, other, GOODS.A);
    await quiet(pos, other);
    expect(ownLines(other)).toHaveLength(0);
    expect(pos.ekarte.hasCard(other)).toBe(false);
    expect(ownLines(order)).toHaveLength(1);
});

test("keys on the card's line change nothing: they explain, or ask to take the card off", async () => {
    const { pos, order } = await withCard();
    const screen = await mountWithCleanup(ProductScreen, { props: { orderUuid: order.uuid } });
    const summary = Object.values(screen.__owl__.children).find(
        (node) => node.component.updateSelectedOrderline
    ).component;
    const [own] = ownLines(order);
    const asked = [];
    summary.dialog.add = (dialog, props) => asked.push(props.title);
    order.selectOrderline(own);
    await summary.updateSelectedOrderline({ buffer: "9", key: "9" });
    expect(own.price_unit).toBe(-0.3);
    expect(own.qty).toBe(1);
    summary.updateSelectedOrderline({ buffer: null, key: "Backspace" });
    await tick();
    expect(asked).toHaveLength(2);
    expect(ownLines(order)).toHaveLength(1);
});

test("the panel shows whose card it is, what it gives and what is missing", async () => {
    const { pos, order } = await withCard();
    await addGoods(pos, order, GOODS.B);
    await quiet(pos, order);
    await mountWithCleanup(ProductScreen, { props: { orderUuid: order.uuid } });
    await animationFrame();
    expect(".ekarte-card-name").toHaveText("Anna Bērziņa");
    expect(".ekarte-card-number").toHaveText(/9990 00•• •••• 0018/);
    expect(".ekarte-chip").toHaveText("Points 120");
    expect(".ekarte-card-earned").toHaveText("+3 Bonus");
    expect(".ekarte-card-next").toHaveText("7.00 € to 7 %");
    expect(".ekarte-card-rate").toHaveText("-5 %");
    // Goods first, whatever was added last.
    expect(queryAllTexts(".orderline .product-name").at(-1)).toMatch(/Card discount/);
    expect(queryAllTexts(".ekarte-saving")).toHaveLength(2);
    await click(".ekarte-card-remove");
    await quiet(pos, order);
    await animationFrame();
    expect(".ekarte-card-name").toHaveCount(0);
});

test("the panel says what is wrong, and that nobody's name is known", async () => {
    const { desk, pos, order } = await withCard({ identified: false });
    desk.answers.ekarte_identify = (uuid, identifier, lines) => {
        const quote = fivePercent(lines);
        return {
            ...quote,
            rc: "62",
            message: "The card is blocked. The customer's shop helps.",
            card: { ...quote.card, holder: "", anonymous: true, state: "blocked" },
            off_lines: [],
        };
    };
    await pos.ekarte.identify(order, SCAN);
    await mountWithCleanup(ProductScreen, { props: { orderUuid: order.uuid } });
    await animationFrame();
    expect(".ekarte-card-name").toHaveText("Anonymous holder");
    expect(".ekarte-card-error").toHaveText(/card is blocked.*unblocked at the customer desk/s);
    expect(queryOne(".ekarte-card-panel")).toHaveClass("ekarte-card-panel-wrong");
    expect(".ekarte-card-earned").toHaveCount(0);
});
