from odoo import fields, models
from odoo.tools import SQL

from ..queries import queries


class EkarteCampaignEffect(models.Model):
    """Sales with a campaign's letter and without it. A report: nothing is kept."""

    _name = "ekarte.campaign.effect"
    _description = "Effect of a campaign"
    _auto = False
    _order = "campaign_id desc, side"
    _rec_name = "side"
    _depends = {
        "ekarte.campaign": ["started_day", "days", "issuer_id", "company_id"],
        "ekarte.campaign.member": ["campaign_id", "partner_id", "hold_out"],
        "ekarte.holder": ["card_id", "partner_id", "issuer_id", "active"],
        "ekarte.issuer": ["books_currency_id"],
        "ekarte.network": ["currency_id"],
    }

    campaign_id = fields.Many2one("ekarte.campaign", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    started_day = fields.Date("Sent On", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    side = fields.Selection(
        [("with", "With the letter"), ("without", "Held out")], "Group", readonly=True
    )
    customers = fields.Integer(readonly=True)
    buyers = fields.Integer(
        "Who Bought", readonly=True, help="In the days after the letter."
    )
    purchases = fields.Integer(readonly=True)
    amount = fields.Monetary("Sold After", readonly=True)
    amount_before = fields.Monetary("Sold Before", readonly=True)
    amount_each = fields.Monetary("Each, After", readonly=True, aggregator="avg")
    amount_before_each = fields.Monetary(
        "Each, Before", readonly=True, aggregator="avg"
    )
    chance_each = fields.Monetary(
        "Each, by Chance",
        readonly=True,
        aggregator="avg",
        help="By so much, up or down, 'Each, After' differs by chance alone in 19 of "
        "20 groups of this size.",
    )

    @property
    def _table_query(self):
        own = SQL(queries("segment.sql")["own_cards"])
        return SQL(queries("campaign.sql")["effect"], own=own)
