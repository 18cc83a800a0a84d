"""What becomes of an order: saved, cancelled, closed over, sent late, invoiced."""

import re
from datetime import datetime, timedelta, timezone

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from ekarte_core import expire_holds

from .till_common import CLUB, GIFT, OTHER_GIFT, Cart, TillCase


@tagged("post_install", "-at_install")
class TestTillOrder(TillCase):
    def setUp(self):
        super().setUp()
        self.load_gift(GIFT, 10000)

    def paid_by_card(self, minor=1500, number=GIFT):
        cart = self.cart((self.soap, 4))
        cart.identify(number)
        cart.hold({"gift": minor})
        return cart

    def outlive(self):
        """Let the hold of an order end, as the ledger's clock does."""
        later = datetime.now(timezone.utc) + timedelta(hours=2)
        network = self.env["ekarte.desk"]._network()
        self.assertTrue(expire_holds(self.env.cr, network, self.keyring, later))
        self.env.invalidate_all()

    # Drafts

    def test_a_table_that_is_saved_keeps_its_hold_until_it_pays(self):
        cart = self.paid_by_card()
        cart.send("draft")
        self.assertEqual((cart.rows.state, self.balance(GIFT)), ("held", 8500))
        cart.send("draft")
        self.assertEqual(self.balance(GIFT), 8500)
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual(cart.rows.state, "booked")

    def test_a_cancelled_order_gives_its_hold_back(self):
        cart = self.paid_by_card()
        cart.send("draft")
        cart.order.action_pos_order_cancel()
        self.assertEqual((cart.rows.state, self.balance(GIFT)), ("released", 10000))

    def test_a_deleted_order_gives_its_hold_back(self):
        cart = self.paid_by_card()
        cart.send("draft")
        orders = self.env["pos.order"].with_user(self.cashier)
        orders.remove_from_ui(cart.order.ids)
        self.assertEqual((cart.rows.state, self.balance(GIFT)), ("released", 10000))

    def test_another_till_takes_an_order_over(self):
        other = self._make_till("Till two", self.suburb)
        self._open(other)
        cart = self.paid_by_card()
        cart.payments = []
        cart.send("draft")
        cart.config = other
        quote = cart.quote()
        self.assertEqual((quote["rc"], cart.rows.config_id), ("00", other))
        self.assertEqual(self.balance(GIFT), 10000)
        cart.hold({"gift": 1000})
        self.assertEqual(cart.send().config_id, other)
        self.assertEqual(self.balance(GIFT), 9000)

    def test_the_state_of_an_order_is_told_to_who_loads_it_anew(self):
        cart = self.paid_by_card()
        state = cart.till.ekarte_state([cart.uuid])[cart.uuid]
        (held,) = state["held"]
        self.assertEqual((held["card_payment"], held["role"]), (1500, "main"))
        self.assertEqual(state["card"]["masked"], cart.rows.masked)
        cart.till.ekarte_forget(cart.uuid)
        self.assertEqual(
            cart.till.ekarte_state([cart.uuid])[cart.uuid],
            {"card": None, "quote": None, "held": [], "loads": []},
        )

    def test_another_card_takes_the_place_of_the_first(self):
        cart = self.paid_by_card()
        cart.payments = []
        cart.identify(CLUB)
        self.assertEqual(self.balance(GIFT), 10000)
        self.assertEqual(cart.send().amount_total, 19.0)
        booked = cart.rows.filtered(lambda row: row.state == "booked")
        self.assertEqual(booked.masked[-4:], CLUB[-4:])

    # The session

    def test_closing_gives_back_what_unpaid_orders_hold(self):
        self.paid_by_card()
        self.session.close_session_from_ui()
        self.assertEqual(self.balance(GIFT), 10000)

    def test_an_order_that_comes_after_closing_is_booked_in_the_next_session(self):
        cart = self.paid_by_card()
        data = cart.data()
        self.session.close_session_from_ui()
        self._open(self.config)
        self.env["pos.order"].with_user(self.cashier).sync_from_ui([data])
        self.assertEqual(cart.order.session_id, self.config.current_session_id)
        self.assertEqual((cart.rows.state, self.balance(GIFT)), ("booked", 8500))

    def test_the_entries_of_a_session_put_card_payments_on_the_tender_account(self):
        cart = self.paid_by_card()
        cart.send()
        self.session.close_session_from_ui()
        tender = self.grocer_company._ekarte_account("TND")
        lines = self.env["account.move.line"].search([("account_id", "=", tender.id)])
        self.assertEqual(sum(lines.mapped("balance")), 15.0)

    # Too late

    def test_a_hold_that_is_over_is_tried_once_more(self):
        cart = self.paid_by_card()
        self.outlive()
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual((cart.rows.state, self.balance(GIFT)), ("booked", 8500))

    def test_what_nobody_covers_is_stored_and_listed(self):
        cart = self.paid_by_card(2000)
        self.outlive()
        self._send(self.grocer, "block", GIFT)
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual(cart.rows.state, "uncovered")
        self.assertTrue(cart.rows.message)
        self.assertEqual(cart.rows.payment_amount, 20)

    def test_a_discount_that_moved_since_does_not_keep_the_customer_waiting(self):
        cart = self.cart((self.soap, 10))
        cart.identify(CLUB)
        self._send(self.grocer, "sale", CLUB, 20000)
        self.assertEqual(cart.send().amount_total, 47.5)
        self.assertEqual(cart.rows.state, "booked")
        self.assertIn("2.50", cart.rows.message)

    def test_a_card_blocked_meanwhile_leaves_its_discount_uncovered(self):
        self._send(self.grocer, "sale", CLUB, 1000)
        cart = self.cart((self.soap, 10))
        cart.identify(CLUB)
        self._send(self.grocer, "block", CLUB)
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual(cart.rows.state, "uncovered")

    # Offline

    def test_an_order_closed_offline_is_booked_once_without_discount(self):
        cart = self.cart((self.soap, 10))
        quote = cart.till.ekarte_identify(
            cart.uuid, self.scan(CLUB), cart.lines(), offline=True
        )
        self.assertEqual(quote["rc"], "00")
        order = cart.send()
        self.assertEqual((order.amount_total, cart.rows.state), (50.0, "booked"))
        self.assertEqual((cart.rows.amount, cart.rows.discount), (5000, 0))
        self.assertEqual(self.balance(CLUB), 100)  # ten points, turned into money

    def test_an_offline_order_asks_for_the_card_it_has(self):
        cart = self.cart((self.soap, 10))
        cart.identify(CLUB)
        cart.own = []
        quote = cart.till.ekarte_identify(cart.uuid, None, cart.lines(), offline=True)
        self.assertEqual(quote["rc"], "00")
        cart.add(self.bread, 1)
        self.assertEqual(cart.send().amount_total, 52.0)
        self.assertEqual((cart.rows.state, cart.rows.amount), ("booked", 5200))

    def test_an_offline_order_takes_no_discount(self):
        cart = self.cart((self.soap, 10))
        cart.identify(CLUB)
        cart.till.ekarte_identify(cart.uuid, None, cart.lines(), offline=True)
        with self.assertRaisesRegex(UserError, "cart has changed"):
            cart.send()

    # Beside others

    def test_money_off_by_others_comes_first_and_the_cards_discount_on_the_rest(self):
        cart = self.cart((self.soap, 4), (self.bread, 5))
        cart.add(self.offer, 1, -4.0, taxes=self.tax21)
        cart.add(self.offer, 1, -1.0)
        quote = cart.identify(CLUB)
        self.assertEqual((quote["amount"], quote["discount"]), (2500, 125))
        self.assertEqual(
            [line["discount"] for line in quote["per_line"]],
            [77, 48],
        )
        self.assertEqual(cart.send().amount_total, 23.75)

    def test_a_card_without_any_goods_is_only_shown(self):
        cart = self.cart()
        quote = cart.identify(CLUB)
        self.assertEqual((quote["rc"], quote["amount"]), ("00", 0))
        self.assertEqual(cart.hold({"gift": 100})["held"], False)

    def test_two_cards_pay_one_order(self):
        self.load_gift(OTHER_GIFT, 700)
        cart = self.paid_by_card(1000)
        held = cart.hold({}, card=self.scan(OTHER_GIFT), amount=700)
        self.assertTrue(held["held"])
        order = cart.send()
        self.assertEqual((self.balance(GIFT), self.balance(OTHER_GIFT)), (9000, 0))
        receipt = order.ekarte_receipt
        self.assertEqual(receipt["card_payment"], 1700)
        self.assertEqual(receipt["payers"][0]["card_payment"], 700)

    def test_a_paying_card_that_gives_something_itself_is_sent_to_the_order(self):
        for _time in range(3):
            self._send(self.grocer, "sale", CLUB, 10000)
        cart = self.cart((self.soap, 4))
        held = cart.hold({"bonus": 100}, card=self.scan(CLUB), amount=100)
        self.assertFalse(held["held"])
        self.assertIn("on the order instead", held["message"])
        self.assertFalse(cart.rows.filtered(lambda row: row.state == "held"))

    def test_a_card_that_pays_is_not_the_orders_own_too(self):
        cart = self.cart((self.soap, 4))
        cart.hold({}, card=self.scan(GIFT), amount=700)
        self.assertEqual(cart.identify(GIFT)["rc"], "05")
        self.assertEqual(cart.send().state, "paid")
        self.assertEqual(self.balance(GIFT), 9300)

    def test_more_than_a_card_has_is_refused_with_a_sentence(self):
        cart = self.cart((self.soap, 40))
        cart.identify(GIFT)
        held = cart.hold({"gift": 15000})
        self.assertEqual((held["rc"], held["held"]), ("51", False))
        self.assertTrue(held["message"])

    def test_an_order_with_a_card_is_invoiced_to_the_cent(self):
        partner = self.env["res.partner"].create({"name": "Anna"})
        cart = self.cart((self.soap, 3, 3.33), (self.bread, 7, 1.11))
        cart.identify(CLUB)
        cart.extra = {"partner_id": partner.id, "to_invoice": True}
        order = cart.send()
        self.assertEqual(order.state, "done")
        self.assertAlmostEqual(order.account_move.amount_total, order.amount_total)
        self.assertEqual(order.account_move.payment_state, "paid")

    def test_a_refund_with_a_card_is_credited_to_the_cent(self):
        partner = self.env["res.partner"].create({"name": "Anna"})
        cart = self.cart((self.soap, 3, 3.33), (self.bread, 7, 1.11))
        cart.identify(CLUB)
        cart.extra = {"partner_id": partner.id, "to_invoice": True}
        order = cart.send()
        back = Cart(self, self.config, ())
        for line in cart.goods:
            stored = order.lines.filtered(
                lambda one, uuid=line["uuid"]: one.uuid == uuid
            )
            back.add(line["product"], -line["qty"], line["price"], refunded=stored)
        back.apply(back.quote())
        back.extra = {"partner_id": partner.id, "to_invoice": True}
        refund = back.send()
        self.assertAlmostEqual(refund.amount_total, -order.amount_total)
        self.assertAlmostEqual(refund.account_move.amount_total, order.amount_total)

    def test_a_fiscal_position_changes_the_taxes_of_the_discount_too(self):
        none = self.env["account.tax"].create(
            {
                "name": "0 % abroad",
                "amount": 0,
                "type_tax_use": "sale",
                "company_id": self.grocer_company.id,
                "original_tax_ids": [Command.set(self.tax21.ids)],
            }
        )
        abroad = self.env["account.fiscal.position"].create(
            {
                "name": "Abroad",
                "company_id": self.grocer_company.id,
                "tax_ids": [Command.set(none.ids)],
            }
        )
        cart = self.cart((self.soap, 4))
        cart.goods[0]["taxes"] = none
        quote = cart.identify(CLUB)
        self.assertEqual(quote["off_lines"][0]["tax_ids"], none.ids)
        cart.goods[0]["sent_taxes"] = self.tax21
        cart.extra = {"fiscal_position_id": abroad.id}
        order = cart.send()
        self.assertAlmostEqual(order.amount_total, 19.0)

    # Without cards

    def test_tills_without_a_branch_ask_nobody(self):
        self.session.close_session_from_ui()
        self.config.ekarte_branch_id = False
        self._open(self.config)
        cart = self.cart((self.soap, 4))
        self.env.cr.flush()
        with self.assertLogs("odoo.sql_db", level="DEBUG") as logs:
            order = cart.send()
        self.assertEqual(order.state, "paid")
        asked = "\n".join(logs.output)
        self.assertIn("pos_order", asked)
        tables = set(re.findall(r"(?:FROM|JOIN|INTO|UPDATE) \"?(ekarte\w*)", asked))
        self.assertFalse(tables)

    def test_a_till_with_a_branch_sells_without_a_card(self):
        cart = self.cart((self.soap, 4))
        order = cart.send()
        self.assertEqual((order.state, order.ekarte_receipt), ("paid", False))
