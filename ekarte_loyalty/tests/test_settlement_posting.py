"""What a settlement books: exact sums, in the right books, with the right tax."""

import random
from typing import get_args, get_type_hints

from odoo.tests import tagged

from ekarte_core import SettlementLine

from .settlement_common import SettlementCase

SEED = 20261121


@tagged("post_install", "-at_install")
class TestSettlementPosting(SettlementCase):
    def test_gift_card_used_at_another_issuer_gives_the_worked_figures(self):
        settlement = self.take(
            self.line("sale", "TFUEL", amount=3000, tendered=3000),
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000),
        )
        self.assertEqual(
            self.booked(settlement, self.fuel),
            {"TND": 0, "REV": -2479, "VATO": -521, "CLR": 3000},
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LGC": 3000, "CLR": -3000}
        )

    def test_clearing_items_name_the_other_issuer(self):
        settlement = self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=3000, carry=3000)
        )
        clearing = {
            company: settlement.move_ids.line_ids.filtered(
                lambda item, company=company: (
                    item.account_id == company._ekarte_account("CLR")
                )
            ).partner_id
            for company in (self.fuel, self.grocer)
        }
        self.assertEqual(clearing[self.fuel], self.grocer.partner_id)
        self.assertEqual(clearing[self.grocer], self.fuel.partner_id)

    def test_gift_card_used_at_home_releases_the_liability_into_the_tender(self):
        settlement = self.take(
            self.line("sale", amount=5000, tendered=3000),
            self.line("gift_spend", amount=3000, carry=3000),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"BNK": 2000, "TND": 0, "REV": -4132, "VATO": -868, "LGC": 3000},
        )
        self.assertFalse(self.booked(settlement, self.fuel))

    def test_gift_card_of_an_outside_issuer_is_claimed_from_its_partner(self):
        settlement = self.take(
            self.line("sale", "TGROCER", amount=1000, tendered=1000),
            self.line("gift_spend", "TGROCER", "TBOOKS", amount=1000, carry=1000),
        )
        self.assertEqual(settlement.move_ids.company_id, self.grocer)
        self.assertEqual(self.booked(settlement, self.grocer, "CLR"), 1000)
        self.assertEqual(settlement.move_ids.line_ids.partner_id, self.books_partner)

    def test_sales_of_an_outside_issuer_book_nothing_here(self):
        settlement = self.take(
            self.line("sale", "TBOOKS", amount=1000),
        )
        self.assertEqual(settlement.state, "posted")
        self.assertFalse(settlement.move_ids)

    def test_gift_card_sold_at_home_and_elsewhere(self):
        settlement = self.take(
            self.line("gift_load", amount=2000, carry=2000),
            self.line("gift_load", "TFUEL", "TGROCER", amount=5000, carry=5000),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"BNK": 2000, "LGC": -7000, "CLR": 5000},
        )
        self.assertEqual(
            self.booked(settlement, self.fuel), {"BNK": 5000, "CLR": -5000}
        )

    def test_bonus_earned_defers_eighty_one_cents_of_fifty_euros(self):
        settlement = self.take(
            self.line("sale", amount=5000),
            self.line("bonus_earn", amount=10, carry=81),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"BNK": 5000, "REV": -4132 + 81, "VATO": -868, "LBN": -81},
        )

    def test_bonus_used_at_home_is_revenue_and_elsewhere_has_its_price(self):
        home = self.take(self.line("bonus_spend", amount=100, carry=81))
        self.assertEqual(self.booked(home, self.grocer), {"LBN": 81, "REV": -81})
        elsewhere = self.take(
            self.line("sale", "TFUEL", amount=2000, tendered=100),
            self.line("bonus_spend", "TFUEL", "TGROCER", amount=100, carry=81),
        )
        self.assertEqual(
            self.booked(elsewhere, self.fuel),
            {"CLR": 100, "TND": 0, "BNK": 1900, "REV": -1653, "VATO": -347},
        )
        self.assertEqual(
            self.booked(elsewhere, self.grocer), {"LBN": 81, "XCL": 19, "CLR": -100}
        )

    def test_what_expires_unused_is_breakage(self):
        settlement = self.take(
            self.line("gift_expire", amount=500, carry=500),
            self.line("bonus_expire", amount=7, carry=57),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LGC": 500, "LBN": 57, "RBK": -557}
        )
        points = {line.event: line.points for line in settlement.line_ids}
        self.assertEqual(points, {"gift_expire": 0, "bonus_expire": 7})

    def test_bonuses_given_without_a_purchase_are_promotion(self):
        settlement = self.take(self.line("bonus_grant", amount=50, carry=500))
        self.assertEqual(
            self.booked(settlement, self.grocer), {"XPM": 500, "LBN": -500}
        )
        self.assertEqual(settlement.line_ids.points, 50)

    def test_voucher_is_used_like_bonus_money(self):
        home = self.take(self.line("voucher_spend", amount=500, carry=400))
        self.assertEqual(self.booked(home, self.grocer), {"LBN": 400, "REV": -400})
        elsewhere = self.take(
            self.line("sale", "TFUEL", amount=2000, tendered=500),
            self.line("voucher_spend", "TFUEL", "TGROCER", amount=500, carry=400),
        )
        self.assertEqual(self.booked(elsewhere, self.fuel, "TND"), 0)
        self.assertEqual(
            self.booked(elsewhere, self.grocer), {"LBN": 400, "XCL": 100, "CLR": -500}
        )

    def test_voucher_that_ends_is_breakage(self):
        settlement = self.take(self.line("voucher_expire", amount=300, carry=240))
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LBN": 240, "RBK": -240}
        )

    def test_points_exchanged_at_another_issuer_cost_the_price(self):
        settlement = self.take(
            self.line("sale", "TFUEL", amount=1500, tendered=1500),
            self.line("exchange_spend", "TFUEL", "TGROCER", amount=1500, carry=900),
        )
        self.assertEqual(
            self.booked(settlement, self.fuel),
            {"TND": 0, "REV": -1240, "VATO": -260, "CLR": 1500},
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"LBN": 900, "XCL": 600, "CLR": -1500},
        )

    def test_points_exchanged_at_home_are_revenue(self):
        settlement = self.take(self.line("exchange_spend", amount=1500, carry=900))
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LBN": 900, "REV": -900}
        )

    def test_a_pass_is_sold_as_goods_and_earned_visit_by_visit(self):
        sold = self.take(
            self.line("sale", amount=10_000),
            self.line("pass_load", amount=10, carry=8_264),
        )
        self.assertEqual(
            self.booked(sold, self.grocer),
            {"BNK": 10_000, "REV": 0, "VATO": -1_736, "LPS": -8_264},
        )
        self.assertEqual(sold.line_ids.mapped("visits"), [0, 10])
        self.assertEqual(sold.line_ids.mapped("amount"), [100.0, 0.0])
        used = self.take(self.line("pass_use", amount=1, carry=826))
        self.assertEqual(self.booked(used, self.grocer), {"LPS": 826, "REV": -826})
        ended = self.take(self.line("pass_expire", amount=9, carry=7_438))
        self.assertEqual(self.booked(ended, self.grocer), {"LPS": 7_438, "RBK": -7_438})

    def test_what_is_bought_on_credit_at_home_is_owed_by_the_card(self):
        settlement = self.take(
            self.line("sale", amount=5000, tendered=5000),
            self.line("credit_spend", amount=5000, carry=5000),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"TND": 0, "REV": -4132, "VATO": -868, "ALC": 5000},
        )

    def test_what_is_bought_on_credit_elsewhere_is_claimed_from_the_issuer(self):
        settlement = self.take(
            self.line("sale", "TFUEL", amount=5000, tendered=5000),
            self.line("credit_spend", "TFUEL", "TGROCER", amount=5000, carry=5000),
        )
        self.assertEqual(
            self.booked(settlement, self.fuel),
            {"TND": 0, "REV": -4132, "VATO": -868, "CLR": 5000},
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"ALC": 5000, "CLR": -5000}
        )

    def test_credit_is_paid_at_home_and_elsewhere(self):
        settlement = self.take(
            self.line("credit_pay", amount=2000, carry=2000),
            self.line("credit_pay", "TFUEL", "TGROCER", amount=700, carry=700),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer),
            {"BNK": 2000, "ALC": -2700, "CLR": 700},
        )
        self.assertEqual(self.booked(settlement, self.fuel), {"BNK": 700, "CLR": -700})

    def test_every_event_of_a_document_is_known_by_name(self):
        events = get_args(get_type_hints(SettlementLine)["event"])
        known = self.env["ekarte.settlement.line"]._fields["event"].selection
        self.assertEqual(set(dict(known)), set(events))

    def test_shop_that_books_its_own_sales_leaves_its_half_on_the_tender(self):
        settlement = self.take(
            self.line("sale", amount=3000, tendered=3000, books_sales=False),
            self.line("gift_spend", amount=3000, carry=3000, books_sales=False),
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"LGC": 3000, "TND": -3000}
        )

    def test_tax_items_carry_grids_base_and_account_of_the_sale_tax(self):
        settlement = self.take(self.line("sale", amount=12100))
        tax = self.grocer._ekarte_sale_tax(2100)
        items = settlement.move_ids.line_ids
        base = items.filtered("tax_ids")
        taxed = items.filtered("tax_line_id")
        part = tax.invoice_repartition_line_ids.filtered(
            lambda one: one.repartition_type == "tax"
        )
        self.assertEqual(base.tax_ids, tax)
        self.assertEqual(base.tax_tag_ids, tax.get_tax_tags(False, "base"))
        self.assertTrue(base.tax_tag_ids)
        self.assertEqual(taxed.tax_repartition_line_id, part)
        self.assertEqual(taxed.account_id, part.account_id)
        self.assertEqual(taxed.tax_tag_ids, part.tag_ids)
        self.assertEqual(taxed.tax_base_amount, 100.0)

    def test_a_day_of_more_refunds_than_sales_goes_by_the_refund_grids(self):
        settlement = self.take(self.line("sale", amount=-12100))
        tax = self.grocer._ekarte_sale_tax(2100)
        items = settlement.move_ids.line_ids
        self.assertEqual(self.booked(settlement, self.grocer, "VATO"), 2100)
        self.assertEqual(
            items.filtered("tax_line_id").tax_repartition_line_id.document_type,
            "refund",
        )
        self.assertEqual(
            items.filtered("tax_ids").tax_tag_ids, tax.get_tax_tags(True, "base")
        )

    def test_odoo_does_not_compute_the_tax_anew(self):
        # 0.01 at 5 % has no tax; Odoo would add a tax line of its own.
        settlement = self.take(self.line("sale", amount=1, tax_rate_bp=500))
        self.assertEqual(self.booked(settlement, self.grocer), {"BNK": 1, "REV": -1})
        self.assertEqual(len(settlement.move_ids.line_ids), 2)

    def test_any_sums_are_booked_to_the_cent(self):
        chance = random.Random(SEED)
        for _ in range(25):
            rates = chance.sample([2100, 1200, 500], k=2)
            amounts = [chance.randint(-200_000, 9_999_999) for _ in rates]
            with self.subTest(seed=SEED, rates=rates, amounts=amounts):
                settlement = self.take(
                    *(
                        self.line("sale", amount=amount, tax_rate_bp=rate)
                        for amount, rate in zip(amounts, rates, strict=True)
                    )
                )
                booked = self.booked(settlement, self.grocer)
                self.assertEqual(booked["BNK"], sum(amounts))
                self.assertEqual(
                    -booked["VATO"],
                    sum(
                        _half_up(amount * rate, 10_000 + rate)
                        for amount, rate in zip(amounts, rates, strict=True)
                    ),
                )
                self.assertEqual(sum(booked.values()), 0)

    def test_rate_zero_needs_no_tax_and_has_none(self):
        settlement = self.take(self.line("sale", amount=700, tax_rate_bp=0))
        self.assertEqual(
            self.booked(settlement, self.grocer), {"BNK": 700, "REV": -700}
        )
        self.assertFalse(settlement.move_ids.line_ids.tax_ids)

    def test_default_taxes_of_an_account_stay_out(self):
        account = self.grocer._ekarte_account("BNK")
        account.tax_ids = self.grocer._ekarte_sale_tax(2100)
        settlement = self.take(self.line("gift_load", amount=2000, carry=2000))
        self.assertFalse(settlement.move_ids.line_ids.tax_ids)
        self.assertEqual(settlement.state, "posted")

    def test_one_entry_for_each_company_and_day(self):
        settlement = self.take(
            self.line("sale", amount=100),
            self.line("sale", "TFUEL", amount=100),
            self.line("sale", amount=100, day="2026-11-20"),
        )
        self.assertEqual(
            settlement.move_ids.sorted("id").mapped(
                lambda move: (move.company_id, str(move.date), move.state)
            ),
            [
                (self.grocer, "2026-11-20", "posted"),
                (self.grocer, "2026-11-21", "posted"),
                (self.fuel, "2026-11-21", "posted"),
            ],
        )

    def test_items_say_what_where_and_how_many(self):
        settlement = self.take(
            self.line("gift_spend", amount=100, carry=100, operations=12),
            self.line("sale", amount=100, tendered=100, operations=1),
        )
        labels = set(settlement.move_ids.line_ids.mapped("name"))
        self.assertIn("Gift cards used · Grocer Centre · 12 operations", labels)
        self.assertIn("Sales · Grocer Centre · 1 operation", labels)

    def test_each_item_leads_back_to_its_line(self):
        settlement = self.take(
            self.line("sale", amount=100), self.line("gift_load", amount=100, carry=100)
        )
        for line in settlement.line_ids:
            self.assertTrue(line.item_ids)
            self.assertFalse(round(sum(line.item_ids.mapped("balance")), 2))


def _half_up(numerator, denominator):
    """Division rounded half up, away from zero: how the core takes tax out."""
    part = (abs(numerator) * 2 + denominator) // (2 * denominator)
    return part if numerator >= 0 else -part
