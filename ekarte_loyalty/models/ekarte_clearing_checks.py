"""What must hold before a cycle goes on, and after it is posted: V3 to V6."""

from odoo import models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..units import from_minor, to_minor
from .ekarte_settlement_posting import clearing_partner


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def _check_sound(self):
        """Raise one error that names every invariant that is broken."""
        self.ensure_one()
        problems = (
            self._net_problems()
            + self._pair_problems()
            + self._ledger_problems()
            + self._digest_problems()
        )
        if problems:
            raise UserError("\n".join(problems))

    def _net_problems(self):
        """V5: what all are to receive and to pay is the same."""
        total = sum(to_minor(one.net) for one in self.statement_ids)
        if not total:
            return []
        return [
            self.env._(
                "V5: the statements of %(cycle)s do not sum to zero but to %(sum)s. "
                "Collect the lines anew.",
                cycle=self.name,
                sum=self._money(total),
            )
        ]

    def _pair_problems(self):
        """V6: every claim stands twice, once on each side."""
        [[count]] = self.env["ekarte.clearing.line"]._run(
            "lonely_lines", coalition=self.coalition_id.id, cycle=self.id
        )
        if not count:
            return []
        return [
            self.env._(
                "V6: %(count)s claims of %(coalition)s do not stand exactly twice "
                "with opposite amounts.",
                count=count,
                coalition=self.coalition_id.display_name,
            )
        ]

    def _ledger_problems(self):
        """V4, V3: the general ledger holds the open lines and nothing else."""
        issuers = self.statement_ids.issuer_id | self.coalition_id.issuer_ids
        own = issuers.filtered("company_id")
        rows = self.env["ekarte.clearing.line"]._run("open_sums", issuers=own.ids)
        expected = {(issuer, other): amount for issuer, other, amount in rows}
        everyone = self.env["ekarte.issuer"].with_context(active_test=False).search([])
        partners = {clearing_partner(one).id: one for one in everyone}
        problems = []
        for issuer in own.sorted("code"):
            booked = self._clearing_balances(issuer.company_id)
            strange = sum(
                amount for partner, amount in booked.items() if partner not in partners
            )
            if strange:
                problems.append(self._strange_problem(issuer, strange))
            for partner, other in partners.items():
                found = booked.get(partner, 0)
                right = expected.get((issuer.id, other.id), 0)
                if found != right:
                    problems.append(self._ledger_problem(issuer, other, found, right))
        return problems

    def _clearing_balances(self, company):
        """Posted balance of the clearing account by partner, in cents."""
        return dict(
            self.env["ekarte.clearing.line"]._run(
                "clearing_balances",
                account=company._ekarte_account("CLR").id or None,
                company=company.id,
            )
        )

    def _ledger_problem(self, issuer, other, found, right):
        return self.env._(
            "V4: %(account)s of %(company)s with %(other)s is %(found)s, its open "
            "lines are %(right)s.",
            account=issuer.company_id._ekarte_account("CLR").name,
            company=issuer.company_id.name,
            other=other.name,
            found=self._money(found),
            right=self._money(right),
        )

    def _strange_problem(self, issuer, strange):
        return self.env._(
            "V3: %(account)s of %(company)s has %(sum)s that name no other issuer.",
            account=issuer.company_id._ekarte_account("CLR").name,
            company=issuer.company_id.name,
            sum=self._money(strange),
        )

    def _digest_problems(self):
        """V13: the lines are still those that the statements were made of."""
        return [
            self.env._(
                "V13: the lines of statement %(statement)s are not those that it was "
                "made of.",
                statement=statement.name,
            )
            for statement in self.statement_ids
            if statement.digest != statement._digest()
        ]

    def _money(self, minor):
        return formatLang(self.env, from_minor(minor), currency_obj=self.currency_id)
