"""Cycles and the reconciliation: red rows stop a cycle, statements are recomputed."""

from odoo import fields, models
from odoo.exceptions import UserError

from ekarte_core import fees

from ..units import to_minor


class EkarteCoalition(models.Model):
    _inherit = "ekarte.coalition"

    post_when_red = fields.Boolean(
        string="Post Though the Books Differ",
        help="Off: a cycle is not posted while a row of the reconciliation of its "
        "companies is red.",
    )


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def _post(self):
        self._check_reconciled()
        return super()._post()

    def _check_reconciled(self):
        """Nothing is paid out on books that do not agree."""
        self.ensure_one()
        if self.coalition_id.post_when_red:
            return
        companies = (self.statement_ids.issuer_id | self.operator_id).company_id
        red = self.env["ekarte.settlement"].sudo()._red_rows(companies)
        if red:
            rows = "\n".join(
                " ".join(filter(None, (row["check"], row["company"], row["note"])))
                for row in red
            )
            raise UserError(
                self.env._(
                    "The reconciliation differs; see E-karte > Accounting > "
                    "Reconciliation:\n%(rows)s",
                    rows=rows,
                )
            )

    def _changed_statements(self):
        """Statements whose lines or fee are not those that were agreed to."""
        found = self.env["ekarte.clearing.statement"]
        for cycle in self:
            charged = fees(
                cycle._matrix(), cycle._fee_terms(), cycle.operator_id.code or ""
            )
            for statement in cycle.statement_ids:
                fee = charged.get(statement.issuer_id.code)
                owed = (fee.fee, fee.tax) if fee else (0, 0)
                said = (to_minor(statement.fee), to_minor(statement.fee_tax))
                if owed != said or statement.digest != statement._digest():
                    found |= statement
        return found
