from odoo import fields, models
from odoo.tools import SQL

from ..queries import queries
from .ekarte_rollforward import LIABILITY_KEYS


class EkarteLiabilityAge(models.Model):
    """Lots that still stand in the books, by when they end."""

    _name = "ekarte.liability.age"
    _description = "Ageing of Liabilities"
    _auto = False
    _order = "bucket, valid_until, id"
    _rec_name = "bucket"
    _depends = {"ekarte.issuer": ["code", "company_id"]}

    lot_id = fields.Many2one("ekarte.lot", readonly=True)
    card_id = fields.Many2one("ekarte.card", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    program_code = fields.Char(readonly=True)
    account_key = fields.Selection(LIABILITY_KEYS, string="Liability", readonly=True)
    valid_until = fields.Datetime(readonly=True, help="Empty: it never ends.")
    bucket = fields.Selection(
        [
            ("0_expired", "Ended already"),
            ("1_month", "Within 30 days"),
            ("2_quarter", "Within 90 days"),
            ("3_year", "Within 365 days"),
            ("4_later", "Later"),
            ("5_for_ever", "Never ends"),
        ],
        string="Ends",
        readonly=True,
    )
    carry = fields.Monetary(
        "Liability in the Books", readonly=True, help="Settled or still on the way."
    )

    @property
    def _table_query(self):
        return SQL("%s", SQL(queries("liability.sql")["ageing"]))
