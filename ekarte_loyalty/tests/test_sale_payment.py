from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from ekarte_core import Tender, current_network, expire_holds

from .sale_common import OTHER_ALL_CARD, SaleCase


@tagged("post_install", "-at_install")
class TestSaleHold(SaleCase):
    """What a card shall pay is held when the order is confirmed."""

    def test_confirmation_holds_what_was_asked(self):
        order = self._quotation((self.book, 3))
        self._pay_by_card(order, gift=20)
        self.assertEqual(self._gift(), (10_000, 0))
        order.action_confirm()
        self.assertEqual(self._gift(), (10_000, 2000))
        self.assertEqual(order.ekarte_card_payment, 20)

    def test_more_than_is_there_is_refused_in_the_dialog(self):
        order = self._quotation((self.book, 20))
        with self.assertRaisesRegex(UserError, "not enough"):
            self._pay_by_card(order, gift=150)

    def test_more_than_the_order_costs_is_refused_in_the_dialog(self):
        order = self._quotation((self.book, 1))
        with self.assertRaises(UserError):
            self._pay_by_card(order, gift=50)

    def test_two_quotations_and_one_balance_second_is_refused(self):
        first = self._quotation((self.lamp, 2))
        second = self._quotation((self.lamp, 2))
        for order in (first, second):
            self._pay_by_card(order, gift=80)
        with self.assertRaisesRegex(UserError, second.name):
            (first | second).action_confirm()

    def test_two_quotations_one_after_the_other(self):
        first = self._quotation((self.lamp, 2))
        second = self._quotation((self.lamp, 2))
        for order in (first, second):
            self._pay_by_card(order, gift=80)
        first.action_confirm()
        with self.assertRaisesRegex(UserError, "not enough"), self.cr.savepoint():
            second.action_confirm()
        self.assertEqual(self._gift(), (10_000, 8000))
        self.env.invalidate_all()
        self.assertEqual(second.state, "draft")
        self._pay_by_card(second, gift=20)
        second.action_confirm()
        self.assertEqual(self._gift(), (10_000, 10_000))

    def test_cancelled_order_frees_what_was_held(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=80)
        order.action_confirm()
        order._action_cancel()
        self.assertEqual(self._gift(), (10_000, 0))
        order.action_draft()
        order.action_confirm()
        self.assertEqual(self._gift(), (10_000, 8000))

    def test_order_confirmed_twice_holds_once(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=80)
        order.action_confirm()
        order._action_confirm()
        self.assertEqual(self._gift(), (10_000, 8000))
        with self.assertRaises(UserError):
            order.action_confirm()

    def test_changed_order_holds_anew(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=40)
        order.action_confirm()
        order.order_line[0].product_uom_qty = 1
        self.assertEqual(self._gift(), (10_000, 4000))
        self.assertEqual(self._cents(order.amount_total), 4839 - 242)

    def test_change_that_the_card_cannot_pay_is_refused(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=80)
        order.action_confirm()
        with self.assertRaises(UserError), self.cr.savepoint():
            order.order_line[0].product_uom_qty = 1
        self.assertEqual(self._gift(), (10_000, 8000))

    def test_locked_order_keeps_card_and_lines(self):
        order = self._quotation((self.lamp, 2))
        order.action_confirm()
        order.action_lock()
        with self.assertRaises(UserError):
            order.action_ekarte_remove()
        with self.assertRaises(UserError):
            self._pay_by_card(order, gift=10)

    def test_card_with_an_access_code_is_held_when_the_code_is_given(self):
        self.all_type.access_code = "optional"
        self.env.flush_all()
        outcome = self._send(
            self.grocer, "set_code", "9980009000000014", new_access_code="2468"
        )
        self.assertEqual(outcome.rc, "00", outcome.answer)
        order = self._quotation((self.lamp, 2))
        with self.assertRaisesRegex(UserError, "access code"), self.cr.savepoint():
            self._pay_by_card(order, gift=80)
        with self.assertRaises(UserError), self.cr.savepoint():
            self._pay_by_card(order, gift=80, access_code="1111")
        self._pay_by_card(order, gift=80, access_code="2468")
        self.assertEqual(self._gift(), (10_000, 8000))
        order.action_confirm()
        self.assertEqual(self._gift(), (10_000, 8000))
        self.assertNotIn("2468", str(order.sudo().read()))

    def test_deleted_quotation_holds_nothing(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=80)
        order._ekarte_hold()
        self.assertEqual(self._gift(), (10_000, 8000))
        order.unlink()
        self.assertEqual(self._gift(), (10_000, 0))


@tagged("post_install", "-at_install")
class TestSaleInvoice(SaleCase):
    """The card pays when the invoice is posted; points come when it is paid."""

    def test_posted_invoice_takes_what_was_held_and_is_paid_by_it(self):
        order = self._quotation((self.book, 3))
        self._pay_by_card(order, gift=20)
        order.action_confirm()
        invoice = self._invoice(order)
        self.assertEqual(self._gift(), (8000, 0))
        self.assertEqual(self._cents(invoice.amount_total), 3630 - 182)
        self.assertEqual(self._cents(invoice.amount_residual), 3630 - 182 - 2000)
        self.assertEqual(invoice.payment_state, "partial")
        self.assertEqual(order.ekarte_card_payment, 20)
        self.assertEqual(self._balance("TND"), 2000)

    def test_card_that_pays_all_pays_the_invoice(self):
        order = self._quotation((self.book, 2))
        self._pay_by_card(order, gift=22.99)
        order.action_confirm()
        invoice = self._invoice(order)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._points(), 2)

    def test_without_card_payment_points_come_when_the_invoice_is_paid(self):
        order = self._quotation((self.book, 1))
        order.action_confirm()
        invoice = self._invoice(order)
        self.assertEqual(self._points(), 0)
        self._pay(invoice, 5)
        self.assertEqual(self._points(), 0)
        self._pay(invoice)
        self.assertEqual(self._points(), 1)
        self.assertEqual(self._bonus(), 100)

    def test_paid_invoice_is_booked_once(self):
        order = self._quotation((self.book, 1))
        order.action_confirm()
        invoice = self._invoice(order)
        self._pay(invoice)
        points = self._points()
        invoice._invoice_paid_hook()
        invoice.line_ids.remove_move_reconcile()
        self._pay(invoice)
        self.assertEqual(self._points(), points)

    def test_refused_accrual_keeps_no_payment_back(self):
        order = self._quotation((self.book, 1))
        order.action_confirm()
        invoice = self._invoice(order)
        order.sudo()._ekarte_release()
        self._send(self.grocer, "block", "9980009000000014")
        self._pay(invoice)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertIn("given nothing", str(invoice.message_ids.mapped("body")))

    def test_bonus_money_lowers_the_price(self):
        card = self._load_card(OTHER_ALL_CARD, 1000, bought_minor=20_000)
        self.assertEqual(self._bonus(card), 1900)
        order = self._quotation((self.lamp, 1), (self.bread, 1), card=card)
        before = order.amount_total
        self._pay_by_card(order, bonus=10)
        self.assertEqual(self._cents(order.amount_total), self._cents(before) - 1000)
        self.assertEqual(len(self._own(order, "reduction")), 2)
        order.action_confirm()
        invoice = self._invoice(order)
        self.assertEqual(
            self._cents(invoice.amount_residual), self._cents(before) - 1000
        )
        # Spent 10.00; the rest of the price earned 40 points, worth 4.00.
        self.assertEqual(self._bonus(card), 1900 - 1000 + 400)

    def _end_hold(self, order):
        """Let the time of a hold come."""
        held = order._ekarte_hold_operation()
        expire_holds(
            self.env.cr,
            current_network(self.env.cr),
            self.keyring,
            datetime.now(timezone.utc) + timedelta(days=40),
        )
        held.sudo().until = fields.Datetime.now() - timedelta(days=1)

    def test_hold_that_is_over_is_taken_again_with_the_invoice(self):
        order = self._quotation((self.book, 3))
        self._pay_by_card(order, gift=20)
        order.action_confirm()
        self._end_hold(order)
        self.assertTrue(order._ekarte_hold_operation()._is_over())
        self._invoice(order)
        self.assertEqual(self._gift()[0], 8000)

    def test_hold_that_is_over_and_value_that_is_gone_is_told(self):
        order = self._quotation((self.lamp, 2))
        self._pay_by_card(order, gift=80)
        order.action_confirm()
        self._end_hold(order)
        self._send(
            self.grocer, "sale", "9980009000000014", 9000, tender=Tender(gift=7000)
        )
        with self.assertRaisesRegex(UserError, "not enough"):
            self._invoice(order)

    def test_down_payment_leaves_less_for_the_card(self):
        order = self._quotation((self.book, 3))
        self._pay_by_card(order, gift=30)
        order.action_confirm()
        self.env["sale.advance.payment.inv"].with_context(
            active_model="sale.order", active_ids=order.ids
        ).create(
            {"advance_payment_method": "percentage", "amount": 50}
        ).create_invoices()
        down = order.invoice_ids
        down.action_post()
        self.assertEqual(self._gift(), (10_000, 3000))
        final = order._create_invoices(final=True)
        final.action_post()
        self.assertEqual(final.amount_residual, 0)
        self.assertEqual(self._gift()[0], 10_000 - self._cents(final.amount_total))


@tagged("post_install", "-at_install")
class TestSalePartialInvoice(SaleCase):
    """Each invoice takes its own part of what the card gives."""

    def setUp(self):
        super().setUp()
        self.book.product_tmpl_id.sudo().invoice_policy = "delivery"
        self.order = self._quotation((self.book, 10))
        self._pay_by_card(self.order, gift=60)
        self.order.action_confirm()
        self.whole = self._cents(self.order.amount_total)

    def _deliver(self, count):
        self.order.order_line[0].qty_delivered = count
        return self._invoice(self.order)

    def test_first_invoice_takes_its_part(self):
        invoice = self._deliver(4)
        self.assertEqual(self._cents(invoice.amount_total), 4840 - 242)
        self.assertEqual(self._gift(), (10_000 - 4598, 6000 - 4598))
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(self._cents(self.order.amount_total), self.whole)

    def test_last_invoice_takes_the_rest(self):
        first = self._deliver(4)
        self.assertEqual(self.order.ekarte_card_payment, 60)
        second = self._deliver(10)
        sums = first.amount_total + second.amount_total
        self.assertEqual(self._cents(sums), self.whole)
        self.assertEqual(self._gift(), (4000, 0))
        self.assertEqual(
            self._cents(second.amount_residual), self._cents(second.amount_total) - 1402
        )

    def test_cancelled_rest_is_freed(self):
        self._deliver(4)
        self.order._action_cancel()
        self.assertEqual(self._gift(), (10_000 - 4598, 0))

    def test_draft_invoice_with_fewer_goods_is_brought_into_line(self):
        self.order.order_line[0].qty_delivered = 4
        invoice = self._invoice(self.order, post=False)
        goods = invoice.invoice_line_ids.filtered(lambda line: not line.ekarte_role)
        goods.quantity = 3
        invoice.action_post()
        self.assertEqual(self._cents(invoice.amount_total), 3630 - 182)
        self.assertEqual(invoice.payment_state, "paid")
