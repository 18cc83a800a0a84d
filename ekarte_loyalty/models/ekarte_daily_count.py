from odoo import fields, models


class EkarteDailyCount(models.Model):
    """What cannot be summed over days: cards, and different holders of a span.

    Days 0: cards at the end of the day. Without branch: the whole issuer.
    """

    _name = "ekarte.daily.count"
    _description = "Cards and Active Holders"
    _inherit = ["ekarte.daily.mixin"]

    days = fields.Integer("Days of the Span", readonly=True, aggregator=None)
    holders = fields.Integer("Active Holders", readonly=True, aggregator=None)
    cards = fields.Integer(readonly=True, aggregator=None)
    expiring_points = fields.Integer(readonly=True, aggregator=None)
    expiring_liability = fields.Monetary(readonly=True, aggregator=None)

    _day_idx = models.Index("(day, days, issuer_id)")
