import { _t } from "@web/core/l10n/translation";

/** The words of a receipt, should the server not have sent them in the customer's language. */
const WORDS = {
    title: () => _t("Card"),
    discount: () => _t("Card discount"),
    reduction: () => _t("Bonuses and vouchers used"),
    kept: () => _t("Kept for points already used"),
    gift: () => _t("Gift money"),
    bonus: () => _t("Bonus money"),
    credit: () => _t("Credit"),
    voucher: () => _t("Voucher"),
    paid: () => _t("Paid by card"),
    earned: () => _t("Earned"),
    balances: () => _t("Balance"),
    loads: () => _t("Loaded"),
    auth_code: () => _t("Approval"),
    signature: () => _t("Signature"),
    merchant_copy: () => _t("Copy of the shop"),
};
const TENDERS = ["gift", "bonus", "credit", "voucher"];

/** The word for a part of the receipt. */
export function wordOf(receipt, key) {
    return String(receipt.labels?.[key] || WORDS[key]());
}

/** Sums of tenders as rows: [{key, name, minor}]. */
function tenderRows(receipt, sums = {}) {
    return TENDERS.filter((key) => sums[key]).map((key) => ({
        key,
        name: wordOf(receipt, key),
        minor: sums[key],
    }));
}

/** What other cards paid, by their numbers. */
function payerRows(receipt) {
    return (receipt.payers || []).map((payer) => ({
        key: "payer",
        name: payer.masked,
        minor: payer.card_payment,
    }));
}

/**
 * Rows of money, each with the parts it is made of: [{key, name, minor, parts}]. Bonus money
 * and vouchers stand where they count: under the price they lower, or under the payment.
 */
export function moneyRows(receipt) {
    const row = (key, minor, parts = []) => ({ key, name: wordOf(receipt, key), minor, parts });
    return [
        row("discount", -(receipt.discount || 0)),
        row("reduction", -(receipt.reduction || 0), tenderRows(receipt, receipt.reduced_by)),
        row("kept", receipt.kept || 0),
        row("paid", receipt.card_payment || 0, [
            ...tenderRows(receipt, receipt.paid_with),
            ...payerRows(receipt),
        ]),
    ].filter((one) => one.minor);
}
