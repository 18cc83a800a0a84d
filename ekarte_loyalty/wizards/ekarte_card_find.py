from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import find_card

from ..card_reference import card_reference
from ..keyring import server_keyring

IDENTIFIER_KINDS = [
    ("keyed", "Card number"),
    ("bank", "Bank card"),
    ("document", "Document"),
    ("phone", "Phone number"),
    ("chip", "Chip"),
]


class EkarteCardFind(models.TransientModel):
    """Find a card by its number. The number lives as long as one call: it is not a
    column, it is turned into the card's id before anything is written."""

    _name = "ekarte.card.find"
    _description = "Find a card"

    kind = fields.Selection(
        IDENTIFIER_KINDS, "Identifier", required=True, default="keyed"
    )
    number = fields.Char(store=False, help="Type it, or read the card.")
    card_id = fields.Many2one("ekarte.card", readonly=True)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_card(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_card(vals))

    def _with_card(self, vals):
        number = vals.get("number")
        vals = {name: value for name, value in vals.items() if name != "number"}
        if number:
            kind = vals.get("kind") or self[:1].kind or "keyed"
            vals["card_id"] = self._find(kind, number).id
        return vals

    @api.model
    def _find(self, kind, number):
        """Return the card, if it is one that the user may see; else nothing."""
        found = find_card(
            self.env.cr, server_keyring(self.env), card_reference(kind, number)
        )
        # By rule: a card of other issuers only is as unknown as no card at all.
        return self.env["ekarte.card"].search([("id", "=", found or 0)])

    def action_find(self):
        self.ensure_one()
        if not self.card_id:
            raise UserError(
                self.env._("No card with this number takes part in your programs.")
            )
        return {
            "type": "ir.actions.act_window",
            "res_model": "ekarte.card",
            "res_id": self.card_id.id,
            "views": [(False, "form")],
            "target": "main",
        }
