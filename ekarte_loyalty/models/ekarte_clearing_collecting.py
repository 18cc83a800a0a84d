"""A cycle collects lines: positions, fees and one statement for each issuer."""

from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ekarte_core import (
    ClearingLine,
    FeeTerms,
    StatementLine,
    cycle_digest,
    fees,
    positions,
    statement_digest,
    statement_figures,
)

from ..units import from_minor, to_basis_points, to_minor


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    def action_collect(self):
        """Take in every line up to the day, and work out who pays whom; repeatable."""
        self._check_operator()
        for cycle in self.sudo():
            cycle._collect()

    def _collect(self):
        self.ensure_one()
        self._check_state("draft", self.env._("collect lines"))
        coalition = self.coalition_id
        if not coalition.operator_id:
            raise UserError(
                self.env._(
                    "%(coalition)s has no operator. Choose one in E-karte > "
                    "Configuration > Coalitions, page Clearing.",
                    coalition=coalition.display_name,
                )
            )
        self._release()
        self.write(
            {
                "fee_rate": coalition.fee_rate,
                "fee_payer": coalition.fee_payer,
                "fee_tax_rate": coalition.fee_tax_rate,
            }
        )
        Line = self.env["ekarte.clearing.line"]
        Line._run(
            "collect",
            cycle=self.id,
            coalition=coalition.id,
            currency=self.currency_id.id,
            date_to=self.date_to,
            members=coalition.issuer_ids.ids,
        )
        by_issuer = Line._read_group([("cycle_id", "=", self.id)], ["issuer_id"])
        if not by_issuer:
            raise UserError(
                self.env._(
                    "%(coalition)s has nothing to clear up to %(day)s.",
                    coalition=coalition.display_name,
                    day=fields.Date.to_string(self.date_to),
                )
            )
        self.statement_ids = [
            Command.create({"issuer_id": issuer.id}) for (issuer,) in by_issuer
        ]
        Line._run("name_statements", cycle=self.id)
        self._work_out()

    def _release(self):
        """Let go of the lines and forget what was worked out of them."""
        self.env["ekarte.clearing.line"]._run("release", cycle=self.id)
        self.statement_ids.unlink()
        self.position_ids.unlink()

    def unlink(self):
        """Only drafts go, and their lines are free for another cycle."""
        for cycle in self.sudo():
            cycle._check_state("draft", self.env._("delete a cycle"))
            cycle._release()
        return super().unlink()

    # Figures

    def _work_out(self):
        """Compute positions, fees, figures and digests anew, from the lines."""
        self.ensure_one()
        matrix = self._matrix()
        self._keep_positions(matrix)
        charged = fees(matrix, self._fee_terms(), self.operator_id.code)
        for statement in self.statement_ids:
            statement._work_out(matrix, charged)
        ordered = self.statement_ids.sorted(lambda one: one.issuer_id.code)
        self.digest = cycle_digest(ordered.mapped("digest"))

    def _matrix(self):
        """What each owes each other, by (debtor's code, creditor's code), in cents."""
        sums = self.env["ekarte.clearing.line"]._read_group(
            [
                ("cycle_id", "=", self.id),
                ("state", "!=", "disputed"),
                ("side", "=", "receive"),
            ],
            ["issuer_id", "other_id"],
            ["amount:sum"],
        )
        return positions(
            ClearingLine(
                owner=issuer.code,
                other=other.code,
                amount=to_minor(amount),
                receives=True,
            )
            for issuer, other, amount in sums
        )

    def _keep_positions(self, matrix):
        codes = {one.issuer_id.code: one.issuer_id.id for one in self.statement_ids}
        self.position_ids.unlink()
        self.position_ids = [
            Command.create(
                {
                    "debtor_id": codes[debtor],
                    "creditor_id": codes[creditor],
                    "amount": from_minor(amount),
                }
            )
            for (debtor, creditor), amount in matrix.items()
        ]

    def _fee_terms(self):
        return FeeTerms(
            rate_bp=to_basis_points(self.fee_rate),
            payer=self.fee_payer or "issuer",
            tax_rate_bp=to_basis_points(self.fee_tax_rate),
        )

    # On schedule

    @api.model
    def _cron_collect(self):
        """Begin the cycle of every period that is over; people send and post it."""
        today = fields.Date.context_today(self)
        coalitions = self.env["ekarte.coalition"].search(
            [("operator_id", "!=", False), ("period", "!=", "manual")]
        )
        for coalition in coalitions:
            last_day = _last_day(coalition.period, today)
            for currency in coalition._currencies_to_clear(last_day):
                cycle = self.create(
                    {
                        "coalition_id": coalition.id,
                        "currency_id": currency.id,
                        "date_to": last_day,
                    }
                )
                cycle._collect()


def _last_day(period, today):
    """The last day of the month or week before this one."""
    if period == "month":
        return today.replace(day=1) - timedelta(days=1)
    return today - timedelta(days=today.isoweekday())


class EkarteCoalition(models.Model):
    _inherit = "ekarte.coalition"

    def _currencies_to_clear(self, last_day):
        """Currencies with lines up to a day that no cycle has collected."""
        self.ensure_one()
        found = self.env["ekarte.clearing.line"]._read_group(
            [
                ("coalition_id", "=", self.id),
                ("cycle_id", "=", False),
                ("state", "=", "open"),
                ("day", "<=", last_day),
            ],
            ["currency_id"],
        )
        keys = [currency.id for (currency,) in found]
        return self.env["res.currency"].browse(keys)


class EkarteClearingStatement(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _work_out(self, matrix, charged):
        """Write the figures that the core finds in the lines of this issuer."""
        self.ensure_one()
        code = self.issuer_id.code
        fee = charged.get(code)
        found = fee and statement_figures(matrix, code, fee)
        in_dispute = self.env["ekarte.clearing.line"]._read_group(
            [("statement_id", "=", self.id), ("state", "=", "disputed")],
            [],
            ["amount:sum", "__count"],
        )[0]
        self.write(
            {
                "gross_receive": from_minor(found.gross_receive) if found else 0,
                "gross_pay": from_minor(found.gross_pay) if found else 0,
                "net": from_minor(found.net) if found else 0,
                "fee": from_minor(found.fee) if found else 0,
                "fee_tax": from_minor(found.fee_tax) if found else 0,
                "disputed": in_dispute[0] or 0,
                "disputed_count": in_dispute[1],
                "line_count": self.env["ekarte.clearing.line"].search_count(
                    [("statement_id", "=", self.id)]
                ),
                "digest": self._digest(),
            }
        )

    def _digest(self):
        """SHA-256 of the lines in the net, as they are now."""
        names = StatementLine.__struct_fields__
        rows = self.env["ekarte.clearing.line"]._run(
            "statement_lines", statement=self.id
        )
        return statement_digest(
            StatementLine(**dict(zip(names, row, strict=True))) for row in rows
        )
