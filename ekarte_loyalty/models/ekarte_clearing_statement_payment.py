"""Paying clearing statements: Odoo's own payments, and what is still open."""

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..in_companies import in_companies


class EkarteClearingStatementPayment(models.Model):
    _inherit = "ekarte.clearing.statement"

    opening = fields.Monetary(
        string="Opening Balance",
        compute="_compute_opening",
        store=True,
        compute_sudo=True,
        help="What was open of earlier statements when this one was made and sent.",
    )
    residual = fields.Monetary(
        string="Open",
        compute="_compute_residual",
        store=True,
        compute_sudo=True,
        help="Not paid yet, in the operator's books. Above zero: to receive.",
    )
    issuer_residual = fields.Monetary(
        string="Open at the Issuer",
        compute="_compute_residual",
        store=True,
        compute_sudo=True,
        help="Not paid yet, in the issuer's own books.",
    )
    can_pay = fields.Boolean(compute="_compute_can_pay", compute_sudo=True)
    can_pay_as_operator = fields.Boolean(compute="_compute_can_pay", compute_sudo=True)

    @api.depends("sent_at", "issuer_id")
    def _compute_opening(self):
        for statement in self:
            earlier = self.search(
                [
                    ("issuer_id", "=", statement.issuer_id.id),
                    ("coalition_id", "=", statement.coalition_id.id),
                    ("currency_id", "=", statement.currency_id.id),
                    ("state", "=", "posted"),
                    ("id", "!=", statement._origin.id),
                ]
            )
            statement.opening = sum(earlier.mapped("residual"))

    @api.depends(
        "item_ids.amount_residual_currency", "item_ids.company_id", "issuer_id"
    )
    def _compute_residual(self):
        for statement in self:
            statement.residual = -statement._open_in(statement._sending_company())
            statement.issuer_residual = statement._open_in(statement.company_id)

    def _open_in(self, company):
        """What is open in the books of one company; debit is above zero."""
        items = self.item_ids.filtered(lambda item: item.company_id == company)
        return sum(items.mapped("amount_residual_currency"))

    @api.depends_context("uid")
    @api.depends("residual", "issuer_residual", "state")
    def _compute_can_pay(self):
        mine = self.env.user.company_ids
        for statement in self:
            due = statement.state == "posted"
            statement.can_pay = (
                due and bool(statement.issuer_residual) and statement.company_id in mine
            )
            statement.can_pay_as_operator = (
                due
                and bool(statement.residual)
                and statement._sending_company() in mine
            )

    # Paying

    def action_pay(self):
        """Register what the issuer pays or gets, in the issuer's books."""
        self.ensure_one()
        return self._payment_action(self.sudo().company_id)

    def action_pay_as_operator(self):
        """Register what the operator gets from the issuer or pays to it."""
        self.ensure_one()
        return self._payment_action(self._sending_company())

    def _payment_action(self, company):
        """Odoo's own payment wizard on the open items in one company's books."""
        self.check_access("read")
        items = (
            self.sudo()
            .item_ids.filtered(
                lambda item: item.company_id == company and not item.reconciled
            )
            .with_env(self.env)
            # The books of the company that pays, whichever is chosen at the moment.
            .with_context(allowed_company_ids=company.ids)
        )
        if not items:
            raise UserError(self.env._("Nothing is left to be paid."))
        items.check_access("read")
        action = items.action_register_payment({"dont_redirect_to_payments": True})
        return in_companies(action, company.with_env(self.env))

    # Paid

    def _settle_state(self):
        """Posted statements whose items are all paid are paid, and back again."""
        # With the last payment the operator's own share is settled, too.
        for statement in self.sudo().cycle_id.statement_ids:
            state = "paid" if statement._is_settled() else "posted"
            if statement.state in ("posted", "paid") and statement.state != state:
                statement.state = state
        for cycle in self.sudo().cycle_id:
            paid = all(one.state == "paid" for one in cycle.statement_ids)
            state = "paid" if paid else "posted"
            if cycle.state in ("posted", "paid") and cycle.state != state:
                cycle.state = state

    def _is_settled(self):
        """Whether nothing is open; the operator's own share is, when all others' is."""
        self.ensure_one()
        if self.issuer_id == self.operator_id:
            others = self.cycle_id.statement_ids - self
            return all(other._is_settled() for other in others)
        return not any(item.amount_residual_currency for item in self.item_ids)
