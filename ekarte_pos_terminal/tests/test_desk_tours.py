"""Cashiers count visits and give cards in Chromium; the ledger says what came of it."""

from odoo.tests import HttpCase, tagged

from .desk_common import PASS, DeskCase
from .till_common import CLUB

CLUB_MASKED = "998000******0110"
GIFT_MASKED = "998000******0118"
PASS_MASKED = "998000******0111"


@tagged("post_install", "-at_install")
class TestDeskTours(DeskCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # To a test of the browser, this is the browser's.
        cls.session = None

    def run_tour(self, name):
        self.env.cr.flush()
        self.start_tour(f"/pos/ui/{self.config.id}", name, login="t.cashier")
        self.env.invalidate_all()

    def give(self, number, partner):
        card = self.card(f"{number[:6]}******{number[-4:]}")
        self.env["ekarte.holder"]._give(card.id, self.grocer, partner)

    def operations(self):
        return self.env["ekarte.desk.operation"].search([], order="id")

    def test_visits_are_counted_one_card_after_the_other(self):
        self.sell_pass()
        self.give(PASS, self.anna)
        self.run_tour("ekarte_desk_visits")
        answers = [row.answer["rc"] for row in self.operations()]
        self.assertEqual(answers, ["00", "00", "51"])
        self.assertEqual(self.balance(PASS, "visits"), 0)

    def test_a_visit_asked_again_after_the_connection_was_lost_counts_once(self):
        self.sell_pass()
        self.run_tour("ekarte_desk_visit_offline")
        self.assertEqual(len(self.operations()), 1)
        self.assertEqual(self.balance(PASS, "visits"), 1)

    def test_a_new_customer_gets_a_card_and_it_is_used_at_once(self):
        self.run_tour("ekarte_desk_new_customer")
        holder = self.holder(CLUB_MASKED)
        self.assertEqual(
            (holder.name, holder.phone, holder.email, holder.company_id),
            (
                "Laima Kalniņa",
                "+371 20000005",
                "laima@example.com",
                self.grocer_company,
            ),
        )
        card = self.card(CLUB_MASKED)
        self.assertEqual(card.membership_ids.consents, "news")
        self.assertEqual(self.balance(CLUB, "points"), 5)

    def test_a_known_customer_is_not_made_twice(self):
        self.run_tour("ekarte_desk_known_customer")
        self.assertEqual(self.holder(CLUB_MASKED), self.anna)
        same = self.env["res.partner"].search([("phone", "=", self.anna.phone)])
        self.assertEqual(same, self.anna)

    def test_a_chosen_customer_gets_a_card_with_an_access_code(self):
        self.run_tour("ekarte_desk_chosen_customer_and_code")
        card = self.card(GIFT_MASKED)
        self.assertEqual(self.holder(GIFT_MASKED), self.anna)
        self.assertEqual((card.state, card.has_access_code), ("active", True))

    def test_the_card_of_an_order_is_given_without_its_number(self):
        self.run_tour("ekarte_desk_card_of_the_order")
        self.assertEqual(self.holder(CLUB_MASKED).name, "Laima Kalniņa")
        (row,) = self.operations()
        self.assertEqual(row.card_id, self.card(CLUB_MASKED))
