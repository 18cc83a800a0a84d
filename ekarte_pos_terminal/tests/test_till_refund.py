from odoo.exceptions import UserError
from odoo.tests import tagged

from ekarte_core import Tender

from .till_common import CLUB, GIFT, OTHER_CLUB, OTHER_GIFT, Cart, TillCase


@tagged("post_install", "-at_install")
class TestTillRefund(TillCase):
    def back(self, cart, *goods, config=None):
        """Return a cart that brings back (place, quantity) of what was bought."""
        refund = Cart(self, config or self.config, ())
        for place, qty in goods:
            line = cart.goods[place]
            stored = cart.order.lines.filtered(
                lambda one, uuid=line["uuid"]: one.uuid == uuid
            )
            refund.add(line["product"], -qty, line["price"], refunded=stored)
        return refund

    def points(self, number):
        return self.balance(number, "points")

    def test_goods_that_come_back_give_discount_and_points_back_too(self):
        cart = self.cart((self.bread, 5), (self.soap, 2))
        cart.identify(CLUB)
        cart.send()
        earned = self.points(CLUB)
        self.assertEqual(earned, 3)
        refund = self.back(cart, (0, 5), (1, 2))
        quote = refund.apply(refund.quote())
        self.assertEqual(
            (quote["rc"], quote["amount"], quote["discount"], quote["due"]),
            ("00", 2000, 100, -1900),
        )
        self.assertEqual(self.points(CLUB), 3)
        order = refund.send()
        self.assertEqual((order.state, order.amount_total), ("paid", -19.0))
        self.assertEqual(self.points(CLUB), 0)
        self.assertEqual(
            (refund.rows.kind, refund.rows.state, refund.rows.original_id),
            ("refund", "booked", cart.rows),
        )
        self.assertEqual(order.ekarte_receipt["kind"], "refund")

    def test_part_after_part_comes_back_to_the_cent(self):
        cart = self.cart((self.bread, 3, 1.11), (self.soap, 1, 3.33))
        cart.identify(CLUB)
        cart.send()
        bought = cart.order.amount_total
        total = 0
        for place in (0, 0, 0, 1):
            refund = self.back(cart, (place, 1))
            refund.apply(refund.quote())
            total += refund.send().amount_total
        self.assertAlmostEqual(total, -bought)
        over = self.back(cart, (0, 1))
        quote = over.apply(over.quote())
        self.assertEqual(quote["amount"], 0)

    def test_gift_money_goes_back_to_the_card_that_paid(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        cart.hold({"gift": 1500})
        cart.send()
        self.assertEqual(self.balance(GIFT), 3500)
        refund = self.back(cart, (0, 1))
        quote = refund.apply(refund.quote())
        self.assertEqual((quote["card_payment"], quote["due"]), (-375, -125))
        with self.assertRaisesRegex(UserError, "must go back to the card"):
            refund.send()
        refund.pay_by_card(-375)
        refund.send()
        self.assertEqual(self.balance(GIFT), 3875)
        refund = self.back(cart, (0, 3))
        quote = refund.apply(refund.quote())
        self.assertEqual(quote["card_payment"], -1125)
        refund.pay_by_card(-1125)
        refund.send()
        self.assertEqual(self.balance(GIFT), 5000)

    def test_a_paying_card_gets_its_share_of_what_comes_back(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 3))
        cart.identify(CLUB)
        held = cart.hold({}, card=self.scan(GIFT), amount=1000)
        self.assertTrue(held["held"], held["message"])
        order = cart.send()
        self.assertEqual(order.amount_total, 14.25)
        self.assertEqual(self.balance(GIFT), 4000)
        shares = []
        for _piece in range(3):
            refund = self.back(cart, (0, 1))
            quote = refund.apply(refund.quote())
            (payer,) = quote["payers"]
            shares.append(payer["card_payment"])
            refund.pay_by_card(payer["card_payment"])
            refund.send()
        self.assertEqual((shares, sum(shares)), ([-333, -334, -333], -1000))
        self.assertEqual(self.balance(GIFT), 5000)

    def test_a_paying_card_without_a_card_of_the_order_gets_its_share(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 2))
        cart.hold({}, card=self.scan(GIFT), amount=600)
        cart.send()
        refund = self.back(cart, (0, 1))
        quote = refund.apply(refund.quote())
        self.assertEqual(quote["payers"][0]["card_payment"], -300)
        refund.pay_by_card(-300)
        refund.send()
        self.assertEqual(self.balance(GIFT), 4700)

    def test_bonus_money_that_lowered_the_price_comes_back_as_such(self):
        for _time in range(4):
            cart = self.cart((self.soap, 10))
            cart.identify(CLUB)
            cart.send()
        bonus = self.balance(CLUB)
        self.assertGreaterEqual(bonus, 300)
        cart = self.cart((self.soap, 1), (self.bread, 5))
        cart.identify(CLUB)
        quote = cart.hold({"bonus": 300})
        self.assertEqual((quote["card_payment"], quote["reduction"]), (0, 300))
        order = cart.send()
        receipt = order.ekarte_receipt
        self.assertEqual(
            (receipt["reduced_by"], receipt["paid_with"]), ({"bonus": 300}, {})
        )
        self.assertEqual(self.balance(CLUB), bonus - 300)
        refund = self.back(cart, (0, 1), (1, 5))
        quote = refund.apply(refund.quote())
        self.assertEqual(quote["reduction"], 300)
        self.assertEqual(refund.send().amount_total, -order.amount_total)
        self.assertEqual(self.balance(CLUB), bonus)

    def test_goods_come_back_at_another_till_of_the_issuer(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        cart.hold({"gift": 2000})
        cart.send()
        other = self._make_till("Till two", self.suburb)
        self._open(other)
        refund = self.back(cart, (0, 4), config=other)
        quote = refund.apply(refund.quote())
        self.assertEqual(quote["card_payment"], -2000)
        refund.pay_by_card(-2000)
        refund.send()
        self.assertEqual(self.balance(GIFT), 5000)

    def test_the_back_office_refunds_what_the_card_gave(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 3, 3.33), (self.bread, 1))
        cart.identify(CLUB)
        cart.hold({}, card=self.scan(GIFT), amount=500)
        order = cart.send()
        refund = order._refund()
        self.assertAlmostEqual(refund.amount_total, -order.amount_total)
        (card,) = self.config.payment_method_ids.filtered("use_payment_terminal")
        cash = self.config.payment_method_ids.filtered("is_cash_count")
        for method, amount in ((card, -5.0), (cash, refund.amount_total + 5.0)):
            pay = self.env["pos.make.payment"].with_context(active_id=refund.id)
            pay.create({"payment_method_id": method.id, "amount": amount}).check()
        self.assertEqual(refund.state, "paid")
        self.assertEqual(self.balance(GIFT), 5000)
        self.assertEqual(self.points(CLUB), 0)

    def test_a_refund_without_the_cards_part_is_refused(self):
        cart = self.cart((self.soap, 2))
        cart.identify(CLUB)
        cart.send()
        refund = self.back(cart, (0, 2))
        with self.assertRaisesRegex(UserError, "ask it again"):
            refund.send()

    def test_a_refund_of_an_order_without_a_card_asks_no_card(self):
        cart = self.cart((self.soap, 2))
        cart.send()
        refund = self.back(cart, (0, 1))
        self.assertEqual(refund.quote()["rc"], "14")
        self.assertEqual(refund.send().state, "paid")
        self.assertFalse(refund.rows)

    def test_a_card_of_somebody_else_takes_nothing_of_a_refund(self):
        self.load_gift(GIFT, 5000)
        cart = self.cart((self.soap, 2))
        cart.identify(GIFT)
        cart.hold({"gift": 1000})
        cart.send()
        self.load_gift(OTHER_GIFT, 500)
        refund = self.back(cart, (0, 2))
        refund.identify(OTHER_GIFT)
        refund.apply(refund.quote())
        refund.pay_by_card(-1000)
        refund.send()
        self.assertEqual((self.balance(GIFT), self.balance(OTHER_GIFT)), (5000, 500))

    def test_points_that_are_used_up_are_kept_back(self):
        for _time in range(2):
            cart = self.cart((self.soap, 10))
            cart.identify(CLUB)
            cart.send()
        self._send(self.grocer, "sale", CLUB, 1000, tender=Tender(bonus=100))
        refund = self.back(cart, (0, 10))
        quote = refund.apply(refund.quote())
        order = refund.send()
        self.assertEqual(
            round(-order.amount_total * 100),
            quote["amount"] - quote["discount"] - quote["kept"],
        )

    def test_other_cards_keep_what_they_have(self):
        self._send(self.grocer, "sale", OTHER_CLUB, 5000)
        before = self.points(OTHER_CLUB)
        cart = self.cart((self.soap, 2))
        cart.identify(CLUB)
        cart.send()
        refund = self.back(cart, (0, 2))
        refund.apply(refund.quote())
        refund.send()
        self.assertEqual(self.points(OTHER_CLUB), before)
