from odoo import models

from .ekarte_document_operation import APPROVED


class AccountMove(models.Model):
    """A credit note: goods of an invoice come back, and the card gets back what it
    paid; what was earned is taken back, in proportion."""

    _inherit = "account.move"

    def _reverse_moves(self, default_values_list=None, cancel=False):
        values = default_values_list or [{} for _move in self]
        for move, default in zip(self, values, strict=True):
            if move.ekarte_order_id and move.move_type == "out_invoice":
                default["ekarte_order_id"] = move.ekarte_order_id.id
        return super()._reverse_moves(values, cancel)

    def _ekarte_original(self):
        """Return the purchase that this credit note takes back, if it was booked."""
        operations = self.env["ekarte.document.operation"]
        if self.reversed_entry_id:
            return operations._of(self.reversed_entry_id, "purchase")
        return operations

    def _ekarte_refund_parts(self):
        return {
            "original": self._ekarte_original()._original(),
            "lines": tuple(line for _taxes, line in self._ekarte_parts()),
        }

    def _ekarte_try_back(self, _parts):
        """Return what the ledger would give back; None where it booked no purchase."""
        if not self._ekarte_original():
            return None
        order = self.ekarte_order_id
        return self.env["ekarte.desk"]._try(
            "refund",
            order._ekarte_terminal(),
            language=order._ekarte_language(),
            **self._ekarte_refund_parts(),
        )

    def _ekarte_book_back(self):
        """Book the return in the ledger: (operation, answer)."""
        return self.env["ekarte.document.operation"]._book(
            self,
            "refund",
            self.ekarte_order_id,
            "refund",
            **self._ekarte_refund_parts(),
        )

    def _ekarte_give_back(self):
        """Book the return, and pay back to the card what it paid."""
        if not self._ekarte_original():
            return
        operation, answer = self._ekarte_book_back()
        if answer.rc not in APPROVED:
            self._ekarte_refuse(answer)
        self._ekarte_check_lines(answer)
        self._ekarte_pay(operation._payment_minor(), operation)
