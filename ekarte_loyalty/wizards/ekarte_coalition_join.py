"""Joining a coalition: are the books of the new member what its cards say?"""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.account_keys import ACCOUNT_KEYS
from ..models.ekarte_settlement import ADMINISTRATOR
from ..units import from_minor

LIABILITIES = {"LGC", "LBN", "LPS"}


class EkarteCoalitionJoin(models.TransientModel):
    _name = "ekarte.coalition.join"
    _description = "Join a Coalition"

    coalition_id = fields.Many2one("ekarte.coalition", required=True)
    issuer_id = fields.Many2one(
        "ekarte.issuer", required=True, domain="[('coalition_ids', '!=', coalition_id)]"
    )
    company_id = fields.Many2one(related="issuer_id.company_id")
    currency_id = fields.Many2one(related="issuer_id.limit_currency_id")
    date = fields.Date("Opening Date", required=True, default=fields.Date.context_today)
    opening_account_id = fields.Many2one(
        "account.account",
        "Where the Balances Stood",
        domain="[('company_ids', 'in', company_id)]",
        help="The account that carried cards before: the other side of the opening "
        "entry.",
    )
    line_ids = fields.One2many(
        "ekarte.coalition.join.line", "join_id", compute="_compute_lines", store=True
    )
    missing = fields.Text("To Be Set Up First", compute="_compute_missing")
    agrees = fields.Boolean(compute="_compute_agrees")
    move_id = fields.Many2one("account.move", "Opening Entry", readonly=True)

    @api.depends("issuer_id")
    def _compute_lines(self):
        for join in self:
            join.line_ids = [Command.clear()] + [
                Command.create(
                    {
                        "account_key": row["account"],
                        "cards": from_minor(row["expected"] + row["on_the_way"]),
                        "on_the_way": from_minor(row["on_the_way"]),
                        "books": from_minor(row["gl"]),
                        "difference": from_minor(row["difference"]),
                    }
                )
                for row in join._rows()
            ]

    def _rows(self):
        """What the reconciliation says of this issuer's own cards."""
        company = self.issuer_id.company_id
        if not company:
            return []
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        return [
            row
            for row in rows
            if row["check"] in ("V1", "V2") and row["company_id"] == company.id
        ]

    @api.depends("issuer_id")
    def _compute_missing(self):
        for join in self:
            company = join.issuer_id.company_id.sudo()
            problems = []
            if company:
                problems = [
                    self.env._(
                        "Account: %(name)s", name=self.env._(ACCOUNT_KEYS[key].name)
                    )
                    for key in company._ekarte_missing_keys()
                ]
                if not company.ekarte_journal_id:
                    problems.append(self.env._("The E-karte journal"))
                if company.currency_id != join.currency_id:
                    problems.append(self.env._("Books in the network's currency"))
            if join.issuer_id and not join.issuer_id.branch_ids:
                problems.append(self.env._("A branch"))
            join.missing = "\n".join(problems) or False

    @api.depends("line_ids.difference")
    def _compute_agrees(self):
        for join in self:
            join.agrees = all(
                join.currency_id.is_zero(line.difference) for line in join.line_ids
            )

    def _check_administrator(self):
        if not (self.env.su or self.env.user.has_group(ADMINISTRATOR)):
            raise AccessError(
                self.env._("Only E-karte administrators change who is a member.")
            )

    def action_post_opening(self):
        """Bring the books to what the cards say, against the account of before."""
        self.ensure_one()
        self._check_administrator()
        if not self.opening_account_id:
            raise UserError(self.env._("Choose where the balances stood before."))
        lines = self.line_ids.filtered(
            lambda line: not self.currency_id.is_zero(line.difference)
        )
        if lines:
            self.move_id = self._post_opening(lines)
        self._compute_lines()
        return self._reopen()

    def _post_opening(self, lines):
        company = self.company_id
        items = []
        for line in lines:
            # A liability stands on the credit side, a debt of cards on the debit side.
            side = 1 if line.account_key in LIABILITIES else -1
            account = company._ekarte_account(line.account_key)
            items.append((account, side * line.difference))
        items.append((self.opening_account_id, -sum(amount for _, amount in items)))
        move = (
            self.env["account.move"]
            .sudo()
            .with_company(company)
            .create(
                {
                    "move_type": "entry",
                    "company_id": company.id,
                    "journal_id": company.ekarte_journal_id.id,
                    "date": self.date,
                    "ref": self.env._(
                        "Opening balances of cards, %(coalition)s",
                        coalition=self.coalition_id.name,
                    ),
                    "line_ids": [
                        Command.create(
                            {
                                "account_id": account.id,
                                "balance": amount,
                                "tax_ids": [Command.clear()],
                            }
                        )
                        for account, amount in items
                    ],
                }
            )
        )
        move._post(soft=False)
        return move

    def action_join(self):
        """Make the issuer a member."""
        self.ensure_one()
        self._check_administrator()
        if self.missing:
            raise UserError(
                self.env._("Set up first:\n%(missing)s", missing=self.missing)
            )
        self._compute_lines()
        if not self.agrees:
            raise UserError(
                self.env._(
                    "The books of %(issuer)s do not say what its cards say. Post the "
                    "opening entry first.",
                    issuer=self.issuer_id.name,
                )
            )
        self.coalition_id.issuer_ids += self.issuer_id
        return {"type": "ir.actions.act_window_close"}

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }


class EkarteCoalitionJoinLine(models.TransientModel):
    _name = "ekarte.coalition.join.line"
    _description = "Balance of a new member"

    join_id = fields.Many2one(
        "ekarte.coalition.join", required=True, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="join_id.currency_id")
    account_key = fields.Selection(
        lambda self: [
            (key, self.env._(account.name)) for key, account in ACCOUNT_KEYS.items()
        ],
        "Account",
        readonly=True,
    )
    cards = fields.Monetary("On the Cards", readonly=True)
    on_the_way = fields.Monetary(
        readonly=True, help="Not settled yet: it comes into the books by itself."
    )
    books = fields.Monetary("In the Books", readonly=True)
    difference = fields.Monetary(
        readonly=True, help="In the books, less what is on the cards and settled."
    )
