from datetime import datetime, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ekarte_core import note_card

from ..keyring import server_keyring
from ..ledger import writing_the_ledger
from .ekarte_card_find import IDENTIFIER_KINDS, card_reference


class EkarteSaleCard(models.TransientModel):
    """Put a card on a quotation: one of the customer's, or by its number. The number
    lives as long as one call: it is turned into the card's id and never kept."""

    _name = "ekarte.sale.card"
    _description = "Card of an Order"

    order_id = fields.Many2one("sale.order", required=True, readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id")
    kind = fields.Selection(
        IDENTIFIER_KINDS, "Identifier", required=True, default="keyed"
    )
    number = fields.Char(store=False, help="Type it, or read the card.")
    own_card_ids = fields.Many2many("ekarte.card", compute="_compute_own_card_ids")
    own_card_id = fields.Many2one(
        "ekarte.card",
        "Own Cards",
        compute="_compute_own_card_id",
        store=True,
        readonly=False,
        domain="[('id', 'in', own_card_ids)]",
    )
    found_id = fields.Many2one("ekarte.card", readonly=True)

    @api.depends("order_id")
    def _compute_own_card_ids(self):
        for wizard in self:
            wizard.own_card_ids = wizard._cards_of(wizard.order_id)

    @api.depends("own_card_ids")
    def _compute_own_card_id(self):
        """The only card of a customer is chosen already."""
        for wizard in self:
            known = wizard.own_card_ids
            wizard.own_card_id = known.id if len(known) == 1 else False

    @api.model
    def _cards_of(self, order):
        """Return the cards that the customer holds, or the customer's company."""
        holder = self.env["ekarte.holder"].sudo()
        issuer = order.sudo().ekarte_issuer_id
        cards = self.env["ekarte.card"].sudo()
        for partner in order.partner_id | order.partner_id.commercial_partner_id:
            cards |= holder._cards_of(partner, issuer)
        return cards

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._with_card(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._with_card(vals))

    def _with_card(self, vals):
        """Turn a number into the ledger's id; whatever was said about it is dropped."""
        number = (vals.get("number") or "").strip()
        kept = {n: v for n, v in vals.items() if n not in ("number", "found_id")}
        if number:
            kind = vals.get("kind") or self[:1].kind or "keyed"
            kept["found_id"] = self._note(kind, number)
        return kept

    @api.model
    def _note(self, kind, number):
        desk = self.env["ekarte.desk"].sudo()
        with writing_the_ledger(self.env):
            noted = note_card(
                self.env.cr,
                desk._network(),
                server_keyring(self.env),
                card_reference(kind, number),
                datetime.now(timezone.utc),
            )
        self.env["ekarte.card"].invalidate_model(flush=False)
        if noted is None:
            raise UserError(
                self.env._("No program of your issuer knows a card with this number.")
            )
        return noted.id

    def action_use(self):
        """Put the card on the order."""
        self.ensure_one()
        order = self.order_id
        order.check_access("write")
        # What the browser chose counts only if the customer holds it.
        own = self._cards_of(order) & self.own_card_id.sudo()
        card = self.found_id.sudo() or own
        if not card:
            raise UserError(self.env._("Read the card, or choose one."))
        order._ekarte_attach(card)
        return {"type": "ir.actions.act_window_close"}
