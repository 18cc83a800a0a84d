from odoo import fields, models


class EkarteDailySale(models.Model):
    """What one card bought at one branch on one day."""

    _name = "ekarte.daily.sale"
    _description = "Purchases by Card"
    _inherit = ["ekarte.daily.mixin"]

    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    purchases = fields.Integer(readonly=True)
    refunds = fields.Integer(readonly=True)
    reversals = fields.Integer(readonly=True)
    visits = fields.Integer(readonly=True)
    amount = fields.Monetary(
        "Sold", readonly=True, help="Purchases less refunds and reversals."
    )
    discount = fields.Monetary("Discount Given", readonly=True)

    _day_idx = models.Index("(day, issuer_id, branch_id, card_id)")
    _card_idx = models.Index("(card_id, branch_id)")
