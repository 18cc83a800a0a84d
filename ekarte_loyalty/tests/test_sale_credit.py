from odoo.exceptions import UserError
from odoo.tests import tagged

from ekarte_core import Tender

from .sale_common import OTHER_ALL_CARD, SaleCase


@tagged("post_install", "-at_install")
class TestSaleCreditNote(SaleCase):
    """Goods that come back: value returns to the card, points are taken back."""

    def _paid(self, *goods, card=None, **tender):
        order = self._quotation(*goods, card=card)
        if tender:
            self._pay_by_card(order, **tender)
        order.action_confirm()
        invoice = self._invoice(order)
        if invoice.payment_state != "paid":
            self._pay(invoice)
        return invoice

    def test_whole_credit_note_gives_everything_back(self):
        invoice = self._paid((self.book, 4), gift=20)
        self.assertEqual(self._gift(), (8000, 0))
        self.assertTrue(self._bonus() or self._points())
        note = self._credit(invoice)
        self.assertEqual(note.amount_total, invoice.amount_total)
        self.assertEqual(self._gift(), (10_000, 0))
        self.assertEqual((self._bonus(), self._points()), (0, 0))
        self.assertEqual(self._balance("TND"), 0)

    def test_credit_notes_in_parts_sum_to_the_invoice(self):
        invoice = self._paid((self.book, 4), (self.bread, 3), gift=20)
        first = self._credit(invoice, Book=1)
        self.assertGreater(self._gift()[0], 8000)
        second = self._credit(invoice, Book=3, Bread=3)
        self.assertEqual(
            self._cents(first.amount_total + second.amount_total),
            self._cents(invoice.amount_total),
        )
        self.assertEqual(self._gift(), (10_000, 0))
        self.assertEqual((self._bonus(), self._points()), (0, 0))
        self.assertEqual(self._balance("TND"), 0)

    def test_more_than_was_bought_is_refused(self):
        invoice = self._paid((self.book, 2), gift=20)
        self._credit(invoice, Book=2)
        with self.assertRaises(UserError):
            self._credit(invoice, Book=1)

    def test_credit_note_of_a_purchase_without_card_payment(self):
        invoice = self._paid((self.book, 4))
        self.assertEqual(self._points(), 5)
        self._credit(invoice, Book=2)
        self.assertEqual(self._gift(), (10_000, 0))
        earned = self._bonus() // 10 + self._points()
        self.assertEqual(earned, 22)

    def test_bonus_money_comes_back_too(self):
        card = self._load_card(OTHER_ALL_CARD, 1000, bought_minor=20_000)
        invoice = self._paid((self.lamp, 2), card=card, bonus=10)
        self._credit(invoice)
        self.assertEqual(self._bonus(card), 1900)
        self.assertEqual(self._points(card), 0)

    def test_credit_note_before_payment_gives_no_points(self):
        order = self._quotation((self.book, 4))
        order.action_confirm()
        invoice = self._invoice(order)
        self._credit(invoice)
        self.assertEqual(self._points(), 0)
        self.assertEqual(invoice.payment_state, "reversed")

    def test_part_credited_before_payment_earns_for_the_rest(self):
        order = self._quotation((self.book, 4))
        order.action_confirm()
        invoice = self._invoice(order)
        note = self._credit(invoice, Book=2)
        open_items = (invoice | note).line_ids.filtered(
            lambda item: (
                item.account_id.account_type == "asset_receivable"
                and not item.reconciled
            )
        )
        if len(open_items.move_id) > 1:
            open_items.reconcile()
        self._pay(invoice)
        self.assertEqual(self._bonus() // 10 + self._points(), 22)

    def test_credit_note_reset_to_draft_is_undone(self):
        invoice = self._paid((self.book, 4), gift=20)
        note = self._credit(invoice, Book=2)
        self.assertGreater(self._gift()[0], 8000)
        note.button_draft()
        self.assertEqual(self._gift(), (8000, 0))
        note.action_post()
        self.assertGreater(self._gift()[0], 8000)

    def test_invoice_reset_to_draft_holds_again(self):
        order = self._quotation((self.book, 4))
        self._pay_by_card(order, gift=20)
        order.action_confirm()
        invoice = self._invoice(order)
        invoice.button_draft()
        self.assertEqual(self._gift(), (10_000, 2000))
        self.assertEqual(invoice.payment_state, "not_paid")
        invoice.action_post()
        self.assertEqual(self._gift(), (8000, 0))
        self.assertEqual(self._balance("TND"), 2000)

    def test_invoice_whose_points_are_spent_stays_posted(self):
        invoice = self._paid((self.book, 4), gift=20)
        self._send(
            self.grocer, "sale", "9980009000000014", 400, tender=Tender(bonus=300)
        )
        with self.assertRaisesRegex(UserError, "cannot be undone"):
            invoice.button_draft()

    def test_payment_by_card_is_not_cancelled_by_hand(self):
        invoice = self._paid((self.book, 4), gift=20)
        payment = invoice._ekarte_payments()
        self.assertEqual(payment.amount, 20)
        for name in ("action_draft", "action_cancel"):
            with self.subTest(name), self.assertRaises(UserError):
                getattr(payment, name)()

    def test_plain_invoices_are_left_alone(self):
        order = self._quotation((self.book, 1), card=False)
        order.action_confirm()
        invoice = self._invoice(order)
        self._pay(invoice)
        note = self._credit(invoice)
        self.assertFalse((invoice | note).ekarte_order_id)
        self.assertEqual(self._points(), 0)


@tagged("post_install", "-at_install")
class TestSaleSettlement(SaleCase):
    """Odoo posts the sale, settlement the card's half: they meet in the card tender."""

    def _settle(self):
        """Settle all that is booked; return what the card tender is left with."""
        settlements = self.env["ekarte.settlement"].sudo()
        settlements._cron_settle()
        settlement = settlements.search([], limit=1)
        self.assertEqual(settlement.state, "posted", settlement.read())
        return self._balance("TND")

    def _differences(self):
        rows = self.env["ekarte.settlement"].sudo()._reconciliation()
        return [
            (row["check"], row["account"], row["difference"])
            for row in rows
            if row["company_id"] == self.grocer_company.id and not row["ok"]
        ]

    def test_purchase_and_credit_note_settle_to_nothing(self):
        card = self._load_card(OTHER_ALL_CARD, 5000, bought_minor=20_000)
        # Cards were loaded from the back office: no document has the money for it.
        loaded = self._settle()
        self.assertEqual(loaded, 15_000)
        order = self._quotation((self.lamp, 2), (self.bread, 2), card=card)
        self._pay_by_card(order, gift=30, bonus=10)
        order.action_confirm()
        invoice = self._invoice(order)
        self._pay(invoice)
        self.assertEqual(self._balance("TND"), loaded + 3000)
        self.assertEqual(self._settle(), loaded)
        self._credit(invoice, Lamp=1)
        self.assertLess(self._balance("TND"), loaded)
        self.assertEqual(self._settle(), loaded)
        self.assertEqual(self._differences(), [("TND", "TND", loaded)])

    def test_paid_invoice_without_card_payment_settles_its_points(self):
        loaded = self._settle()
        order = self._quotation((self.book, 4))
        order.action_confirm()
        invoice = self._invoice(order)
        revenue = self._balance("REV")
        self._pay(invoice)
        self.assertEqual(self._balance("REV"), revenue)
        self.assertEqual(self._settle(), loaded)
        self.assertEqual(self._balance("REV"), revenue - self._balance("LBN"))
        self.assertLess(self._balance("LBN"), 0)
        self.assertEqual(self._differences(), [("TND", "TND", loaded)])


@tagged("post_install", "-at_install")
class TestSaleBonusThatPays(TestSaleSettlement):
    """Own bonus money that is a payment: the invoice keeps its price and its tax."""

    # What it inherits holds here, too, only with another half in the card tender.
    @classmethod
    def _make_programs(cls):
        super()._make_programs()
        cls.bonus.own_use = "mpv"

    def test_purchase_and_credit_note_settle_to_nothing(self):
        card = self._load_card(OTHER_ALL_CARD, 5000, bought_minor=20_000)
        loaded = self._settle()
        order = self._quotation((self.lamp, 2), (self.bread, 2), card=card)
        before = order.amount_total
        self._pay_by_card(order, gift=30, bonus=10)
        self.assertEqual(order.amount_total, before)
        self.assertFalse(self._own(order, "reduction"))
        order.action_confirm()
        invoice = self._invoice(order)
        self.assertEqual(invoice.amount_total, before)
        self.assertEqual(
            self._cents(invoice.amount_residual), self._cents(before) - 4000
        )
        self._pay(invoice)
        # Gift money and bonus money both wait on the card tender (G4, B3v).
        self.assertEqual(self._balance("TND"), loaded + 4000)
        self.assertEqual(self._settle(), loaded)
        self._credit(invoice, Lamp=1)
        self.assertEqual(self._settle(), loaded)
        self.assertEqual(self._differences(), [("TND", "TND", loaded)])
