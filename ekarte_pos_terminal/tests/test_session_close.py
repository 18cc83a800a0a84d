"""A day at a till, closed and settled: nothing is left on the card tender account."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.ekarte_loyalty.tests.common import FUEL_CARD

from .desk_common import PASS
from .till_common import CLUB, GIFT, OTHER_CLUB, Cart, TillCase

TAB = "9980004000000114"


class DayCase(TillCase):
    """What happens at a till in a day; its closing, and its settlement."""

    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.fuel_bonus.write({"convert_at": 10, "convert_to": 1})
        cls.prize = cls._program(
            "T-PRI",
            cls.grocer,
            "bonus_prize",
            step=10,
            prize_ids=[Command.create({"at": 4, "voucher_kind": "money", "value": 3})],
        )
        cls.ten = cls._program("T-TEN", cls.grocer, "visit_pass", visits=2, price=30)
        cls.tab = cls._program("T-TAB", cls.grocer, "credit_card", credit_limit=100)

    @classmethod
    def _make_card_types(cls):
        super()._make_card_types()
        cls.club.program_ids |= cls.prize
        cls._card_type("T-PASS", cls.grocer, cls.ten, "9980005")
        cls._card_type("T-TAB", cls.grocer, cls.tab, "9980004")

    @classmethod
    def _make_goods(cls):
        super()._make_goods()
        tender = cls.grocer_company._ekarte_account("TND")
        cls.top_up_sold, cls.credit_paid = (
            cls._product(
                name,
                0.0,
                cls.env["account.tax"],
                type="service",
                ekarte_load=sort,
                property_account_income_id=tender.id,
            )
            for name, sort in (("Top-up", "top_up"), ("Credit payment", "credit"))
        )

        cls.pass_sold = cls._product(
            "Pass", 30.0, cls.tax21, type="service", ekarte_load="pass"
        )

    # What happens at the till

    def buy(self, number, *goods, **tender):
        cart = self.cart(*goods)
        quote = cart.identify(number)
        self.assertEqual(quote["rc"], "00", quote["message"])
        if tender:
            quote = cart.hold(tender)
            self.assertTrue(quote["held"], quote["message"])
        cart.send()
        return cart, quote

    def load(self, product, number, amount):
        cart = self.cart()
        line = cart.add(product, 1, amount / 100, role="load")
        told = cart.load(line, number, amount)
        self.assertTrue(told["planned"], told["message"])
        cart.send()

    def give_back(self, cart, place, qty):
        line = cart.order.lines.sorted("id")[place]
        refund = Cart(self, self.config, (), refunds=cart)
        refund.add(line.product_id, -qty, line.price_unit, line, taxes=line.tax_ids)
        quote = refund.apply(refund.quote())
        self.assertEqual(quote["rc"], "00", quote["message"])
        if quote["card_payment"]:
            refund.pay_by_card(quote["card_payment"])
        refund.send()
        return quote

    def close(self, session=None):
        session = session or self.session
        session = session.with_user(self.cashier)
        data = session.get_closing_control_data()
        session.post_closing_cash_details(data["default_cash_details"]["amount"])
        session.update_closing_control_state_session("")
        done = session.close_session_from_ui([])
        self.assertTrue(done["successful"], done)
        return data

    def settle(self):
        self.env.flush_all()
        self.env["ekarte.settlement"]._cron_settle()
        self.env.invalidate_all()
        waiting = self.env["ekarte.settlement"].search([("state", "!=", "posted")])
        self.assertFalse(waiting, waiting.mapped("reason"))

    def balance_of(self, key, company=None):
        company = company or self.grocer_company
        lines = self.env["account.move.line"].search(
            [
                ("account_id", "=", company._ekarte_account(key).id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(lines.mapped("balance")), 2)

    def rows(self):
        """Return the reconciliation of both companies, by company and account."""
        companies = (self.grocer_company | self.fuel_company).ids
        return [
            row
            for row in self.env["ekarte.settlement"]._reconciliation()
            if row["company_id"] in companies
        ]

    def whole_day(self):
        """Every way in which a card moves money at a till, once at least."""
        self.load(self.gift_sold, GIFT, 5000)
        self.load(self.top_up_sold, GIFT, 2000)
        bought, quote = self.buy(GIFT, (self.soap, 4), gift=1500)
        self.assertEqual(quote["card_payment"], 1500)
        self.assertEqual(self.give_back(bought, 0, 1)["card_payment"], -375)
        # A club card earns points that become money, and a voucher.
        for _time in range(2):
            self.buy(CLUB, (self.soap, 10))
        _cart, quote = self.buy(CLUB, (self.soap, 2), bonus=100)
        self.assertEqual((quote["reduction"], quote["card_payment"]), (100, 0))
        voucher = self.answer(self._send(self.grocer, "inquire", CLUB)).vouchers[0]
        _cart, quote = self.buy(CLUB, (self.soap, 2), voucher=voucher.code)
        self.assertEqual((quote["reduction"], quote["card_payment"]), (300, 0))
        # Bonus money of the ally is a payment.
        self._send(self.fuel, "sale", FUEL_CARD, 30_000)
        _cart, quote = self.buy(FUEL_CARD, (self.bread, 3), bonus=200)
        self.assertEqual((quote["reduction"], quote["card_payment"]), (0, 200))
        self._send(self.grocer, "activate", TAB)
        self.buy(TAB, (self.bread, 5), credit=1000)
        self.load(self.credit_paid, TAB, 400)
        self.load(self.pass_sold, PASS, 3000)


@tagged("post_install", "-at_install")
class TestSessionClose(DayCase):
    # What is left

    def test_nothing_is_left_on_the_tender_account(self):
        self.whole_day()
        self.close()
        # What cards paid, less what was loaded and paid into credit.
        paid, loaded = 15 - 3.75 + 2 + 10, 50 + 20 + 4
        self.assertEqual(self.balance_of("TND"), round(paid - loaded, 2))
        self.settle()
        self.assertEqual(self.balance_of("TND"), 0)
        self.assertEqual(self.balance_of("TND", self.fuel_company), 0)

    def test_the_books_and_the_ledger_agree(self):
        self.whole_day()
        self.close()
        self.settle()
        wrong = [row for row in self.rows() if not row["ok"]]
        self.assertEqual(wrong, [])
        self.assertEqual(self.balance_of("LGC"), -(70 - 15 + 3.75))
        self.assertEqual(self.balance_of("ALC"), 6)
        # A pass is service that was paid before: what it brings waits, without tax.
        self.assertEqual(self.balance_of("LPS"), -24.79)

    def test_the_allys_bonus_is_cleared_and_the_own_one_is_not(self):
        self.whole_day()
        self.close()
        self.settle()
        self.assertEqual(self.balance_of("CLR"), 2)
        self.assertEqual(self.balance_of("CLR", self.fuel_company), -2)

    def test_own_bonus_money_lowers_revenue_and_tax(self):
        for _time in range(2):
            self.buy(CLUB, (self.soap, 10))
        with_bonus, _quote = self.buy(CLUB, (self.soap, 2), bonus=100)
        # 9.40 after 6 % off, 1.00 less by bonus.
        self.assertEqual(with_bonus.order.amount_total, 8.4)
        self.close()
        lines = self.session.move_id.line_ids
        tax = -sum(lines.filtered("tax_line_id").mapped("balance"))
        sold = sum(self.session.order_ids.mapped("amount_total"))
        # Odoo rounds the tax of each line.
        self.assertAlmostEqual(tax, sold * 21 / 121, delta=0.05)
        income = lines.filtered(
            lambda line: (
                line.account_id.account_type == "income" and not line.tax_line_id
            )
        )
        self.assertAlmostEqual(-sum(income.mapped("balance")), sold - tax)

    # The batch

    def test_closing_closes_the_batch_in_the_ledger(self):
        self.whole_day()
        self.close()
        self.assertFalse(self.session.ekarte_difference)
        close = self.env["ekarte.operation"].search(
            [("command", "=", "close"), ("batch", "=", self.session.id)]
        )
        self.assertIn("00", close.mapped("rc"))

    def test_a_sold_card_that_comes_back_makes_no_difference(self):
        cart = self.cart()
        line = cart.add(self.gift_sold, 1, 20.0, role="load")
        self.assertTrue(cart.load(line, GIFT, 2000)["planned"])
        sold = cart.send().lines
        back = self.cart()
        back.add(self.gift_sold, -1, 20.0, refunded=sold, role="load")
        back.send()
        self.close()
        self.assertFalse(self.session.ekarte_difference)

    def test_a_session_without_cards_closes_too(self):
        self.cart((self.bread, 1)).send()
        self.close()
        self.assertEqual(self.session.state, "closed")
        self.assertFalse(self.session.ekarte_difference)

    def test_what_only_the_ledger_knows_is_told_and_does_not_stop_closing(self):
        self.buy(CLUB, (self.bread, 1))
        self.env["ekarte.desk"]._execute(
            "sale",
            self.config._ekarte_terminal(),
            batch=self.session._ekarte_batch(),
            card=self.env["ekarte.desk"]._by_id(
                self.env["ekarte.checkout"].search([], limit=1).card_id.id
            ),
            amount=700,
        )
        self.close()
        self.assertIn("7.00", self.session.ekarte_difference)
        self.assertEqual(self.session.state, "closed")

    def test_an_order_after_the_close_goes_into_the_next_batch(self):
        cart, _quote = self.buy(CLUB, (self.bread, 1))
        self.close()
        self.session = self._open(self.config)
        self.give_back(cart, 0, 1)
        rows = self.env["ekarte.checkout"].search([("kind", "=", "refund")])
        self.assertEqual(rows.booked_batch, self.session.id)

    def test_a_card_let_go_while_the_till_is_closed_is_free(self):
        self.load(self.gift_sold, GIFT, 5000)
        cart = self.cart((self.soap, 4))
        cart.identify(GIFT)
        self.assertTrue(cart.hold({"gift": 1500})["held"])
        row = cart.rows
        self.session.state = "closed"
        row._let_go()
        self.assertEqual(self.balance(GIFT), 5000)

    def test_card_payments_are_shown_and_not_counted(self):
        self.load(self.gift_sold, GIFT, 5000)
        self.buy(GIFT, (self.soap, 4), gift=1500)
        data = self.close()
        (cards,) = [
            row for row in data["non_cash_payment_methods"] if row["name"] == "E-karte"
        ]
        self.assertEqual((cards["amount"], cards["number"]), (15, 1))
        self.assertNotEqual(cards["type"], "bank")

    def test_a_difference_of_card_payments_is_refused(self):
        self.load(self.gift_sold, GIFT, 5000)
        self.buy(GIFT, (self.soap, 4), gift=1500)
        method = self.config._ekarte_payment_method()
        session = self.session.with_user(self.cashier)
        with self.assertRaisesRegex(UserError, "no difference to count"):
            session.close_session_from_ui([(method.id, 1.0)])

    def test_two_cards_of_different_kinds_meet_one_account(self):
        self.load(self.gift_sold, GIFT, 5000)
        self.buy(OTHER_CLUB, (self.soap, 1))
        cart = self.cart((self.soap, 3))
        cart.identify(OTHER_CLUB)
        held = cart.hold({}, card=self.scan(GIFT), amount=1000)
        self.assertTrue(held["held"], held["message"])
        cart.send()
        self.close()
        self.settle()
        self.assertEqual(self.balance_of("TND"), 0)

    # Not covered

    def uncovered(self):
        """Return the row of an order whose card was emptied before it was stored."""
        self.load(self.gift_sold, GIFT, 5000)
        cart = self.cart((self.soap, 8))
        cart.identify(GIFT)
        self.assertTrue(cart.hold({"gift": 4000})["held"])
        row = cart.rows
        self.env["ekarte.desk"]._execute(
            "reverse",
            self.config._ekarte_terminal(),
            batch=self.session._ekarte_batch(),
            original=row._hold_key(),
        )
        self.load(self.top_up_sold, GIFT, 500)
        self.buy(GIFT, (self.soap, 4), gift=2000)
        cart.send()
        self.assertEqual(row.state, "uncovered")
        return row

    def test_an_uncovered_payment_stays_open_while_the_card_refuses(self):
        row = self.uncovered()
        told = row.action_try_again()["params"]
        self.assertEqual((told["type"], row.state), ("warning", "uncovered"))
        self.assertEqual(self.balance(GIFT), 3500)

    def test_it_is_covered_once_the_card_can_pay_and_the_books_agree(self):
        row = self.uncovered()
        self.load(self.top_up_sold, GIFT, 1000)
        self.close()
        self.assertEqual(row.action_try_again()["params"]["type"], "success")
        self.assertEqual((row.state, self.balance(GIFT)), ("booked", 500))
        self.settle()
        self.assertEqual(self.balance_of("TND"), 0)
        with self.assertRaisesRegex(UserError, "not open any more"):
            row.action_try_again()

    def test_a_cashier_does_not_ask_cards_again(self):
        row = self.uncovered()
        with self.assertRaises(AccessError), mute_logger("odoo.addons.base"):
            row.with_user(self.cashier).action_try_again()


@tagged("post_install", "-at_install")
class TestBonusThatPays(DayCase):
    """Own bonus money that is a payment: the price and its tax stay as they are."""

    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.bonus.own_use = "mpv"

    def test_bonus_money_is_a_payment_and_the_price_stays(self):
        for _time in range(2):
            self.buy(CLUB, (self.soap, 10))
        cart, quote = self.buy(CLUB, (self.soap, 2), bonus=100)
        self.assertEqual((quote["reduction"], quote["card_payment"]), (0, 100))
        # 9.40 after 6 % off, whatever pays it.
        self.assertEqual(cart.order.amount_total, 9.4)
        self.close()
        lines = self.session.move_id.line_ids
        tax = -sum(lines.filtered("tax_line_id").mapped("balance"))
        sold = sum(self.session.order_ids.mapped("amount_total"))
        self.assertAlmostEqual(tax, sold * 21 / 121, delta=0.05)
        # The session has 1.00 on the card tender, settlement takes it from there (B3v).
        self.assertEqual(self.balance_of("TND"), 1)
        self.settle()
        self.assertEqual(self.balance_of("TND"), 0)
        self.assertEqual([row for row in self.rows() if not row["ok"]], [])

    def test_goods_that_come_back_give_the_bonus_money_back(self):
        for _time in range(2):
            self.buy(CLUB, (self.soap, 10))
        before = self.balance_of("LBN")
        cart, _quote = self.buy(CLUB, (self.soap, 2), bonus=100)
        self.assertEqual(self.give_back(cart, 0, 2)["card_payment"], -100)
        self.close()
        self.settle()
        self.assertEqual(before, 0)
        self.assertEqual(self.balance_of("TND"), 0)
        self.assertEqual([row for row in self.rows() if not row["ok"]], [])
