/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as Combo from "@point_of_sale/../tests/pos/tours/utils/combo_popup_util";
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";
import * as TicketScreen from "@point_of_sale/../tests/pos/tours/utils/ticket_screen_util";
import { inLeftSide } from "@point_of_sale/../tests/pos/tours/utils/common";
import { run, scan_barcode } from "@point_of_sale/../tests/generic_helpers/utils";
import { registry } from "@web/core/registry";
import * as Card from "./ekarte_card_util";

function tour(name, steps) {
    registry.category("web_tour.tours").add(name, { steps: () => steps().flat(Infinity) });
}

function validateCash() {
    return [
        PaymentScreen.clickPaymentMethod("Cash"),
        PaymentScreen.clickValidate(),
        ReceiptScreen.isShown(),
        ReceiptScreen.clickNextOrder(),
    ];
}

function payCash() {
    return [ProductScreen.clickPayButton(), validateCash()];
}

function checkOrder(what, check) {
    return run(() => {
        const order = posmodel.getOrder();
        const wrong = check(order);
        if (wrong) {
            throw new Error(`${what}: ${wrong}`);
        }
    }, what);
}

tour("ekarte_goods_combo", () => [
    Card.start(),
    ProductScreen.clickDisplayedProduct("Morning set"),
    Combo.select("Bread"),
    Combo.select("Soap"),
    Dialog.confirm(),
    Card.totalIs("6.00"),
    scan_barcode(Card.CLUB),
    // Each part has its own taxes; what is saved stands at the set.
    Card.takesOff(2, 0.3),
    Card.totalIs("5.70"),
    { trigger: ".orderline:contains('Morning set') .ekarte-saving:contains('0.30')" },
    inLeftSide(ProductScreen.clickNumpad("2")),
    Card.takesOff(2, 0.6),
    Card.totalIs("11.40"),
    payCash(),
    // One set comes back, with its part of the discount.
    Chrome.clickOrders(),
    TicketScreen.selectFilter("Paid"),
    TicketScreen.selectOrder("001"),
    { trigger: ".ticket-screen .orderline:contains('Morning set')", run: "click" },
    ProductScreen.clickNumpad("1"),
    TicketScreen.confirmRefund(),
    PaymentScreen.totalIs("-5.70"),
    validateCash(),
]);

tour("ekarte_goods_other_taxes", () => [
    Card.start(),
    Card.add("Soap", "2", "5.0", "10.0"),
    scan_barcode(Card.CLUB),
    Card.takesOff(1, 0.5),
    Card.totalIs("9.50"),
    // The taxes change under the card: so do those of its discount, to the cent.
    ProductScreen.clickFiscalPosition("Border shop"),
    Card.settled(),
    checkOrder("the discount has the goods' taxes of now", ({ lines }) => {
        const names = lines.map((line) =>
            line.getBaseLine().tax_ids.map((tax) => tax.name).join()
        );
        return names.length === 2 && names[0] === names[1] && names[0].startsWith("12 %")
            ? ""
            : names;
    }),
    checkOrder("it is the card's rate of what the goods cost now", (order) => {
        const [goods, own] = order.lines.map((line) => Math.round(line.priceIncl * 100));
        return Math.abs(goods * 0.05 + own) < 1 ? "" : [goods, own];
    }),
    payCash(),
]);

tour("ekarte_goods_beside_reward", () => [
    Card.start(),
    Card.add("Soap", "2", "5.0", "10.0"),
    scan_barcode(Card.CLUB),
    // Odoo's own promotion is one on the goods; the card's discount follows what is left.
    Card.takesOff(1, 0.45),
    Card.totalIs("8.55"),
    Array(5).fill(ProductScreen.clickDisplayedProduct("Bread")),
    Card.takesOff(2, 0.9),
    Card.totalIs("17.10"),
    checkOrder("the promotion is 10 % of the goods alone", ({ lines }) => {
        const rewards = lines.filter((line) => line.is_reward_line);
        const sum = rewards.reduce((total, line) => total + line.priceIncl, 0);
        return sum.toFixed(2) === "-2.00" ? "" : sum;
    }),
    payCash(),
    // A part comes back: the promotion's share and the card's with it.
    Chrome.clickOrders(),
    TicketScreen.selectFilter("Paid"),
    TicketScreen.selectOrder("001"),
    { trigger: ".ticket-screen .orderline:contains('Soap')", run: "click" },
    ProductScreen.clickNumpad("1"),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    run(() => posmodel.ekarte.settled(posmodel.getOrder()), "asked"),
    checkOrder("it is refunded with the card's part", (order) =>
        order.priceIncl.toFixed(2) === "-4.75" ? "" : order.priceIncl
    ),
    validateCash(),
]);
