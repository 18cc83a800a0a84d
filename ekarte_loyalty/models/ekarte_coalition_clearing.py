"""How a coalition clears: who runs it, how often, and what it costs."""

from odoo import fields, models

from .ekarte_clearing_cycle import FEE_PAYERS


class EkarteCoalition(models.Model):
    _inherit = "ekarte.coalition"

    operator_id = fields.Many2one(
        "ekarte.issuer",
        ondelete="restrict",
        help="Runs clearing: members pay to it and are paid by it. One of the members, "
        "or an issuer that does nothing else.",
    )
    period = fields.Selection(
        [("month", "Each month"), ("week", "Each week"), ("manual", "By hand")],
        string="Clearing",
        default="month",
        required=True,
    )
    fee_rate = fields.Float(
        "Fee, %", digits=(5, 2), help="Of what is cleared, before netting."
    )
    fee_payer = fields.Selection(FEE_PAYERS, default="issuer", required=True)
    fee_tax_rate = fields.Float("Tax on the Fee, %", digits=(5, 2), default=21)
    due_days = fields.Integer(
        "Days to Pay", default=10, help="From the day a cycle is posted."
    )
    dispute_days = fields.Integer(
        "Days to Dispute",
        default=10,
        help="From the day a statement is sent; then silence means agreed.",
    )
    answer_days = fields.Integer(
        "Days to Answer", default=10, help="Then silence means that the claim is right."
    )
    ruling_days = fields.Integer("Days to Rule", default=10)

    _days_positive = models.Constraint(
        "CHECK (due_days >= 0 AND dispute_days >= 0 AND answer_days >= 0"
        " AND ruling_days >= 0)",
        "Days cannot be below zero.",
    )
    _fee_within_reason = models.Constraint(
        "CHECK (fee_rate >= 0 AND fee_rate <= 100 AND fee_tax_rate >= 0"
        " AND fee_tax_rate <= 100)",
        "A fee and its tax lie between 0 and 100 %.",
    )
