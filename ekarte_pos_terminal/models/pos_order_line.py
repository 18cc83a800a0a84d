from odoo import api, fields, models
from odoo.exceptions import UserError

from .ekarte_checkout import OFF_ROLES
from .pos_config_ready import UNTAXED_LOADS

# What of a card's line says how much it takes off.
WATCHED = {
    *("price_unit", "qty", "discount", "tax_ids", "extra_tax_data", "order_id"),
    *("ekarte_role", "ekarte_key"),
}


class PosOrderLine(models.Model):
    _inherit = "pos.order.line"

    ekarte_role = fields.Char(
        "Card Line",
        copy=False,
        help="How a card lowers the price by this line: discount, reduction, kept; or "
        "load where it loads a card.",
    )
    ekarte_key = fields.Char("Card Line's Taxes", copy=False)

    @api.model
    def _load_pos_data_fields(self, config):
        return [*super()._load_pos_data_fields(config), "ekarte_role", "ekarte_key"]

    @api.depends("ekarte_role")
    def _get_tax_ids_after_fiscal_position(self):
        # A card's line is born with the taxes that its goods have in the end.
        own = self.filtered(lambda line: line.ekarte_role in OFF_ROLES)
        for line in own:
            line.tax_ids_after_fiscal_position = line.tax_ids
        return super(PosOrderLine, self - own)._get_tax_ids_after_fiscal_position()

    def _prepare_base_line_for_taxes_computation(self):
        base_line = super()._prepare_base_line_for_taxes_computation()
        if self.ekarte_role in OFF_ROLES and base_line["quantity"] == -self.qty:
            # Odoo turns a refund's quantities; the amounts of tax turn with them.
            tax = self.env["account.tax"]
            turned = tax._reverse_quantity_base_line_extra_tax_data(self.extra_tax_data)
            base_line.update(tax._import_base_line_extra_tax_data(base_line, turned))
        if self.product_id.ekarte_load in UNTAXED_LOADS:
            # Odoo gives the cent that taxes of the whole order leave over to the
            # dearest line with the same key: never to what a card is loaded with.
            base_line["computation_key"] = "ekarte_load"
        return base_line

    # A card's lines of a stored order are what the ledger booked

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines._ekarte_own().order_id._ekarte_check_stored()
        return lines

    def write(self, vals):
        if WATCHED & set(vals):
            self._ekarte_refuse_stored()
        done = super().write(vals)
        if WATCHED & set(vals):
            self._ekarte_own().order_id._ekarte_check_stored()
        return done

    def unlink(self):
        self._ekarte_refuse_stored()
        return super().unlink()

    def _ekarte_refuse_stored(self):
        if any(order._ekarte_is_stored() for order in self._ekarte_own().order_id):
            raise UserError(
                self.env._("What a card took off a stored order stays as it is.")
            )

    def _ekarte_own(self):
        return self.filtered(lambda line: line.ekarte_role in OFF_ROLES)
