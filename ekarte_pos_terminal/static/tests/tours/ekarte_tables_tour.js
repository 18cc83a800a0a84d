/* global posmodel */
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";
import { run, scan_barcode } from "@point_of_sale/../tests/generic_helpers/utils";
import { registry } from "@web/core/registry";
import * as Card from "./ekarte_card_util";

function table(number) {
    return {
        content: `sit down at table ${number}`,
        trigger: `.floor-map .table:contains("${number}")`,
        run: "click",
    };
}

function tableOrder(number) {
    return posmodel.models["pos.order"].find(
        (order) => !order.finalized && order.table_id?.table_number === number
    );
}

function toFloor() {
    return [
        run(() => posmodel.navigate("FloorScreen"), "back to the tables"),
        { trigger: ".floor-map" },
    ];
}

function split(product) {
    return {
        content: `one ${product} goes to the other bill`,
        trigger: `.splitbill-screen .orderline:contains("${product}")`,
        run: "click",
    };
}

registry.category("web_tour.tours").add("ekarte_card_at_tables", {
    steps: () =>
        [
            Card.start(),
            table(7),
            Card.add("Soap", "2", "5.0", "10.0"),
            Card.add("Bread", "2", "2.0", "4.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(2, 0.7),
            // A second table with a card of its own.
            toFloor(),
            table(8),
            Card.noCard(),
            Card.add("Bread", "1", "2.0", "2.0"),
            scan_barcode(Card.OTHER_CLUB),
            Card.takesOff(1, 0.1),
            toFloor(),
            table(7),
            Card.cardShown("0110"),
            Card.takesOff(2, 0.7),
            // One soap is paid by somebody else, who has no card.
            ProductScreen.clickControlButton("Split"),
            split("Card discount"),
            Dialog.is({ title: "Card discount" }),
            Dialog.confirm("Ok"),
            split("Soap"),
            { trigger: ".splitbill-screen .pay-split-order", run: "click" },
            { trigger: ".payment-screen" },
            run(() => {
                const order = posmodel.getOrder();
                if (order.lines.length !== 1 || order.priceIncl !== 5) {
                    throw new Error(`the other bill is ${order.priceIncl}`);
                }
            }, "the other bill has the soap and no discount"),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
            toFloor(),
            table(7),
            // Odoo asks at once whether there is more to split.
            { trigger: ".splitbill-screen .button.back", run: "click" },
            Card.cardShown("0110"),
            Card.takesOff(2, 0.45),
            // The tables are put together: one card, one discount for the whole.
            run(
                () => posmodel.mergeTableOrders(tableOrder(8).uuid, tableOrder(7).table_id),
                "table 8 joins table 7"
            ),
            { trigger: ".o_notification:contains('0128'):contains('left out')" },
            toFloor(),
            table(7),
            Card.cardShown("0110"),
            Card.takesOff(2, 0.55),
            Card.totalIs("10.45"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
        ].flat(),
});

registry.category("web_tour.tours").add("ekarte_card_goes_along", {
    steps: () =>
        [
            Card.start(),
            table(7),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(1, 0.5),
            toFloor(),
            table(8),
            Card.add("Bread", "1", "2.0", "2.0"),
            Card.noCard(),
            // Table 8 has no card: that of table 7 comes along with its goods.
            run(
                () => posmodel.mergeTableOrders(tableOrder(7).uuid, tableOrder(8).table_id),
                "table 7 joins table 8"
            ),
            toFloor(),
            table(8),
            Card.cardShown("0110"),
            Card.takesOff(2, 0.6),
            Card.totalIs("11.40"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
        ].flat(),
});

registry.category("web_tour.tours").add("ekarte_card_beside_discount", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(1, 0.5),
            // The shop's own discount is one on the goods; the card's follows what is left.
            run(() => posmodel.applyDiscount(10), "10 % off by the shop"),
            Card.takesOff(1, 0.45),
            Card.totalIs("8.55"),
            Array(5).fill(ProductScreen.clickDisplayedProduct("Bread")).flat(),
            Card.takesOff(2, 0.9),
            Card.totalIs("17.10"),
            run(() => {
                const own = posmodel.getOrder().discountLines.map((line) => line.priceIncl);
                if (own.reduce((sum, one) => sum + one, 0).toFixed(2) !== "-2.00") {
                    throw new Error(`the shop's discount is ${own}`);
                }
            }, "the shop's discount is 10 % of the goods alone"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
        ].flat(),
});
