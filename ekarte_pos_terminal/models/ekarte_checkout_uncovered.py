from odoo import models
from odoo.exceptions import AccessError, UserError

from .ekarte_checkout import approved

MAY_TRY = (
    "ekarte_loyalty.ekarte_loyalty_group_issuer",
    "point_of_sale.group_pos_manager",
)


class EkarteCheckoutUncovered(models.Model):
    """What the ledger refused after the customer had left: asked for once more."""

    _inherit = "ekarte.checkout"

    def action_try_again(self):
        """Book what is not covered, if the card gives exactly that by now."""
        self.check_access("read")
        if not any(self.env.user.has_group(group) for group in MAY_TRY):
            raise AccessError(
                self.env._("Operators and managers of tills ask a card again.")
            )
        told = [row.sudo()._try_again() for row in self]
        refused = [why for why in told if why]
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "message": "\n".join(refused) or self.env._("Covered by the card now."),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _try_again(self):
        """Return why the card still refuses, "" once it is booked."""
        self.lock_for_update()
        if self.state != "uncovered":
            raise UserError(self.env._("This one is not open any more."))
        if self.kind != "purchase":
            return self.env._("%(card)s: pay it out by hand.", card=self.masked)
        batch, number, answer = self._capture_late(self.pos_order_id)
        if not approved(answer):
            self.message = answer.message
            return f"{self.masked}: {answer.message}"
        session = self.session_id
        self._note_booked(self.pos_order_id, batch, number, answer, message=False)
        self.session_id = session
        return ""
