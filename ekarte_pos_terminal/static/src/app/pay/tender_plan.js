/**
 * What a card pays of an order: sums of gift money, bonus money and credit, and one voucher.
 * Plain functions over minor units; the server decides, these only spare the cashier a refusal.
 */

export const TENDERS = ["gift", "bonus", "credit"];

const CURRENCY = /^[A-Z]{3}$/;
const MONEY_OF = {
    gift: ({ kind, unit }) => kind === "gift_card" && CURRENCY.test(unit),
    bonus: ({ kind, unit }) => kind !== "gift_card" && CURRENCY.test(unit),
    credit: ({ unit }) => unit === "credit",
};

/** The purses that a card can pay from here: [{kind, name, available}]. */
export function pursesOf(quote) {
    const spendable = quote.spendable || {};
    const balances = quote.card?.balances || [];
    return TENDERS.filter((kind) => spendable[kind] > 0).map((kind) => ({
        kind,
        name: [...new Set(balances.filter(MONEY_OF[kind]).map((one) => one.name))].join(", "),
        available: spendable[kind],
    }));
}

/** What a voucher pays of `due`; one for goods is worth what the server makes of it. */
export function voucherPays(vouchers, code, due) {
    const voucher = vouchers.find((one) => one.code === code);
    return voucher ? Math.min(voucher.value || 0, due) : 0;
}

export function moneyOf(amounts) {
    return TENDERS.reduce((sum, kind) => sum + (amounts[kind] || 0), 0);
}

/**
 * As much as is useful: gift money, then bonus money. Credit is a debt, so it is proposed only
 * by a card that has nothing else.
 */
export function prefilled(purses, due) {
    const amounts = { gift: 0, bonus: 0, credit: 0 };
    const onlyCredit = purses.every((purse) => purse.kind === "credit");
    let left = due;
    for (const purse of purses) {
        if (purse.kind === "credit" && !onlyCredit) {
            continue;
        }
        amounts[purse.kind] = Math.max(0, Math.min(purse.available, left));
        left -= amounts[purse.kind];
    }
    return amounts;
}

/** `asked` cut to what the purse has and what is due: {minor, limit: "" | "card" | "due"}. */
export function capped(purses, amounts, kind, asked, due) {
    const available = purses.find((purse) => purse.kind === kind)?.available || 0;
    const others = moneyOf({ ...amounts, [kind]: 0 });
    const room = Math.max(0, due - others);
    if (asked <= Math.min(available, room)) {
        return { minor: asked, limit: "" };
    }
    return available <= room
        ? { minor: available, limit: "card" }
        : { minor: room, limit: "due" };
}

/** Amounts that still fit when less is due: the last purse gives way first. */
export function shrunk(purses, amounts, due) {
    const fitting = { ...amounts };
    let over = moneyOf(amounts) - due;
    for (const { kind } of [...purses].reverse()) {
        const less = Math.min(fitting[kind], Math.max(0, over));
        fitting[kind] -= less;
        over -= less;
    }
    return fitting;
}

/** Amounts that the purses still have. */
export function covered(purses, amounts) {
    const available = (kind) => purses.find((purse) => purse.kind === kind)?.available || 0;
    return Object.fromEntries(
        TENDERS.map((kind) => [kind, Math.min(amounts[kind] || 0, available(kind))])
    );
}

/** The tender as the server reads it; nothing asked for is not named. */
export function tenderOf(amounts, voucher) {
    const tender = {};
    for (const kind of TENDERS) {
        if (amounts[kind]) {
            tender[kind] = amounts[kind];
        }
    }
    if (voucher) {
        tender.voucher = voucher;
    }
    return tender;
}
