/**
 * A till with a card desk, for the tests: Odoo's mock models with a branch and a product
 * for discounts, and a server whose answers the test gives.
 */
import { fields, onRpc } from "@web/../tests/web_test_helpers";
import { advanceTime, Deferred } from "@odoo/hoot-mock";
import { PosConfig } from "@point_of_sale/../tests/unit/data/pos_config.data";
import { ProductProduct } from "@point_of_sale/../tests/unit/data/product_product.data";
import { ProductTemplate } from "@point_of_sale/../tests/unit/data/product_template.data";
import { definePosModels } from "@point_of_sale/../tests/unit/data/generate_model_definitions";
import { setupPosEnv } from "@point_of_sale/../tests/unit/utils";

export const defineTillModels = definePosModels;

export const DISCOUNT_PRODUCT = 951;
export const GOODS = { A: 5, B: 6 }; // 3.00 with 15 % and 3.00 with 25 % tax on top

function withBranch(record) {
    return {
        ...record,
        ekarte_branch_id: 7,
        ekarte_discount_product_id: DISCOUNT_PRODUCT,
    };
}

function prepareModels(branch) {
    const [product] = ProductProduct._records.filter((one) => one.id === GOODS.A);
    const [template] = ProductTemplate._records.filter((one) => one.id === GOODS.A);
    const name = "Card discount";
    // Set within a test, these are the test's alone.
    if (branch) {
        // A model that the till does not load: all it has of it is the number.
        PosConfig._fields.ekarte_branch_id = fields.Integer();
        PosConfig._records = PosConfig._records.map(withBranch);
    }
    ProductProduct._records = [
        ...ProductProduct._records,
        {
            ...product,
            id: DISCOUNT_PRODUCT,
            product_tmpl_id: DISCOUNT_PRODUCT,
            display_name: name,
            barcode: false,
        },
    ];
    ProductTemplate._records = [
        ...ProductTemplate._records,
        { ...template, id: DISCOUNT_PRODUCT, display_name: name, name, taxes_id: [] },
    ];
}

/** Money off as `ekarte.reduction` gives it: `minor` with tax, its parts told. */
export function offLine(minor, { tax = 1, percent = 15, role = "discount" } = {}) {
    const total = -minor / 100;
    const taxAmount = Math.round((total - total / (1 + percent / 100)) * 100) / 100;
    const excluded = Math.round((total - taxAmount) * 100) / 100;
    return {
        role,
        key: String(tax),
        name: "Card discount 5 %",
        minor,
        price_unit: excluded,
        tax_ids: [tax],
        extra_tax_data: {
            currency_id: 1,
            price_unit: excluded,
            discount: 0,
            quantity: 1,
            rate: 1,
            computation_key: `ekarte,${tax}`,
            manual_total_excluded_currency: excluded,
            manual_total_excluded: excluded,
            manual_tax_amounts: {
                [tax]: {
                    tax_amount_currency: taxAmount,
                    tax_amount: taxAmount,
                    base_amount_currency: excluded,
                    base_amount: excluded,
                },
            },
        },
    };
}

export const CARD = {
    masked: "9990 00•• •••• 0018",
    holder: "Anna Bērziņa",
    anonymous: false,
    state: "active",
    types: ["Family card"],
    rate_bp: 500,
    balances: [{ name: "Points", kind: "points", unit: "points", value: 120, text: "120" }],
    vouchers: [],
    code_asked: false,
};

/** A quote of 5 % on each line of goods; what the server would say. */
export function fivePercent(lines) {
    const parts = lines
        .filter((line) => line.role === "goods")
        .map((line) => ({
            uuid: line.uuid,
            discount: Math.round(line.gross * 0.05),
            rate: 500,
            tax: line.tax_ids[0],
        }));
    const byTax = {};
    for (const part of parts) {
        byTax[part.tax] = (byTax[part.tax] || 0) + part.discount;
    }
    return {
        rc: "00",
        message: "",
        card: CARD,
        discount: parts.reduce((sum, part) => sum + part.discount, 0),
        reduction: 0,
        earned: [{ name: "Bonus", points: 3, text: "+3" }],
        next: ["7.00 € to 7 %"],
        explain: [],
        per_line: parts,
        off_lines: Object.entries(byTax)
            .filter(([, minor]) => minor)
            .map(([tax, minor]) =>
                offLine(minor, { tax: Number(tax), percent: { 1: 15, 2: 25 }[tax] })
            ),
    };
}

/**
 * The server of a test. `asked` lists [method, …args] of every request; `answers[name]`
 * may be replaced; `hold(name)` makes the next answer wait for its promise.
 */
export class Desk {
    constructor() {
        this.asked = [];
        this.waiting = {};
        this.answers = {
            ekarte_identify: (uuid, identifier, lines) => fivePercent(lines),
            ekarte_quote: (uuid, lines) => fivePercent(lines),
            ekarte_forget: () => ({ rc: "00" }),
            ekarte_state: () => ({}),
        };
        for (const name of Object.keys(this.answers)) {
            onRpc("pos.config", name, async ({ args }) => {
                const given = args.slice(1);
                this.asked.push([name, ...given]);
                const late = this.waiting[name]?.shift();
                const answer = this.answers[name](...given);
                if (late) {
                    await late;
                }
                return answer;
            });
        }
    }

    hold(name) {
        const late = new Deferred();
        (this.waiting[name] ||= []).push(late);
        return late;
    }

    names() {
        return this.asked.map(([name]) => name).filter((name) => name !== "ekarte_state");
    }
}

export async function openTill({ branch = true } = {}) {
    prepareModels(branch);
    const desk = new Desk();
    const pos = await setupPosEnv();
    return { desk, pos };
}

export function addGoods(pos, order, product, qty = 1) {
    const template = pos.models["product.template"].get(product);
    return pos.addLineToOrder({ product_tmpl_id: template, qty }, order);
}

export function ownLines(order) {
    return order.lines.filter((line) => line.ekarte_role);
}

export const SCAN = { kind: "barcode", value: "9990001000000018" };

/** Let what is due be asked and answered. */
export async function quiet(pos, order) {
    await advanceTime(200);
    return pos.ekarte.settled(order);
}

/** A till with two pieces of goods A on an order, and a card on it. */
export async function withCard({ identified = true } = {}) {
    const till = await openTill();
    const order = till.pos.addNewOrder();
    await addGoods(till.pos, order, GOODS.A, 2);
    if (identified) {
        await till.pos.ekarte.identify(order, SCAN);
        await quiet(till.pos, order);
    }
    return { ...till, order };
}
