"""What a cycle has cleared is reconciled item by item on the clearing accounts.

What stays open there is then what is open in clearing: lines of later days, lines in
dispute, lines that no cycle has taken yet.
"""

from odoo import models

from .ekarte_settlement_posting import clearing_partner


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def _post(self):
        done = super()._post()
        self._match_cleared()
        return done

    def _match_cleared(self):
        """Reconcile in every company, with each other issuer, what sums to nothing."""
        issuers = self.statement_ids.issuer_id | self.operator_id
        for issuer in issuers.filtered("company_id"):
            account = issuer.company_id._ekarte_account("CLR")
            if not account.reconcile:
                continue
            for other in issuers - issuer:
                self._match_pair(issuer, other, account)

    def _match_pair(self, issuer, other, account):
        """First what is cleared as a whole, then what is cleared in part."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", account.id),
                ("company_id", "=", issuer.company_id.id),
                ("partner_id", "=", clearing_partner(other).id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        open_sums = self._open_by_line(issuer, other)
        cleared = items.filtered(lambda item: item.ekarte_line_id not in open_sums)
        in_part = (items - cleared).filtered(
            lambda item: item.company_currency_id.compare_amounts(
                item.balance, open_sums[item.ekarte_line_id]
            )
        )
        if len(cleared) > 1:
            cleared.reconcile()
        rest = (cleared | in_part).filtered(lambda item: not item.reconciled)
        if in_part and len(rest) > 1:
            rest.reconcile()

    def _open_by_line(self, issuer, other):
        """What of each settlement line is still open or disputed between the two."""
        groups = self.env["ekarte.clearing.line"]._read_group(
            [
                ("issuer_id", "=", issuer.id),
                ("other_id", "=", other.id),
                ("state", "!=", "closed"),
            ],
            ["settlement_line_id"],
            ["amount:sum"],
        )
        return dict(groups)
