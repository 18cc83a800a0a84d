/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";
import { scan_barcode } from "@point_of_sale/../tests/generic_helpers/utils";

export const CLUB = "9991001";
export const GIFT = "9991002";
export const SAFE = "9991003";
export const TAB = "9991004";
export const PASS = "9991005";
const DIALOG = ".modal .ekarte-pay-dialog";
const LOAD_DIALOG = ".modal .ekarte-load-dialog";

/** The numbers of the tests' cards: as pay_common.py makes them. */
export function numberOf(span, count) {
    const number = span + String(count).padStart(8, "0");
    const total = [...number].reverse().reduce((sum, digit, place) => {
        const value = Number(digit) * (place % 2 ? 1 : 2);
        return sum + (value > 9 ? value - 9 : value);
    }, 0);
    return number + ((10 - (total % 10)) % 10);
}

export function startTill() {
    return Chrome.startPoS();
}

export function add(name, quantity = 1) {
    return ProductScreen.addOrderline(name, String(quantity));
}

/** Scan a card on the product screen, and wait for what the server says of it. */
export function showCard(span, count) {
    return [
        scan_barcode(numberOf(span, count)),
        {
            content: "the card is on the order",
            trigger: "body",
            run: () => waitFor(() => posmodel.ekarte.hasCard(posmodel.getOrder())),
        },
    ].flat();
}

export async function waitFor(condition, ms = 8000) {
    const end = Date.now() + ms;
    while (!condition()) {
        if (Date.now() > end) {
            throw new Error(`waited in vain for ${condition}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 50));
    }
}

export function toPayment() {
    return ProductScreen.clickPayButton();
}

export function payByCard() {
    return [
        PaymentScreen.clickPaymentMethod("E-karte"),
        { content: "the dialog is there", trigger: DIALOG },
    ].flat();
}

/** In the dialog: scan a card. */
export function scanInDialog(span, count) {
    return [
        { content: "a card is asked for", trigger: ".modal .ekarte-card-entry" },
        scan_barcode(numberOf(span, count)),
    ].flat();
}

/** In the dialog: type a card's number. */
export function typeNumber(span, count) {
    return [
        {
            content: "type the number",
            trigger: ".modal .ekarte-card-entry .ekarte-number",
            run: `edit ${numberOf(span, count)}`,
        },
        { trigger: ".modal .ekarte-card-entry .ekarte-number-ok:enabled", run: "click" },
    ];
}

export function purseIs(kind, amount) {
    return {
        content: `${kind} shall pay ${amount}`,
        trigger: `${DIALOG} .ekarte-purse[data-kind=${kind}] .ekarte-amount:contains(${amount})`,
    };
}

export function noPurse(kind) {
    return {
        content: `there is no ${kind}`,
        trigger: `${DIALOG}:not(:has(.ekarte-purse[data-kind=${kind}])) .ekarte-pay-card`,
    };
}

/** Choose a purse and type a sum with the numpad. */
export function typeSum(kind, sum) {
    return [
        {
            content: `choose ${kind}`,
            trigger: `${DIALOG} .ekarte-purse[data-kind=${kind}]`,
            run: "click",
        },
        ...[...sum].map((key) => ({
            content: `press ${key}`,
            trigger: `${DIALOG} .numpad-button[value="${key}"]`,
            run: "click",
        })),
    ];
}

export function takeNothingOf(kind) {
    return {
        trigger: `${DIALOG} .ekarte-purse[data-kind=${kind}] .ekarte-none`,
        run: "click",
    };
}

export function chooseVoucher(text) {
    return {
        content: `choose voucher ${text}`,
        trigger: `${DIALOG} .ekarte-voucher:contains(${text})`,
        run: "click",
    };
}

export function staysDue(amount) {
    return {
        content: `${amount} stays due`,
        trigger: `${DIALOG} .ekarte-stays-due:contains(${amount})`,
    };
}

export function message(text) {
    return { content: text, trigger: `.modal .ekarte-message:contains(${text})` };
}

export function confirmPayment() {
    return {
        content: "pay",
        trigger: `.modal:has(.ekarte-pay-dialog) .ekarte-confirm:enabled`,
        run: "click",
    };
}

export function anotherCard() {
    return { trigger: ".modal .ekarte-another:enabled", run: "click" };
}

export function discard() {
    return { trigger: ".modal .ekarte-discard:enabled", run: "click" };
}

export function typeCode(code) {
    return [
        { content: "a code is asked for", trigger: ".modal .ekarte-code-entry" },
        ...[...code].map((key) => ({
            content: "press a digit",
            trigger: `.modal .ekarte-code-entry .numpad-button[value="${key}"]`,
            run: "click",
        })),
        {
            content: "as many dots, no digits",
            trigger: `.modal .ekarte-dots:contains(/^●{${code.length}}$/)`,
        },
        { trigger: ".modal .ekarte-code-ok:enabled", run: "click" },
    ];
}

/** The dialog is closed and the payment line says so much; there is no way around it. */
export function cardPaid(amount) {
    return [
        {
            content: `the card paid ${amount}`,
            trigger: `.paymentline.selected:has(.ekarte-release):contains(E-karte) .payment-amount:contains(${amount})`,
        },
        {
            content: "nobody can force it",
            trigger: "body:not(:has(.ekarte-pay-dialog)):not(:has(.send_force_done))",
        },
    ];
}

/** The card paid all that was due: the till goes on to the receipt by itself. */
export function allPaid() {
    return ReceiptScreen.isShown();
}

export function priceLoweredBy(amount) {
    return {
        content: `the card lowers the price by ${amount}`,
        trigger: `.ekarte-held:contains(${amount})`,
    };
}

export function validate() {
    return [PaymentScreen.clickValidate(), ReceiptScreen.isShown()].flat();
}

export function receiptHas(part, text) {
    return {
        content: `the receipt's ${part} says ${text}`,
        trigger: `.pos-receipt .ekarte-receipt-${part}:contains(${text})`,
    };
}

export function nextOrder() {
    return ReceiptScreen.clickNextOrder();
}

// Loads

export function clickLoad(name) {
    return [
        ProductScreen.clickDisplayedProduct(name),
        { content: "the card is asked for", trigger: LOAD_DIALOG },
    ].flat();
}

export function typeLoad(sum) {
    return [
        ...[...sum].map((key) => ({
            content: `press ${key}`,
            trigger: `${LOAD_DIALOG} .numpad-button[value="${key}"]`,
            run: "click",
        })),
        { trigger: `.modal:has(.ekarte-load-dialog) .ekarte-confirm:enabled`, run: "click" },
    ];
}

export function loadedLine(name, text, amount) {
    return {
        content: `${name} is for card ${text}`,
        trigger: `.orderline:contains(${name}):has(.price:contains(${amount})) .ekarte-load-card:contains(${text})`,
    };
}
