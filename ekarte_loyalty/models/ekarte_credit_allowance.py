"""Loss allowance: what is set aside for debts that may not be paid (row L7).

A write-off uses it up; it comes through settlement. The document books the difference
between what is needed by the age of the debts and what the account has.
"""

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..queries import fetch
from ..units import from_minor, to_minor
from .account_keys import ACCOUNT_KEYS
from .ekarte_settlement import ACCOUNTANT

AGES = [
    ("due", "Not due"),
    ("d30", "1 to 30 days late"),
    ("d60", "31 to 60 days late"),
    ("d90", "61 to 90 days late"),
    ("more", "More than 90 days late"),
]
USUAL_RATES = {"due": 1, "d30": 5, "d60": 20, "d90": 50, "more": 100}
"""Percent; a proposal for the first document, later ones take those of the last."""


class EkarteCreditAllowance(models.Model):
    _name = "ekarte.credit.allowance"
    _description = "Loss Allowance for Card Credit"
    _order = "date desc, id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name")
    company_id = fields.Many2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
        index=True,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, default=fields.Date.context_today)
    line_ids = fields.One2many(
        "ekarte.credit.allowance.line", "allowance_id", "Debts by Age", copy=False
    )
    needed = fields.Monetary(compute="_compute_needed", store=True)
    set_aside = fields.Monetary(
        "Set Aside Before",
        compute="_compute_change",
        help="Balance of the allowance account; below zero where more was written off.",
    )
    change = fields.Monetary(compute="_compute_change", help="What this books.")
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted"), ("undone", "Undone")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
    )
    move_id = fields.Many2one(
        "account.move", "Journal Entry", readonly=True, copy=False, ondelete="restrict"
    )

    @api.depends("date", "company_id")
    def _compute_name(self):
        for allowance in self:
            allowance.name = self.env._(
                "Loss allowance %(date)s",
                date=fields.Date.to_string(allowance.date) or "",
            )

    @api.depends("line_ids.needed")
    def _compute_needed(self):
        for allowance in self:
            allowance.needed = sum(allowance.line_ids.mapped("needed"))

    @api.depends("needed", "date", "company_id", "state")
    def _compute_change(self):
        for allowance in self:
            if allowance.state == "draft":
                allowance.set_aside = allowance._balance()
                allowance.change = allowance.needed - allowance.set_aside
            else:
                booked = allowance._balance(allowance.sudo().move_id)
                allowance.change = booked
                allowance.set_aside = allowance.needed - booked

    def _balance(self, move=None):
        """What the allowance account holds up to the day, or has of one entry."""
        account = self.company_id._ekarte_account("ALW")
        domain = [
            ("account_id", "=", account.id),
            ("company_id", "=", self.company_id.id),
            ("parent_state", "=", "posted"),
            ("move_id", "=", move.id)
            if move is not None
            else ("date", "<=", self.date),
        ]
        ((balance,),) = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(domain, [], ["balance:sum"])
        )
        return -(balance or 0)

    @api.model_create_multi
    def create(self, vals_list):
        allowances = super().create(vals_list)
        allowances.filtered(lambda one: not one.line_ids)._refresh()
        return allowances

    def write(self, vals):
        """Keep posted documents as they are; new figures where the ground changes."""
        ground = {"company_id", "date"} & set(vals)
        fixed = self.filtered(lambda one: one.state != "draft")
        if fixed and (ground or "line_ids" in vals):
            raise UserError(self.env._("What is posted stays. Undo it instead."))
        done = super().write(vals)
        if ground:
            self._refresh()
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        if self.filtered(lambda one: one.state != "draft"):
            raise UserError(self.env._("Only drafts are deleted."))

    def action_refresh(self):
        """Take the debts of now."""
        self.filtered(lambda one: one.state == "draft")._refresh()

    def _refresh(self):
        for allowance in self:
            debts = allowance._debts()
            rates = allowance._rates()
            allowance.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "age": age,
                            "debt": from_minor(debt),
                            "rate": rates[age],
                        }
                    )
                    for (age, _name), debt in zip(AGES, debts, strict=True)
                ),
            ]

    def _debts(self):
        """What cards of the company's issuer owe, by age, minor units."""
        Issuer = self.env["ekarte.issuer"].sudo().with_context(active_test=False)
        issuer = Issuer.search([("company_id", "=", self.company_id.id)], limit=1)
        self.env.flush_all()
        (row,) = fetch(
            self.env.cr,
            "credit.sql",
            "debts_by_age",
            issuer=issuer.code or "",
            day=self.date,
        )
        return row

    def _rates(self):
        """The own rates, else those of the last document, else the usual ones."""
        last = (
            self.line_ids
            or self.search(
                [("company_id", "=", self.company_id.id), ("id", "not in", self.ids)],
                limit=1,
            ).line_ids
        )
        return USUAL_RATES | {line.age: line.rate for line in last}

    # Posting

    def action_post(self):
        """Book what is missing, or is too much."""
        self._check_accountant()
        self.lock_for_update()
        for allowance in self.filtered(lambda one: one.state == "draft"):
            move = allowance.sudo()._book()
            allowance.sudo().write({"state": "posted", "move_id": move.id})

    def action_undo(self):
        """Reverse the entry."""
        self._check_accountant()
        self.lock_for_update()
        for allowance in self.filtered(lambda one: one.state == "posted").sudo():
            move = allowance.move_id
            if move:
                books = move.with_company(move.company_id)
                books.with_context(ekarte_reversal=True)._reverse_moves(
                    [{"date": move.date, "ekarte_key": f"{move.ekarte_key}/undone"}],
                    cancel=True,
                )
            allowance.state = "undone"

    def _check_accountant(self):
        user = self.env.user
        self.check_access("write")
        posts = user.has_group(ACCOUNTANT) and user.has_group(
            "account.group_account_invoice"
        )
        if not (self.env.su or posts):
            raise UserError(
                self.env._("Allowances are posted by those who may post entries.")
            )

    def _book(self):
        company, change = self.company_id, to_minor(self.change)
        if not change:
            return self.env["account.move"]
        missing = [key for key in ("XEC", "ALW") if not company._ekarte_account(key)]
        if missing or not company.ekarte_journal_id:
            raise UserError(
                self.env._(
                    "%(company)s lacks the E-karte journal, or accounts for %(names)s. "
                    "Run E-karte > Accounting > Accounts.",
                    company=company.display_name,
                    names=", ".join(
                        self.env._(ACCOUNT_KEYS[key].name) for key in missing
                    ),
                )
            )
        settlements = self.env["ekarte.settlement"].with_company(company)
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.ekarte_journal_id.id,
                    "date": settlements._open_date(company, self.date, False),
                    "ref": self.name,
                    "ekarte_key": f"allowance/{self.id}",
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": company._ekarte_account(key).id,
                                "name": self.name,
                                "balance": sign * from_minor(change),
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for key, sign in (("XEC", 1), ("ALW", -1))
                    ],
                }
            )
        )
        move._post(soft=False)
        return move


class EkarteCreditAllowanceLine(models.Model):
    _name = "ekarte.credit.allowance.line"
    _description = "Debts of One Age"
    _order = "allowance_id, id"

    allowance_id = fields.Many2one(
        "ekarte.credit.allowance", required=True, ondelete="cascade", index=True
    )
    currency_id = fields.Many2one(related="allowance_id.currency_id")
    age = fields.Selection(AGES, required=True, readonly=True)
    debt = fields.Monetary("Owed", readonly=True)
    rate = fields.Float("Expected Loss, %", digits=(5, 2), required=True)
    needed = fields.Monetary(compute="_compute_needed", store=True)

    _rate_ck = models.Constraint(
        "CHECK (rate >= 0 AND rate <= 100)", "A loss is from 0 to 100 %."
    )

    @api.depends("debt", "rate")
    def _compute_needed(self):
        for line in self:
            line.needed = line.currency_id.round(line.debt * line.rate / 100)
