from odoo import fields, models

from ..units import to_minor


class EkarteProgramDenomination(models.Model):
    _name = "ekarte.program.denomination"
    _description = "Sum a gift card is sold with"
    _inherit = ["ekarte.published.mixin"]
    _order = "amount"
    _rec_name = "amount"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    amount = fields.Monetary(required=True)
    currency_id = fields.Many2one(related="program_id.currency_id")

    def _as_parameter(self):
        return [to_minor(one.amount) for one in self.sorted("amount")]
