from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged

from .sale_common import SaleCase


@tagged("post_install", "-at_install")
class TestSaleQuotation(SaleCase):
    """A card on a quotation: its discount follows the goods."""

    def test_discount_is_a_line_for_each_tax_rate(self):
        order = self._quotation((self.bread, 3), (self.lamp, 1))
        lines = self._own(order)
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines.tax_ids, self.tax_12 | self.tax_21)
        # 27.05 and 48.39 with tax, 5 %: 1.35 and 2.42
        self.assertEqual(
            sorted(self._cents(line.price_total) for line in lines), [-242, -135]
        )

    def test_discount_in_a_price_with_tax_included(self):
        order = self._quotation((self.book, 2))
        self.assertEqual(self._cents(order.amount_total), 2420 - 121)

    def test_change_of_goods_changes_the_discount(self):
        order = self._quotation((self.book, 1))
        order.order_line[0].product_uom_qty = 4
        self.assertEqual(self._cents(order.amount_total), 4840 - 242)
        order.write(
            {
                "order_line": [
                    Command.create({"product_id": self.lamp.id, "product_uom_qty": 1})
                ]
            }
        )
        self.assertEqual(len(self._own(order)), 2)
        self.assertEqual(self._cents(order.amount_total), 4840 + 4839 - 242 - 242)

    def test_goods_that_go_take_their_discount_along(self):
        order = self._quotation((self.book, 1), (self.bread, 1))
        order.order_line.filtered(lambda line: line.product_id == self.bread).unlink()
        self.assertEqual(len(self._own(order)), 1)
        order.order_line.filtered(lambda line: line.product_id == self.book).unlink()
        self.assertFalse(order.order_line)

    def test_removing_the_card_removes_its_lines(self):
        order = self._quotation((self.book, 1))
        order.action_ekarte_remove()
        self.assertFalse(order.ekarte_card_id)
        self.assertEqual(order.order_line.product_id, self.book)

    def test_deleting_one_card_line_by_hand_takes_the_card_off(self):
        order = self._quotation((self.book, 1), (self.bread, 1))
        self._own(order)[0].unlink()
        self.assertFalse(order.ekarte_card_id)
        self.assertFalse(order.order_line.filtered("ekarte_role"))

    def test_card_lines_cannot_be_changed_by_hand(self):
        order = self._quotation((self.book, 1))
        for vals in (
            {"price_unit": -5},
            {"product_uom_qty": 2},
            {"tax_ids": [Command.clear()]},
            {"ekarte_role": False},
            {"discount": 50},
        ):
            with self.subTest(vals=vals), self.assertRaises(UserError):
                self._own(order).write(vals)
        with self.assertRaises(UserError):
            order.order_line[0].ekarte_role = "discount"
        with self.assertRaises(UserError):
            order.write({"ekarte_card_id": self.card.id})

    def test_card_lines_may_be_moved(self):
        order = self._quotation((self.book, 1))
        self._own(order).sequence = 1
        self.assertEqual(self._own(order).sequence, 1)

    def test_forged_context_opens_nothing(self):
        order = self._quotation((self.book, 1))
        with self.assertRaises(UserError):
            self._own(order).with_context(ekarte_own_hand=True).price_unit = -12

    def test_discount_on_all_lines_leaves_the_cards_alone(self):
        order = self._quotation((self.book, 1))
        order.order_line.write({"discount": 50})
        self.assertEqual(self._cents(order.amount_total), 605 - 30)

    def test_copy_has_neither_card_nor_lines(self):
        order = self._quotation((self.book, 1))
        copy = order.copy()
        self.assertFalse(copy.ekarte_card_id)
        self.assertEqual(copy.order_line.product_id, self.book)
        self.assertEqual(self._cents(copy.amount_total), 1210)

    def test_new_prices_and_taxes_leave_the_cards_lines_right(self):
        order = self._quotation((self.lamp, 1))
        order.action_update_prices()
        order._recompute_taxes()
        self.assertEqual(self._own(order).tax_ids, self.tax_21)
        self.assertEqual(self._cents(order.amount_total), 4839 - 242)

    def test_card_earns_and_shows_what(self):
        order = self._quotation((self.book, 2))
        self.assertEqual(order.sudo().ekarte_quote["earned"], [["T-BON", 22]])
        self.assertIn("998000******0014", order.ekarte_summary)
        self.assertNotIn("9980009000000014", str(order.read()))

    def test_card_of_another_issuer_is_refused(self):
        self.fuel_bonus.accept_at = "own"
        self._send(self.fuel, "sale", "9980003000000017", 1000)
        card = self.env["ekarte.card"].sudo().search([("last4", "=", "0017")])
        self.assertEqual(len(card), 1)
        with self.assertRaises(UserError):
            self._quotation((self.book, 1), card=card)

    def test_blocked_card_is_refused_with_its_sentence(self):
        self._send(self.grocer, "block", "9980009000000014")
        with self.assertRaisesRegex(UserError, "blocked"):
            self._quotation((self.book, 1))


@tagged("post_install", "-at_install")
class TestSaleCardDialog(SaleCase):
    """The dialog that puts a card on a quotation."""

    def _dialog(self, order, **values):
        return (
            self.env["ekarte.sale.card"]
            .with_context(default_order_id=order.id)
            .create({"order_id": order.id, **values})
        )

    def test_typed_number_becomes_the_card_and_is_not_kept(self):
        order = self._quotation((self.book, 1), card=False)
        dialog = self._dialog(order, number="9980009000000014")
        self.assertFalse(dialog.number)
        dialog.action_use()
        self.assertEqual(order.sudo().ekarte_card_id, self.card)

    def test_unknown_number_of_a_known_range_may_be_used(self):
        order = self._quotation((self.book, 1), card=False)
        self._dialog(order, number="9980009000000048").action_use()
        self.assertEqual(order.sudo().ekarte_card_id.state, "new")
        self.assertEqual(self._cents(order.amount_total), 1210 - 61)

    def test_number_of_no_range_is_refused(self):
        order = self._quotation((self.book, 1), card=False)
        with self.assertRaises(UserError):
            self._dialog(order, number="4111111111111111")

    def test_customers_own_card_may_be_chosen(self):
        self.env["ekarte.holder"].sudo()._give(self.card.id, self.grocer, self.customer)
        order = self._quotation((self.book, 1), card=False)
        dialog = self._dialog(order, kind="keyed")
        self.assertEqual(dialog.own_card_id, self.card)
        dialog.action_use()
        self.assertEqual(order.sudo().ekarte_card_id, self.card)
        self.assertIn("Anna Ozola", order.ekarte_summary)

    def test_card_id_said_by_the_browser_is_not_believed(self):
        order = self._quotation((self.book, 1), card=False)
        dialog = self._dialog(order, found_id=self.card.id, own_card_id=self.card.id)
        with self.assertRaises(UserError):
            dialog.action_use()
