from odoo import models

BATCHES = 1_000_000


class PosSessionHolds(models.Model):
    _inherit = "pos.session"

    def _ekarte_batch(self):
        """Return the ledger's number of the open batch, 0 where there is none."""
        return 0 if self.state == "closed" else self._ekarte_own_batch()

    def _ekarte_own_batch(self):
        """Return the ledger's number of a session's batch, 0 without a session."""
        return self.id % BATCHES

    def _ekarte_release_holds(self):
        """Set free what cards hold for orders of this session that never came.

        A paid order that some till has not sent yet may be among them: when it comes,
        its cards are asked anew for what they had approved.
        """
        held = self.env["ekarte.checkout"].sudo()
        held = held.search([("session_id", "in", self.ids), ("state", "=", "held")])
        held._not_on_drafts()._end_hold()

    def _validate_session(self, *args, **kwargs):
        self._ekarte_release_holds()
        return super()._validate_session(*args, **kwargs)
