/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as TicketScreen from "@point_of_sale/../tests/pos/tours/utils/ticket_screen_util";
import { refresh, run } from "@point_of_sale/../tests/generic_helpers/utils";
import { registry } from "@web/core/registry";
import * as Pay from "./ekarte_pay_util";

function tour(name, steps) {
    registry.category("web_tour.tours").add(name, { steps: () => steps().flat(Infinity) });
}

const lastFour = (span, count) => Pay.numberOf(span, count).slice(-4);

function payWithCredit() {
    return [
        Pay.add("Tour Bread", 3),
        Pay.showCard(Pay.TAB, 1),
        Pay.toPayment(),
        Pay.payByCard(),
        Pay.purseIs("credit", "30.00"),
        Pay.confirmPayment(),
        Pay.allPaid(),
    ];
}

/** A receipt printer of the tour's own: what it is given, it keeps. */
function connectPrinter() {
    return run(() => {
        window.ekartePaper = [];
        posmodel.hardwareProxy.printer = {
            printReceipt: async (paper) => {
                window.ekartePaper.push(paper);
                return { successful: true };
            },
        };
    }, "connect a printer");
}

/** What the browser would print, it keeps. */
function printByBrowser() {
    return run(() => {
        window.ekartePaper = [];
        posmodel.hardwareProxy.printer = null;
        window.print = (paper) => window.ekartePaper.push(paper);
    }, "print by the browser");
}

function clickPrint() {
    return [
        { trigger: ".receipt-screen .button.print:first:not(:has(.fa-spin))", run: "click" },
    ];
}

/** So many papers came out; each has the words, in any place. */
function printed(...papers) {
    return run(async () => {
        await Pay.waitFor(() => window.ekartePaper.length >= papers.length);
        papers.forEach((words, place) => {
            const text = window.ekartePaper[place].textContent;
            const missing = words.filter((word) => !text.includes(word));
            if (missing.length) {
                throw new Error(`paper ${place} lacks ${missing}: ${text}`);
            }
        });
        if (window.ekartePaper.length > papers.length) {
            throw new Error(`${window.ekartePaper.length} papers`);
        }
        window.ekartePaper = [];
    }, "the papers are as they shall be");
}

function shopCopyHas(selector) {
    return { content: "the shop's copy", trigger: `.ekarte-shop-copy ${selector}` };
}

tour("ekarte_receipt_of_credit", () => [
    Pay.startTill(),
    connectPrinter(),
    payWithCredit(),
    // The holder signs on the copy that stays in the shop.
    shopCopyHas(`:contains("Copy of the shop")`),
    shopCopyHas(`:contains("${lastFour(Pay.TAB, 1)}")`),
    shopCopyHas(`:contains("Credit"):contains("30.00")`),
    shopCopyHas(".ekarte-receipt-signature:contains(Signature)"),
    Pay.receiptHas("credit", "30.00"),
    clickPrint(),
    printed(["Tour Bread", "Credit", "30.00"], ["Copy of the shop", "30.00", "Signature"]),
    // A browser prints one document: both papers are in it.
    printByBrowser(),
    clickPrint(),
    printed(["Tour Bread", "Credit", "Copy of the shop", "Signature"]),
    {
        content: "printed, and the button is free again",
        trigger: ".receipt-screen .button.print:first .fa-print",
    },
    Pay.nextOrder(),
    // With an access code there is nothing to sign.
    Pay.add("Tour Bread"),
    Pay.showCard(Pay.SAFE, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.typeCode("1234"),
    Pay.allPaid(),
    { content: "no copy to sign", trigger: ".receipt-screen:not(:has(.ekarte-shop-copy))" },
    Pay.nextOrder(),
]);

tour("ekarte_receipt_printed_again", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.CLUB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.anotherCard(),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeSum("gift", "7.5"),
    Pay.confirmPayment(),
    Pay.cardPaid("7.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
    // A page loaded anew has the receipt from the server.
    refresh(),
    { content: "the till is back", trigger: ".product-screen" },
    connectPrinter(),
    Chrome.clickOrders(),
    TicketScreen.selectFilter("Paid"),
    TicketScreen.selectOrder("001"),
    { trigger: ".ticket-screen .btn:contains(Print Receipt)", run: "click" },
    printed(
        [lastFour(Pay.CLUB, 1), "Card discount", "2.00", "Paid by card", "7.50", "Earned", "Balance"],
        ["Copy of the shop", lastFour(Pay.GIFT, 1), "7.50", "Signature"]
    ),
]);

tour("ekarte_receipt_in_latvian", () => [
    Pay.startTill(),
    connectPrinter(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.CLUB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.purseIs("bonus", "9.00"),
    Pay.typeSum("bonus", "5"),
    Pay.confirmPayment(),
    Pay.priceLoweredBy("5.00"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    { content: "the name of the holder", trigger: ".pos-receipt .ekarte-receipt:contains(Anna Ozola)" },
    Pay.receiptHas("discount", "Kartes atlaide"),
    clickPrint(),
    printed(["Anna Ozola", "Kartes atlaide", "Atlikums", "Nopelnīts"]),
    // The till itself speaks its cashier's language.
    { content: "cashier's words", trigger: ".receipt-screen :contains(New Order)" },
    Pay.nextOrder(),
]);
