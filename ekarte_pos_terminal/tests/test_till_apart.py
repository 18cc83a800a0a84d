"""A till of an Odoo with only a copy of the ledger: goods are sold, cards are not."""

from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.ekarte_loyalty.tests.apart_common import ApartCase

from .test_session_close import DayCase
from .till_common import CLUB, GIFT, OTHER_CLUB

COPY = "copy of the card ledger"


@tagged("post_install", "-at_install")
class TestTillApart(ApartCase, DayCase):
    def _refused(self, act):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(UserError, COPY),
            self.env.cr.savepoint(),
        ):
            act()

    def test_cards_are_refused_in_words_known_ones_and_new_ones(self):
        self.load_gift(GIFT, 3000)
        self.buy(CLUB, (self.soap, 2))
        sold = self.cart()
        line = sold.add(self.gift_sold, 1, 30.0, role="load")
        self.set_apart()
        cart = self.cart((self.bread, 3))
        for number in (CLUB, OTHER_CLUB, GIFT):
            with self.subTest(number):
                self._refused(lambda number=number: cart.identify(number))
        self._refused(lambda: sold.load(line, GIFT, 3000))
        self._refused(lambda: self.till.ekarte_enrolment(self.scan(CLUB)))
        self.assertFalse(cart.rows)

    def test_goods_without_a_card_are_sold_and_the_session_closes(self):
        self.set_apart()
        order = self.cart((self.bread, 3)).send()
        self.assertEqual(order.state, "paid")
        self.close()
        self.assertEqual(self.session.state, "closed")
        self.assertFalse(self.session.ekarte_difference)

    def test_a_session_with_cards_of_before_closes_and_says_what_stays_open(self):
        self.load_gift(GIFT, 3000)
        self.buy(CLUB, (self.soap, 2))
        held = self.cart((self.soap, 4))
        held.identify(GIFT)
        self.assertTrue(held.hold({"gift": 1500})["held"])
        self.set_apart()
        self.close()
        self.assertEqual(self.session.state, "closed")
        self.assertIn("stays open", self.session.ekarte_difference)

    def test_with_the_ledger_here_the_same_session_says_nothing(self):
        self.load_gift(GIFT, 3000)
        self.buy(CLUB, (self.soap, 2))
        held = self.cart((self.soap, 4))
        held.identify(GIFT)
        self.assertTrue(held.hold({"gift": 1500})["held"])
        self.close()
        self.assertFalse(self.session.ekarte_difference)
        self.assertEqual(self.balance(GIFT), 3000)
