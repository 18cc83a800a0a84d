"""From postings to journal entries: one for each company and business day.

The amounts are the core's, to the cent. Odoo's own computation of taxes would round
anew, so the entries come complete: items with tax, tags and tax base, and
`skip_invoice_sync`.
"""

from collections import defaultdict
from datetime import timedelta
from typing import NamedTuple

from odoo import Command, api, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ekarte_core import Posting, postings, read_settlement

from ..units import from_minor
from .account_keys import ACCOUNT_KEYS

TAX_KEYS = ("VATO", "VATI")


class Item(NamedTuple):
    """One journal item to be: a posting with everything it is posted by."""

    posting: Posting
    line: models.Model
    account: models.Model
    tax: models.Model

    @property
    def is_tax(self):
        return self.posting.account in TAX_KEYS


class EkarteSettlementPosting(models.Model):
    _inherit = "ekarte.settlement"

    def _post_moves(self):
        """Post every entry of this document, or raise with all that is in the way."""
        self.ensure_one()
        found = postings(read_settlement(self.body))
        lines = {line.number: line for line in self.line_ids}
        issuers = self._issuers(found)
        self._check_postable(found, lines, issuers)
        by_company = defaultdict(lambda: defaultdict(list))
        for posting in found:
            company = issuers[posting.company].company_id
            by_company[company][lines[posting.line].day].append(posting)
        moves = self.env["account.move"]
        for company in sorted(by_company, key=lambda company: company.id):
            moves += self._post_entries(company, by_company[company], lines, issuers)
        return moves

    def _issuers(self, found):
        """Issuers whose books or clearing the postings touch, by code."""
        codes = {item.company for item in found} | {item.partner for item in found}
        Issuer = self.env["ekarte.issuer"].sudo().with_context(active_test=False)
        return {
            issuer.code: issuer for issuer in Issuer.search([("code", "in", [*codes])])
        }

    # What is in the way

    def _check_postable(self, found, lines, issuers):
        """Raise one error that names everything missing, so that one visit mends it."""
        problems = self._issuer_problems(found, issuers)
        by_company = defaultdict(list)
        for posting in found:
            issuer = issuers.get(posting.company)
            if issuer and issuer.company_id:
                by_company[issuer.company_id].append(posting)
        for company, items in by_company.items():
            problems += self._journal_problems(company)
            problems += self._currency_problems(company, items, lines)
            problems += self._account_problems(company, items)
            problems += self._tax_problems(company, items)
        if problems:
            raise UserError("\n".join(problems))

    def _issuer_problems(self, found, issuers):
        companies = {posting.company for posting in found}
        named = companies | {posting.partner for posting in found if posting.partner}
        problems = [
            self.env._(
                "Issuer %(code)s is not known here. Create it in E-karte > Overview.",
                code=code,
            )
            for code in sorted(named - set(issuers))
        ]
        problems += [
            self.env._(
                "Issuer %(issuer)s keeps no company in this database. Set its company "
                "in E-karte > Overview.",
                issuer=issuers[code].display_name,
            )
            for code in sorted(companies & set(issuers))
            if not issuers[code].company_id
        ]
        return problems

    def _journal_problems(self, company):
        journal = company.ekarte_journal_id
        if not journal:
            return [
                self.env._(
                    "%(company)s has no E-karte journal. Run E-karte > Accounting > "
                    "Accounts.",
                    company=company.display_name,
                )
            ]
        if not journal.active:
            return [
                self.env._(
                    "Journal %(journal)s of %(company)s is archived. Activate it, or "
                    "choose another in E-karte > Accounting > Accounts.",
                    journal=journal.display_name,
                    company=company.display_name,
                )
            ]
        return []

    def _currency_problems(self, company, items, lines):
        settled = {lines[item.line].currency for item in items}
        foreign = settled - {company.currency_id.name}
        return [
            self.env._(
                "%(company)s keeps its books in %(own)s, the settlement is in "
                "%(foreign)s.",
                company=company.display_name,
                own=company.currency_id.name,
                foreign=currency,
            )
            for currency in sorted(foreign)
        ]

    def _account_problems(self, company, items):
        problems = []
        for key in sorted({item.account for item in items} & set(ACCOUNT_KEYS)):
            account = company._ekarte_account(key)
            name = self.env._(ACCOUNT_KEYS[key].name)
            if not account:
                problems.append(
                    self.env._(
                        "%(company)s has no account for %(name)s (%(key)s). Set it in "
                        "E-karte > Accounting > Accounts.",
                        company=company.display_name,
                        name=name,
                        key=key,
                    )
                )
            elif not account.active:
                problems.append(
                    self.env._(
                        "Account %(account)s of %(company)s for %(name)s (%(key)s) is "
                        "archived. Choose another in E-karte > Accounting > Accounts.",
                        account=account.with_company(company).display_name,
                        company=company.display_name,
                        name=name,
                        key=key,
                    )
                )
        return problems

    def _tax_problems(self, company, items):
        rates = {(item.tax_use, item.tax_rate_bp) for item in items if item.tax_use}
        sentences = {
            "sale": self.env._(
                "%(company)s has no sale tax of %(rate)s %% for terminals. Choose one "
                "in E-karte > Accounting > Accounts."
            ),
            "purchase": self.env._(
                "%(company)s has no purchase tax of %(rate)s %% for what other issuers "
                "invoice. Choose one in E-karte > Accounting > Accounts."
            ),
        }
        return [
            sentences[use]
            % {"company": company.display_name, "rate": f"{from_minor(rate):g}"}
            for use, rate in sorted(rates)
            if not self._tax_of(company, use, rate)
        ]

    @api.model
    def _tax_of(self, company, use, rate_bp):
        """The company's tax of a rate, on what it sells or buys; empty for none."""
        if use == "sale":
            return company._ekarte_sale_tax(rate_bp)
        if use == "purchase":
            return company._ekarte_purchase_tax(rate_bp)
        return self.env["account.tax"]

    # The entries of one company

    def _post_entries(self, company, by_day, lines, issuers):
        """Post an entry for each day, all at once: Odoo is far quicker at many."""
        # Labels are written for the readers of these books.
        books = self.with_company(company).with_context(
            lang=company.partner_id.lang or self.env.lang
        )
        dates, vals_list = [], []
        for day, found in sorted(by_day.items()):
            items = [
                books._item(company, posting, lines[posting.line]) for posting in found
            ]
            date = books._open_date(company, day, any(item.tax for item in items))
            dates.append(date)
            vals_list.append(books._entry(company, day, date, items, issuers))
        Move = books.env["account.move"].with_context(skip_invoice_sync=True)
        moves = Move.create(vals_list)
        moves._post(soft=False)
        for move, date in zip(moves, dates, strict=True):
            self._check_dated(move, date)
        return moves

    @api.model
    def _check_dated(self, move, date):
        """Odoo moves dates in silence; the label would then tell a wrong story."""
        if move.date != date:
            raise UserError(
                move.env._(
                    "Odoo would date the entry of %(company)s %(actual)s instead of "
                    "%(date)s: check the lock dates.",
                    company=move.company_id.display_name,
                    actual=move.date,
                    date=date,
                )
            )

    @api.model
    def _item(self, company, posting, line):
        tax = self._tax_of(company, posting.tax_use, posting.tax_rate_bp)
        if posting.account not in TAX_KEYS:
            return Item(posting, line, company._ekarte_account(posting.account), tax)
        # As Odoo does: a tax without an account of its own stays with what bears it.
        bearer = "REV" if posting.tax_use == "sale" else "XCL"
        part = tax._ekarte_parts(posting.refund, "tax")
        account = part.account_id or company._ekarte_account(bearer)
        return Item(posting, line, account, tax)

    @api.model
    def _open_date(self, company, day, taxed):
        """The day itself, or the first open day where its period is locked."""
        while locks := company._get_violated_lock_dates(
            day, taxed, company.ekarte_journal_id
        ):
            day = locks[-1][0] + timedelta(days=1)
        return day

    def _entry(self, company, day, date, items, issuers):
        ref = self.env._(
            "E-karte settlement %(number)s, business day %(day)s",
            number=self.ledger_id,
            day=format_date(self.env, day),
        )
        return {
            "move_type": "entry",
            "company_id": company.id,
            "journal_id": company.ekarte_journal_id.id,
            "date": date,
            "ref": ref,
            "ekarte_settlement_id": self.id,
            "ekarte_day": day,
            "ekarte_key": f"{self.ledger_id}/{self.posting_number}/{day}",
            "line_ids": [
                Command.create(self._item_vals(item, day != date, issuers))
                for item in items
            ],
        }

    def _item_vals(self, item, moved, issuers):
        posting = item.posting
        other = issuers.get(posting.partner)
        vals = {
            "account_id": item.account.id,
            "name": self._label(item.line, moved),
            "partner_id": other and clearing_partner(other).id,
            "balance": from_minor(posting.amount),
            "ekarte_line_id": item.line.id,
            # Accounts may carry default taxes; only ours apply.
            "tax_ids": [Command.clear()],
            "analytic_distribution": self._analytic_of(item),
        }
        if item.is_tax:
            part = item.tax._ekarte_parts(posting.refund, "tax")
            vals |= {
                "tax_repartition_line_id": part.id,
                "tax_tag_ids": [Command.set(part.tag_ids.ids)],
                "tax_base_amount": abs(from_minor(posting.base)),
            }
        elif item.tax:
            tags = item.tax._ekarte_parts(posting.refund, "base").tag_ids
            vals |= {
                "tax_ids": [Command.set(item.tax.ids)],
                "tax_tag_ids": [Command.set(tags.ids)],
            }
        return vals

    @api.model
    def _analytic_of(self, item):
        """The branch's analytic account, on income and cost of its own issuer."""
        branch = item.line.branch_id.sudo()
        analytic = branch.analytic_account_id
        at_home = branch.issuer_id.company_id == self.env.company
        counts = item.account.internal_group in ("income", "expense")
        if not (analytic and at_home and counts and not item.is_tax):
            return False
        return {str(analytic.id): 100}

    def _label(self, line, moved):
        """What it is, where, and how many operations stand behind it."""
        events = dict(line._fields["event"]._description_selection(self.env))
        count = (
            self.env._("1 operation")
            if line.operations == 1
            else self.env._("%(count)s operations", count=line.operations)
        )
        parts = [events[line.event], line.branch_id.name or line.branch, count]
        if moved:
            parts.append(format_date(self.env, line.day))
        return " · ".join(parts)


def clearing_partner(issuer):
    """Whom clearing items with this issuer name."""
    return issuer.company_id.partner_id or issuer.partner_id
