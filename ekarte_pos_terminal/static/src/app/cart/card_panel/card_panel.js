import { _t } from "@web/core/l10n/translation";
import { Component, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { formatFloat } from "@web/core/utils/numbers";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { ask } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { useService } from "@web/core/utils/hooks";

const MINOR_PER_UNIT = 100;
const BASIS_POINTS_PER_PERCENT = 100;
const NO_BALANCE = { value: 0 };

/** The card of an order: whose, what is on it, what it does for this purchase. */
export class CardPanel extends Component {
    static template = "ekarte_pos_terminal.CardPanel";
    static props = { order: Object, compact: { type: [Boolean, String], optional: true } };

    setup() {
        this.pos = usePos();
        this.dialog = useService("dialog");
        this.ui = useState({ open: false });
    }

    get cards() {
        return this.pos.ekarte;
    }

    get state() {
        return this.cards.stateOf(this.props.order);
    }

    get quote() {
        return this.state.quote;
    }

    get card() {
        return this.quote?.card;
    }

    get readonly() {
        const { order } = this.props;
        return order.finalized || order.lines.some((line) => line.refunded_orderline_id);
    }

    get isNew() {
        return this.card?.state === "new";
    }

    /** A partner is chosen and no card yet: theirs may be taken. */
    get offersPartner() {
        const { order } = this.props;
        return (
            this.cards.active &&
            !this.card &&
            !this.state.pending &&
            !this.readonly &&
            Boolean(order.partner_id)
        );
    }

    get shown() {
        return Boolean(this.card || this.state.pending || this.offersPartner);
    }

    get title() {
        return this.card.holder || (this.isNew ? _t("New card") : _t("Anonymous holder"));
    }

    get kinds() {
        return (this.card.types || []).join(", ");
    }

    get rate() {
        const percent = (this.card.rate_bp || 0) / BASIS_POINTS_PER_PERCENT;
        const text = formatFloat(percent, { digits: [0, 2], trailingZeros: false });
        return percent ? `−${text} %` : "";
    }

    get saved() {
        const minor = (this.quote.discount || 0) + (this.quote.reduction || 0);
        return minor ? this.money(-minor) : "";
    }

    get balances() {
        return (this.card.balances || []).filter(
            (balance) => this.ui.open || { ...NO_BALANCE, ...balance }.value
        );
    }

    get vouchers() {
        return this.card.vouchers || [];
    }

    get earned() {
        return (this.quote.earned || []).filter((one) => one.points);
    }

    get next() {
        return this.quote.next || [];
    }

    get explain() {
        return this.quote.explain || [];
    }

    get canOpen() {
        const more = this.explain.length + this.next.length + this.kinds.length;
        return !this.props.compact && more > 0;
    }

    money(minor) {
        return formatCurrency(minor / MINOR_PER_UNIT, this.props.order.currency.id);
    }

    toggle() {
        this.ui.open = this.canOpen && !this.ui.open;
    }

    async remove() {
        const { order } = this.props;
        if (this.cards.hasHold(order)) {
            const confirmed = await ask(this.dialog, {
                title: _t("Take the card off the order?"),
                body: _t("What was to be paid with it is given back to the card."),
                confirmLabel: _t("Take off"),
                cancelLabel: _t("Keep"),
            });
            if (!confirmed) {
                return;
            }
        }
        await this.cards.forget(order);
    }

    usePartnersCard() {
        const { order } = this.props;
        return this.cards.identify(order, { partner_id: order.partner_id.id });
    }

    enroll() {
        return this.pos.ekarteEnroll(this.props.order);
    }
}
