"""From operations in the ledger to equal books, without any gateway in between."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from ekarte_core import Tender, publish, read_network

from .settlement_common import (
    ACCOUNTANT_GROUPS,
    CLUB,
    CREDIT,
    NOW,
    PASS,
    LedgerCase,
    network_document,
)


@tagged("post_install", "-at_install")
class TestSettlementReconciliation(LedgerCase):
    def rows(self):
        """Rows of the reconciliation of our two companies, by what they are."""
        return {
            (row["company"], row["account"], row["partner"]): row
            for row in self.settlements._reconciliation()
            if row["company_id"] in (self.grocer.id, self.fuel.id)
            and row["check"] in ("V1", "V2", "TND", "V3")
        }

    def test_before_settling_it_is_on_the_way_and_after_it_is_in_the_books(self):
        self.trade()
        gift = self.rows()["SIA Tests Grocer", "LGC", ""]
        self.assertEqual(
            (gift["gl"], gift["expected"], gift["on_the_way"], gift["ok"]),
            (0, 0, 4_000, True),
        )
        settlement = self.settle()
        self.assertEqual(settlement.mapped("state"), ["posted"], settlement.reason)
        rows = self.rows()
        gift = rows["SIA Tests Grocer", "LGC", ""]
        self.assertEqual(
            (gift["gl"], gift["expected"], gift["on_the_way"]), (4_000, 4_000, 0)
        )
        bonus = rows["SIA Tests Grocer", "LBN", ""]
        self.assertTrue(bonus["gl"])
        self.assertTrue(all(row["ok"] for row in rows.values()), rows)

    def test_tender_accounts_are_empty_and_clearing_agrees(self):
        self.trade()
        self.settle()
        rows = self.rows()
        for company in ("SIA Tests Grocer", "SIA Tests Fuel"):
            self.assertEqual(rows[company, "TND", ""]["gl"], 0)
        between = rows["SIA Tests Fuel", "CLR", "SIA Tests Grocer"]
        self.assertEqual(
            (between["gl"], between["expected"], between["ok"]), (3_000, 3_000, True)
        )
        mirror = rows["SIA Tests Grocer", "CLR", "SIA Tests Fuel"]
        self.assertEqual((mirror["gl"], mirror["ok"]), (-3_000, True))
        outside = rows["SIA Tests Grocer", "CLR", "SIA Tests Books"]
        self.assertEqual(
            (outside["gl"], outside["expected"], outside["ok"]), (-2_000, -2_000, True)
        )

    def test_passes_and_debts_stand_in_the_books_as_on_the_cards(self):
        self.send("activate", "TTTTTTG1", PASS, amount=10_000)
        self.send("check_in", "TTTTTTG1", PASS)
        self.send("activate", "TTTTTTG1", CREDIT)
        for terminal, amount in (("TTTTTTG1", 5_000), ("TTTTTTF1", 2_000)):
            bought = Tender(credit=amount)
            self.send("sale", terminal, CREDIT, amount=amount, tender=bought)
        self.send("top_up", "TTTTTTG1", CREDIT, amount=1_500)
        self.send("top_up", "TTTTTTF1", CREDIT, amount=500)
        before = self.rows()
        self.assertEqual(before["SIA Tests Grocer", "LPS", ""]["on_the_way"], 7_438)
        debt = before["SIA Tests Grocer", "ALC", ""]
        self.assertEqual((debt["gl"], debt["expected"]), (0, 0))
        self.assertEqual((debt["check"], debt["on_the_way"]), ("V2", 5_000))
        settlement = self.settle()
        self.assertEqual(settlement.mapped("state"), ["posted"], settlement.reason)
        rows = self.rows()
        # 100.00 less tax is 82.64; one visit of ten is 8.26 of it.
        self.assertEqual(rows["SIA Tests Grocer", "LPS", ""]["gl"], 7_438)
        self.assertEqual(rows["SIA Tests Grocer", "ALC", ""]["gl"], 5_000)
        self.assertEqual(
            rows["SIA Tests Fuel", "CLR", "SIA Tests Grocer"]["gl"], 2_000 - 500
        )
        for company in ("SIA Tests Grocer", "SIA Tests Fuel"):
            self.assertEqual(rows[company, "TND", ""]["gl"], 0)
        self.assertTrue(all(row["ok"] for row in rows.values()), rows)
        self.assertNotIn(("SIA Tests Fuel", "ALC", ""), rows)

    def test_every_hand_on_the_accounts_turns_a_row_red(self):
        self.trade()
        self.settle()
        for key in ("LGC", "LPS", "ALC", "TND", "CLR"):
            with self.subTest(key), self.env.cr.savepoint() as undo:
                self.env["account.move"].create(
                    {
                        "company_id": self.grocer.id,
                        "journal_id": self.grocer.ekarte_journal_id.id,
                        "line_ids": [
                            (0, 0, {"account_id": account.id, "balance": balance})
                            for account, balance in (
                                (self.grocer._ekarte_account(key), 0.01),
                                (self.grocer._ekarte_account("BNK"), -0.01),
                            )
                        ],
                    }
                ).action_post()
                red = [row for row in self.rows().values() if not row["ok"]]
                self.assertEqual(
                    [(row["account"], abs(row["difference"])) for row in red],
                    [(key, 1)],
                )
                undo.rollback()

    def test_what_waits_or_was_reversed_is_on_the_way_again(self):
        self.trade()
        settlement = self.settle()
        settlement._reverse(settlement.first_day, "test")
        rows = self.rows()
        gift = rows["SIA Tests Grocer", "LGC", ""]
        self.assertEqual((gift["gl"], gift["on_the_way"], gift["ok"]), (0, 4_000, True))
        self.assertTrue(all(row["ok"] for row in rows.values()), rows)

    def test_settling_takes_each_operation_once(self):
        self.trade()
        self.assertEqual(len(self.settle()), 1)
        self.assertFalse(self.settle())
        self.send("sale", "TTTTTTG1", CLUB, amount=500)
        self.assertEqual(self.settle().line_ids.mapped("operations"), [1, 1])

    def test_what_a_till_of_odoo_sold_is_a_line_apart_and_books_no_sale(self):
        document = network_document()
        till = {"id": "TTTTTTO1", "branch": "TG1", "protocol": "odoo"}
        document["terminals"].append(till)
        version = publish(self.env.cr, document, NOW)
        self.network = read_network(document, version=version)
        self.send("sale", "TTTTTTG1", CLUB, amount=1_210)
        self.send("sale", "TTTTTTO1", CLUB, amount=2_420)
        # The till is gone from the network by now; its sales stay what they were.
        settlement = self.settle()
        self.assertEqual(settlement.mapped("state"), ["posted"], settlement.reason)
        sales = settlement.line_ids.filtered(lambda one: one.event == "sale")
        self.assertEqual(
            [(one.books_sales, one.amount, one.operations) for one in sales],
            [(False, 24.2, 1), (True, 12.1, 1)],
        )
        for line, number in zip(sales, (self.number, self.number - 1), strict=True):
            found = self.env["ekarte.operation"].search(
                line.action_open_operations()["domain"]
            )
            self.assertEqual(found.mapped("number"), [number])
        self.assertEqual(self.booked(settlement, self.grocer, "BNK"), 1_210)

    def test_a_line_leads_to_its_operations_and_to_no_others(self):
        self.trade()
        settlement = self.settle()
        operations = self.env["ekarte.operation"]

        def behind(event, seller):
            line = settlement.line_ids.filtered(
                lambda one: one.event == event and one.seller == seller
            )
            action = line.action_open_operations()
            found = operations.search(action["domain"])
            self.assertEqual(len(found), line.operations)
            return sorted(found.mapped("number"))

        first = self.number - 4
        self.assertEqual(behind("gift_load", "TGROCER"), [first])
        self.assertEqual(behind("gift_spend", "TFUEL"), [first + 1])
        self.assertEqual(behind("gift_spend", "TGROCER"), [first + 2])
        self.assertEqual(behind("bonus_earn", "TGROCER"), [first + 4])
        self.assertEqual(behind("sale", "TGROCER"), [first + 2, first + 4])
        self.assertEqual(
            len(operations.search(settlement.action_open_operations()["domain"])),
            settlement.operation_count,
        )
        self.assertEqual(settlement.operation_count, 5)

    def test_the_page_shows_rows_of_the_users_companies_only(self):
        self.trade()
        self.settle()
        accountant = self._user("test.accountant", ACCOUNTANT_GROUPS, self.fuel)
        operator = self._user(
            "test.operator", "ekarte_loyalty.ekarte_loyalty_group_operator", self.fuel
        )
        page = self.env["ekarte.reconciliation"].with_company(self.fuel)
        with self.assertRaises(AccessError):
            page.with_user(operator).action_open()
        action = page.with_user(accountant).action_open()
        rows = page.with_user(accountant).search(action["domain"])
        self.assertEqual(rows.company_id, self.fuel)
        self.assertTrue(all(rows.mapped("ok")))
