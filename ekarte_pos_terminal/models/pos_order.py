from decimal import Decimal
from weakref import WeakKeyDictionary

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.ekarte_loyalty.units import MINOR_DIGITS, to_minor

from ..till_lines import TillLine
from .ekarte_checkout import OFF_ROLES
from .pos_payment_method import TERMINAL

STORED = ("paid", "done")
SERVER_OWNED = ("ekarte_receipt",)

# Orders that each transaction is storing right now: booked before it is over. No call
# from outside gets in here, as it would through the context.
_storing = WeakKeyDictionary()


class PosOrder(models.Model):
    _inherit = "pos.order"

    ekarte_receipt = fields.Json(
        compute="_compute_ekarte_receipt",
        compute_sudo=True,
        help="What the receipt says of the order's cards.",
    )

    def _compute_ekarte_receipt(self):
        at_card_tills = self.filtered("config_id.ekarte_branch_id")
        uuids = at_card_tills.mapped("uuid")
        rows = self.env["ekarte.checkout"]
        loads = self.env["ekarte.checkout.load"]
        if uuids:
            rows = rows.search([("order_uuid", "in", uuids), ("receipt", "!=", False)])
            loads = loads.search(
                [("order_uuid", "in", uuids), ("state", "!=", "planned")]
            )
        for order in self:
            order.ekarte_receipt = rows._receipt(
                rows.filtered(lambda one, order=order: one.order_uuid == order.uuid),
                loads.filtered(lambda one, order=order: one.order_uuid == order.uuid),
            )

    # The order as the ledger counts it

    def _ekarte_gross(self, line):
        """Return a line's price with tax, minor units, below nothing where it is."""
        base_line = line._prepare_base_line_for_taxes_computation()
        (gross,) = self.env["ekarte.reduction"]._gross([base_line], self.company_id)
        return -gross if base_line["quantity"] == -line.qty else gross

    def _ekarte_cart(self):
        """Return the lines of an order as a cart, card discounts left out."""
        self.ensure_one()
        return [
            TillLine(
                uuid=line.uuid,
                product_id=line.product_id.id,
                qty=str(Decimal(str(line.qty))),
                gross=self._ekarte_gross(line),
                tax_ids=tuple(sorted(line.tax_ids_after_fiscal_position.ids)),
                refunds=line.refunded_orderline_id.id or 0,
            )
            for line in self.lines - self._ekarte_off_lines()
        ]

    def _ekarte_off_lines(self):
        return self.lines.filtered(lambda line: line.ekarte_role in OFF_ROLES)

    def _ekarte_off(self):
        """Return {(role, tax set): minor units} that card lines take off."""
        sums = {}
        for line in self._ekarte_off_lines():
            place = (line.ekarte_role, _key_of(line))
            sums[place] = sums.get(place, 0) - self._ekarte_gross(line)
        return {place: minor for place, minor in sums.items() if minor}

    def _ekarte_payments(self):
        """Return {payment: minor units} of what is paid by card."""
        return {
            payment.uuid: to_minor(payment.amount)
            for payment in self.payment_ids
            if payment.payment_method_id.use_payment_terminal == TERMINAL
        }

    def _ekarte_load_lines(self):
        return self.lines.filtered("product_id.ekarte_load")

    def _ekarte_concerned(self):
        """Say whether cards have to do with this order; costs next to nothing."""
        return bool(
            self.config_id.ekarte_branch_id
            or self._ekarte_off_lines()
            or self._ekarte_payments()
            or self._ekarte_load_lines()
        )

    # Storing

    @api.model
    def _process_order(self, order, existing_order):
        for name in SERVER_OWNED:
            order.pop(name, None)
        storing = _storing.setdefault(self.env.cr, set())
        storing.add(order.get("uuid"))
        try:
            return super()._process_order(order, existing_order)
        finally:
            storing.discard(order.get("uuid"))

    def _process_saved_order(self, draft):
        if not draft and self.state != "cancel" and self._ekarte_concerned():
            self.env["ekarte.checkout"].sudo()._store_order(self.sudo())
        return super()._process_saved_order(draft)

    def _ekarte_is_stored(self):
        """Tell whether this order is over and nobody is storing it right now."""
        storing = _storing.get(self.env.cr, ())
        return self.state in STORED and self.uuid not in storing

    def _ekarte_check_stored(self, gone=False):
        """Refuse card payments and lines on stored orders that nobody booked.

        `gone`: one was taken away, so that there may be none to be seen.
        """
        doubtful = self.filtered(
            lambda order: (
                order._ekarte_is_stored()
                and (gone or order._ekarte_payments() or order._ekarte_off_lines())
            )
        )
        if doubtful:
            self.env["ekarte.checkout"].sudo()._check_stored(doubtful.sudo())

    @api.model_create_multi
    def create(self, vals_list):
        orders = super().create(vals_list)
        orders._ekarte_check_stored()
        return orders

    def write(self, vals):
        done = super().write(vals)
        if vals.get("state") in STORED:
            self._ekarte_check_stored()
        elif vals.get("state") == "cancel":
            self._ekarte_let_go()
        return done

    def unlink(self):
        self._ekarte_let_go()
        return super().unlink()

    def _refund(self):
        """Let the ledger say what a refund of the back office gives back."""
        refunds = super()._refund()
        for order in refunds:
            order._ekarte_refund_lines()
        return refunds

    def _ekarte_refund_lines(self):
        """Put the card's part of a refund on it: Odoo copied the lines of the sale."""
        copied = self.lines.filtered(
            lambda line: line.refunded_orderline_id.ekarte_role in OFF_ROLES
        )
        checkouts = self.env["ekarte.checkout"].sudo()
        if not copied and not checkouts._originals(self._ekarte_cart()):
            return
        copied.unlink()
        self._compute_prices()
        cart = self._ekarte_cart()
        quote = checkouts._quote_refund(self.config_id.sudo(), self.uuid, cart)
        if quote and quote["rc"] != "00":
            raise UserError(quote["message"])
        self.lines = [
            Command.create(self._ekarte_off_values(line))
            for line in (quote or {}).get("off_lines", ())
        ]
        self.lines._onchange_amount_line_all()
        self._compute_prices()

    def _ekarte_off_values(self, line):
        """Return a card's line as a record of this order."""
        amount = -line["minor"] / 10**MINOR_DIGITS
        return {
            "product_id": self.config_id.ekarte_discount_product_id.id,
            "full_product_name": line["name"],
            "qty": 1,
            "price_unit": line["price_unit"],
            "tax_ids": [Command.set(line["tax_ids"])],
            "extra_tax_data": line["extra_tax_data"],
            "price_subtotal": amount,
            "price_subtotal_incl": amount,
            "ekarte_role": line["role"],
            "ekarte_key": line["key"],
        }

    def _ekarte_let_go(self):
        at_card_tills = self.sudo().filtered("config_id.ekarte_branch_id")
        rows = self.env["ekarte.checkout"].sudo()
        rows._let_go_of_orders(at_card_tills.mapped("uuid"))


def _key_of(line):
    """Return the tax set of a card line as ekarte.reduction names it."""
    return "-".join(map(str, sorted(line.tax_ids.ids))) or "0"
