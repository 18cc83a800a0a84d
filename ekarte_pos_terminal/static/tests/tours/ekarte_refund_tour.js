import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as TicketScreen from "@point_of_sale/../tests/pos/tours/utils/ticket_screen_util";
import { registry } from "@web/core/registry";
import * as Pay from "./ekarte_pay_util";

function tour(name, steps) {
    registry.category("web_tour.tours").add(name, { steps: () => steps().flat(Infinity) });
}

const paidOrder = () => [
    Chrome.clickOrders(),
    TicketScreen.selectFilter("Paid"),
    TicketScreen.selectOrder("001"),
];
const pick = (name, quantity) => [
    {
        content: `pick ${name}`,
        trigger: `.ticket-screen .orderline:contains(${name})`,
        run: "click",
    },
    ProductScreen.clickNumpad(String(quantity)),
];

tour("ekarte_refund_buys_with_gift", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.allPaid(),
    Pay.nextOrder(),
]);

tour("ekarte_refund_whole", () => [
    Pay.startTill(),
    paidOrder(),
    pick("Tour Bread", 2),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    Pay.cardPaid("20.00"),
    Pay.validate(),
    Pay.receiptHas("balance", "50.00"),
    Pay.nextOrder(),
]);

tour("ekarte_refund_part", () => [
    Pay.startTill(),
    paidOrder(),
    pick("Tour Bread", 1),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    Pay.cardPaid("10.00"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_refund_sells_club", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.CLUB, 1),
    ProductScreen.totalAmountIs("18.00"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
    // The discount is no goods to give back
    paidOrder(),
    pick("discount", 1),
    { content: "said", trigger: ".o_notification:contains(comes back with the goods)" },
    pick("Tour Bread", 1),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    PaymentScreen.totalIs("-9.00"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_refund_of_sold_card", () => [
    Pay.startTill(),
    Pay.clickLoad("Gift card"),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeLoad("30"),
    Pay.toPayment(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
    paidOrder(),
    pick("Gift card", 1),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_refund_of_two_cards", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.add("Tour Cheese"),
    Pay.showCard(Pay.CLUB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    // 45.00 less 4.50: gift money and bonus of one card, gift money of another, cash.
    Pay.typeSum("bonus", "5"),
    Pay.typeSum("gift", "6"),
    Pay.staysDue("29.50"),
    Pay.confirmPayment(),
    Pay.cardPaid("6.00"),
    Pay.payByCard(),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeSum("gift", "12.5"),
    Pay.confirmPayment(),
    Pay.cardPaid("12.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
    // The cheese comes back: each card gets its part, the rest is cash.
    paidOrder(),
    pick("Tour Cheese", 1),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    { content: "both cards are named", trigger: `.paymentline .ekarte-masked:contains(/,/)` },
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.receiptHas("paid", "-"),
    Pay.nextOrder(),
    // And the rest of it.
    paidOrder(),
    pick("Tour Bread", 2),
    TicketScreen.confirmRefund(),
    PaymentScreen.isShown(),
    { content: "both cards are named", trigger: `.paymentline .ekarte-masked:contains(/,/)` },
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);
