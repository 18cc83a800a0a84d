import { expect, test } from "@odoo/hoot";
import { displayData } from "@ekarte_pos_terminal/app/customer_display/display_data";
import * as plan from "@ekarte_pos_terminal/app/pay/tender_plan";
import { moneyRows } from "@ekarte_pos_terminal/app/receipt/receipt_text";
import { defineTillModels } from "./ekarte_till";

defineTillModels();

const QUOTE = {
    spendable: { gift: 5000, bonus: 900, credit: 0 },
    card: {
        masked: "999100******0018",
        holder: "",
        balances: [
            { name: "Green gift card", kind: "gift_card", unit: "EUR", text: "50.00 €" },
            { name: "Green points", kind: "bonus_amount", unit: "EUR", text: "9.00 €" },
            { name: "Green points", kind: "bonus_amount", unit: "points", text: "4 points" },
        ],
    },
};
const PURSES = plan.pursesOf(QUOTE);
// As the server sends them: in the customer's language.
const LABELS = {
    ...{ discount: "Kartes atlaide", reduction: "Samaksāts ar bonusu", paid: "Samaksāts ar karti" },
    ...{ gift: "Dāvanu nauda", bonus: "Bonusa nauda", voucher: "Kupons", kept: "Ieturēts" },
};
const CREDIT = [{ kind: "credit", name: "House account", available: 8000 }];

test("a card offers the purses that may be spent here, and only those", () => {
    expect(PURSES).toEqual([
        { kind: "gift", name: "Green gift card", available: 5000 },
        { kind: "bonus", name: "Green points", available: 900 },
    ]);
    expect(plan.pursesOf({ ...QUOTE, spendable: {} })).toEqual([]);
});

test("gift money is proposed first, then bonus money; a debt only where there is nothing else", () => {
    expect(plan.prefilled(PURSES, 2000)).toEqual({ gift: 2000, bonus: 0, credit: 0 });
    expect(plan.prefilled(PURSES, 5500)).toEqual({ gift: 5000, bonus: 500, credit: 0 });
    expect(plan.prefilled([...PURSES, ...CREDIT], 9000)).toEqual({
        gift: 5000,
        bonus: 900,
        credit: 0,
    });
    expect(plan.prefilled(CREDIT, 9000)).toEqual({ gift: 0, bonus: 0, credit: 8000 });
});

test("a sum is cut to what the card has or to what is due, and it is told which", () => {
    const amounts = { gift: 0, bonus: 900, credit: 0 };
    expect(plan.capped(PURSES, amounts, "gift", 1100, 2000)).toEqual({ minor: 1100, limit: "" });
    expect(plan.capped(PURSES, amounts, "gift", 1101, 2000)).toEqual({
        minor: 1100,
        limit: "due",
    });
    expect(plan.capped(PURSES, amounts, "gift", 6000, 9000)).toEqual({
        minor: 5000,
        limit: "card",
    });
});

test("a voucher leaves less to pay, and the last purse gives way first", () => {
    const vouchers = [{ code: "A", value: 300 }, { code: "B", value: 0, product: "coffee" }];
    expect(plan.voucherPays(vouchers, "A", 2000)).toBe(300);
    expect(plan.voucherPays(vouchers, "A", 100)).toBe(100);
    expect(plan.voucherPays(vouchers, "B", 2000)).toBe(0);
    const amounts = { gift: 1500, bonus: 500, credit: 0 };
    expect(plan.shrunk(PURSES, amounts, 1700)).toEqual({ gift: 1500, bonus: 200, credit: 0 });
    expect(plan.shrunk(PURSES, amounts, 1000)).toEqual({ gift: 1000, bonus: 0, credit: 0 });
});

test("where somebody was quicker, no more is asked for than is left", () => {
    const left = [{ kind: "gift", name: "Green gift card", available: 700 }];
    const amounts = { gift: 1500, bonus: 500, credit: 0 };
    expect(plan.covered(left, amounts)).toEqual({ gift: 700, bonus: 0, credit: 0 });
    expect(plan.covered(PURSES, amounts)).toEqual(amounts);
});

test("a tender names what is asked for and nothing else", () => {
    expect(plan.tenderOf({ gift: 500, bonus: 0, credit: 0 }, "")).toEqual({ gift: 500 });
    expect(plan.tenderOf({ gift: 0, bonus: 0, credit: 0 }, "A")).toEqual({ voucher: "A" });
});

test("on a receipt, what lowers the price and what pays stand apart", () => {
    const rows = moneyRows({
        discount: 450,
        reduction: 800,
        card_payment: 1250,
        reduced_by: { bonus: 500, voucher: 300 },
        payers: [{ masked: "999100******0014", card_payment: 1250 }],
        labels: LABELS,
    });
    expect(rows.map((row) => [row.key, row.minor, row.parts.map((part) => part.minor)])).toEqual([
        ["discount", -450, []],
        ["reduction", -800, [500, 300]],
        ["paid", 1250, [1250]],
    ]);
    expect(rows[0].name).toBe("Kartes atlaide");
});

test("bonus money of another issuer pays, and stands with the payment", () => {
    const rows = moneyRows({ card_payment: 700, paid_with: { gift: 500, bonus: 200 }, labels: LABELS });
    expect(rows.map((row) => [row.key, row.parts.map((part) => part.key)])).toEqual([
        ["paid", ["gift", "bonus"]],
    ]);
});

test("the display shows what the card brings, and nothing without a card", () => {
    const state = { quote: { ...QUOTE, discount: 450 }, held: { a: { card_payment: 1250 } } };
    const shown = displayData({ uiState: { ekarte: state } });
    expect([shown.masked, shown.discount, shown.paid]).toEqual(["999100******0018", 450, 1250]);
    expect(displayData({ uiState: { ekarte: { quote: null, held: {} } } })).toBe(null);
    expect(displayData({ uiState: {} })).toBe(null);
});
