import { Component } from "@odoo/owl";
import { OrderReceipt } from "@point_of_sale/app/screens/receipt_screen/receipt/order_receipt";
import { ShopCopy } from "./shop_copy";

/** Both papers as one: a browser prints one document at a time. */
export class ReceiptAndCopy extends Component {
    static template = "ekarte_pos_terminal.ReceiptAndCopy";
    static components = { OrderReceipt, ShopCopy };
    static props = OrderReceipt.props;
}
