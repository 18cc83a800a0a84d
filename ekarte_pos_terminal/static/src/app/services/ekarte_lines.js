/**
 * An order's lines as the card's desk at the server sees them, and the desk's lines as
 * the order has them. Knows records, no screens and no server.
 */
import { accountTaxHelpers } from "@account/helpers/account_tax";

/** Roles of lines that the server makes and the browser only shows. */
export const OWN_ROLES = ["discount", "reduction", "kept"];

const MINOR_PER_UNIT = 100;

export function isOwn(line) {
    return OWN_ROLES.includes(line.ekarte_role);
}

export function toMinor(value) {
    return Math.round(value * MINOR_PER_UNIT);
}

/** Taxes of a line after the order's fiscal position: those that are really charged. */
function chargedTaxes(line) {
    return line.prepareBaseLineForTaxesComputationExtraValues().tax_ids || [];
}

/**
 * A line's total with tax in minor units, rounded for itself: what rounding over the
 * document moves from line to line is no line's price.
 */
export function grossMinor(line) {
    const company = line.company;
    const baseLine = line.getBaseLine();
    accountTaxHelpers.add_tax_details_in_base_lines([baseLine], company);
    accountTaxHelpers.round_base_lines_tax_details([baseLine], company);
    const details = baseLine.tax_details;
    const taxes = details.taxes_data.reduce((sum, tax) => sum + tax.tax_amount_currency, 0);
    return toMinor(
        details.total_excluded_currency + details.delta_total_excluded_currency + taxes
    );
}

/** Money off that another module put on the order: it is spread over the goods. */
function isMoneyOff(line, gross) {
    if (line.refunded_orderline_id) {
        return false;
    }
    return Boolean(line.is_reward_line || line.isDiscountLine) || (gross < 0 && line.qty > 0);
}

function roleOf(line, gross) {
    if (line.ekarte_role === "load") {
        return "load";
    }
    return isMoneyOff(line, gross) ? "off" : "goods";
}

function quantityText(line) {
    const precision = line.models["decimal.precision"].find((dp) => dp.name === "Product Unit");
    return line.qty.toFixed(Math.min(precision?.digits ?? 3, 3));
}

function payloadOf(line) {
    const gross = grossMinor(line);
    const origin = line.refunded_orderline_id;
    return {
        uuid: line.uuid,
        product_id: line.product_id.id,
        qty: quantityText(line),
        gross,
        tax_ids: chargedTaxes(line).map((tax) => tax.id),
        refunded_orderline_id: typeof origin?.id === "number" ? origin.id : null,
        role: roleOf(line, gross),
    };
}

/** The lines as all requests of the till send them; the card's own are not among them. */
export function linesOf(order) {
    return order.lines.filter((line) => line.product_id && !isOwn(line)).map(payloadOf);
}

/** What a quote depends on, as text: no question is asked twice about the same. */
export function printOf(lines) {
    return JSON.stringify(lines);
}

export function isRefund(order) {
    return order.lines.some((line) => line.refunded_orderline_id);
}

function sameTaxes(line, taxIds) {
    const known = line.tax_ids.map((tax) => tax.id).sort();
    return JSON.stringify(known) === JSON.stringify([...taxIds].sort());
}

function linkTaxes(models, taxIds) {
    return taxIds.map((id) => models["account.tax"].get(id)).filter(Boolean);
}

function changeOf(line, off) {
    const changed = {};
    if (line.price_unit !== off.price_unit) {
        changed.price_unit = off.price_unit;
    }
    if (JSON.stringify(line.extra_tax_data || {}) !== JSON.stringify(off.extra_tax_data || {})) {
        changed.extra_tax_data = off.extra_tax_data;
    }
    if (line.full_product_name !== off.name) {
        changed.full_product_name = off.name;
    }
    if (line.qty !== 1) {
        changed.qty = 1;
    }
    if (line.discount) {
        changed.discount = 0;
    }
    return changed;
}

function change(line, off) {
    const changed = changeOf(line, off);
    if (!sameTaxes(line, off.tax_ids)) {
        changed.tax_ids = [["set", ...linkTaxes(line.models, off.tax_ids)]];
    }
    if (Object.keys(changed).length) {
        line.update(changed);
        // The parts of tax alone may have changed, which Odoo does not watch.
        line.order_id.triggerRecomputeAllPrices();
    }
}

function add(order, off, product) {
    order.models["pos.order.line"].create({
        order_id: order,
        product_id: product,
        qty: 1,
        discount: 0,
        price_type: "manual",
        price_extra: 0,
        price_unit: off.price_unit,
        extra_tax_data: off.extra_tax_data,
        tax_ids: [["link", ...linkTaxes(order.models, off.tax_ids)]],
        ekarte_role: off.role,
        ekarte_key: off.key,
        full_product_name: off.name,
    });
}

function remove(order, line) {
    if (order.uiState.selected_orderline_uuid === line.uuid) {
        order.deselectOrderline();
    }
    line.delete();
}

/**
 * Make the card's lines of an order those of the answer, in place: a line of the same
 * role and taxes is changed and stays the same record, so that nothing flickers.
 */
export function applyOffLines(order, offLines, product) {
    const surplus = new Set(order.lines.filter(isOwn));
    for (const off of offLines) {
        const line = [...surplus].find(
            (one) => one.ekarte_role === off.role && one.ekarte_key === off.key
        );
        if (line) {
            surplus.delete(line);
            change(line, off);
        } else {
            add(order, off, product);
        }
    }
    for (const line of surplus) {
        remove(order, line);
    }
}
