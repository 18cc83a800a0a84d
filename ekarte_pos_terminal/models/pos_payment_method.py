from odoo import api, models
from odoo.exceptions import ValidationError

TERMINAL = "ekarte"


class PosPaymentMethod(models.Model):
    _inherit = "pos.payment.method"

    def _get_payment_terminal_selection(self):
        return [*super()._get_payment_terminal_selection(), (TERMINAL, "E-karte")]

    @api.constrains("use_payment_terminal", "split_transactions", "journal_id")
    def _check_ekarte(self):
        for method in self.filtered(lambda one: one.use_payment_terminal == TERMINAL):
            if method.split_transactions or method.journal_id.type != "bank":
                raise ValidationError(
                    self.env._(
                        "Payment method %(method)s: what cards pay meets the "
                        "settlement on the card tender account. It needs a journal of "
                        "type Bank and does not identify the customer.",
                        method=method.display_name,
                    )
                )
