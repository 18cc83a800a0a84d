"""Cashiers show cards to a till in Chromium; what was booked, the ledger says."""

from odoo import Command
from odoo.tests import HttpCase, tagged

from .till_common import CLUB, OTHER_CLUB, TillCase

THIRD_CLUB = "9980001000000136"


@tagged("post_install", "-at_install")
class TestCardTours(TillCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.till_session = cls.session
        # To a test of the browser, this is the browser's.
        cls.session = None

    def run_tour(self, name):
        self.env.cr.flush()
        self.start_tour(f"/pos/ui/{self.config.id}", name, login="t.cashier")
        self.env.invalidate_all()

    def open_instead(self, till):
        """Work at another till from now on."""
        self.config, self.till_session = till, self._open(till)

    @property
    def orders(self):
        return self.till_session.order_ids.sorted("id")

    def booked(self, order):
        return self.env["ekarte.checkout"].search(
            [("pos_order_id", "=", order.id), ("state", "=", "booked")]
        )

    def points(self, number):
        return self.balance(number, "points")

    def hold_card(self, number, name):
        """Return a contact who holds a card."""
        self._send(self.grocer, "sale", number, 100)
        partner = self.env["res.partner"].create({"name": name})
        card = self.env["ekarte.card"].search([], order="id desc", limit=1)
        self.env["ekarte.holder"].sudo()._give(card.id, self.grocer, partner)
        return partner

    def test_a_scanned_card_gives_its_discount_which_follows_the_cart(self):
        self.run_tour("ekarte_card_scanned")
        (order,) = self.orders
        self.assertEqual(order.amount_total, 9.5)
        self.assertEqual(self.booked(order).discount, 50)
        # 9.50 spent: a point for each 5.00.
        self.assertEqual(self.points(CLUB), 1)

    def test_a_card_taken_off_gives_nothing(self):
        self.run_tour("ekarte_card_removed")
        (order,) = self.orders
        self.assertEqual(order.amount_total, 10.0)
        self.assertFalse(self.booked(order))
        self.assertEqual(self.points(CLUB), 0)

    def test_a_stripe_is_one_card_and_the_last_card_counts(self):
        self.run_tour("ekarte_card_swiped")
        (order,) = self.orders
        self.assertEqual(len(self.booked(order)), 1)
        self.assertEqual((self.points(CLUB), self.points(OTHER_CLUB)), (0, 1))

    def test_a_typed_number_is_a_card_and_a_wrong_one_is_said_to_be(self):
        self.run_tour("ekarte_card_typed")
        (order,) = self.orders
        self.assertEqual(order.amount_total, 9.5)
        self.assertEqual(self.points(OTHER_CLUB), 1)

    def test_a_customers_card_is_taken_and_of_several_the_one_chosen(self):
        self.hold_card(CLUB, "Holder of one")
        partner = self.hold_card(OTHER_CLUB, "Holder of two")
        self._send(self.grocer, "sale", THIRD_CLUB, 100)
        third = self.env["ekarte.card"].search([], order="id desc", limit=1)
        self.env["ekarte.holder"].sudo()._give(third.id, self.grocer, partner)
        self.env["res.partner"].create({"name": "Holder of none"})
        self.run_tour("ekarte_card_of_customer")

    def test_what_is_no_card_is_said_to_be_none_and_goods_stay_goods(self):
        self._product(
            "Goods numbered like a card", 7.0, self.tax21, barcode=CLUB, sequence=1
        )
        self.run_tour("ekarte_card_unknown")
        self.assertFalse(self.env["ekarte.checkout"].search([]))

    def test_a_reloaded_till_and_another_order_know_their_own_cards(self):
        self.run_tour("ekarte_card_after_reload")
        order = self.orders.filtered("amount_total")
        self.assertEqual(order.amount_total, 19.0)
        self.assertEqual(self.points(CLUB), 3)

    def test_without_a_connection_the_till_sells_on_and_points_come_once(self):
        self.run_tour("ekarte_card_offline")
        first, second = self.orders
        self.assertEqual((first.amount_total, second.amount_total), (20.0, 5.0))
        self.assertEqual(self.booked(first).discount, 0)
        self.assertEqual([len(self.booked(order)) for order in self.orders], [1, 1])
        # What was paid in full earns in full: a point for each 5.00.
        self.assertEqual((self.points(CLUB), self.points(OTHER_CLUB)), (4, 1))

    # What a cart is made of

    def test_a_set_has_the_discount_of_its_parts(self):
        roll = self._product("Roll", 2.5, self.tax12)
        towel = self._product("Towel", 6.0, self.tax21)
        combos = self.env["product.combo"].create(
            [
                {
                    "name": f"Choice {place}",
                    "company_id": self.grocer_company.id,
                    "combo_item_ids": [
                        Command.create({"product_id": product.id})
                        for product in products
                    ],
                }
                for place, products in enumerate(
                    (self.bread | roll, self.soap | towel), 1
                )
            ]
        )
        nothing = self.env["account.tax"]
        self._product(
            "Morning set",
            6.0,
            nothing,
            type="combo",
            combo_ids=[Command.set(combos.ids)],
        )
        self.run_tour("ekarte_goods_combo")
        bought, back = self.orders
        self.assertEqual((bought.amount_total, back.amount_total), (11.4, -5.7))
        self.assertEqual(
            (self.booked(bought).discount, self.booked(back).discount), (60, 30)
        )
        # 5.70 is what stays bought: a point for each 5.00.
        self.assertEqual(self.points(CLUB), 1)

    def test_other_taxes_are_those_of_the_discount_too(self):
        position = self.env["account.fiscal.position"].create(
            {"name": "Border shop", "company_id": self.grocer_company.id}
        )
        # A chain: what becomes of 21 % must not be changed once more.
        for source, name, rate in (
            (self.tax21, "12 % at the border", 12),
            (self.tax12, "Nothing at the border", 0),
        ):
            source.copy(
                {
                    "name": name,
                    "amount": rate,
                    "fiscal_position_ids": [Command.link(position.id)],
                    "original_tax_ids": [Command.link(source.id)],
                }
            )
        self.config.write(
            {
                "tax_regime_selection": True,
                "fiscal_position_ids": [Command.set(position.ids)],
            }
        )
        self.run_tour("ekarte_goods_other_taxes")
        (order,) = self.orders
        row = self.booked(order)
        self.assertEqual(order.fiscal_position_id, position)
        self.assertEqual(round(order.amount_total * 100), row.amount - row.discount)
        taxes = order.lines.tax_ids_after_fiscal_position
        self.assertEqual(taxes.mapped("amount"), [12])
        self.assertAlmostEqual(order.amount_tax, order.amount_total * 12 / 112, 2)

    # Next to Odoo's own modules, where they are installed

    def _open_tables(self):
        """Work at a till with tables 7 and 8; False without pos_restaurant."""
        if "floor_ids" not in self.config._fields:
            return False
        till = self._make_till("Till with tables", self.centre)
        till.write({"module_pos_restaurant": True})
        floor = self.env["restaurant.floor"].create(
            {"name": "Hall", "pos_config_ids": [Command.set(till.ids)]}
        )
        self.env["restaurant.table"].create(
            [
                {
                    "table_number": number,
                    "floor_id": floor.id,
                    "seats": 4,
                    "position_h": 100 + 200 * place,
                    "position_v": 100,
                }
                for place, number in enumerate((7, 8))
            ]
        )
        self.open_instead(till)
        return True

    def test_tables_are_split_and_joined_with_each_its_card(self):
        if not self._open_tables():
            return
        self.run_tour("ekarte_card_at_tables")
        paid = self.orders.filtered(lambda order: order.state == "paid")
        self.assertEqual(sorted(paid.mapped("amount_total")), [5.0, 10.45])
        whole = paid.filtered(lambda order: order.amount_total > 5)
        self.assertEqual(self.booked(whole).discount, 55)
        self.assertEqual((self.points(CLUB), self.points(OTHER_CLUB)), (2, 0))

    def test_a_tables_card_comes_along_when_it_joins_one_without(self):
        if not self._open_tables():
            return
        self.run_tour("ekarte_card_goes_along")
        (order,) = self.orders.filtered(lambda order: order.state == "paid")
        self.assertEqual(order.amount_total, 11.4)
        self.assertEqual(self.booked(order).discount, 60)
        self.assertEqual(self.points(CLUB), 2)

    def test_the_shops_own_discount_stands_beside_the_cards(self):
        if "module_pos_discount" not in self.config._fields:
            return
        till = self._make_till("Till with discounts", self.centre)
        nothing = self.env["account.tax"]
        product = self._product("Shop discount", 0.0, nothing, type="service")
        till.write({"module_pos_discount": True, "discount_product_id": product.id})
        self.open_instead(till)
        self.run_tour("ekarte_card_beside_discount")
        (order,) = self.orders
        self.assertEqual(order.amount_total, 17.1)
        self.assertEqual(self.booked(order).discount, 90)

    def test_a_promotion_of_odoo_stands_beside_the_cards_discount(self):
        if "loyalty.program" not in self.env:
            return
        self.env["loyalty.program"].search([]).active = False
        self.env["loyalty.program"].create(
            {
                "name": "Ten percent off",
                "program_type": "promotion",
                "trigger": "auto",
                "company_id": self.grocer_company.id,
                "pos_config_ids": [Command.set(self.config.ids)],
                "rule_ids": [Command.create({})],
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
        self.run_tour("ekarte_goods_beside_reward")
        bought, back = self.orders
        self.assertEqual(bought.amount_total, 17.1)
        self.assertEqual(self.booked(bought).discount, 90)
        # 17.10 less what came back.
        self.assertEqual(self.points(CLUB), 2)
        self.assertAlmostEqual(back.amount_total, -4.75)
