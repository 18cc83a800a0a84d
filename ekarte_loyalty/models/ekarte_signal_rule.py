from odoo import fields, models

from .own import check_still_own

KINDS = [
    ("refunds", "Much given back to one card"),
    ("till_card", "One card again and again at one till"),
    ("fast", "Many purchases within an hour"),
    ("far", "Two branches within minutes"),
    ("wrong", "Unknown cards or wrong codes at a till"),
]

USUAL = {"refunds": 3, "till_card": 6, "fast": 5, "far": 5, "wrong": 10}
"""How many make a signal; of `far` the minutes. An issuer's own rule goes before it."""


class EkarteSignalRule(models.Model):
    _name = "ekarte.signal.rule"
    _description = "Limit of a signal"
    _order = "issuer_id, kind"
    _rec_name = "kind"

    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    kind = fields.Selection(KINDS, required=True)
    at_least = fields.Integer(
        "From",
        required=True,
        help="So many on a day are a signal; of two branches: within so many minutes."
        " 0: never.",
    )

    _kind_uniq = models.UniqueIndex(
        "(issuer_id, kind)", "This issuer has a limit of this kind already."
    )
    _at_least_ck = models.Constraint(
        "CHECK (at_least >= 0)", "The limit is not below zero."
    )

    def write(self, vals):
        done = super().write(vals)
        check_still_own(self)
        return done

    def _limits(self, kind, issuers):
        """Return {issuer's code: limit} of a kind; those who want none are left out."""
        own = {
            rule.issuer_id: rule.at_least
            for rule in self.search(
                [("kind", "=", kind), ("issuer_id", "in", issuers.ids)]
            )
        }
        limits = {issuer.code: own.get(issuer, USUAL[kind]) for issuer in issuers}
        return {code: limit for code, limit in limits.items() if limit}
