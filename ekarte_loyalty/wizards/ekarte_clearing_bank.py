"""A payment of clearing meets the bank transaction that it is on the bank statement.

Odoo's own screen for this comes with its accounting application; where that is not
installed, accountants would have none.
"""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..in_companies import in_companies


class EkarteClearingBank(models.TransientModel):
    _name = "ekarte.clearing.bank"
    _description = "Match with Bank"

    statement_id = fields.Many2one(
        "ekarte.clearing.statement", required=True, readonly=True
    )
    company_id = fields.Many2one(
        "res.company", "Books of", required=True, readonly=True
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    amount = fields.Monetary(
        "At the Bank",
        compute="_compute_amount",
        help="Above zero: comes in; below: goes out.",
    )
    transaction_ids = fields.Many2many(
        "account.bank.statement.line", compute="_compute_transaction_ids"
    )
    transaction_id = fields.Many2one(
        "account.bank.statement.line",
        "Bank Transaction",
        compute="_compute_transaction_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', transaction_ids)]",
    )
    transaction_amount = fields.Monetary("Moved", related="transaction_id.amount")
    transaction_date = fields.Date("On", related="transaction_id.date")
    transaction_text = fields.Char("Its Text", related="transaction_id.payment_ref")

    def _waiting(self):
        """Items that the bank is to move: of payments, else of the statement itself."""
        return self.statement_id._waiting_at_bank(self.company_id)

    @api.depends("statement_id", "company_id")
    def _compute_amount(self):
        for match in self:
            match.amount = sum(match._waiting().mapped("amount_residual"))

    @api.depends("statement_id", "company_id")
    def _compute_transaction_ids(self):
        Transaction = self.env["account.bank.statement.line"]
        for match in self:
            sign = ">" if match.amount > 0 else "<"
            match.transaction_ids = Transaction.search(
                [
                    ("company_id", "=", match.company_id.id),
                    ("is_reconciled", "=", False),
                    ("amount", sign, 0),
                ]
            )

    @api.depends("statement_id", "company_id")
    def _compute_transaction_id(self):
        """Propose one of exactly this sum; of several, that of the partner."""
        for match in self:
            exact = match.transaction_ids.filtered(match._met_by)
            partners = match._waiting().partner_id
            named = exact.filtered(
                lambda one, partners=partners: one.partner_id in partners
            )
            match.transaction_id = (named or exact)[:1]

    def _met_by(self, transaction):
        """Items that a transaction pays: all that wait, or one of several payments."""
        waiting = self._waiting()
        same = self.currency_id.compare_amounts
        if not same(transaction.amount, self.amount):
            return waiting
        return waiting.filtered(
            lambda item: not same(transaction.amount, item.amount_residual)
        )[:1]

    def action_match(self):
        """Put the transaction against what waits, and reconcile the two."""
        self.ensure_one()
        transaction = self.transaction_id
        if not self._waiting() or not transaction or transaction.is_reconciled:
            raise UserError(self.env._("There is nothing left to match."))
        met = self._met_by(transaction)
        if len(met.account_id) != 1 or len(met.partner_id) > 1:
            raise UserError(
                self.env._(
                    "The bank moved %(moved)s, %(waits)s waits. Register what was "
                    "really paid.",
                    moved=self.currency_id.format(transaction.amount),
                    waits=self.currency_id.format(self.amount),
                )
            )
        _bank, suspense, _others = transaction.with_context(
            skip_account_move_synchronization=True
        )._seek_for_lines()
        suspense.write(
            {
                "account_id": met.account_id.id,
                "partner_id": met.partner_id.id,
                "name": self.statement_id.name,
            }
        )
        (suspense + met).reconcile()
        return {"type": "ir.actions.client", "tag": "soft_reload"}


class EkarteClearingStatement(models.Model):
    _inherit = "ekarte.clearing.statement"

    can_match = fields.Boolean(compute="_compute_can_match", compute_sudo=True)

    @api.depends_context("uid")
    @api.depends("item_ids.amount_residual", "state")
    def _compute_can_match(self):
        for statement in self:
            statement.can_match = bool(statement._books_at_bank())

    def _books_at_bank(self):
        """The first company of the user's in whose books something waits."""
        self.ensure_one()
        if self.state not in ("posted", "paid"):
            return self.env["res.company"]
        books = (self._sending_company() | self.company_id) & self.env.user.company_ids
        return books.filtered(self._waiting_at_bank)[:1]

    def _waiting_at_bank(self, company):
        """Items of payments that no bank statement has shown yet, in one company."""
        items = self.sudo().item_ids.filtered(lambda item: item.company_id == company)
        matched = (
            items.matched_debit_ids.debit_move_id
            | items.matched_credit_ids.credit_move_id
        )
        payments = matched.move_id.origin_payment_id
        accounts = payments.outstanding_account_id.filtered("reconcile")
        waiting = payments.move_id.line_ids.filtered(
            lambda item: item.account_id in accounts and not item.reconciled
        )
        return waiting.with_env(self.env)

    def action_match(self):
        """Choose the bank transaction that a registered payment is."""
        self.ensure_one()
        company = self.sudo()._books_at_bank()
        if not company:
            raise UserError(self.env._("No payment waits for a bank statement."))
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Match with Bank"),
            "res_model": "ekarte.clearing.bank",
            "view_mode": "form",
            "target": "new",
            "context": {
                "default_statement_id": self.id,
                "default_company_id": company.id,
            },
        }
        return in_companies(action, company.with_env(self.env))
