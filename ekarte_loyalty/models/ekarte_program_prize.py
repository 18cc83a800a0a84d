from odoo import api, fields, models

from ..units import to_minor


class EkarteProgramPrize(models.Model):
    _name = "ekarte.program.prize"
    _description = "Prize for points"
    _inherit = ["ekarte.published.mixin"]
    _order = "sequence, id"
    _rec_name = "at"

    program_id = fields.Many2one(
        "ekarte.program", required=True, ondelete="cascade", index=True
    )
    # Customers ask for a prize by its place in the list.
    sequence = fields.Integer(default=10)
    at = fields.Integer("For Points", required=True)
    voucher_kind = fields.Selection(
        [("money", "Money off"), ("goods", "Goods for nothing")],
        "Voucher For",
        default="money",
        required=True,
    )
    value = fields.Monetary()
    product = fields.Char(help="Code of the goods, as tills send it.")
    valid_days = fields.Integer("Valid for Days", help="0: for ever.")
    for_questionnaire = fields.Boolean(
        "For the Questionnaire",
        help="Given for nothing, once, when the holder has filled in the"
        " questionnaire. One prize may be.",
    )
    currency_id = fields.Many2one(related="program_id.currency_id")

    _questionnaire_uniq = models.UniqueIndex(
        "(program_id) WHERE for_questionnaire",
        "One prize of a program is given for the questionnaire.",
    )

    @api.onchange("voucher_kind")
    def _onchange_voucher_kind(self):
        if self.voucher_kind == "money":
            self.product = False
        else:
            self.value = 0

    def _as_parameter(self):
        return [
            {
                "at": prize.at,
                "voucher_kind": prize.voucher_kind,
                "value": to_minor(prize.value),
                "product": prize.product or "",
                "valid_days": prize.valid_days,
            }
            for prize in self.sorted()
        ]
