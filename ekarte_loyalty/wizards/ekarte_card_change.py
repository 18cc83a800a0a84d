from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import CardRef, Rc

from .ekarte_card_find import IDENTIFIER_KINDS

COMMANDS = [
    ("block", "Block"),
    ("unblock", "Unblock"),
    ("replace", "Replace"),
    ("pool", "Join a Pool"),
    ("leave", "Leave the Pool"),
]
WITH_OTHER = ("replace", "pool")


class EkarteCardChange(models.TransientModel):
    """Change a card, as an operation of the issuer's back office.

    The number of a second card lives as long as one call, as where a card is found.
    """

    _name = "ekarte.card.change"
    _description = "Change of a card"

    card_id = fields.Many2one("ekarte.card", required=True, readonly=True)
    command = fields.Selection(COMMANDS, required=True, readonly=True, default="block")
    why = fields.Selection(
        [
            ("until", "Until it is unblocked"),
            ("lost", "Lost: for good"),
            ("stolen", "Stolen: for good"),
            ("closed", "Given back: for good"),
        ],
        "How Long",
        default="until",
        required=True,
    )
    other_kind = fields.Selection(
        IDENTIFIER_KINDS, "Identifier", required=True, default="keyed"
    )
    other_number = fields.Char(
        "Number of the Other Card", store=False, help="Type it, or read the card."
    )
    other_card_id = fields.Many2one("ekarte.card", readonly=True)
    reason = fields.Char(required=True, size=64, help="Kept with the operation.")

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_other(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_other(vals))

    def _with_other(self, vals):
        number = vals.get("other_number")
        vals = {name: value for name, value in vals.items() if name != "other_number"}
        if number:
            kind = vals.get("other_kind") or self[:1].other_kind or "keyed"
            vals["other_card_id"] = self.env["ekarte.card.find"]._find(kind, number).id
        return vals

    def action_change(self):
        """Send the command to the ledger and tell what came of it."""
        self.ensure_one()
        # With the user's own rights: a card of other issuers only is refused here.
        self.card_id.check_access("read")
        issuer = self.env["ekarte.issuer"]._default_issuer()
        answer = (issuer or self.card_id.membership_ids.issuer_id[:1])._act(
            "pool" if self.command == "leave" else self.command,
            _by_id(self.card_id),
            self.reason.strip(),
            **self._more(),
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

    def _more(self):
        """Return what the command needs beside the card."""
        if self.command == "block" and self.why != "until":
            return {"reason": self.why}
        if self.command not in WITH_OTHER:
            return {}
        if not self.other_card_id:
            raise UserError(
                self.env._(
                    "No card with this number takes part in your programs. A card is"
                    " known after its first purchase or activation; a till replaces"
                    " a card by a new number at once."
                )
            )
        return {"other": _by_id(self.other_card_id)}

    def _done_text(self):
        card = self.card_id.number
        if self.command == "block" and self.why != "until":
            return self.env._("Card %(card)s is closed for good.", card=card)
        return {
            "block": self.env._("Card %(card)s is blocked.", card=card),
            "unblock": self.env._("Card %(card)s is active again.", card=card),
            "replace": self.env._("Card %(card)s is replaced.", card=card),
            "pool": self.env._("Card %(card)s has joined the pool.", card=card),
            "leave": self.env._("Card %(card)s has left the pool.", card=card),
        }[self.command]


def _by_id(card):
    return CardRef(kind="ledger", value=str(card.id))
