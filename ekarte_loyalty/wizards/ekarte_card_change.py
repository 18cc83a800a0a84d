from odoo import fields, models

from ekarte_core import CardRef, Rc


class EkarteCardChange(models.TransientModel):
    """Block or unblock a card, as an operation of the issuer's back office."""

    _name = "ekarte.card.change"
    _description = "Block or unblock a card"

    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    command = fields.Selection(
        [("block", "Block"), ("unblock", "Unblock")],
        required=True,
        readonly=True,
        default="block",
    )
    reason = fields.Char(required=True, size=64, help="Kept with the operation.")

    def action_change(self):
        """Send the command to the ledger and tell what came of it."""
        self.ensure_one()
        # With the user's own rights: a card of other issuers only is refused here.
        self.card_id.check_access("read")
        issuer = self.env["ekarte.issuer"]._default_issuer()
        answer = (issuer or self.card_id.membership_ids.issuer_id[:1])._act(
            self.command,
            CardRef(kind="ledger", value=str(self.card_id.id)),
            self.reason.strip(),
        )
        if answer.rc == Rc.OK.value:
            kind, text = "success", self._done_text()
        else:
            kind, text = "danger", self.env._("Refused: %(why)s", why=answer.message)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": kind,
                "message": text,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    def _done_text(self):
        if self.command == "block":
            return self.env._("Card %(card)s is blocked.", card=self.card_id.number)
        return self.env._("Card %(card)s is active again.", card=self.card_id.number)
