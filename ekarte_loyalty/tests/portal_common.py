"""Two subscribers with portal logins: each holds cards of the test network."""

from odoo.http import Request
from odoo.tests import HttpCase, new_test_user

from .common import CLUB_CARD, GIFT_CARD, OTHER_CLUB_CARD, NetworkCase


class PortalCase(HttpCase, NetworkCase):
    """Anna holds the club card and the gift card, Boris the other club card."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls._send(cls.grocer, "sale", OTHER_CLUB_CARD, 4321)
        cls.anna = new_test_user(cls.env, "t.anna", groups="base.group_portal")
        cls.boris = new_test_user(cls.env, "t.boris", groups="base.group_portal")
        cls.club_card = cls._ledger_card(CLUB_CARD)
        cls.gift_card = cls._ledger_card(GIFT_CARD)
        cls.other_card = cls._ledger_card(OTHER_CLUB_CARD)
        cls._give(cls.club_card, cls.anna)
        cls._give(cls.gift_card, cls.anna)
        cls._give(cls.other_card, cls.boris)

    @classmethod
    def _ledger_card(cls, number):
        finder = cls.env["ekarte.card.find"].create({"number": number})
        return finder.card_id

    @classmethod
    def _give(cls, card, user):
        for issuer in card.membership_ids.issuer_id:
            cls.env["ekarte.holder"]._give(card.id, issuer, user.partner_id)
        cls.env.cr.flush()

    def login(self, user):
        self.authenticate(user.login, user.login)

    def page(self, path, **data):
        """Open a page, or send its form where there are values."""
        if data:
            data["csrf_token"] = Request.csrf_token(self)
        answer = self.url_open(path, data=data or None)
        self.env.invalidate_all()
        return answer
