from odoo import api, fields, models

from .ekarte_checkout import OFF_ROLES


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
        return base_line
