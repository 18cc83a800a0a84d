import { Component } from "@odoo/owl";
import { fromMinor } from "../money";
import { holdsOf } from "../holds";

/** What cards gave to an order without paying: it lowers the price and has no payment line. */
export class HeldOnCards extends Component {
    static template = "ekarte_pos_terminal.HeldOnCards";
    static props = { order: Object, release: Function };

    get holds() {
        return Object.entries(holdsOf(this.props.order))
            .filter(([, hold]) => !hold.card_payment && hold.reduction)
            .map(([uuid, hold]) => ({
                uuid,
                masked: hold.masked,
                amount: this.env.utils.formatCurrency(
                    fromMinor(hold.reduction, this.props.order.currency)
                ),
            }));
    }
}
