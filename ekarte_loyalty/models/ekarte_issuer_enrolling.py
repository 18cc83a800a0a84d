"""Questionnaires and consents told to the ledger; cards given to customers."""

from odoo import models
from odoo.exceptions import UserError

from ekarte_core import Rc, find_card

from ..card_reference import card_reference
from ..keyring import server_keyring


class EkarteIssuer(models.Model):
    _inherit = "ekarte.issuer"

    def _enroll(self, card, consents=None):
        """Tell the ledger of a questionnaire or of consents; return its Answer."""
        ref = self.env["ekarte.desk"]._by_id(card.id)
        return self._enroll_as(ref, consents or {})

    def _enroll_as(self, ref, consents, code=None):
        """Enrol a card; one that lies ready to be given out is put into use first."""
        why = self.env._("Questionnaire")
        answer = self._act("enroll", ref, why, consents=consents)
        # Explained: a first purchase is waited for, nothing else puts it into use.
        if answer.rc != Rc.NOT_ACTIVE.value or answer.explain:
            return answer
        more = {"access_code": code} if code else {}
        put = self._act("activate", ref, self.env._("Given to a customer"), **more)
        if put.rc != Rc.OK.value:
            return put
        return self._act("enroll", ref, why, consents=consents)

    def _hand_out(self, partner, number, code=None):
        """Make a partner the holder of the card with this number; return the card.

        The number is compared and forgotten. A card of the issuer's ranges that nobody
        has yet is registered; who holds a card already keeps it.
        """
        self.ensure_one()
        issuer = self.sudo()
        ref = card_reference("keyed", number.replace(" ", ""))
        answer = issuer._enroll_as(ref, {"questionnaire": False}, code)
        if answer.rc != Rc.OK.value:
            told = " ".join([answer.message, *answer.explain])
            raise UserError(self.env._("Refused: %(why)s", why=told))
        card_id = find_card(self.env.cr, server_keyring(self.env), ref)
        holders = self.env["ekarte.holder"].sudo()
        held = holders._of([card_id], self).get(card_id)
        if held and held != partner:
            raise UserError(self.env._("The card is held by another customer."))
        holders._give(card_id, self, partner)._tell_again()
        return self.env["ekarte.card"].browse(card_id)
