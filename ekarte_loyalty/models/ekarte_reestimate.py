"""Expected breakage at a month's end: what will never be used is earned with what is.

G9 for gift cards (LGX, RBK), the catch-up of cohorts for bonuses (LBX, REV). The
liability of the card ledger stays as it is; the contra account lowers it.
"""

from datetime import timedelta

from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ekarte_core import Cohort, redemption_rate

from ..units import from_minor, to_minor
from .account_keys import ACCOUNT_KEYS
from .ekarte_settlement import ACCOUNTANT

ACCOUNTS_OF = {"gift_card": ("LGX", "RBK")}
"""Contra and income account of a kind of program; bonuses: see the default."""
BONUS_ACCOUNTS = ("LBX", "REV")
KINDS = ("gift_card", "bonus_amount", "bonus_visit", "bonus_prize", "exchange")


class EkarteReestimate(models.Model):
    _name = "ekarte.reestimate"
    _description = "Re-estimate of Breakage"
    _inherit = ["mail.thread"]
    _order = "date desc, program_id"

    name = fields.Char(compute="_compute_name")
    program_id = fields.Many2one(
        "ekarte.program",
        required=True,
        ondelete="restrict",
        index=True,
        domain=[("kind", "in", KINDS), ("issuer_id.company_id", "!=", False)],
    )
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, precompute=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(
        "Month Ends On",
        required=True,
        default=lambda self: self._last_month_end(),
        help="Everything that is settled up to this day counts.",
    )
    rate = fields.Float(
        "Expected Use, %",
        digits=(5, 2),
        required=True,
        default=100,
        tracking=True,
        help="Share of what is issued that holders will use in the end.",
    )
    proposed_rate = fields.Float(
        "Proposed, %",
        compute="_compute_proposed_rate",
        digits=(5, 2),
        help="What was used of the months of which nothing is left.",
    )
    line_ids = fields.One2many("ekarte.reestimate.line", "reestimate_id", "Months")
    expected = fields.Monetary(
        "Expected Breakage",
        compute="_compute_expected",
        store=True,
        help="Of what is left, what counts as earned by now.",
    )
    booked_before = fields.Monetary(compute="_compute_adjustment")
    adjustment = fields.Monetary(
        compute="_compute_adjustment", help="What this document books."
    )
    state = fields.Selection(
        [("draft", "Draft"), ("posted", "Posted"), ("reversed", "Reversed")],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        tracking=True,
    )
    move_ids = fields.One2many(
        "account.move", "ekarte_reestimate_id", "Journal Entries", readonly=True
    )

    _month_uq = models.UniqueIndex(
        "(program_id, date) WHERE state <> 'reversed'",
        "This program has an estimate of that month already.",
    )
    _rate_ck = models.Constraint(
        "CHECK (rate > 0 AND rate <= 100)",
        "The expected share must be above 0 and at most 100 %.",
    )

    def _last_month_end(self):
        today = fields.Date.context_today(self)
        return fields.Date.start_of(today, "month") - timedelta(days=1)

    @api.depends("program_id", "date")
    def _compute_name(self):
        for estimate in self:
            month = estimate.date and f"{estimate.date:%Y-%m}"
            estimate.name = f"{estimate.program_id.name or ''} {month or ''}".strip()

    @api.depends("program_id")
    def _compute_company_id(self):
        for estimate in self:
            estimate.company_id = estimate.program_id.issuer_id.company_id

    @api.depends("program_id", "date")
    def _compute_proposed_rate(self):
        for estimate in self:
            ended = [c for _, c in estimate._found() if not c.outstanding]
            estimate.proposed_rate = from_minor(redemption_rate(ended))

    @api.depends("line_ids.expected")
    def _compute_expected(self):
        for estimate in self:
            estimate.expected = sum(estimate.line_ids.mapped("expected"))

    @api.depends("expected", "program_id", "date", "state")
    def _compute_adjustment(self):
        for estimate in self:
            if estimate.state == "draft":
                estimate.booked_before = estimate._booked()
                estimate.adjustment = estimate.expected - estimate.booked_before
            else:
                booked = estimate._contra_balance(estimate.sudo().move_ids)
                estimate.adjustment = booked
                estimate.booked_before = estimate.expected - booked

    # Figures

    def _accounts(self):
        """Keys of the contra account and of the income it stands against."""
        return ACCOUNTS_OF.get(self.program_id.kind, BONUS_ACCOUNTS)

    def _found(self):
        """Cohorts of the program at the document's day: (month, ekarte_core.Cohort)."""
        if not (self.program_id and self.date):
            return []
        self.env.flush_all()
        query = self.env["ekarte.cohort"]._cohorts(self.date, self.program_id.code)
        self.env.cr.execute(query)
        return [
            (
                row["month"],
                Cohort(
                    issued=to_minor(row["issued"]),
                    used=to_minor(row["used"]),
                    expired=to_minor(row["expired"]),
                ),
            )
            for row in sorted(self.env.cr.dictfetchall(), key=lambda row: row["month"])
        ]

    def _booked(self):
        """What earlier documents of this program have left on the contra account."""
        earlier = self.sudo().search(
            [("program_id", "=", self.program_id.id), ("id", "not in", self.ids)]
        )
        return self._contra_balance(earlier.move_ids)

    def _contra_balance(self, moves):
        account = self.company_id._ekarte_account(self._accounts()[0])
        items = moves.line_ids.filtered(
            lambda item: item.account_id == account and item.parent_state == "posted"
        )
        return sum(items.mapped("balance"))

    @api.model_create_multi
    def create(self, vals_list):
        estimates = super().create(vals_list)
        estimates.filtered(lambda one: not one.line_ids)._refresh()
        return estimates

    def write(self, vals):
        """Keep posted documents as they are; new figures where their ground changes."""
        if {"program_id", "date", "rate", "line_ids"} & set(vals) and self.filtered(
            lambda one: one.state != "draft"
        ):
            raise UserError(
                self.env._("A posted estimate stays as it is. Reverse it instead.")
            )
        done = super().write(vals)
        if {"program_id", "date"} & set(vals):
            self._refresh()
        elif "rate" in vals and "line_ids" not in vals:
            self.line_ids.rate = vals["rate"]
        return done

    @api.ondelete(at_uninstall=False)
    def _unlink_except_posted(self):
        if self.filtered(lambda one: one.state != "draft"):
            raise UserError(self.env._("Only drafts are deleted."))

    def _refresh(self):
        """Take the figures of the ledger anew; rates of single months stay."""
        for estimate in self:
            rates = {line.month: line.rate for line in estimate.line_ids}
            estimate.line_ids = [
                Command.clear(),
                *(
                    Command.create(
                        {
                            "month": month,
                            "issued": from_minor(cohort.issued),
                            "used": from_minor(cohort.used),
                            "expired": from_minor(cohort.expired),
                            "rate": rates.get(month, estimate.rate),
                        }
                    )
                    for month, cohort in estimate._found()
                ),
            ]

    def action_refresh(self):
        """Take the figures of the ledger anew."""
        self.filtered(lambda one: one.state == "draft")._refresh()

    def action_take_proposed(self):
        """Expect what the history proposes."""
        for estimate in self:
            estimate.rate = estimate.proposed_rate

    # Posting

    def action_post(self):
        """Book the difference to what is booked already; once for each month."""
        self._check_accountant()
        self.lock_for_update()
        for estimate in self.filtered(lambda one: one.state == "draft").sorted("date"):
            estimate._check_order()
            estimate._check_policy()
            estimate._refresh()
            estimate.sudo()._book()
            estimate.state = "posted"

    def action_reverse(self):
        """Undo the entry of the latest estimate with an entry."""
        self._check_accountant()
        self.lock_for_update()
        for estimate in self.filtered(lambda one: one.state == "posted"):
            estimate._check_order()
            for move in estimate.sudo().move_ids:
                books = move.with_company(move.company_id).with_context(
                    ekarte_reversal=True
                )
                reversal = books._reverse_moves([{"date": move.date}], cancel=True)
                reversal.write(
                    {
                        "ekarte_reestimate_id": estimate.id,
                        "ekarte_day": move.ekarte_day,
                        "ekarte_key": f"{move.ekarte_key}/reversal",
                    }
                )
            estimate.state = "reversed"
        # Another one of that month may be made at once.
        self.flush_recordset(["state"])

    def _check_accountant(self):
        user = self.env.user
        self.check_access("write")
        if not self.env.su and not (
            user.has_group(ACCOUNTANT)
            and user.has_group("account.group_account_invoice")
        ):
            raise UserError(
                self.env._("Estimates are posted by those who may post entries.")
            )

    def _check_order(self):
        """Each estimate builds on the one before it: they come and go in order."""
        later = self.search_count(
            [
                ("program_id", "=", self.program_id.id),
                ("date", ">", self.date),
                ("state", "=", "posted"),
            ],
            limit=1,
        )
        if later:
            raise UserError(
                self.env._(
                    "A later estimate of %(program)s is posted: reverse that one "
                    "first.",
                    program=self.program_id.display_name,
                )
            )

    def _check_policy(self):
        """Bonuses are estimated where their program says so; pools by nobody here."""
        program = self.program_id
        pooled = dict(self.env["ekarte.settlement"]._asked("pooled"))
        if program.code in pooled:
            raise UserError(
                self.env._(
                    "Bonuses of %(program)s are owed by the operator of a pool.",
                    program=program.display_name,
                )
            )
        if program.kind != "gift_card" and program.deferral_policy != "cohort":
            raise UserError(
                self.env._(
                    "%(program)s defers revenue lot by lot. Set its accounting to "
                    "cohorts first.",
                    program=program.display_name,
                )
            )

    def _key(self):
        return f"estimate/{self.program_id.code}/{self.date}/{self.id}"

    def _book(self):
        company = self.company_id
        adjustment = to_minor(self.adjustment)
        if not adjustment:
            return
        contra, income = self._accounts()
        missing = [key for key in (contra, income) if not company._ekarte_account(key)]
        if missing or not company.ekarte_journal_id:
            raise UserError(
                self.env._(
                    "%(company)s lacks accounts for %(names)s. Run E-karte > "
                    "Accounting > Accounts.",
                    company=company.display_name,
                    names=", ".join(
                        self.env._(ACCOUNT_KEYS[key].name) for key in missing
                    ),
                )
            )
        settlements = self.env["ekarte.settlement"].with_company(company)
        label = self.env._("Expected breakage, %(name)s", name=self.name)
        move = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.ekarte_journal_id.id,
                    "date": settlements._open_date(company, self.date, False),
                    "ref": label,
                    "ekarte_reestimate_id": self.id,
                    "ekarte_day": self.date,
                    "ekarte_key": self._key(),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": company._ekarte_account(key).id,
                                "name": label,
                                "balance": from_minor(amount),
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for key, amount in ((contra, adjustment), (income, -adjustment))
                    ],
                }
            )
        )
        move._post(soft=False)
