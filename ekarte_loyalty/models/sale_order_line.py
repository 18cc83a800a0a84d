from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..own_hand import by_own_hand, is_own_hand

ROLES = [
    ("discount", "Card discount"),
    ("reduction", "Bonus or voucher"),
    ("kept", "Kept for points already used"),
]
# What the card ledger decides about its own lines.
DECIDED = {
    *("product_id", "product_uom_id", "product_uom_qty", "price_unit", "discount"),
    *("technical_price_unit", "tax_ids", "extra_tax_data", "name", "display_type"),
    *("order_id", "ekarte_role", "ekarte_key", "ekarte_rest"),
}
# What changes the goods that the card is asked about.
GOODS = {
    *("product_id", "product_uom_id", "product_uom_qty", "price_unit", "discount"),
    *("tax_ids", "extra_tax_data", "product_template_id"),
}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    ekarte_role = fields.Selection(
        ROLES, "Card Line", readonly=True, copy=False, index="btree_not_null"
    )
    ekarte_key = fields.Char("Card Line's Taxes", readonly=True, copy=False)
    ekarte_rest = fields.Boolean(
        "For Later Invoices",
        readonly=True,
        copy=False,
        help="The part of a card's line that goes with goods not invoiced yet.",
    )

    # What Odoo computes for goods is decided by the card for its own lines

    def _without_ekarte(self):
        return self.filtered(lambda line: not line.ekarte_role)

    def _compute_name(self):
        return super(SaleOrderLine, self._without_ekarte())._compute_name()

    def _compute_discount(self):
        return super(SaleOrderLine, self._without_ekarte())._compute_discount()

    def _compute_tax_ids(self):
        return super(SaleOrderLine, self._without_ekarte())._compute_tax_ids()

    def _compute_price_unit(self):
        return super(SaleOrderLine, self._without_ekarte())._compute_price_unit()

    def _get_display_price(self):
        if self.ekarte_role:
            return self.price_unit
        return super()._get_display_price()

    def _can_be_invoiced_alone(self):
        return super()._can_be_invoiced_alone() and not self.ekarte_role

    def _is_discount_line(self):
        return super()._is_discount_line() or bool(self.ekarte_role)

    def _can_be_edited_on_portal(self):
        return super()._can_be_edited_on_portal() and not self.ekarte_role

    def _get_protected_fields(self):
        # A locked order stays as it is for people; what is split here is its sum.
        return [] if is_own_hand(self.env) else super()._get_protected_fields()

    def _check_line_unlink(self):
        found = super()._check_line_unlink()
        return found._without_ekarte() if is_own_hand(self.env) else found

    def _prepare_invoice_line(self, **optional_values):
        vals = super()._prepare_invoice_line(**optional_values)
        if self.ekarte_role:
            vals |= {"ekarte_role": self.ekarte_role, "ekarte_key": self.ekarte_key}
        return vals

    # Changes: by hand refused, of the goods passed on to the card

    @api.model_create_multi
    def create(self, vals_list):
        if not is_own_hand(self.env) and any(
            vals.get("ekarte_role") for vals in vals_list
        ):
            raise UserError(self._ekarte_refusal())
        lines = super().create(vals_list)
        lines._ekarte_goods_changed()
        return lines

    def write(self, vals):
        lines = self
        if not is_own_hand(self.env) and DECIDED & vals.keys():
            lines = self._without_ekarte()
            if {"ekarte_role", "ekarte_key", "ekarte_rest"} & vals.keys() or (
                self and not lines
            ):
                raise UserError(self._ekarte_refusal())
        done = super(SaleOrderLine, lines).write(vals)
        if GOODS & vals.keys():
            lines._ekarte_goods_changed()
        return done

    def unlink(self):
        """Taking one of the card's lines off by hand takes the card off."""
        if is_own_hand(self.env):
            return super().unlink()
        orders = self.order_id
        carded = self.filtered("ekarte_role").order_id
        if not carded:
            done = super().unlink()
            orders.exists()._ekarte_goods_changed()
            return done
        carded._ekarte_check_open()
        done = super(SaleOrderLine, self._without_ekarte()).unlink()
        carded._ekarte_detach()
        orders._ekarte_goods_changed()
        return done

    def _ekarte_goods_changed(self):
        if not is_own_hand(self.env):
            self._without_ekarte().order_id._ekarte_goods_changed()

    def _ekarte_refusal(self):
        return self.env._(
            "Lines of a card are decided by the card. Change the goods, or the card."
        )

    # The card's own lines

    def _ekarte_vals(self, role, part):
        """Return the values of a line; `part` as ekarte.reduction tells it."""
        return {
            "ekarte_role": role,
            "ekarte_key": part["key"],
            "product_uom_qty": 1,
            "discount": 0,
            "price_unit": part["price_unit"],
            "technical_price_unit": part["price_unit"],
            "tax_ids": [Command.set(part["tax_ids"].ids)],
            "extra_tax_data": part["extra_tax_data"],
        }

    def _ekarte_decide(self, vals):
        """Write by the card's own hand."""
        return by_own_hand(self).write(vals)
