import { CardReceipt } from "./card_receipt";

/** The second copy of a payment that the customer signs; it stays in the shop. */
export class ShopCopy extends CardReceipt {
    static template = "ekarte_pos_terminal.ReceiptShopCopy";

    get order() {
        return this.props.order;
    }
}
