"""What a statement says line by line: what was bought and paid since the one before."""

from odoo import models

from ..queries import fetch
from ..units import from_minor


class EkarteStatement(models.Model):
    _inherit = "ekarte.statement"

    def _report_figures(self):
        """Return what the paper shows: the debt before, each movement, the debt now.

        Seen by those who may read the statement; the ledger is asked past the rules of
        branches, because a holder is owed every line of the own debt.
        """
        self.ensure_one()
        self.check_access("read")
        rows = fetch(self.env.cr, "credit.sql", "movements", statement=self.id)
        places = {
            branch.code: branch.name
            for branch in self.env["ekarte.branch"]
            .sudo()
            .with_context(active_test=False)
            .search([("code", "in", [row[3] for row in rows])])
        }
        movements = [
            {
                "day": day,
                "what": self._told(event, command, amount),
                "place": places.get(branch, branch),
                "amount": from_minor(amount),
            }
            for day, event, command, branch, amount in rows
        ]
        new = from_minor(sum(row[4] for row in rows))
        bank = self.issuer_id.company_id.sudo().partner_id.bank_ids[:1]
        return {
            "before": self.currency_id.round(self.amount - new),
            "movements": movements,
            "bank": bank,
        }

    def _told(self, event, command, amount):
        if event == "credit_spend":
            if command == "reverse":
                return self.env._("Undone")
            if amount < 0:
                return self.env._("Goods returned")
            return self.env._("Purchase")
        if command == "reverse":
            return self.env._("Undone")
        return {
            "credit_pay": self.env._("Payment"),
            "credit_charge": self.env._("Charge for late payment"),
            "credit_write_off": self.env._("Written off"),
            "credit_restore": self.env._("Given back"),
        }.get(event, event)
