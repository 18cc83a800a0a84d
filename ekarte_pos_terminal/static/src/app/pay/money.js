/** Odoo's tills count in floats, the card ledger in whole minor units (cents). */

export function toMinor(amount, currency) {
    return Math.round(amount * 10 ** currency.decimal_places);
}

export function fromMinor(minor, currency) {
    return currency.round(minor / 10 ** currency.decimal_places);
}
