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

/** Rows of money: [{key, name, minor}], without those of nothing. */
export function moneyRows(receipt) {
    const row = (key, minor) => ({ key, name: wordOf(receipt, key), minor });
    return [
        row("discount", -(receipt.discount || 0)),
        row("reduction", -(receipt.reduction || 0)),
        row("kept", receipt.kept || 0),
        row("paid", receipt.card_payment || 0),
    ].filter((one) => one.minor);
}

/** What the payment was made of. */
export function tenderRows(receipt) {
    return TENDERS.filter((key) => receipt.tendered?.[key]).map((key) => ({
        key,
        name: wordOf(receipt, key),
        minor: receipt.tendered[key],
    }));
}
