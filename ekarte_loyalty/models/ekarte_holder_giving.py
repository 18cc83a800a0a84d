"""A card changes hands: the ledger knows at once what its holder consented to."""

from odoo import api, fields, models
from odoo.exceptions import UserError

HANDS = frozenset({"partner_id", "card_id", "issuer_id", "active"})
SYSTEM = "base.group_system"


class EkarteHolder(models.Model):
    _inherit = "ekarte.holder"

    to_end = fields.Char(
        "Consents to End",
        groups=SYSTEM,
        readonly=True,
        copy=False,
        help="Of former holders: a card that is not in use is told when it works.",
    )

    @api.model_create_multi
    def create(self, vals_list):
        holders = super().create(vals_list)
        meant = holders._meant()
        before = {
            (issuer, cards.browse(card)): partner
            for issuer, cards in meant.items()
            for card, partner in holders.sudo()._inherited(cards, issuer).items()
        }
        self._pass_on(before, self._hands(meant))
        return holders

    def write(self, vals):
        if not HANDS & vals.keys():
            return super().write(vals)
        meant = self._meant()
        before = self._hands(meant)
        done = super().write(vals)
        self._pass_on(before, self._hands(meant) | self._hands(self._meant()))
        return done

    def unlink(self):
        meant = self._meant()
        before = self._hands(meant)
        done = super().unlink()
        self._pass_on(before, self._hands(meant))
        return done

    @api.model
    def _join(self, issuer, partner):
        """Let an issuer know whose cards these are; return those of them it knows.

        A card that is used at one more issuer after it was registered is nobody's
        there: a purchase tells no name. Its holder does, by telling that issuer
        something: from then on she is its customer, too.
        """
        cards = (
            self.env["ekarte.card"]
            ._of_subscriber(partner)
            .filtered(
                lambda card: card.state != "replaced" and issuer in card._page_issuers()
            )
        )
        held = self._of(cards.ids, issuer)
        free = cards.filtered(lambda card: card.id not in held)
        if free and not partner.company_id <= issuer.company_id:
            raise UserError(self._no_contact(issuer))
        for card in free:
            self._give(card.id, issuer, partner)
        own = cards.filtered(lambda card: held.get(card.id, partner) == partner)
        if cards and not own:
            raise UserError(
                self.env._(
                    "This card is registered for somebody else. Ask at the service desk"
                    " of its issuer."
                )
            )
        return own

    def _no_contact(self, issuer):
        return self.env._(
            "%(issuer)s has no contact of yours. Ask at its service desk.",
            issuer=issuer.name,
        )

    def _tell_again(self):
        """Tell the ledger and reward, of cards that were given before they worked."""
        self._pass_on({}, self._hands(self._meant()))

    # Who has what

    def _meant(self):
        """Return {issuer: these cards, and those that took over from them}."""
        meant = {}
        for issuer, holders in self.sudo().grouped("issuer_id").items():
            cards = holders.card_id
            heirs = [heir for _replaced, heir in self._heirs(cards.ids)]
            meant[issuer] = cards | cards.browse(heirs)
        return meant

    @api.model
    def _hands(self, meant):
        """Return in whose hands cards are: {(issuer, card): partner, or nobody}."""
        nobody = self.env["res.partner"].sudo()
        hands = {}
        for issuer, cards in meant.items():
            held = self.sudo()._of(cards.ids, issuer)
            for card in cards:
                hands[issuer, card] = held.get(card.id, nobody)
        return hands

    # What follows from it

    @api.model
    def _pass_on(self, before, after):
        """Let cards know their new holders, and no longer the former ones."""
        nobody = self.env["res.partner"]
        moves = {key: (before.get(key, nobody), now) for key, now in after.items()}
        moves = {key: (was, now) for key, (was, now) in moves.items() if was != now}
        people = {one.id for move in moves.values() for one in move if one}
        of_them = [("partner_id", "in", list(people))]
        asked = self.env["ekarte.consent"].sudo().search(of_them)
        consenting = {(row.issuer_id, row.partner_id) for row in asked}
        answers = self.env["ekarte.questionnaire.answer"].sudo()
        waiting = {
            (answer.issuer_id, answer.partner_id): answer
            for answer in answers.search([*of_them, ("effects_at", "=", False)])
        }
        for (issuer, card), (was, now) in moves.items():
            if {(issuer, was), (issuer, now)} & consenting:
                self._tell_of(issuer, card, was, now)
            if (issuer, now) in waiting:
                waiting[issuer, now]._reward_given(card)

    @api.model
    def _tell_of(self, issuer, card, was, now):
        consents = self.env["ekarte.consent"].sudo()
        ends = consents._in_force(issuer, was).purpose_id.mapped("code")
        if ends and not consents._tell_change(issuer, card, ends, now):
            self._keep_ends(issuer, card, ends)
        if now:
            consents._tell_ledger(issuer, now, strict=False)

    def _keep_ends(self, issuer, card, ends):
        """Remember what is still to end at a card that is not in use."""
        own = [("card_id", "=", card.id), ("issuer_id", "=", issuer.id)]
        holder = self.sudo().with_context(active_test=False).search(own)
        if holder:
            holder.to_end = " ".join(sorted({*(holder.to_end or "").split(), *ends}))

    @api.model
    def _end_former(self):
        """End what former holders had consented to, at cards that work again."""
        everyone = self.sudo().with_context(active_test=False)
        for holder in everyone.search([("to_end", "!=", False)]):
            told = self.env["ekarte.consent"]._tell_change(
                holder.issuer_id,
                holder.card_id,
                holder.to_end.split(),
                holder.partner_id if holder.active else None,
            )
            if told:
                holder.to_end = False
