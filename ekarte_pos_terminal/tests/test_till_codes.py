"""Cards with an access code, credit, vouchers: what a till takes beside gift money."""

from odoo import Command
from odoo.tests import tagged

from .till_common import TillCase

CODED = "9980004000000114"
TAB = "9980005000000111"
CODE, WRONG = "83651947", "11111111"


@tagged("post_install", "-at_install")
class TestTillCodes(TillCase):
    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.tab = cls._program(
            "T-TAB", cls.grocer, "credit_card", credit_limit=100, statement_day=1
        )

    @classmethod
    def _make_card_types(cls):
        super()._make_card_types()
        cls.coded = cls._card_type(
            "T-CODE", cls.grocer, cls.gift, "9980004", access_code="optional"
        )
        cls.tab_type = cls._card_type("T-TABC", cls.grocer, cls.tab, "9980005")

    def test_a_card_with_a_code_pays_only_with_it(self):
        self._send(self.grocer, "activate", CODED, 5000, access_code=CODE)
        cart = self.cart((self.soap, 4))
        self.assertTrue(cart.identify(CODED)["code_asked"])
        self.assertEqual(cart.hold({"gift": 1000})["rc"], "55")
        wrong = cart.hold({"gift": 1000}, access_code=WRONG)
        self.assertEqual((wrong["rc"], wrong["tries_left"]), ("55", 2))
        held = cart.hold({"gift": 1000}, access_code=CODE)
        self.assertTrue(held["held"])
        order = cart.send()
        self.assertFalse(order.ekarte_receipt["signature"])
        self.assertEqual(self.balance(CODED), 4000)

    def test_wrong_codes_count_whatever_the_browser_does_next(self):
        self._send(self.grocer, "activate", CODED, 5000, access_code=CODE)
        cart = self.cart((self.soap, 4))
        cart.identify(CODED)
        for _time in range(3):
            cart.hold({"gift": 1000}, access_code=WRONG)
        self.assertEqual(cart.hold({"gift": 1000}, access_code=CODE)["rc"], "75")

    def test_a_code_stands_nowhere(self):
        self._send(self.grocer, "activate", CODED, 5000, access_code=CODE)
        with self.assertLogs("odoo", level="DEBUG") as logs:
            cart = self.cart((self.soap, 4))
            cart.identify(CODED)
            cart.hold({"gift": 1000}, access_code=CODE)
            cart.send()
        self.assertNotIn(CODE, "\n".join(logs.output))
        self.assertNotIn(CODE, str(cart.rows.read()) + str(cart.order.read()))

    def test_credit_pays_and_is_paid_at_a_till(self):
        nothing = self.env["account.tax"]
        settle = self._product(
            "Payment of credit", 0.0, nothing, type="service", ekarte_load="credit"
        )
        settle.property_account_income_id = self.grocer_company._ekarte_account("TND")
        self._send(self.grocer, "activate", TAB)
        cart = self.cart((self.soap, 4))
        quote = cart.identify(TAB)
        self.assertEqual(quote["spendable"]["credit"], 10000)
        held = cart.hold({"credit": 2000})
        self.assertEqual((held["held"], held["card_payment"]), (True, 2000))
        self.assertTrue(cart.send().ekarte_receipt["signature"])
        pay = self.cart()
        line = pay.add(settle, 1, 20.0)
        told = pay.load(line, TAB)
        self.assertEqual((told["planned"], told["owed"]), (False, 2000))
        self.assertTrue(pay.load(line, TAB, 2000)["planned"])
        self.assertEqual(pay.send().state, "paid")
        again = self.cart((self.soap, 1)).identify(TAB)
        self.assertEqual(again["spendable"]["credit"], 10000)

    def test_a_voucher_of_the_shop_lowers_the_price(self):
        prize = self._program(
            "T-PRIZE",
            self.grocer,
            "bonus_prize",
            step=1,
            points_per_step=1,
            prize_ids=[Command.create({"at": 10, "voucher_kind": "money", "value": 4})],
        )
        self._card_type("T-PRI", self.grocer, prize, "9980006", auto_register=True)
        self.env.cr.flush()
        number = "9980006000000119"
        buy = self.cart((self.soap, 2))
        buy.identify(number)
        buy.send()
        cart = self.cart((self.soap, 1), (self.bread, 1))
        quote = cart.identify(number)
        (voucher,) = quote["card"]["vouchers"]
        held = cart.hold({"voucher": voucher["code"]})
        self.assertEqual((held["reduction"], held["card_payment"]), (400, 0))
        order = cart.send()
        self.assertEqual(order.amount_total, 3.0)
        self.assertEqual(order.ekarte_receipt["reduced_by"], {"voucher": 400})
        self.assertFalse(order.ekarte_receipt["paid_with"])
