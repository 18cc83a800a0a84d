from odoo import Command
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .sale_common import OTHER_ALL_CARD, SaleCase


@tagged("post_install", "-at_install")
class TestSaleBeside(SaleCase):
    """A card works beside what Odoo's own modules do to an order."""

    def test_global_discount_comes_first(self):
        off = self._product("Discount", 0, self.env["account.tax"])
        self.grocer_company.sudo().sale_discount_product_id = off
        order = self._quotation((self.book, 2))
        self.env["sale.order.discount"].create(
            {
                "sale_order_id": order.id,
                "discount_type": "amount",
                "discount_amount": 4.20,
            }
        ).action_apply_discount()
        off = order.order_line.filtered(
            lambda line: line.price_total < 0 and not line.ekarte_role
        )
        self.assertEqual(self._cents(off.price_total), -420)
        # 5 % of what is left of 24.20
        self.assertEqual(self._cents(self._own(order).price_total), -100)

    def test_reward_of_a_coupon_program_comes_first(self):
        if "loyalty.program" not in self.env:
            self.fail("The base database has Odoo's own loyalty.")
        program = self._as_root("loyalty.program").create(
            {
                "name": "Ten off",
                "program_type": "promo_code",
                "trigger": "with_code",
                "company_id": self.grocer_company.id,
                "rule_ids": [Command.create({"mode": "with_code", "code": "TEN"})],
                "reward_ids": [
                    Command.create(
                        {
                            "reward_type": "discount",
                            "discount": 10,
                            "discount_mode": "percent",
                            "discount_applicability": "order",
                        }
                    )
                ],
            }
        )
        order = self._quotation((self.book, 2))
        found = order._try_apply_code("TEN")
        coupon = next(iter(found))
        order._apply_program_reward(program.reward_ids, coupon)
        reward = order.order_line.filtered("reward_id")
        self.assertTrue(reward)
        left = 2420 + sum(self._cents(line.price_total) for line in reward)
        self.assertEqual(
            self._cents(self._own(order).price_total), -((left * 5 + 50) // 100)
        )
        order.action_confirm()
        invoice = self._invoice(order)
        self._pay(invoice)
        self.assertEqual(invoice.amount_total, order.amount_total)

    def test_pricelist_discount_comes_first(self):
        pricelist = self._as_root("product.pricelist").create(
            {
                "name": "Half",
                "currency_id": self.euro.id,
                "company_id": self.grocer_company.id,
                "item_ids": [
                    Command.create({"compute_price": "percentage", "percent_price": 50})
                ],
            }
        )
        order = self._quotation((self.book, 2), pricelist_id=pricelist.id)
        self.assertEqual(self._cents(order.amount_total), 1210 - 61)

    def test_orders_with_a_card_are_invoiced_apart(self):
        orders = self.env["sale.order"]
        for card in (self.card, self._load_card(OTHER_ALL_CARD, 1000), False):
            orders += self._quotation((self.book, 1), card=card)
        orders.action_confirm()
        invoices = orders._create_invoices()
        self.assertEqual(len(invoices), 3)
        invoices.action_post()
        self._pay(invoices[0])

    def test_other_currency_is_refused(self):
        dollar = self.env.ref("base.USD")
        dollar.sudo().active = True
        pricelist = self._as_root("product.pricelist").create(
            {"name": "Dollars", "currency_id": dollar.id}
        )
        with self.assertRaisesRegex(UserError, "EUR"):
            self._quotation((self.book, 1), pricelist_id=pricelist.id)

    def test_company_that_is_no_issuer_has_no_card(self):
        self.assertFalse(
            self.env["sale.order"]
            .new({"company_id": self.env.ref("base.main_company")})
            .ekarte_branch_id
        )


@tagged("post_install", "-at_install")
class TestSaleRights(SaleCase):
    """Who sees what of a card on an order."""

    def test_customer_reads_the_mask_only(self):
        order = self._quotation((self.book, 3))
        self._pay_by_card(order, gift=20)
        page = self.env["ir.qweb"]._render(
            "sale.sale_order_portal_content_totals_table", {"sale_order": order}
        )
        self.assertIn("998000******0014", page)
        self.assertIn("Left to pay", page)
        self.assertNotIn("9980009000000014", page)

    def test_portal_user_may_not_read_what_the_card_said(self):
        order = self._quotation((self.book, 3))
        portal = new_test_user(
            self.env(su=True), login="p.card", groups="base.group_portal"
        )
        portal.sudo().partner_id = self.customer
        mine = order.with_user(portal)
        with self.assertRaises(AccessError):
            mine.read(["ekarte_quote"])
        with self.assertRaises(AccessError):
            mine.read(["ekarte_tender", "ekarte_card_id"])
        with self.assertRaises(AccessError):
            mine.read(["ekarte_summary"])

    def test_salesperson_asks_at_branches_of_the_own_company_only(self):
        order = self._quotation((self.book, 3))
        theirs = self.fuel.sudo().branch_ids[:1]
        self.assertTrue(theirs)
        with self.assertRaisesRegex(ValidationError, "not a branch of"):
            order.ekarte_branch_id = theirs.id
        with self.assertRaisesRegex(ValidationError, "not a branch of"):
            order.copy({"ekarte_branch_id": theirs.id})
        order.ekarte_branch_id = self.grocer.sudo().branch_ids[-1:]

    def test_salesperson_of_another_company_sees_no_card_of_ours(self):
        other = self._seller("other.sales", self.fuel_company)
        theirs = {"allowed_company_ids": self.fuel_company.ids}
        cards = self.env["ekarte.card"].with_user(other).with_context(**theirs)
        self.assertNotIn(self.card.id, cards.search([]).ids)
        self.assertIn(self.card.id, self.env["ekarte.card"].search([]).ids)

    def test_operations_of_documents_are_not_written_by_hand(self):
        order = self._quotation((self.book, 3))
        order.action_confirm()
        with self.assertRaises(AccessError):
            order.ekarte_operation_ids.write({"state": "undone"})
        with self.assertRaises(AccessError):
            order.ekarte_operation_ids.unlink()
