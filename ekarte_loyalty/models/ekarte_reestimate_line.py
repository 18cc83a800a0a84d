from odoo import api, fields, models

from ekarte_core import Cohort, expected_breakage

from ..units import from_minor, to_basis_points, to_minor


class EkarteReestimateLine(models.Model):
    _name = "ekarte.reestimate.line"
    _description = "Month of a Re-estimate"
    _order = "month"

    reestimate_id = fields.Many2one(
        "ekarte.reestimate", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="reestimate_id.company_id", store=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date("Month Begins On", required=True, readonly=True)
    month_name = fields.Char("Issued In", compute="_compute_month_name")
    issued = fields.Monetary(readonly=True)
    used = fields.Monetary(readonly=True)
    expired = fields.Monetary(readonly=True)
    outstanding = fields.Monetary(compute="_compute_expected", store=True)
    rate = fields.Float("Expected, %", digits=(5, 2), required=True)
    expected = fields.Monetary("Breakage", compute="_compute_expected", store=True)

    _rate_ck = models.Constraint(
        "CHECK (rate > 0 AND rate <= 100)",
        "The expected share must be above 0 and at most 100 %.",
    )

    @api.depends("month")
    def _compute_month_name(self):
        for line in self:
            line.month_name = line.month and f"{line.month:%Y-%m}"

    @api.depends("issued", "used", "expired", "rate")
    def _compute_expected(self):
        for line in self:
            cohort = Cohort(
                issued=to_minor(line.issued),
                used=to_minor(line.used),
                expired=to_minor(line.expired),
            )
            rate_bp = to_basis_points(line.rate)
            line.outstanding = from_minor(cohort.outstanding)
            line.expected = from_minor(
                expected_breakage(cohort, rate_bp) if rate_bp else 0
            )
