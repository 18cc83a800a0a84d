from odoo import api, models

from .pos_payment_method import TERMINAL

WATCHED = {"amount", "payment_method_id", "pos_order_id", "uuid"}


class PosPayment(models.Model):
    """A payment by card on a stored order is one that the ledger booked."""

    _inherit = "pos.payment"

    @api.model_create_multi
    def create(self, vals_list):
        payments = super().create(vals_list)
        payments._ekarte_orders()._ekarte_check_stored()
        return payments

    def write(self, vals):
        before = self._ekarte_orders()
        done = super().write(vals)
        if WATCHED & set(vals):
            (before | self._ekarte_orders())._ekarte_check_stored()
        return done

    def unlink(self):
        orders = self._ekarte_orders()
        done = super().unlink()
        orders.invalidate_recordset(["payment_ids"])
        orders.exists()._ekarte_check_stored(gone=True)
        return done

    def _ekarte_orders(self):
        return self.filtered(
            lambda payment: payment.payment_method_id.use_payment_terminal == TERMINAL
        ).pos_order_id
