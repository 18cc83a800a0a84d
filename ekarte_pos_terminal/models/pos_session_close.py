from odoo import fields, models
from odoo.exceptions import UserError

from odoo.addons.ekarte_loyalty.units import to_minor

from ekarte_core import Rc, is_copy

from .pos_payment_method import TERMINAL

MOVES_VALUE = ("sale", "confirm", "refund", "activate", "top_up")


class PosSessionClose(models.Model):
    """Closing a session closes the till's batch in the ledger.

    What cards paid needs no counting: the ledger booked it with each order.
    """

    _inherit = "pos.session"

    ekarte_difference = fields.Text(
        "Difference to the Card Ledger",
        readonly=True,
        copy=False,
        help="What the ledger booked at this till and no order of the session knows, "
        "or the other way round.",
    )

    def get_closing_control_data(self):
        """Show card payments as a sum only, without a field to count them."""
        data = super().get_closing_control_data()
        cards = self._ekarte_methods().ids
        for row in data["non_cash_payment_methods"]:
            if row["id"] in cards:
                row["type"] = TERMINAL
        return data

    def _ekarte_methods(self):
        return self.payment_method_ids.filtered(
            lambda method: method.use_payment_terminal == TERMINAL
        )

    def _validate_session(
        self,
        balancing_account=False,
        amount_to_balance=0,
        bank_payment_method_diffs=None,
    ):
        self._ekarte_check_differences(bank_payment_method_diffs or {})
        done = super()._validate_session(
            balancing_account, amount_to_balance, bank_payment_method_diffs
        )
        if self.state == "closed":
            self.sudo()._ekarte_close_batch()
        return done

    def _ekarte_check_differences(self, differences):
        for method in self._ekarte_methods():
            if not self.currency_id.is_zero(differences.get(method.id, 0)):
                raise UserError(
                    self.env._(
                        "What cards paid was booked with each order: %(method)s has no "
                        "difference to count.",
                        method=method.display_name,
                    )
                )

    def _ekarte_close_batch(self):
        """Close the batch with the ledger's own figures, once they are ours, too."""
        if not self.config_id.ekarte_branch_id:
            return
        told = self._ekarte_differences() + self._ekarte_close_there()
        self.ekarte_difference = "\n".join(told)
        if told:
            self.message_post(body=self.ekarte_difference)

    def _ekarte_close_there(self):
        """Close the batch in the ledger; return in words what stood in the way."""
        if is_copy(self.env.cr):
            # Goods are sold beside a ledger that is elsewhere; cards were before only.
            if not self._ekarte_booked_there():
                return []
            return [
                self.env._(
                    "The card ledger is elsewhere now: the batch stays open there."
                )
            ]
        answer = self._ekarte_close()
        if answer.rc == Rc.BATCH.value and answer.totals:
            answer = self._ekarte_close(totals=answer.totals)
        if answer.rc == Rc.OK.value:
            return []
        return [self.env._("The ledger did not close: %(why)s", why=answer.message)]

    def _ekarte_close(self, **parts):
        desk = self.env["ekarte.desk"]
        batch = self._ekarte_own_batch()
        terminal = self.config_id._ekarte_terminal()
        _number, answer = desk._execute("close", terminal, batch=batch, **parts)
        return answer

    def _ekarte_differences(self):
        """Return in words what only one of both sides knows of this session."""
        ours, ledgers = self._ekarte_booked_here(), self._ekarte_booked_there()
        told = [
            self.env._(
                "Operation %(number)s of %(amount)s is in the ledger only.",
                number=number,
                amount=self.currency_id.format(ledgers[number] / 100),
            )
            for number in sorted(ledgers.keys() - ours.keys())
        ]
        told += [
            self.env._("Operation %(number)s is at the till only.", number=number)
            for number in sorted(ours.keys() - ledgers.keys())
        ]
        told += [
            self.env._(
                "Operation %(number)s: %(here)s at the till, %(there)s in the ledger.",
                number=number,
                here=self.currency_id.format(ours[number] / 100),
                there=self.currency_id.format(ledgers[number] / 100),
            )
            for number in sorted(ours.keys() & ledgers.keys())
            if ours[number] != ledgers[number]
        ]
        return told

    def _ekarte_booked_here(self):
        """Return {operation number: minor units} of what orders and lines booked."""
        found = {}
        for model, kind in (
            ("ekarte.checkout", "booked"),
            ("ekarte.checkout.load", "booked"),
            ("ekarte.checkout.load", "refund"),
        ):
            rows = self.env[model].search(
                [
                    (f"{kind}_terminal", "=", self.config_id._ekarte_terminal()),
                    (f"{kind}_batch", "=", self._ekarte_own_batch()),
                ]
            )
            found |= {row[f"{kind}_number"]: abs(row.amount) for row in rows}
        return found

    def _ekarte_booked_there(self):
        operations = self.env["ekarte.operation"].search(
            [
                ("terminal", "=", self.config_id._ekarte_terminal()),
                ("batch", "=", self._ekarte_own_batch()),
                ("command", "in", MOVES_VALUE),
                ("rc", "in", [Rc.OK.value, Rc.PARTIAL.value]),
            ]
        )
        return {
            operation.number: abs(to_minor(operation.amount))
            for operation in operations
            if operation.amount
        }
