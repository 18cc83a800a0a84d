from odoo import fields, models
from odoo.exceptions import UserError

from ..own_hand import is_own_hand


class AccountPayment(models.Model):
    _inherit = "account.payment"

    ekarte_operation_id = fields.Many2one(
        "ekarte.document.operation",
        "Card Operation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="What the card ledger booked for this payment.",
    )

    def action_draft(self):
        """Refuse for payments by card: the ledger behind them does not go back."""
        self._check_ekarte_untouched()
        return super().action_draft()

    def action_cancel(self):
        """Refuse for payments by card, as `action_draft` does."""
        self._check_ekarte_untouched()
        return super().action_cancel()

    def action_post(self):
        """An invoice may count as paid before any entry of the payment is made."""
        done = super().action_post()
        self.invoice_ids._ekarte_when_paid()
        return done

    def _check_ekarte_untouched(self):
        by_card = self.filtered("ekarte_operation_id")
        if by_card and not is_own_hand(self.env):
            raise UserError(
                self.env._(
                    "%(payments)s were paid by card: reset the invoice to draft, or"
                    " make a credit note.",
                    payments=", ".join(by_card.mapped("display_name")),
                )
            )
