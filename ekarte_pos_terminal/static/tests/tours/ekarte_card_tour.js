/* global posmodel */
import * as Chrome from "@point_of_sale/../tests/pos/tours/utils/chrome_util";
import * as Dialog from "@point_of_sale/../tests/generic_helpers/dialog_util";
import * as PaymentScreen from "@point_of_sale/../tests/pos/tours/utils/payment_screen_util";
import * as ProductScreen from "@point_of_sale/../tests/pos/tours/utils/product_screen_util";
import * as ReceiptScreen from "@point_of_sale/../tests/pos/tours/utils/receipt_screen_util";
import { setOfflineMode, setOnlineMode } from "@point_of_sale/../tests/generic_helpers/offline_util";
import { inLeftSide } from "@point_of_sale/../tests/pos/tours/utils/common";
import { refresh, run, scan_barcode } from "@point_of_sale/../tests/generic_helpers/utils";
import { registry } from "@web/core/registry";
import * as Card from "./ekarte_card_util";

const tours = registry.category("web_tour.tours");

function payCash() {
    return [
        ProductScreen.clickPayButton(),
        PaymentScreen.clickPaymentMethod("Cash"),
        PaymentScreen.clickValidate(),
        ReceiptScreen.isShown(),
    ].flat();
}

tours.add("ekarte_card_scanned", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.cardShown("0110"),
            Card.takesOff(1, 0.5),
            Card.totalIs("9.50"),
            { trigger: ".orderline .ekarte-saving:contains('0.50')" },
            // The discount follows the cart, a line for each set of taxes.
            Card.add("Bread", "5", "2.0", "10.0"),
            Card.takesOff(2, 1),
            Card.totalIs("19.00"),
            // Goods that go take theirs with them.
            ProductScreen.clickNumpad("⌫", "⌫"),
            Card.takesOff(1, 0.5),
            Card.totalIs("9.50"),
            payCash(),
        ].flat(),
});

tours.add("ekarte_card_removed", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(1, 0.5),
            // Keys on the card's line explain, and ask to take the card off.
            inLeftSide([
                { trigger: ".orderline.ekarte-line", run: "click" },
                ...ProductScreen.clickNumpad("9"),
            ]),
            Dialog.is({ title: "Card discount" }),
            Dialog.confirm("Ok"),
            Card.takesOff(1, 0.5),
            inLeftSide(ProductScreen.clickNumpad("⌫")),
            Dialog.cancel(),
            Card.cardShown("0110"),
            Card.removeCard(),
            Card.noCard(),
            Card.takesOff(0, 0),
            Card.totalIs("10.00"),
            payCash(),
        ].flat(),
});

tours.add("ekarte_card_swiped", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(`%B${Card.CLUB}^CLUB/A^3012?`),
            scan_barcode(`;${Card.CLUB}=3012?`),
            Card.cardShown("0110"),
            Card.takesOff(1, 0.5),
            // On the payment screen, too: another card takes the place of the first.
            ProductScreen.clickPayButton(),
            scan_barcode(`;${Card.OTHER_CLUB}=3012?`),
            { trigger: ".payment-screen .ekarte-card-panel:contains('0128')" },
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
        ].flat(),
});

tours.add("ekarte_card_typed", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            Card.openDialog(),
            Card.press(Card.STRANGER),
            Card.useCard(),
            Card.dialogSays("card"),
            Card.press(Card.CLUB),
            Card.useCard(),
            Dialog.isNot(),
            Card.cardShown("0110"),
            Card.takesOff(1, 0.5),
            // With the cursor in the field, a reader's keys end with Enter.
            Card.openDialog(),
            { trigger: ".modal .ekarte-number", run: `edit ;${Card.OTHER_CLUB}=3012?` },
            { trigger: ".modal .ekarte-number", run: "press Enter" },
            Dialog.isNot(),
            Card.cardShown("0128"),
            payCash(),
        ].flat(),
});

tours.add("ekarte_card_of_customer", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Holder of one"),
            { trigger: ".ekarte-partners-card:contains('Holder of one')", run: "click" },
            Card.cardShown("Holder of one"),
            Card.takesOff(1, 0.5),
            Card.removeCard(),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Holder of two"),
            { trigger: ".ekarte-partners-card:contains('Holder of two')", run: "click" },
            { trigger: ".modal .selection-item:contains('0136')", run: "click" },
            Card.cardShown("Holder of two"),
            Card.takesOff(1, 0.5),
            Card.removeCard(),
            ProductScreen.clickPartnerButton(),
            ProductScreen.clickCustomer("Holder of none"),
            { trigger: ".ekarte-partners-card:contains('Holder of none')", run: "click" },
            { trigger: ".o_notification:contains('card')" },
            Card.settled(),
            Card.takesOff(0, 0),
        ].flat(),
});

tours.add("ekarte_card_unknown", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.STRANGER),
            { trigger: ".o_notification .bg-danger, .o_notification:contains('card')" },
            Card.settled(),
            Card.noCard(),
            // Goods with the number of a card are goods.
            scan_barcode(Card.CLUB),
            ProductScreen.selectedOrderlineHas("Goods numbered like a card", "1", "7.0"),
            Card.noCard(),
            // A number that nothing knows is neither.
            scan_barcode("4750000099999"),
            { trigger: ".o_notification:contains('could not find any product')" },
            Card.settled(),
            Card.noCard(),
        ].flat(),
});

tours.add("ekarte_card_after_reload", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(1, 0.5),
            refresh(),
            Card.cardShown("0110"),
            Card.takesOff(1, 0.5),
            Card.add("Bread", "5", "2.0", "10.0"),
            Card.takesOff(2, 1),
            // Another order has no card; going back, the first has its own.
            Chrome.createFloatingOrder(),
            Card.noCard(),
            run(() => {
                const { models } = posmodel;
                const [first] = models["pos.order"].filter((order) => order.lines.length);
                posmodel.setOrder(first);
            }, "back to the first order"),
            Card.cardShown("0110"),
            payCash(),
        ].flat(),
});

tours.add("ekarte_card_offline", {
    steps: () =>
        [
            Card.start(),
            Card.add("Soap", "2", "5.0", "10.0"),
            scan_barcode(Card.CLUB),
            Card.takesOff(1, 0.5),
            setOfflineMode(),
            // The discount goes, with a word; the sale does not stop.
            Card.add("Bread", "5", "2.0", "10.0"),
            { trigger: ".o_notification:contains('No connection')" },
            Card.takesOff(0, 0),
            Card.totalIs("20.00"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            Dialog.confirm("Continue with limited functionality"),
            ReceiptScreen.isShown(),
            ReceiptScreen.clickNextOrder(),
            // A card shown now waits; its number is kept only until the first contact.
            Card.add("Soap", "1", "5.0", "5.0"),
            scan_barcode(Card.OTHER_CLUB),
            Card.cardShown("0128"),
            ProductScreen.clickPayButton(),
            PaymentScreen.clickPaymentMethod("Cash"),
            PaymentScreen.clickValidate(),
            ReceiptScreen.isShown(),
            setOnlineMode(),
            run(async () => {
                await posmodel.data.checkConnectivity();
                await Card.until(
                    () => posmodel.models["pos.order"].every((order) => !order.isUnsyncedPaid),
                    "all orders are sent"
                );
                const kept = posmodel.models["pos.order"].map((order) => order.uiState.ekarte);
                if (JSON.stringify(kept).includes(Card.OTHER_CLUB)) {
                    throw new Error("a card number is still kept");
                }
            }, "the orders are sent and no number is left"),
        ].flat(),
});
