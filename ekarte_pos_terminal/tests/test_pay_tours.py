"""Cashiers pay with cards in the browser; what became of it, the ledger says."""

from odoo.tests import tagged

from ekarte_core import Tender

from .pay_common import CASHIER, PayCase, number_of


@tagged("post_install", "-at_install")
class TestPayTours(PayCase):
    def checkouts(self, order, state="booked"):
        return self.env["ekarte.checkout"].search(
            [("order_uuid", "=", order.uuid), ("state", "=", state)]
        )

    def stay_on_payment(self):
        """A till where the cashier validates what cards have paid."""
        self.till.auto_validate_terminal_payment = False

    def assert_free(self, number, value):
        """Nothing is held any more, and nothing was taken."""
        self.assertEqual(self.balance(number, self.gift), (value, value))
        self.assertFalse(
            self.env["ekarte.checkout"].search_count([("state", "=", "held")])
        )

    # Paying

    def test_gift_money_pays_all(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_all_with_gift")
        order = self.last_order()
        self.assertEqual(self.paid(order), [("E-karte", 2000)])
        self.assertEqual(self.balance(number, self.gift), (3000, 3000))
        self.assertEqual(self.checkouts(order).card_payment, 2000)

    def test_gift_money_pays_a_part_and_cash_the_rest(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_part_with_gift")
        paid = self.paid(self.last_order())
        self.assertEqual([amount for _, amount in paid], [1250, 750])
        self.assertEqual(self.balance(number, self.gift), (4250, 4250))

    def test_bonus_and_voucher_lower_the_price_and_a_second_card_and_cash_pay(self):
        club, gift = self.club_card(1, 10000), self.gift_card(1, 5000)
        self.assertEqual(self.balance(club, self.bonus), (900, 900))
        (voucher,) = self.send("inquire", club).vouchers
        self.run_tour("ekarte_pay_many_tenders")
        order = self.last_order()
        self.assertEqual(round(order.amount_total * 100), 3250)
        self.assertEqual(sorted(a for _, a in self.paid(order)), [1250, 2000])
        # 32.50 earns three times 1.00; what bonus money paid earns nothing.
        self.assertEqual(self.balance(club, self.bonus), (700, 700))
        # The voucher is used up; the purchase was a step to the next one.
        (after,) = self.send("inquire", club).vouchers
        self.assertNotEqual(after.code, voucher.code)
        self.assertEqual(self.balance(gift, self.gift), (3750, 3750))
        self.assertEqual(len(self.checkouts(order)), 2)

    def test_the_access_code_opens_the_card_and_a_wrong_one_does_not(self):
        number = self.gift_card(1, 5000, self.SAFE, "1234")
        self.run_tour("ekarte_pay_with_code")
        self.assertEqual(self.balance(number, self.gift), (4000, 4000))

    def test_a_declined_card_leaves_the_way_open_for_another(self):
        safe = self.gift_card(1, 5000, self.SAFE, "1234")
        gift = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_declined_and_another")
        self.assertEqual(self.paid(self.last_order()), [("E-karte", 1000)])
        self.assertEqual(self.balance(safe, self.gift), (5000, 5000))
        self.assertEqual(self.balance(gift, self.gift), (4000, 4000))

    def test_credit_pays_a_part_and_is_owed(self):
        number = number_of(self.TAB, 1)
        self.done("activate", number)
        self.run_tour("ekarte_pay_with_credit")
        self.assertEqual(self.balance(number, self.tab), (-2250, 7750))
        self.assertEqual(
            self.paid(self.last_order()), [("Cash", 750), ("E-karte", 2250)]
        )

    def test_no_more_credit_is_given_than_the_limit(self):
        number = number_of(self.TAB, 1)
        self.done("activate", number)
        self.done("sale", number, 2000, tender=Tender(credit=2000))
        self.run_tour("ekarte_pay_credit_limit")
        # 60.00 are held by the other order, which never came.
        self.assertEqual(self.balance(number, self.tab), (-4000, 0))
        paid = self.env["pos.order"].search([("state", "=", "paid")], limit=1)
        self.assertIn(("E-karte", 2000), self.paid(paid))

    # What is held

    def test_another_cart_sets_free_what_was_held(self):
        self.stay_on_payment()
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_cart_changes")
        self.assert_free(number, 5000)

    def test_a_payment_line_taken_off_or_discarded_holds_nothing(self):
        self.stay_on_payment()
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_given_back")
        self.assert_free(number, 5000)

    def test_a_deleted_order_sets_free_what_was_held(self):
        self.stay_on_payment()
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_order_deleted")
        self.assert_free(number, 5000)

    def test_a_page_loaded_anew_knows_what_is_held(self):
        self.stay_on_payment()
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_page_reloaded")
        self.assertEqual(self.paid(self.last_order()), [("E-karte", 2000)])
        self.assertEqual(self.balance(number, self.gift), (3000, 3000))

    # What the server does not believe, and what needs it

    def test_a_browser_that_says_more_than_was_approved_is_refused(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_tampered")
        paid = self.paid(self.last_order())
        self.assertEqual([amount for _, amount in paid], [1250, 750])
        self.assertEqual(self.balance(number, self.gift), (4250, 4250))

    def test_what_was_held_pays_although_the_connection_is_lost(self):
        self.stay_on_payment()
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_held_then_offline")
        self.assertEqual(self.paid(self.last_order()), [("E-karte", 2000)])
        self.assertEqual(self.balance(number, self.gift), (3000, 3000))

    def test_without_a_connection_nothing_new_is_held(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_pay_offline_refused")
        self.assert_free(number, 5000)

    # The customer's display

    def test_the_display_is_told_what_the_card_brings(self):
        self.club_card(1, 1000)
        self.run_tour("ekarte_pay_display_told")

    def test_the_display_greets_and_forgets(self):
        url = f"/pos_customer_display/{self.till.id}/{self.till.access_token}"
        self.start_tour(url, "ekarte_display_shows_the_card", login=CASHIER)

    # Selling and loading

    def test_a_gift_card_is_sold_and_spent(self):
        self.run_tour("ekarte_load_gift_card")
        number = number_of(self.GIFT, 1)
        self.assertEqual(self.balance(number, self.gift), (2000, 2000))

    def test_a_line_taken_off_leaves_its_card_unsold(self):
        self.run_tour("ekarte_load_removed")
        self.assertFalse(self.env["ekarte.checkout.load"].search([]))
        self.assertEqual(self.send("inquire", number_of(self.GIFT, 1)).rc, "78")

    def test_a_line_without_its_card_is_not_sold(self):
        self.run_tour("ekarte_load_without_card")
        self.assertFalse(self.last_order().filtered(lambda one: one.state != "draft"))
        self.assertEqual(self.send("inquire", number_of(self.GIFT, 1)).rc, "78")

    def test_a_card_is_topped_up(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_load_top_up")
        self.assertEqual(self.balance(number, self.gift), (6550, 6550))

    def test_credit_is_paid_as_far_as_it_is_owed(self):
        number = number_of(self.TAB, 1)
        self.done("activate", number)
        self.done("sale", number, 2000, tender=Tender(credit=2000))
        self.run_tour("ekarte_load_credit_paid")
        self.assertEqual(self.balance(number, self.tab)[0], 0)

    def test_a_pass_is_sold_at_its_programs_price(self):
        self.run_tour("ekarte_load_pass_sold")
        number = number_of(self.PASS, 1)
        self.assertEqual(self.balance(number, self.ten), (10, 10))
        order = self.last_order()
        self.assertEqual(round(order.amount_total * 100), 3000)
        self.assertEqual(round(order.amount_tax * 100), 391)

    def test_another_amount_is_asked_about_within_what_may_be_loaded(self):
        self.run_tour("ekarte_load_price_changed")
        number = number_of(self.GIFT, 1)
        self.assertEqual(self.balance(number, self.gift), (4750, 4750))
        self.assertEqual(round(self.last_order().amount_total * 100), 4750)

    def test_what_has_a_price_keeps_it_and_takes_another_card(self):
        products = self.env["product.template"].search(
            [("ekarte_load", "=", "gift_card"), ("company_id", "=", self.company.id)]
        )
        products.list_price = 25
        self.run_tour("ekarte_load_price_fixed")
        self.assertEqual(self.send("inquire", number_of(self.GIFT, 1)).rc, "78")
        self.assertEqual(self.balance(number_of(self.GIFT, 2), self.gift), (2500, 2500))

    # Giving back

    def test_a_refund_brings_gift_money_back_to_the_card(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_refund_buys_with_gift")
        self.assertEqual(self.balance(number, self.gift), (3000, 3000))
        self.run_tour("ekarte_refund_part")
        self.assertEqual(self.balance(number, self.gift), (4000, 4000))
        self.assertEqual(self.paid(self.last_order()), [("E-karte", -1000)])

    def test_a_refund_at_another_till_brings_it_back_too(self):
        number = self.gift_card(1, 5000)
        self.run_tour("ekarte_refund_buys_with_gift")
        other = self._till("Tour till 2")
        other.trusted_config_ids = self.till
        self.network._publish()
        self.run_tour("ekarte_refund_whole", other)
        self.assertEqual(self.balance(number, self.gift), (5000, 5000))

    def test_a_refund_takes_points_back_and_gives_no_discount_again(self):
        number = self.club_card(1)
        self.run_tour("ekarte_refund_sells_club")
        # 18.00 earned one point, 9.00 alone earn none.
        self.assertEqual(self.balance(number, self.bonus), (0, 0))
        self.assertEqual(round(self.last_order().amount_total * 100), -900)

    def test_a_sold_card_that_comes_back_is_closed(self):
        self.run_tour("ekarte_refund_of_sold_card")
        answer = self.send("inquire", number_of(self.GIFT, 1))
        self.assertNotEqual(answer.card_state, "active")
        self.assertEqual(round(self.last_order().amount_total * 100), -3000)

    def test_both_cards_get_back_what_each_paid(self):
        club, gift = self.club_card(1, 10000), self.gift_card(1, 5000)
        self.done("top_up", club, 2000)
        before = [self.balance(club, one) for one in (self.gift, self.bonus)]
        self.run_tour("ekarte_refund_of_two_cards")
        after = [self.balance(club, one) for one in (self.gift, self.bonus)]
        self.assertEqual(after, before)
        self.assertEqual(self.balance(gift, self.gift), (5000, 5000))
        orders = self.env["pos.order"].search([("config_id", "=", self.till.id)])
        self.assertEqual(len(orders), 3)
        self.assertEqual(round(sum(orders.mapped("amount_total")) * 100), 0)
        cards = orders.payment_ids.filtered(
            lambda one: one.payment_method_id.name == "E-karte"
        )
        self.assertEqual(round(sum(cards.mapped("amount")) * 100), 0)
