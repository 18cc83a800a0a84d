"""The subscriber's pages: own cards of any issuer, and nothing of anybody else's."""

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ekarte_core import Tender

from .common import CLUB_CARD, THIRD_CLUB_CARD
from .portal_common import PortalCase

VISIBLE = (
    "ekarte.card",
    "ekarte.holder",
    "ekarte.membership",
    "ekarte.purse",
    "ekarte.lot",
    "ekarte.voucher",
)
HIDDEN = ("ekarte.operation", "ekarte.entry", "ekarte.program", "ekarte.issuer")


@tagged("post_install", "-at_install")
class TestPortalCards(PortalCase):
    # Records

    def test_subscriber_reads_records_of_the_own_cards_of_every_issuer(self):
        cards = self.env["ekarte.card"].with_user(self.anna).search([])
        self.assertEqual(cards, self.club_card | self.gift_card)
        for model in VISIBLE[1:]:
            found = self.env[model].with_user(self.anna).search([])
            self.assertTrue(found.sudo().card_id <= cards, model)
        purses = self.env["ekarte.purse"].with_user(self.anna).search([])
        self.assertTrue(purses)
        self.assertTrue(all(purse.read(["balance_text"]) for purse in purses))

    def test_subscriber_reads_no_record_of_anothers_card(self):
        theirs = {
            "ekarte.card": self.other_card,
            "ekarte.purse": self.other_card.purse_ids[:1],
            "ekarte.holder": self.other_card.holder_ids[:1],
        }
        for model, record in theirs.items():
            self.assertTrue(record)
            found = self.env[model].with_user(self.anna)
            self.assertNotIn(record, found.search([]))
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
                found.browse(record.id).read(["display_name"])

    def test_subscriber_reads_neither_operations_nor_the_network_by_hand(self):
        for model in HIDDEN:
            with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
                self.env[model].with_user(self.anna).search([])
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
            self.env["ekarte.holder"].with_user(self.anna).create(
                {
                    "card_id": self.other_card.id,
                    "issuer_id": self.grocer.id,
                    "partner_id": self.anna.partner_id.id,
                }
            )

    def test_card_that_took_over_is_the_subscribers_too_until_another_has_it(self):
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 500, minutes=20)
        third = self._ledger_card(THIRD_CLUB_CARD)
        mine = self.env["ekarte.card"]._of_subscriber
        self.assertNotIn(third, mine(self.anna.partner_id))
        answer = self.grocer._act(
            "replace",
            self.env["ekarte.desk"]._by_id(self.club_card.id),
            "worn",
            other=self.env["ekarte.desk"]._by_id(third.id),
        )
        self.assertEqual(answer.rc, "00", answer.message)
        self.assertIn(third, mine(self.anna.partner_id))
        self.assertIn(self.anna.partner_id, third.subscriber_ids)
        self.assertEqual(third.account_id.account_subscriber_ids, self.anna.partner_id)
        self._give(third, self.boris)
        self.assertNotIn(third, mine(self.anna.partner_id))
        self.assertIn(third, mine(self.boris.partner_id))

    # Pages

    def test_own_cards_are_drawn_with_balances_and_the_next_step(self):
        self.login(self.anna)
        self.assertIn("/my/cards", self.page("/my/home").text)
        cards = self.page("/my/cards").text
        for text in ("9980 00•• •••• 0011", "18.00", "Card T-CLUB"):
            self.assertIn(text, cards)
        self.assertNotIn("0029", cards)
        card = self.page(f"/my/cards/{self.club_card.id}").text
        for text in ("Spend", "more for 6", "Program T-BON", "7 more points", "17.50"):
            self.assertIn(text, card)

    def test_card_is_drawn_with_what_it_holds_and_not_with_what_it_has_spent(self):
        # Eleven points: ten become 1.00, which pays for the next purchase.
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 6000, minutes=20)
        spend = Tender(bonus=100)
        self._send(self.grocer, "sale", THIRD_CLUB_CARD, 200, minutes=21, tender=spend)
        third = self._ledger_card(THIRD_CLUB_CARD)
        shown = third._page_balances()
        self.assertEqual(
            [(one.measure, one.positive) for one in shown],
            [("points", True), ("money", False)],
        )

    def test_purchase_is_explained_as_the_till_was_told(self):
        self.login(self.anna)
        sale = self.env["ekarte.operation"].search(
            [("card_id", "=", self.club_card.id), ("command", "=", "sale")]
        )
        listed = self.page(f"/my/cards/{self.club_card.id}/purchases").text
        self.assertIn(f"/purchases/{sale.id}", listed)
        page = self.page(f"/my/cards/{self.club_card.id}/purchases/{sale.id}").text
        self.assertTrue(sale.explanation)
        for reason in sale.explanation.splitlines():
            self.assertIn(reason.split(":")[0], page)
        self.assertIn("Bonus earned", page)

    def test_anothers_card_is_as_if_it_were_not_there(self):
        self.login(self.anna)
        theirs = self.env["ekarte.operation"].search(
            [("card_id", "=", self.other_card.id)], limit=1
        )
        for path in (
            f"/my/cards/{self.other_card.id}",
            f"/my/cards/{self.other_card.id}/purchases",
            f"/my/cards/{self.other_card.id}/purchases/{theirs.id}",
            f"/my/cards/{self.club_card.id}/purchases/{theirs.id}",
            "/my/cards/999999999",
        ):
            page = self.page(path)
            self.assertTrue(page.url.endswith("/my/cards"), path)
            self.assertNotIn("43.21", page.text)
        self.login(self.boris)
        page = self.page(f"/my/cards/{self.other_card.id}/purchases/{theirs.id}")
        self.assertIn("43.21", page.text)

    def test_employee_without_cards_sees_none_on_the_pages_and_no_number_ever(self):
        operator = self._user("t.operator", "operator", self.grocer_company)
        self.login(operator)
        page = self.page("/my/cards").text
        self.assertIn("No cards here yet", page)
        page = self.page(f"/my/cards/{self.club_card.id}")
        self.assertTrue(page.url.endswith("/my/cards"))
        self.login(self.anna)
        page = self.page(f"/my/cards/{self.club_card.id}").text
        self.assertNotIn(CLUB_CARD, page)
