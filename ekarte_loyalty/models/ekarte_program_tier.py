from odoo import fields, models

from ..units import to_basis_points, to_minor


class EkarteProgramTier(models.Model):
    _name = "ekarte.program.tier"
    _description = "Row of a discount table"
    _inherit = ["ekarte.published.mixin"]
    _order = "amount_from"
    _rec_name = "amount_from"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    amount_from = fields.Monetary("From Sum", required=True)
    rate = fields.Float("Discount, %", digits=(5, 2), required=True)
    currency_id = fields.Many2one(related="program_id.currency_id")

    def _as_parameter(self):
        return [
            {"from": to_minor(tier.amount_from), "rate": to_basis_points(tier.rate)}
            for tier in self.sorted("amount_from")
        ]
