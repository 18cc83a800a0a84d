"""A cycle is posted: one entry in each company, all in one transaction or none.

The amounts are the core's (`cycle_postings`), to the cent; the entries come complete
with tax items, as those of settlements do.
"""

from collections import defaultdict
from datetime import timedelta

from odoo import Command, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ekarte_core import ClearingCycle, Fee, cycle_postings

from ..units import from_minor, to_basis_points, to_minor
from .ekarte_settlement_posting import clearing_partner

TAXES = {"VATO": "RFE", "VATI": "XFE"}
"""What is taxed, by the account of the tax."""
TAX_USES = {"VATO": "sale", "RFE": "sale", "VATI": "purchase", "XFE": "purchase"}


class EkarteClearingCycle(models.Model):
    _inherit = "ekarte.clearing.cycle"

    date = fields.Date(
        string="Accounting Date",
        help="Of the entries; later where the period is locked. Empty: the last day "
        "that is cleared.",
    )

    def action_post(self):
        """Post agreed cycles; one that is posted already stays as it is."""
        self._check_operator()
        for cycle in self.sudo().filtered(
            lambda one: one.state not in ("posted", "paid")
        ):
            cycle._post()

    def _post(self):
        self.ensure_one()
        self._check_state("agreed", self.env._("post it"))
        self.lock_for_update()
        self._check_sound()
        found = cycle_postings(self._core_cycle())
        issuers = self._parties()
        self._check_postable(found, issuers)
        self.due_date = fields.Date.context_today(self) + timedelta(
            days=self.coalition_id.due_days
        )
        by_company = defaultdict(list)
        for posting in found:
            by_company[posting.company].append(posting)
        for code in sorted(by_company):
            self._post_entry(issuers[code].company_id, by_company[code], issuers)
        self.env["ekarte.clearing.line"]._run("close", cycle=self.id)
        self.state = "posted"
        self.statement_ids.write({"state": "posted", "due_date": self.due_date})
        for statement in self._by_document():
            self.with_context(ekarte_date=self.date)._post_outside(
                statement.with_context(ekarte_date=self.date)
            )
        self._check_sound()
        self.statement_ids._settle_state()

    def _core_cycle(self):
        """This cycle as the core knows it: from the statements that were agreed."""
        outside = self._parties().values()
        return ClearingCycle(
            operator=self.operator_id.code,
            positions=self._matrix(),
            fees={
                one.issuer_id.code: Fee(
                    fee=to_minor(one.fee), tax=to_minor(one.fee_tax)
                )
                for one in self.statement_ids
            },
            fee_tax_rate_bp=to_basis_points(self.fee_tax_rate),
            outside=frozenset(one.code for one in outside if not one.company_id),
            by_document=frozenset(self._by_document().issuer_id.mapped("code")),
        )

    def _by_document(self):
        """Statements of outside members; an operator here sends them documents."""
        operator = self.operator_id
        return self.statement_ids.filtered(
            lambda one: (
                operator.company_id
                and not one.issuer_id.company_id
                and one.issuer_id != operator
            )
        )

    def _post_outside(self, statement):
        """Post what the operator sends an outside member, beside its entry."""

    def _parties(self):
        """Members of this cycle and its operator, by code."""
        issuers = self.statement_ids.issuer_id | self.operator_id
        return {issuer.code: issuer for issuer in issuers}

    # What is in the way

    def _check_postable(self, found, issuers):
        """Raise one error that names everything missing, so that one visit mends it."""
        Settlement = self.env["ekarte.settlement"]
        by_company = defaultdict(list)
        for posting in found:
            by_company[issuers[posting.company].company_id].append(posting)
        problems = []
        for company, items in by_company.items():
            problems += Settlement._journal_problems(company)
            problems += Settlement._account_problems(company, items)
            problems += self._currency_problems(company)
            problems += self._tax_problems(company, items)
        if problems:
            raise UserError("\n".join(problems))

    def _currency_problems(self, company):
        if company.currency_id == self.currency_id:
            return []
        return [
            self.env._(
                "%(company)s keeps its books in %(own)s, cycle %(cycle)s is in "
                "%(foreign)s.",
                company=company.display_name,
                own=company.currency_id.name,
                cycle=self.name,
                foreign=self.currency_id.name,
            )
        ]

    def _tax_problems(self, company, items):
        missing = {
            (TAX_USES[item.account], item.tax_rate_bp)
            for item in items
            if item.tax_rate_bp and not self._tax(company, item)
        }
        sentences = {
            "sale": self.env._(
                "%(company)s has no sale tax of %(rate)s %% for the clearing fee. "
                "Choose one in E-karte > Accounting > Accounts."
            ),
            "purchase": self.env._(
                "%(company)s has no purchase tax of %(rate)s %% for the clearing fee. "
                "Choose one in E-karte > Accounting > Accounts."
            ),
        }
        return [
            sentences[use]
            % {"company": company.display_name, "rate": f"{from_minor(rate):g}"}
            for use, rate in sorted(missing)
        ]

    def _tax(self, company, posting):
        """The tax that a fee item carries, or is."""
        use = TAX_USES.get(posting.account, "") if posting.tax_rate_bp else ""
        return self.env["ekarte.settlement"]._tax_of(company, use, posting.tax_rate_bp)

    # One entry

    def _post_entry(self, company, found, issuers):
        Settlement = self.env["ekarte.settlement"]
        day = self.date or self.date_to
        books = self.with_company(company).with_context(
            lang=company.partner_id.lang or self.env.lang
        )
        taxed = any(posting.tax_rate_bp for posting in found)
        date = Settlement._open_date(company, day, taxed)
        Move = books.env["account.move"].with_context(skip_invoice_sync=True)
        move = Move.create(
            {
                "move_type": "entry",
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "date": date,
                "ref": books.env._(
                    "E-karte clearing %(cycle)s up to %(day)s",
                    cycle=self.name,
                    day=format_date(books.env, self.date_to),
                ),
                "ekarte_cycle_id": self.id,
                "ekarte_day": self.date_to,
                "ekarte_key": f"clearing/{self.id}",
                "line_ids": [
                    Command.create(books._item_vals(company, posting, found, issuers))
                    for posting in found
                ],
            }
        )
        move._post(soft=False)
        Settlement._check_dated(move, date)
        return move

    def _item_vals(self, company, posting, found, issuers):
        partner = issuers.get(posting.partner)
        vals = {
            "name": self._label(posting, issuers),
            "partner_id": partner and clearing_partner(partner).id,
            "balance": from_minor(posting.amount),
            "tax_ids": [Command.clear()],
        }
        if posting.member:
            statement = self.statement_ids.filtered(
                lambda one: one.issuer_id.code == posting.member
            )
            vals |= {
                "ekarte_statement_id": statement.id,
                "date_maturity": self.due_date,
            }
        return vals | self._account_vals(company, posting, found)

    def _account_vals(self, company, posting, found):
        """The account; and of a fee, what makes it count in the tax return."""
        tax = self._tax(company, posting)
        if posting.account not in TAXES:
            account = company._ekarte_account(posting.account)
            if not tax:
                return {"account_id": account.id}
            tags = tax._ekarte_parts(False, "base").tag_ids
            return {
                "account_id": account.id,
                "tax_ids": [Command.set(tax.ids)],
                "tax_tag_ids": [Command.set(tags.ids)],
            }
        part = tax._ekarte_parts(False, "tax")
        bearer = TAXES[posting.account]
        base = sum(
            item.amount
            for item in found
            if (item.account, item.partner) == (bearer, posting.partner)
        )
        # As Odoo does: a tax without an account of its own stays with what bears it.
        account = part.account_id or company._ekarte_account(bearer)
        return {
            "account_id": account.id,
            "tax_repartition_line_id": part.id,
            "tax_tag_ids": [Command.set(part.tag_ids.ids)],
            "tax_base_amount": abs(from_minor(base)),
        }

    def _label(self, posting, issuers):
        """What the item is, in words of the trade."""
        kinds = {
            "C1": self.env._("Clearing"),
            "C2": self.env._("Clearing fee"),
            "C3": self.env._("Fee set off against the payout"),
        }
        parts = [kinds[posting.row], self.name]
        if posting.partner:
            parts.append(issuers[posting.partner].name)
        return " · ".join(parts)


class EkarteClearingStatement(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _settle_state(self):
        """See whether the statements are paid by now."""
