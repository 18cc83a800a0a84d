"""Whose a card is: what record rules of the portal go by."""

from odoo import api, fields, models

from ..queries import fetch

PREPAID = ("gift_card", "credit_card", "visit_pass")
ADMINISTRATOR = "ekarte_loyalty.ekarte_loyalty_group_administrator"


class EkarteCard(models.Model):
    _inherit = "ekarte.card"

    subscriber_ids = fields.Many2many(
        "res.partner",
        compute="_compute_subscriber_ids",
        search="_search_subscriber_ids",
        groups=ADMINISTRATOR,
        help="Who holds the card at any issuer.",
    )
    account_subscriber_ids = fields.Many2many(
        "res.partner",
        compute="_compute_subscriber_ids",
        search="_search_account_subscriber_ids",
        groups=ADMINISTRATOR,
        help="Who holds a card that uses the purses of this one.",
    )

    may_leave = fields.Boolean(
        compute="_compute_may_leave",
        help="It shares the balance of another card, and may have its own again. A card"
        " that took over from another one may not: its balance would be lost.",
    )

    @api.depends("account_id")
    def _compute_may_leave(self):
        rows = []
        if self.ids:
            rows = fetch(self.env.cr, "subscriber.sql", "heirs", cards=self.ids)
        heirs = {card_id for (card_id,) in rows}
        for card in self:
            guest = card.account_id and card.account_id != card
            card.may_leave = guest and card.id not in heirs

    def _collects_at(self, issuer):
        """Say whether it collects there: a gift card has nothing of answers."""
        types = self.membership_ids.card_type_id
        kinds = types.filtered(lambda one: one.issuer_id == issuer).program_ids
        return any(kind not in PREPAID for kind in kinds.mapped("kind"))

    def _compute_subscriber_ids(self):
        """Ask PostgreSQL, as record rules do in memory too; see the scope's mixin."""
        rows = []
        if self.ids:
            rows = fetch(
                self.env.cr,
                "subscriber.sql",
                "partners_of_accounts",
                accounts=list({*self.ids, *self.account_id.ids}),
            )
        partners = self.env["res.partner"].browse({partner for _, partner in rows})
        owned = {partner: self._owned(partner) for partner in partners}
        for card in self:
            card.subscriber_ids = partners.filtered(
                lambda partner, card=card: card.id in owned[partner]
            )
            card.account_subscriber_ids = partners.filtered(
                lambda partner, card=card: card.id in owned[partner].values()
            )

    def _search_subscriber_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("id", "in", list(self._owned_by(value)))]

    def _search_account_subscriber_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        return [("id", "in", list(set(self._owned_by(value).values())))]

    def _owned_by(self, partner_ids):
        owned = {}
        for partner in self.env["res.partner"].browse(partner_ids):
            owned |= self._owned(partner)
        return owned

    @api.model
    def _owned(self, partner):
        """Return {card id: id of its account} of a partner's cards."""
        self.env["ekarte.holder"].flush_model(["card_id", "partner_id", "active"])
        return dict(
            fetch(self.env.cr, "subscriber.sql", "own_cards", partner=partner.id)
        )

    @api.model
    def _of_subscriber(self, partner):
        """Return a subscriber's cards, in sudo: those in use first, newest first.

        Pages show nothing that was not reached from here.
        """
        cards = self.sudo().search([("id", "in", list(self._owned(partner)))])
        ended = ("lost", "stolen", "replaced", "expired", "closed")
        return cards.sorted(lambda card: (card.state in ended, -card.id))
