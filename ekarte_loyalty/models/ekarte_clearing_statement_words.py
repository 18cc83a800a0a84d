"""Figures and sentences of a clearing statement, in its reader's language."""

from typing import NamedTuple

from odoo import models
from odoo.tools import format_amount, format_date, formatLang


class Figure(NamedTuple):
    """One line of the reckoning; above zero: the issuer is to receive."""

    label: str
    amount: float
    strong: bool = False


class EkarteClearingStatementWords(models.Model):
    _inherit = "ekarte.clearing.statement"

    def _sending_company(self):
        """The company that runs clearing and signs the statement."""
        self.ensure_one()
        operator = self.sudo().operator_id
        return operator.company_id or self.env.company.sudo()

    def _reader(self):
        """Who gets the statement: the partner's address for invoices."""
        self.ensure_one()
        partner = self.sudo().partner_id
        return partner.browse(partner.address_get(["invoice"])["invoice"])

    def _reader_lang(self):
        """The language of the issuer's partner."""
        self.ensure_one()
        return self.sudo().partner_id.lang or self.env.lang or "en_US"

    def _for_reader(self, lang=None):
        """This statement in its reader's language, names of all issuers included.

        Whoever may read a statement may read the names in it, though not the records.
        """
        self.ensure_one()
        self.check_access("read")
        return self.sudo().with_context(lang=lang or self._reader_lang())

    def _period(self):
        """From the first business day in it to the day it was made up to."""
        self.ensure_one()
        first = min(self.sudo().line_ids.mapped("day"), default=self.date_to)
        last = format_date(self.env, self.date_to)
        return f"{format_date(self.env, min(first, self.date_to))} – {last}"

    def _figures(self):
        """The reckoning, in its order."""
        self.ensure_one()
        fee_rate = formatLang(self.env, self.cycle_id.fee_rate, digits=2)
        tax_rate = formatLang(self.env, self.cycle_id.fee_tax_rate, digits=2)
        figures = [
            Figure(self.env._("Opening balance"), self.opening),
            Figure(self.env._("To receive"), self.gross_receive),
            Figure(self.env._("To pay"), -self.gross_pay),
            Figure(self.env._("Net"), self.net, strong=True),
        ]
        if self.fee or self.fee_tax:
            figures += [
                Figure(self.env._("Fee, %(rate)s %%", rate=fee_rate), -self.fee),
                Figure(
                    self.env._("Tax on the fee, %(rate)s %%", rate=tax_rate),
                    -self.fee_tax,
                ),
            ]
        figures += [
            Figure(self.env._("Balance of this statement"), self.total, strong=True),
            Figure(self.env._("Closing balance"), self.opening + self.total),
        ]
        if self.disputed_count:
            label = self.env._("Disputed, in none of these figures")
            figures.append(Figure(label, self.disputed))
        return figures

    def _what_to_do(self):
        """Who pays how much, and when."""
        self.ensure_one()
        money = format_amount(self.env, abs(self.total), self.currency_id)
        if self.state == "paid":
            return self.env._("Paid.")
        if self.currency_id.is_zero(self.total):
            return self.env._("Nothing is to be paid.")
        if self.issuer_id == self.operator_id:
            return self._what_the_operator_does(money)
        when = self._when_due()
        if self.total < 0:
            return self.env._("Please pay %(money)s %(when)s.", money=money, when=when)
        return self.env._(
            "You will receive %(money)s %(when)s.", money=money, when=when
        )

    def _what_the_operator_does(self, money):
        """It pays itself nothing: its share stays, or is missing, in what passes."""
        if self.total < 0:
            return self.env._(
                "%(money)s of what you pay to the others is yours.", money=money
            )
        return self.env._(
            "%(money)s of what the others pay to you stays with you.", money=money
        )

    def _when_due(self):
        if self.due_date:
            return self.env._("by %(day)s", day=format_date(self.env, self.due_date))
        return self.env._(
            "within %(days)s days after all have agreed",
            days=self.coalition_id.due_days,
        )

    def _how_to_answer(self):
        """What the reader may do about the statement, or has done."""
        self.ensure_one()
        if self.agreed_at:
            return self.env._(
                "Agreed by %(who)s on %(day)s.",
                who=self.agreed_by or self.partner_id.name,
                day=format_date(self.env, self.agreed_at.date()),
            )
        if self.dispute_until:
            return self.env._(
                "You may agree, or dispute single lines, until %(day)s. If you say "
                "nothing until then, you have agreed.",
                day=format_date(self.env, self.dispute_until),
            )
        return self.env._(
            "You may agree, or dispute single lines, within %(days)s days after this "
            "statement was sent. If you say nothing, you have agreed.",
            days=self.coalition_id.dispute_days,
        )

    def _bank(self):
        """The account to pay to: of whoever is to receive."""
        self.ensure_one()
        company = self._sending_company()
        owner = company.partner_id if self.total < 0 else self.partner_id
        return owner.bank_ids[:1]
