/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as TicketScreen from "@point_of_sale/../tests/pos/tours/utils/ticket_screen_util";
import {
    setOfflineMode,
    setOnlineMode,
} from "@point_of_sale/../tests/generic_helpers/offline_util";
import { refresh } from "@point_of_sale/../tests/generic_helpers/utils";
import { uuidv4 } from "@point_of_sale/utils";
import { registry } from "@web/core/registry";
import * as Pay from "./ekarte_pay_util";

function tour(name, steps) {
    registry.category("web_tour.tours").add(name, { steps: () => steps().flat(Infinity) });
}

tour("ekarte_pay_all_with_gift", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.purseIs("gift", "20.00"),
    Pay.staysDue("0.00"),
    Pay.confirmPayment(),
    Pay.allPaid(),
    Pay.receiptHas("paid", "20.00"),
    Pay.receiptHas("balance", "30.00"),
    Pay.nextOrder(),
]);

tour("ekarte_pay_part_with_gift", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.typeSum("gift", "30"),
    Pay.message("No more than"),
    Pay.purseIs("gift", "20.00"),
    Pay.typeSum("gift", "7.5"),
    Pay.staysDue("12.50"),
    Pay.confirmPayment(),
    Pay.cardPaid("7.50"),
    PaymentScreen.remainingIs("12.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_pay_many_tenders", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.add("Tour Cheese"),
    Pay.showCard(Pay.CLUB, 1),
    ProductScreen.totalAmountIs("40.50"),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.purseIs("bonus", "9.00"),
    Pay.typeSum("bonus", "5"),
    Pay.chooseVoucher("3.00"),
    Pay.staysDue("32.50"),
    Pay.confirmPayment(),
    Pay.priceLoweredBy("8.00"),
    PaymentScreen.totalIs("32.50"),
    // A second card, then cash
    Pay.payByCard(),
    Pay.scanInDialog(Pay.GIFT, 1),
    Pay.typeSum("gift", "12.5"),
    Pay.staysDue("20.00"),
    Pay.confirmPayment(),
    Pay.cardPaid("12.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.receiptHas("discount", "4.50"),
    Pay.receiptHas("reduction", "8.00"),
    Pay.nextOrder(),
]);

tour("ekarte_pay_with_code", () => [
    Pay.startTill(),
    Pay.add("Tour Bread"),
    Pay.showCard(Pay.SAFE, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.purseIs("gift", "10.00"),
    Pay.confirmPayment(),
    Pay.typeCode("4321"),
    { content: "a wrong code is said", trigger: ".modal .ekarte-message" },
    Pay.typeCode("1234"),
    Pay.allPaid(),
    Pay.nextOrder(),
]);

tour("ekarte_pay_declined_and_another", () => [
    Pay.startTill(),
    Pay.add("Tour Bread"),
    Pay.showCard(Pay.SAFE, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.typeCode("0001"),
    Pay.typeCode("0002"),
    Pay.typeCode("0003"),
    Pay.typeCode("1234"),
    Pay.message("locked"),
    Pay.anotherCard(),
    Pay.typeNumber(Pay.GIFT, 99),
    { content: "a card that was never sold", trigger: ".modal .ekarte-message" },
    Pay.typeNumber(Pay.GIFT, 1),
    Pay.purseIs("gift", "10.00"),
    Pay.confirmPayment(),
    Pay.allPaid(),
    Pay.nextOrder(),
]);

tour("ekarte_pay_cart_changes", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    PaymentScreen.clickBack(),
    // Leaving the screen keeps what is held
    {
        content: "the payment is still there",
        trigger: "body",
        run: () => Pay.waitFor(() => posmodel.getOrder().payment_ids.length === 1),
    },
    Pay.add("Tour Cheese"),
    { content: "said", trigger: ".o_notification:contains(free again)" },
    {
        content: "the payment is gone",
        trigger: "body",
        run: () => Pay.waitFor(() => posmodel.getOrder().payment_ids.length === 0),
    },
    // The card stays on the order, and is asked about the new cart
    {
        content: "quoted anew",
        trigger: "body",
        run: () => Pay.waitFor(() => posmodel.getOrder().uiState.ekarte.quote.due === 4500),
    },
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.purseIs("gift", "45.00"),
    Pay.discard(),
    { content: "no payment", trigger: "body:not(:has(.paymentline)):not(:has(.modal))" },
]);

tour("ekarte_pay_given_back", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    { trigger: ".paymentline.selected .ekarte-release", run: "click" },
    { content: "no payment", trigger: "body:not(:has(.paymentline))" },
    // Discarded: nothing is left either
    Pay.payByCard(),
    Pay.discard(),
    { content: "no payment", trigger: "body:not(:has(.paymentline)):not(:has(.modal))" },
]);

tour("ekarte_pay_order_deleted", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    Chrome.clickOrders(),
    TicketScreen.deleteOrder("001"),
    Dialog.confirm(),
    {
        content: "the order is gone",
        trigger: "body",
        run: () =>
            Pay.waitFor(() => posmodel.getOpenOrders().every((order) => !order.lines.length)),
    },
]);

tour("ekarte_pay_page_reloaded", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    refresh(),
    {
        content: "the payment is still approved",
        trigger: ".paymentline:contains(E-karte) .payment-amount:contains(20.00)",
    },
    Pay.validate(),
    Pay.nextOrder(),
]);

// Credit

tour("ekarte_pay_with_credit", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 3),
    Pay.showCard(Pay.TAB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.purseIs("credit", "30.00"),
    Pay.typeSum("credit", "22.5"),
    Pay.staysDue("7.50"),
    Pay.confirmPayment(),
    Pay.cardPaid("22.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.receiptHas("credit", "22.50"),
    Pay.nextOrder(),
]);

tour("ekarte_pay_credit_limit", () => [
    Pay.startTill(),
    Pay.add("Tour Cheese", 5),
    Pay.showCard(Pay.TAB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    // 100.00 less the 20.00 that are owed.
    Pay.purseIs("credit", "80.00"),
    Pay.typeSum("credit", "125"),
    Pay.message("no more than"),
    Pay.purseIs("credit", "80.00"),
    Pay.staysDue("45.00"),
    // Another till is quicker: the server refuses, and the dialog shows what is left.
    {
        content: "another order takes 60.00 of the same credit",
        trigger: "body",
        run: async () => {
            const card = { kind: "scan", value: Pay.numberOf(Pay.TAB, 1) };
            const { lines } = posmodel.getOrder();
            const product = lines[0].product_id.id;
            const cart = [
                { uuid: uuidv4(), product_id: product, qty: "1", gross: 6000, tax_ids: [] },
            ];
            const order = uuidv4();
            const shown = await posmodel.ekarte.call("ekarte_identify", [order, card, cart]);
            const held = await posmodel.ekarte.call("ekarte_hold", [
                order,
                uuidv4(),
                cart,
                { credit: 6000 },
            ]);
            if (shown.rc !== "00" || held.rc !== "00") {
                throw new Error(`${shown.message} ${held.message}`);
            }
        },
    },
    Pay.confirmPayment(),
    Pay.message("limit"),
    Pay.purseIs("credit", "20.00"),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
    // All of it is used or held: there is nothing to pay with.
    Pay.add("Tour Bread"),
    Pay.showCard(Pay.TAB, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    { content: "nothing left", trigger: ".modal .ekarte-nothing" },
    Pay.discard(),
    { content: "no payment", trigger: "body:not(:has(.paymentline)):not(:has(.ekarte-pay-dialog))" },
]);

// What the till may not do

tour("ekarte_pay_tampered", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.typeSum("gift", "7.5"),
    Pay.confirmPayment(),
    Pay.cardPaid("7.50"),
    {
        content: "the browser says that the card paid more",
        trigger: "body",
        run: () => posmodel.getOrder().payment_ids[0].setAmount(20),
    },
    PaymentScreen.clickValidate(),
    {
        content: "the server knows better",
        trigger: ".modal:contains(not what the card approved)",
    },
    Dialog.confirm(),
    // The order is still here, with what the card did approve, and can be paid
    Pay.cardPaid("7.50"),
    PaymentScreen.clickPaymentMethod("Cash"),
    Pay.validate(),
    Pay.nextOrder(),
]);

tour("ekarte_pay_held_then_offline", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.cardPaid("20.00"),
    setOfflineMode(),
    PaymentScreen.clickValidate(),
    Dialog.confirm("Continue with limited functionality"),
    { content: "the order is done", trigger: ".receipt-screen" },
    setOnlineMode(),
    Pay.nextOrder(),
    {
        content: "and sent once there is a connection",
        trigger: "body",
        run: async () => {
            await posmodel.data.checkConnectivity();
            await Pay.waitFor(() =>
                posmodel.models["pos.order"]
                    .filter((order) => order.state === "paid")
                    .every((order) => order.isSynced)
            );
        },
    },
]);

tour("ekarte_pay_offline_refused", () => [
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.GIFT, 1),
    Pay.toPayment(),
    setOfflineMode(),
    Pay.payByCard(),
    Pay.confirmPayment(),
    Pay.message("no connection"),
    Pay.discard(),
    { content: "no payment", trigger: "body:not(:has(.paymentline)):not(:has(.ekarte-pay-dialog))" },
    setOnlineMode(),
]);

tour("ekarte_pay_display_told", () => [
    {
        content: "listen as the display does",
        trigger: "body",
        run: () => {
            window.ekarteShown = [];
            const channel = new BroadcastChannel("UPDATE_CUSTOMER_DISPLAY");
            channel.onmessage = ({ data }) => window.ekarteShown.push(data.ekarte);
        },
    },
    Pay.startTill(),
    Pay.add("Tour Bread", 2),
    Pay.showCard(Pay.CLUB, 1),
    {
        content: "discount and points are told",
        trigger: "body",
        run: () =>
            Pay.waitFor(() => {
                const shown = window.ekarteShown.at(-1);
                return shown?.discount.includes("2.00") && shown.earned.length;
            }),
    },
    Pay.add("Tour Cheese"),
    {
        content: "they follow the cart",
        trigger: "body",
        run: () => Pay.waitFor(() => window.ekarteShown.at(-1)?.discount.includes("4.50")),
    },
    {
        content: "without the card there is nothing to tell",
        trigger: "body",
        run: async () => {
            await posmodel.ekarte.forget(posmodel.getOrder());
            await Pay.waitFor(() => window.ekarteShown.at(-1) === null);
        },
    },
]);
