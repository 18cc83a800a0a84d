from odoo.tests import tagged

from .till_common import CLUB, GIFT, OTHER_CLUB, STRANGER, TillCase


@tagged("post_install", "-at_install")
class TestTillSale(TillCase):
    def test_a_card_gives_its_discount_by_tax_and_the_order_books_it(self):
        cart = self.cart((self.bread, 3), (self.soap, 1))
        quote = cart.identify(CLUB)
        self.assertEqual(
            (quote["rc"], quote["amount"], quote["discount"], quote["due"]),
            ("00", 1100, 55, 1045),
        )
        self.assertEqual(quote["card"]["state"], "new")
        self.assertTrue(quote["card"]["anonymous"])
        self.assertEqual(
            sorted((line["role"], line["minor"]) for line in quote["off_lines"]),
            [("discount", 25), ("discount", 30)],
        )
        order = cart.send()
        self.assertEqual((order.state, order.amount_total), ("paid", 10.45))
        self.assertEqual(cart.rows.state, "booked")
        self.assertEqual(cart.rows.pos_order_id, order)
        self.assertEqual(order.ekarte_receipt["discount"], 55)
        self.assertEqual(cart.rows.card_id.state, "active")

    def test_an_unknown_card_is_refused_with_a_sentence(self):
        cart = self.cart((self.bread, 3))
        quote = cart.identify(STRANGER)
        self.assertEqual(quote["rc"], "14")
        self.assertTrue(quote["message"])
        self.assertFalse(cart.rows)

    def test_gift_money_pays_a_part_and_is_taken_when_the_order_is_stored(self):
        self.load_gift(GIFT, 3000)
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        quote = cart.hold({"gift": 1500})
        self.assertEqual((quote["held"], quote["card_payment"]), (True, 1500))
        self.assertEqual(self.balance(GIFT), 1500)
        self.assertEqual(cart.rows.state, "held")
        order = cart.send()
        self.assertEqual((order.state, cart.rows.state), ("paid", "booked"))
        self.assertEqual(self.balance(GIFT), 1500)
        self.assertEqual(
            order.payment_ids.filtered(
                lambda one: one.payment_method_id.use_payment_terminal
            ).amount,
            15,
        )

    def test_a_hold_given_back_leaves_the_value_on_the_card(self):
        self.load_gift(GIFT, 3000)
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        cart.hold({"gift": 1500})
        cart.till.ekarte_release(cart.uuid)
        self.assertEqual((self.balance(GIFT), cart.rows.state), (3000, "open"))
        cart.till.ekarte_forget(cart.uuid)
        self.assertEqual(cart.rows.state, "released")

    def test_the_card_of_goods_that_join_another_order_comes_along(self):
        first, second = self.cart((self.soap, 2)), self.cart((self.bread, 1))
        first.identify(CLUB)
        quote = first.till.ekarte_move(
            first.uuid, second.uuid, first.lines() + second.lines()
        )
        self.assertEqual((quote["rc"], quote["discount"]), ("00", 60))
        self.assertEqual(first.rows.state, "released")
        self.assertEqual(
            (second.rows.state, second.rows.masked), ("open", first.rows.masked)
        )

    def test_an_order_that_has_a_card_keeps_its_own(self):
        first, second = self.cart((self.soap, 2)), self.cart((self.bread, 1))
        first.identify(CLUB)
        second.identify(OTHER_CLUB)
        quote = first.till.ekarte_move(
            first.uuid, second.uuid, first.lines() + second.lines()
        )
        self.assertEqual(quote["rc"], "05")
        self.assertIn(first.rows.masked, quote["message"])
        self.assertEqual((first.rows.state, len(second.rows)), ("open", 1))

    def test_an_order_without_a_card_has_none_to_give(self):
        first, second = self.cart((self.soap, 2)), self.cart((self.bread, 1))
        quote = first.till.ekarte_move(first.uuid, second.uuid, second.lines())
        self.assertEqual((quote["rc"], len(second.rows)), ("14", 0))
