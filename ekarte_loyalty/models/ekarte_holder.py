from odoo import api, fields, models

from ..queries import fetch


class EkarteHolder(models.Model):
    """Who holds a card, as one issuer knows it. The ledger knows cards only.

    A bearer's card has none. The same card may have a holder at each issuer whose
    programs it takes part in: each keeps its own customers.
    """

    _name = "ekarte.holder"
    _description = "Holder of a card"
    _rec_name = "partner_id"
    _order = "since desc, id desc"
    _check_company_auto = True

    # A window on the ledger: no foreign key, and cards are never deleted there.
    card_id = fields.Many2one("ekarte.card", required=True, index=True)
    card_state = fields.Selection(related="card_id.state", related_sudo=False)
    issuer_id = fields.Many2one(
        "ekarte.issuer",
        required=True,
        ondelete="cascade",
        index=True,
        default=lambda self: self.env["ekarte.issuer"]._default_issuer(),
    )
    company_id = fields.Many2one(related="issuer_id.company_id", store=True)
    partner_id = fields.Many2one(
        "res.partner",
        "Holder",
        required=True,
        ondelete="restrict",
        index=True,
        check_company=True,
    )
    since = fields.Datetime(
        required=True, default=fields.Datetime.now, readonly=True, copy=False
    )
    active = fields.Boolean(default=True)

    _card_issuer_uniq = models.UniqueIndex(
        "(card_id, issuer_id)",
        "This issuer knows a holder of the card already: change that one.",
    )

    @api.depends("partner_id", "card_id")
    def _compute_display_name(self):
        for holder in self:
            holder.display_name = f"{holder.partner_id.name} · {holder.card_id.number}"

    @api.model_create_multi
    def create(self, vals_list):
        holders = super().create(vals_list)
        holders._check_cards()
        return holders

    def write(self, vals):
        if "partner_id" in vals and "since" not in vals:
            vals = {**vals, "since": fields.Datetime.now()}
        done = super().write(vals)
        if "card_id" in vals:
            self._check_cards()
        return done

    def _check_cards(self):
        # Nobody asks of a Many2one whether the user may see what it points at, and
        # constraints run as superuser.
        self.card_id.check_access("read")

    @api.model
    def _give(self, card_id, issuer, partner):
        """Make the partner the holder of a card at an issuer; return the holder."""
        holder = self.with_context(active_test=False).search(
            [("card_id", "=", card_id), ("issuer_id", "=", issuer.id)]
        )
        if not holder:
            vals = {"card_id": card_id, "issuer_id": issuer.id}
            return self.create({**vals, "partner_id": partner.id})
        if holder.partner_id != partner or not holder.active:
            holder.write({"partner_id": partner.id, "active": True})
        return holder

    @api.model
    def _of(self, card_ids, issuer):
        """Return who holds cards at an issuer: {card id: partner}, bearers left out.

        A card that took over from another one is its holder's, until said otherwise.
        """
        own = self._partners(card_ids, issuer)
        cards = self.env["ekarte.card"].browse(set(card_ids) - own.keys())
        return own | self._inherited(cards, issuer)

    @api.model
    def _of_any(self, card):
        """Return who holds a card at any issuer, or held what it took over from."""
        chain = card | self._taken_over(card)
        issuers = self.search([("card_id", "in", chain.ids)]).issuer_id
        people = self.env["res.partner"].browse()
        for issuer in issuers:
            people |= self._of(card.ids, issuer).get(card.id, people)
        return people

    def _inherited(self, cards, issuer):
        before = self._partners(self._replaced_beside(cards).ids, issuer)
        # Of several that were replaced one after the other, the last one counts.
        heirs = self._heirs(list(before), issuer)
        return {
            heir: before[replaced] for replaced, heir in heirs if heir in set(cards.ids)
        }

    @api.model
    def _cards_of(self, partner, issuer):
        """Return a partner's cards at an issuer that may be used, or used again."""
        held = self.search(
            [("partner_id", "=", partner.id), ("issuer_id", "=", issuer.id)]
        ).card_id
        heirs = [heir for _replaced, heir in self._heirs(held.ids, issuer)]
        newer = self.env["ekarte.card"].search([("id", "in", heirs)])
        of_others = self._partners(newer.ids, issuer).keys() - set(held.ids)
        usable = ("new", "active", "blocked")
        return (held | newer).filtered(
            lambda card: card.state in usable and card.id not in of_others
        )

    def _partners(self, card_ids, issuer):
        holders = self.search(
            [("card_id", "in", list(card_ids)), ("issuer_id", "=", issuer.id)]
        )
        return {holder.card_id.id: holder.partner_id for holder in holders}

    def _taken_over(self, cards):
        """Return the cards that were replaced by one of these."""
        beside = self._replaced_beside(cards)
        heirs = self._heirs(beside.ids)
        own = {replaced for replaced, heir in heirs if heir in set(cards.ids)}
        return beside.filtered(lambda card: card.id in own)

    def _replaced_beside(self, cards):
        """Return replaced cards of the accounts of these: in a pool, of others too."""
        return self.env["ekarte.card"].search(
            [("account_id", "in", cards.account_id.ids), ("state", "=", "replaced")]
        )

    @api.model
    def _heirs(self, card_ids, issuer=None):
        """Return (card, card that took over from it), by one replacement or several.

        With an issuer, as far as no card between them is known to be somebody's there.
        """
        if not card_ids:
            return []
        self.flush_model(["card_id", "issuer_id", "active"])
        issuer_id = issuer.id if issuer else None
        values = {"cards": card_ids, "issuer": issuer_id}
        return fetch(self.env.cr, "holder.sql", "heirs", **values)
