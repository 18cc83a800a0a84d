from odoo import fields, models


class EkarteDailyBranch(models.Model):
    """What was sold with cards at one branch on one day."""

    _name = "ekarte.daily.branch"
    _description = "Purchases by Branch"
    _inherit = ["ekarte.daily.mixin"]

    cards = fields.Integer(
        readonly=True, aggregator="avg", help="Different cards on the day."
    )
    purchases = fields.Integer(readonly=True)
    refunds = fields.Integer(readonly=True)
    reversals = fields.Integer(readonly=True)
    visits = fields.Integer(readonly=True)
    amount = fields.Monetary(
        "Sold", readonly=True, help="Purchases less refunds and reversals."
    )
    discount = fields.Monetary("Discount Given", readonly=True)

    _day_idx = models.Index("(issuer_id, day)")
