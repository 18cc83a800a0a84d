import { _t } from "@web/core/l10n/translation";
import { Component, useState } from "@odoo/owl";
import { formatCurrency } from "@web/core/currency";
import { formatFloat } from "@web/core/utils/numbers";
import { usePos } from "@point_of_sale/app/hooks/pos_hook";
import { ask } from "@point_of_sale/app/utils/make_awaitable_dialog";
import { useService } from "@web/core/utils/hooks";

const MINOR_PER_UNIT = 100;
const BASIS_POINTS_PER_PERCENT = 100;

/** What a cashier does with a card that is none (any more). */
function adviceFor(state) {
    const advice = {
        blocked: _t("The holder can have it unblocked at the customer desk."),
        lost: _t("Do not accept it. The holder gets a replacement at the customer desk."),
        stolen: _t("Do not accept it, and tell your manager."),
        replaced: _t("Its holder has a newer card: ask for that one."),
        expired: _t("It is no longer valid: offer a new card."),
        closed: _t("It is no longer valid: offer a new card."),
    };
    return advice[state] || "";
}

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
        return Boolean(this.card || this.state.pending);
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
        return percent ? `-${text} %` : "";
    }

    get saved() {
        const minor = (this.quote.discount || 0) + (this.quote.reduction || 0);
        return minor ? this.money(-minor) : "";
    }

    /** One chip for each program: what it has in money, in points, in visits. */
    get balances() {
        const byName = new Map();
        for (const balance of this.card.balances || []) {
            if (this.ui.open || balance.value) {
                const texts = byName.get(balance.name) || [];
                byName.set(balance.name, [...texts, balance.text]);
            }
        }
        return [...byName].map(([name, texts]) => ({ name, text: texts.join(" · ") }));
    }

    get advice() {
        return adviceFor(this.card.state);
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
        return !this.props.compact && !this.state.error && more > 0;
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
