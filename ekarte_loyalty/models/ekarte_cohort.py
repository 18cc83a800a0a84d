from odoo import fields, models
from odoo.tools import SQL

from ..queries import queries


class EkarteCohort(models.Model):
    """What was issued in a month, and what became of it: used, ended, still owed."""

    _name = "ekarte.cohort"
    _description = "Breakage by Month of Issue"
    _auto = False
    _order = "month desc, issuer_id, program_code"
    _rec_name = "month_name"
    _depends = {"ekarte.settlement": ["state"]}

    month = fields.Date("Month Begins On", readonly=True)
    month_name = fields.Char("Issued In", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    issuer_id = fields.Many2one("ekarte.issuer", readonly=True)
    program_id = fields.Many2one("ekarte.program", readonly=True)
    program_code = fields.Char(readonly=True)
    issued = fields.Monetary(
        readonly=True, help="Liability that was built up, less what was taken back."
    )
    used = fields.Monetary(readonly=True)
    expired = fields.Monetary(readonly=True)
    outstanding = fields.Monetary(readonly=True)
    used_rate = fields.Float(
        "Used, %", compute="_compute_rates", digits=(5, 2), aggregator=None
    )
    expired_rate = fields.Float(
        "Expired, %", compute="_compute_rates", digits=(5, 2), aggregator=None
    )

    @property
    def _table_query(self):
        return self._cohorts()

    @staticmethod
    def _cohorts(until=None, program=None):
        """The query of cohorts at the end of a day, of one program or of all."""
        return SQL(
            queries("liability.sql")["cohorts"],
            until=until or "infinity",
            program=program,
        )

    def _compute_rates(self):
        for cohort in self:
            issued = cohort.issued
            cohort.used_rate = 100 * cohort.used / issued if issued else 0
            cohort.expired_rate = 100 * cohort.expired / issued if issued else 0
