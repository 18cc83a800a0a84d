"""Adding a card: whoever can show to hold it may; guessing is slow, and watched."""

from odoo import Command
from odoo.tests import tagged

from ekarte_core import CardRef

from .common import CLUB_CARD, FUEL_CARD, GIFT_CARD, OTHER_CLUB_CARD, THIRD_CLUB_CARD
from .portal_common import PortalCase

LOG = "odoo.addons.ekarte_loyalty.models.ekarte_guess"


@tagged("post_install", "-at_install")
class TestPortalRegistration(PortalCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.gift_type.access_code = "optional"
        cls.env.cr.flush()
        cls._send(cls.grocer, "set_code", GIFT_CARD, new_access_code="4321")
        cls.gift_card.holder_ids.unlink()
        cls.fuel_card = cls._ledger_card(FUEL_CARD)
        sale = cls.env["ekarte.operation"].search(
            [("card_id", "=", cls.fuel_card.id), ("command", "=", "sale")]
        )
        cls.slip = {"code": f"{sale.id % 10**6:06d}", "amount": "45,00"}

    def setUp(self):
        super().setUp()
        self.login(self.boris)

    def register(self, number, **evidence):
        by = "code" if "access_code" in evidence else "slip"
        return self.page("/my/cards/register", number=number, by=by, **evidence)

    def mine(self, user=None):
        return self.env["ekarte.card"]._of_subscriber((user or self.boris).partner_id)

    # With evidence

    def test_slip_shows_who_holds_the_card(self):
        page = self.register(FUEL_CARD, **self.slip)
        self.assertIn(f"/my/cards/{self.fuel_card.id}", page.url)
        self.assertIn("The card is yours here now.", page.text)
        self.assertIn(self.fuel_card, self.mine())
        self.assertEqual(self.fuel_card.holder_ids.issuer_id, self.fuel)

    def test_code_scanned_from_a_slip_will_do(self):
        scanned = f"EKARTE:{int(self.slip['code'])}:BO000001:2:4"
        self.register(FUEL_CARD, code=scanned, amount="45.00")
        self.assertIn(self.fuel_card, self.mine())

    def test_access_code_shows_who_holds_the_card(self):
        self.register(GIFT_CARD, access_code="4321")
        self.assertIn(self.gift_card, self.mine())

    # Without

    def test_slip_with_another_sum_or_of_another_card_shows_nothing(self):
        with self.assertLogs(LOG) as told:
            wrong_sum = self.register(FUEL_CARD, **{**self.slip, "amount": "45.01"})
            other = self.register(GIFT_CARD, **self.slip)
            nobody = self.register("9980003000000999", **self.slip)
            self.register(FUEL_CARD, code="", amount="")
        for page in (wrong_sum, other, nobody):
            self.assertIn("This does not fit together", page.text)
        self.assertEqual(self.mine(), self.other_card)
        for secret in (FUEL_CARD, GIFT_CARD, "9980003000000999", self.slip["code"]):
            self.assertNotIn(secret, "".join(told.output))
            self.assertNotIn(secret, wrong_sum.text + wrong_sum.url)

    def test_wrong_access_codes_lock_it_as_at_a_till(self):
        with self.assertLogs(LOG):
            for _try in range(3):
                self.register(GIFT_CARD, access_code="1111")
            self.assertEqual(self.gift_card.access_tries, 3)
            page = self.register(GIFT_CARD, access_code="4321")
        self.assertIn("This does not fit together", page.text)
        self.assertNotIn(self.gift_card, self.mine())

    def test_tills_and_the_site_count_wrong_codes_together(self):
        for issuer, code in ((self.fuel, "0000"), (self.grocer, "1111")):
            said = self._send(issuer, "sale", GIFT_CARD, 100, access_code=code)
            self.assertEqual(said.rc, "55")
        with self.assertLogs(LOG):
            self.register(GIFT_CARD, access_code="2222")
        self.assertEqual(self.gift_card.access_tries, 3)
        said = self._send(self.grocer, "sale", GIFT_CARD, 100, access_code="4321")
        self.assertEqual(said.rc, "75")
        other = self._send(self.grocer, "sale", OTHER_CLUB_CARD, 100)
        self.assertEqual(other.rc, "00")

    def test_card_without_an_access_code_is_not_proven_by_one(self):
        with self.assertLogs(LOG):
            self.register(FUEL_CARD, access_code="1234")
        self.assertNotIn(self.fuel_card, self.mine())

    def test_guessing_at_one_card_ends_though_the_last_guess_is_right(self):
        with self.assertLogs(LOG) as told:
            for guess in range(1, 6):
                # Never the right one, whatever the operation's number is.
                code = f"{(int(self.slip['code']) + guess) % 10**6:06d}"
                self.register(FUEL_CARD, code=code, amount="45.00")
            page = self.register(FUEL_CARD, **self.slip)
        self.assertIn("Too many wrong tries", page.text)
        self.assertNotIn(self.fuel_card, self.mine())
        self.assertIn(f"card {self.fuel_card.id}", told.output[-1])
        kept = self.env["ekarte.guess"].search([]).mapped("who")
        self.assertFalse([who for who in kept if FUEL_CARD in who])

    def test_mistyping_is_forgotten_once_it_is_right(self):
        with self.assertLogs(LOG):
            self.register(FUEL_CARD, code="000001", amount="45.00")
        self.register(FUEL_CARD, **self.slip)
        kept = self.env["ekarte.guess"].search([]).mapped("who")
        self.assertFalse([who for who in kept if who.startswith(("user", "card"))])

    def test_user_who_guesses_at_many_cards_is_stopped(self):
        with self.assertLogs(LOG):
            for last in range(11):
                page = self.register(f"99800030000009{last:02d}", **self.slip)
        self.assertIn("Too many wrong tries", page.text)

    def test_card_of_another_subscriber_stays_the_others(self):
        self._give(self.fuel_card, self.anna)
        page = self.register(FUEL_CARD, **self.slip)
        self.assertIn("registered for somebody else", page.text)
        self.assertNotIn(self.fuel_card, self.mine())
        self.assertIn(self.fuel_card, self.mine(self.anna))

    def _replaced(self):
        """Replace Anna's club card and buy with the new one: (card, its slip)."""
        new = CardRef(value=THIRD_CLUB_CARD)
        self._send(self.grocer, "replace", CLUB_CARD, other=new, minutes=30)
        sale = self._send(self.grocer, "sale", THIRD_CLUB_CARD, 1000, minutes=31)
        self.assertEqual(sale.rc, "00")
        card = self._ledger_card(THIRD_CLUB_CARD)
        operation = self.env["ekarte.operation"].search(
            [("card_id", "=", card.id), ("command", "=", "sale")]
        )
        return card, {"code": f"{operation.id % 10**6:06d}", "amount": "10.00"}

    def test_card_that_took_over_from_anothers_stays_the_others(self):
        card, slip = self._replaced()
        page = self.register(THIRD_CLUB_CARD, **slip)
        self.assertIn("registered for somebody else", page.text)
        self.assertNotIn(card, self.mine())
        self.assertIn(card, self.mine(self.anna))

    def test_card_that_took_over_from_ones_own_is_registered(self):
        card, slip = self._replaced()
        self.login(self.anna)
        page = self.register(THIRD_CLUB_CARD, **slip)
        self.assertIn("The card is yours here now.", page.text)
        self.assertEqual(card.holder_ids.partner_id, self.anna.partner_id)

    def _bound(self, user, company):
        """Let a user's contact be one company's alone."""
        user.write(
            {"company_ids": [Command.set(company.ids)], "company_id": company.id}
        )
        user.partner_id.company_id = company

    def test_contact_of_one_company_is_told_where_it_cannot_register(self):
        self._bound(self.boris, self.grocer_company)
        page = self.register(FUEL_CARD, **self.slip)
        self.assertIn("has no contact of yours", page.text)
        self.assertNotIn(self.fuel_card, self.mine())

    def test_contact_of_one_company_registers_where_it_can(self):
        card, slip = self._replaced()
        self._send(self.fuel, "sale", THIRD_CLUB_CARD, 2000, minutes=32)
        self._bound(self.anna, self.grocer_company)
        self.login(self.anna)
        page = self.register(THIRD_CLUB_CARD, **slip)
        self.assertIn("The card is yours here now.", page.text)
        self.assertEqual(card.holder_ids.issuer_id, self.grocer)

    # The digital card

    def test_number_of_the_own_card_is_drawn_and_kept_nowhere(self):
        page = self.page(f"/my/cards/{self.other_card.id}/show")
        self.assertIn("We do not keep it", page.text)
        answer = self.page(
            f"/my/cards/{self.other_card.id}/code", number="9980 0010 0000 0029"
        )
        drawn = answer.json()
        self.assertEqual(drawn["number"], "9980 0010 0000 0029")
        self.assertTrue(drawn["qr"].startswith("data:image/svg+xml;base64,"))
        self.assertEqual(answer.headers["Cache-Control"], "no-store")
        page = self.page(f"/my/cards/{self.other_card.id}/show")
        self.assertNotIn(OTHER_CLUB_CARD, page.text.replace(" ", ""))

    def test_other_numbers_and_others_cards_are_not_drawn(self):
        path = f"/my/cards/{self.other_card.id}/code"
        with self.assertLogs(LOG):
            told = self.page(path, number=CLUB_CARD).json()
        self.assertIn("not the number of this card", told["problem"])
        answer = self.page(f"/my/cards/{self.club_card.id}/code", number=CLUB_CARD)
        self.assertEqual(answer.status_code, 404)
