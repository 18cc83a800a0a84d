from odoo import fields, models


class EkarteDailyMixin(models.AbstractModel):
    """Sums of a day, written by SQL alone (see ekarte.daily): nobody edits them."""

    _name = "ekarte.daily.mixin"
    _description = "Sums of a Day"
    _log_access = False
    _order = "day desc, id desc"
    _rec_name = "day"

    day = fields.Date("Business Day", required=True, readonly=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, readonly=True, ondelete="cascade"
    )
    branch_id = fields.Many2one("ekarte.branch", readonly=True, ondelete="cascade")
    currency_id = fields.Many2one("res.currency", readonly=True)
