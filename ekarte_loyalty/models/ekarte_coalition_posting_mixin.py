"""What a document of the union posts: one entry in each company it concerns."""

from collections import defaultdict

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..units import from_minor
from .ekarte_settlement import ACCOUNTANT, ADMINISTRATOR
from .ekarte_settlement_posting import clearing_partner

SETTLED = ("ARU", "APU", "ARI", "API")
"""Accounts whose items are paid: what is posted meets what is open."""


class EkarteCoalitionPostingMixin(models.AbstractModel):
    _name = "ekarte.coalition.posting.mixin"
    _description = "Document between a member and the union's operator"

    name = fields.Char(readonly=True, copy=False)
    coalition_id = fields.Many2one(
        "ekarte.coalition", required=True, ondelete="restrict", index=True
    )
    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, ondelete="restrict", index=True
    )
    operator_id = fields.Many2one(related="coalition_id.operator_id", store=True)
    currency_id = fields.Many2one(
        "res.currency", related="issuer_id.limit_currency_id", store=True
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    move_ids = fields.Many2many(
        "account.move", string="Journal Entries", readonly=True, copy=False
    )

    @api.model_create_multi
    def create(self, vals_list):
        """Documents begin as drafts; numbers are given, not chosen."""
        for vals in vals_list:
            if not self.env.su:
                vals.pop("state", None)
                vals.pop("move_ids", None)
            vals["name"] = self.env["ir.sequence"].sudo().next_by_code(self._name)
        return super().create(vals_list)

    def write(self, vals):
        """Only buttons change a state, and what is not a draft stays."""
        if not self.env.su:
            if {"state", "move_ids", "name"} & set(vals):
                raise AccessError(self.env._("Use the buttons of the document."))
            if any(document.state != "draft" for document in self):
                raise UserError(self.env._("What is no draft any more stays as it is."))
        return super().write(vals)

    def _check_operator(self):
        """Administrators and accountants of the operator act for the union."""
        user = self.env.user
        if self.env.su or user.has_group(ADMINISTRATOR):
            return
        companies = self.sudo().operator_id.company_id
        if (
            not user.has_group(ACCOUNTANT)
            or not companies
            or not companies <= user.company_ids
        ):
            raise AccessError(
                self.env._(
                    "Only accountants of the operator and E-karte administrators act "
                    "for the union."
                )
            )

    def _parties(self, *more):
        """The issuer, the operator and others, by code."""
        self.ensure_one()
        issuers = self.issuer_id | self.operator_id
        for other in more:
            issuers |= other
        return {issuer.code: issuer for issuer in issuers}

    def _outside(self, parties):
        return frozenset(code for code, one in parties.items() if not one.company_id)

    def _post_documents(self, found, parties):
        """Post items of the core in all companies, and settle what they pay."""
        self.ensure_one()
        by_company = defaultdict(list)
        for posting in found:
            by_company[parties[posting.company].company_id].append(posting)
        self._check_postable(by_company)
        moves = self.env["account.move"]
        for company in sorted(by_company, key=lambda one: one.id):
            moves += self._post_entry(company, by_company[company], parties)
        self.move_ids = moves
        for move in moves:
            self._settle_items(move)
        return moves

    def _check_postable(self, by_company):
        """Raise one error that names everything missing, so that one visit mends it."""
        Settlement = self.env["ekarte.settlement"]
        problems = []
        for company, items in by_company.items():
            problems += Settlement._journal_problems(company)
            problems += Settlement._account_problems(company, items)
            if company.currency_id != self.currency_id:
                problems.append(
                    self.env._(
                        "%(company)s keeps its books in %(own)s, not in %(foreign)s.",
                        company=company.display_name,
                        own=company.currency_id.name,
                        foreign=self.currency_id.name,
                    )
                )
        if problems:
            raise UserError("\n".join(problems))

    def _post_entry(self, company, items, parties):
        Settlement = self.env["ekarte.settlement"]
        books = self.with_company(company).with_context(
            lang=company.partner_id.lang or self.env.lang
        )
        Move = books.env["account.move"].with_context(skip_invoice_sync=True)
        move = Move.create(
            {
                "move_type": "entry",
                "company_id": company.id,
                "journal_id": company.ekarte_journal_id.id,
                "date": Settlement._open_date(company, self.date, taxed=False),
                "ref": books._posting_ref(),
                "ekarte_day": self.date,
                "ekarte_key": f"{self._name}/{self.id}",
                "line_ids": [
                    Command.create(books._posting_vals(company, item, parties))
                    for item in items
                ],
            }
        )
        move._post(soft=False)
        return move

    def _posting_ref(self):
        """What the entries are called in the books."""
        return " · ".join([self._description, self.name, self.issuer_id.name])

    def _posting_vals(self, company, posting, parties):
        other = parties.get(posting.partner)
        partner = other and clearing_partner(other)
        account = company._ekarte_account(posting.account)
        if posting.account in SETTLED:
            # An invoice to an outside member stands on the account of that partner.
            account = self._open_items(company, partner, posting).account_id[:1] or (
                account
            )
        return {
            "account_id": account.id,
            "name": self._posting_ref(),
            "partner_id": partner and partner.id,
            "balance": from_minor(posting.amount),
            "tax_ids": [Command.clear()],
        }

    def _open_items(self, company, partner, posting):
        """Items of clearing statements that this one pays, the oldest first."""
        signed = "<" if posting.amount > 0 else ">"
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", company.id),
                ("partner_id", "=", partner.id),
                ("ekarte_statement_id", "!=", False),
                ("parent_state", "=", "posted"),
                ("amount_residual", signed, 0),
            ],
            order="date_maturity, id",
        )

    def _settle_items(self, move):
        """Reconcile with what was open, so that statements are paid by it."""
        for item in move.line_ids.filtered(lambda one: one.account_id.reconcile):
            against = self.env["account.move.line"].search(
                [
                    ("company_id", "=", item.company_id.id),
                    ("partner_id", "=", item.partner_id.id),
                    ("account_id", "=", item.account_id.id),
                    ("ekarte_statement_id", "!=", False),
                    ("parent_state", "=", "posted"),
                    ("amount_residual", "<" if item.balance > 0 else ">", 0),
                ],
                order="date_maturity, id",
            )
            if against:
                (item | against).reconcile()
