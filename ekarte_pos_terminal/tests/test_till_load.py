from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .till_common import GIFT, OTHER_GIFT, STRANGER, TillCase


@tagged("post_install", "-at_install")
class TestTillLoad(TillCase):
    def sell(self, number=GIFT, amount=None):
        """Return an order that sells a gift card, and what the till was told."""
        cart = self.cart((self.bread, 1))
        line = cart.add(self.gift_sold, 1, role="load")
        told = cart.load(line, number, amount)
        return cart, line, told

    def test_a_gift_card_is_loaded_only_when_its_order_is_stored(self):
        cart, _line, told = self.sell()
        self.assertEqual(
            (told["rc"], told["command"], told["price"]), ("00", "activate", 3000)
        )
        self.assertTrue(told["planned"])
        self.assertEqual(self.balance(GIFT), 0)
        cart.send()
        self.assertEqual(self.balance(GIFT), 3000)
        self.assertEqual(cart.loads.state, "booked")
        (line,) = cart.order.ekarte_receipt["loads"]
        self.assertEqual((line["amount"], line["masked"]), (3000, cart.loads.masked))

    def close_with(self, *goods):
        """Sell goods and a gift card of 30; return what is on the tender account."""
        # As Latvia's chart of accounts has it: taxes are rounded order by order.
        self.grocer_company.tax_calculation_rounding_method = "round_globally"
        cart = self.cart(*goods)
        line = cart.add(self.gift_sold, 1, role="load")
        cart.load(line, GIFT)
        cart.send()
        self.session.close_session_from_ui()
        tender = self.grocer_company._ekarte_account("TND")
        lines = self.env["account.move.line"].search([("account_id", "=", tender.id)])
        return sum(lines.mapped("balance"))

    def test_the_cent_that_taxes_leave_over_is_not_taken_from_a_card(self):
        # 2 * 1.79 before tax, together 3.57: a cent less.
        self.assertEqual(self.close_with((self.bread, 1), (self.bread, 1)), -30)

    def test_a_card_sold_with_goods_that_leave_no_cent_is_booked_as_paid(self):
        self.assertEqual(self.close_with((self.bread, 1)), -30)

    def test_a_draft_loads_nothing(self):
        cart, _line, _told = self.sell()
        cart.send("draft")
        self.assertEqual((self.balance(GIFT), cart.loads.state), (0, "planned"))

    def test_a_load_without_its_card_is_refused(self):
        cart = self.cart((self.bread, 1))
        cart.add(self.gift_sold, 1)
        with self.assertRaisesRegex(UserError, "scan the card"):
            cart.send()

    def test_another_amount_than_the_ledger_was_asked_about_is_refused(self):
        cart, line, _told = self.sell()
        line["price"] = 300.0
        with self.assertRaisesRegex(UserError, "another amount"):
            cart.send()

    def test_a_card_of_no_range_is_refused(self):
        _cart, _line, told = self.sell(STRANGER)
        self.assertEqual(told["rc"], "14")

    def test_what_the_ledger_refuses_is_said_at_once(self):
        _cart, _line, told = self.sell(amount=100)
        self.assertEqual((told["rc"], told["planned"]), ("13", False))

    def test_a_load_given_up_leaves_nothing(self):
        cart, line, _told = self.sell()
        cart.till.ekarte_unload(cart.uuid, line["uuid"])
        self.assertFalse(cart.loads)

    def test_without_a_price_the_till_is_told_what_may_be_loaded(self):
        self.gift_sold.list_price = 0
        cart, line, told = self.sell()
        self.assertEqual((told["rc"], told["planned"], told["min"]), ("00", False, 500))
        self.assertFalse(cart.loads)
        told = cart.load(line, GIFT, 1500)
        self.assertEqual((told["planned"], told["price"]), (True, 1500))
        told = cart.load(line, None, 2000)
        self.assertEqual((told["planned"], cart.loads.amount), (True, 2000))

    def test_the_till_says_which_sums_may_be_loaded(self):
        self.gift_sold.list_price = 0
        self.gift.write(
            {
                "max_balance": 60,
                "denomination_ids": [Command.create({"amount": a}) for a in (20, 50)],
            }
        )
        self.network._publish()
        cart, line, told = self.sell()
        self.assertEqual(told["denominations"], [2000, 5000])
        told = cart.load(line, GIFT, 3000)
        self.assertEqual((told["rc"], told["planned"]), ("13", False))
        self.assertRegex(told["message"], r"May be loaded: 20\.00.*, 50\.00.*\.")
        self.load_gift(GIFT, 5000)
        cart, line, told = self.sell()
        self.assertEqual((told["denominations"], told["max"]), ([], 0))
        self.assertIn("Nothing more", told["limits"])

    def test_a_sold_card_that_comes_back_is_closed(self):
        cart, line, _told = self.sell()
        order = cart.send()
        sold = order.lines.filtered(lambda one: one.uuid == line["uuid"])
        back = self.cart()
        back.add(self.gift_sold, -1, refunded=sold, role="load")
        order = back.send()
        self.assertEqual(order.state, "paid")
        self.assertEqual(cart.loads.card_id.state, "closed")
        self.assertEqual(cart.loads.state, "refunded")

    def test_a_sold_card_that_was_used_does_not_come_back(self):
        cart, line, _told = self.sell()
        order = cart.send()
        buy = self.cart((self.soap, 2))
        buy.identify(GIFT)
        buy.hold({"gift": 1000})
        buy.send()
        sold = order.lines.filtered(lambda one: one.uuid == line["uuid"])
        back = self.cart()
        back.add(self.gift_sold, -1, refunded=sold)
        self.assertNotEqual(back.quote()["rc"], "00")
        with self.assertRaisesRegex(UserError, "cannot be taken back"):
            back.send()

    def test_loads_earn_no_discount_and_are_not_paid_by_card(self):
        self.load_gift(OTHER_GIFT, 10000)
        cart, _line, _told = self.sell()
        quote = cart.identify(OTHER_GIFT)
        self.assertEqual(quote["amount"], 200)
        self.assertEqual(cart.hold({"gift": 3000})["rc"], "13")
