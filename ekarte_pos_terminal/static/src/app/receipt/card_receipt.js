import { Component } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { fromMinor } from "../pay/money";
import { moneyRows, wordOf } from "./receipt_text";

/** The card's part of a receipt, as the server wrote it when the order was stored. */
export class CardReceipt extends Component {
    static template = "ekarte_pos_terminal.ReceiptCard";
    static props = { order: Object };

    get receipt() {
        return this.props.order.ekarte_receipt;
    }

    get moneyRows() {
        return moneyRows(this.receipt);
    }

    get paidParts() {
        return this.moneyRows.find((row) => row.key === "paid")?.parts || [];
    }

    word(key) {
        return wordOf(this.receipt, key);
    }

    format(minor) {
        const { currency } = this.props.order;
        return formatCurrency(fromMinor(minor, currency), currency.id);
    }
}
