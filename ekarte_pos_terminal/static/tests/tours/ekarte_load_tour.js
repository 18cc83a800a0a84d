/* global posmodel */
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as Numpad from "@point_of_sale/../tests/generic_helpers/numpad_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import { registry } from "@web/core/registry";
import * as Pay from "./ekarte_pay_util";

function tour(name, steps) {
    registry.category("web_tour.tours").add(name, { steps: () => steps().flat(Infinity) });
}

const LOAD = ".modal .ekarte-load-dialog";

/** Take what is typed away, and type a sum. */
function retype(sum) {
    return [
        ...Array.from({ length: 7 }, () => ({
            content: "a key back",
            trigger: `${LOAD} .numpad-button[value="⌫"]`,
            run: "click",
        })),
        Pay.typeLoad(sum),
    ];
}

const lastFour = (span, count) => Pay.numberOf(span, count).slice(-4);

tour("ekarte_load_gift_card", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeLoad("30"),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "30.00"),
    // One card, one line
    Numpad.click("2"),
    Dialog.is({ title: "One card, one line" }),
    Dialog.confirm(),
    ProductScreen.totalAmountIs("30.00"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.receiptHas("load", lastFour(Pay.GIFT, 1)),
    Pay.nextOrder(),
    // And it can be spent
    Pay.add("Tour Bread"),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.confirmPayment(),
    Pay.allPaid(),
    Pay.nextOrder(),
]);

tour("ekarte_load_removed", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeLoad("30"),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "30.00"),
    Numpad.click("⌫"),
    Numpad.click("⌫"),
    { content: "the line is gone", trigger: "body:not(:has(.orderline))" },
    // A dialog that is discarded leaves no line
    Pay.clickLoad("Gift card"),
    Pay.discard(),
    { content: "no line", trigger: "body:not(:has(.orderline)):not(:has(.modal))" },
]);

tour("ekarte_load_top_up", () => [
    Pay.startTill(),
    Pay.clickLoad("Top-up"),
    Pay.scanInDialog(Pay.GIFT, 99),
    // A card that was never sold is said to be none before anybody types a sum.
    Pay.message("not activated"),
    Pay.typeNumber(Pay.GIFT, 1),
    { content: "what may be loaded is said", trigger: `${LOAD} .ekarte-limits:contains(450.00)` },
    Pay.typeLoad("15.5"),
    Pay.loadedLine("Top-up", lastFour(Pay.GIFT, 1), "15.50"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_load_credit_paid", () => [
    Pay.startTill(),
    Pay.clickLoad("Payment of credit"),
    Pay.scanInDialog(Pay.TAB, 1),
    { content: "what is owed is said", trigger: ".modal .ekarte-owed:contains(20.00)" },
    { content: "and proposed", trigger: ".modal .ekarte-load-dialog .ekarte-amount:contains(20.00)" },
    { trigger: ".modal:has(.ekarte-load-dialog) .ekarte-confirm:enabled", run: "click" },
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_load_without_card", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeLoad("30"),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "30.00"),
    {
        content: "the till forgets which card",
        trigger: "body",
        run: () => {
            posmodel.getOrder().lines[0].uiState.ekarteLoad = null;
        },
    },
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    PaymentScreen.clickValidate(),
    Dialog.is({ title: "No card for Gift card" }),
    Dialog.confirm(),
    PaymentScreen.isShown(),
]);

tour("ekarte_load_pass_sold", () => [
    Pay.startTill(),
    // What the customer pays is the program's price, tax within it.
    Pay.clickLoad("Ten visits"),
    Pay.scanInDialog(Pay.PASS, 1),
    Pay.loadedLine("Ten visits", lastFour(Pay.PASS, 1), "30.00"),
    ProductScreen.totalAmountIs("30.00"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.receiptHas("load", lastFour(Pay.PASS, 1)),
    Pay.nextOrder(),
]);

tour("ekarte_load_price_changed", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeLoad("30"),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "30.00"),
    // The key asks in the dialog: the same card, another amount.
    Numpad.click("Price"),
    Numpad.click("4"),
    { content: "the card is known", trigger: `${LOAD} .ekarte-load-masked:contains(${lastFour(Pay.GIFT, 1)})` },
    { content: "with what it has", trigger: `${LOAD} .ekarte-amount:contains(30.00)` },
    { content: "and what it may have", trigger: `${LOAD} .ekarte-limits:contains(500.00)` },
    retype("4.99"),
    Pay.message("From 5.00"),
    retype("500.01"),
    Pay.message("to 500.00"),
    retype("47.5"),
    { content: "the dialog is closed", trigger: "body:not(:has(.modal))" },
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "47.50"),
    ProductScreen.totalAmountIs("47.50"),
    // A change that is given up changes nothing.
    Numpad.click("Price"),
    Numpad.click("9"),
    { content: "asked again", trigger: LOAD },
    Pay.discard(),
    ProductScreen.totalAmountIs("47.50"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_load_price_fixed", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 1), "25.00"),
    Numpad.click("Price"),
    Numpad.click("4"),
    Pay.message("price is fixed"),
    Pay.typeNumber(Pay.GIFT, 2),
    Pay.loadedLine("Gift card", lastFour(Pay.GIFT, 2), "25.00"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);
