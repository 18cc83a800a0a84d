"""Clearing and the reconciliation: red stops a cycle, a posted one stays green."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ekarte_core import Original, Tender, publish, read_network

from .settlement_common import CLUB, GIFT, NOW, LedgerCase, network_document
from .test_reconciliation_faults import FaultCase


@tagged("post_install", "-at_install")
class TestReconciliationCycle(FaultCase):
    def agreed(self):
        """A cycle of the settled day that everybody has agreed to."""
        coalition = self.env["ekarte.coalition"].create(
            {
                "code": "TCLEAR",
                "name": "Tests",
                "issuer_ids": [(6, 0, self.issuers.ids)],
                "operator_id": self.issuers[0].id,
                "period": "manual",
                "fee_rate": 1,
                "fee_payer": "redeemer",
            }
        )
        self.env["ekarte.clearing.line"].search([]).coalition_id = coalition
        cycle = self.env["ekarte.clearing.cycle"].create(
            {"coalition_id": coalition.id, "date_to": "2026-11-30"}
        )
        cycle.action_collect()
        cycle.action_send()
        for statement in cycle.statement_ids:
            statement.action_agree()
        return cycle

    def test_a_red_row_stops_the_cycle_until_it_is_mended(self):
        cycle = self.agreed()
        move = self.by_hand(self.grocer, "LGC")
        with self.assertRaisesRegex(UserError, "V1 SIA Tests Grocer"):
            cycle.action_post()
        self.assertEqual(cycle.state, "agreed")
        move.button_draft()
        cycle.action_post()
        self.assertEqual(cycle.state, "posted")

    def test_a_posted_cycle_leaves_every_check_green(self):
        self.agreed().action_post()
        self.assertEqual(self.red(), set())

    def test_v1_deposits_in_both_books(self):
        self.issuers.books_currency_id = self.env.ref("base.EUR")
        coalition = self.agreed().coalition_id
        deposit = self.env["ekarte.clearing.deposit"].create(
            {
                "coalition_id": coalition.id,
                "issuer_id": self.issuers[1].id,
                "amount": 500,
            }
        )
        deposit.action_post()
        self.assertEqual(self.red(), set())
        self.by_hand(self.grocer, "LDP")
        self.assertEqual(
            [(row["check"], row["account"]) for row in self.rows()], [("V1", "LDP")]
        )

    def test_v5_a_statement_that_was_changed(self):
        cycle = self.agreed()
        cycle.action_post()
        self.plant(
            "UPDATE ekarte_clearing_statement SET net = net + 0.01 WHERE id = %(id)s",
            id=cycle.statement_ids[:1].id,
        )
        self.assertEqual(self.red(), {"V5"})

    def test_v13_a_fee_that_is_not_what_was_agreed(self):
        cycle = self.agreed()
        charged = cycle.statement_ids.filtered("fee")[:1]
        self.plant(
            "UPDATE ekarte_clearing_statement SET fee = fee + 0.01 WHERE id = %(id)s",
            id=charged.id,
        )
        self.assertEqual(self.red(), {"V13"})

    def test_v13_a_line_of_a_statement_that_was_changed(self):
        cycle = self.agreed()
        self.plant(
            "UPDATE ekarte_clearing_line SET token = '000000000000' WHERE id = %(id)s",
            id=cycle.statement_ids.line_ids[:1].id,
        )
        self.assertEqual(self.red(), {"V13"})


@tagged("post_install", "-at_install")
class TestReconciliationOfTerms(LedgerCase):
    """Cards taxed when sold, and bonuses that a pool's operator owes."""

    def day_of(self, terms):
        version = publish(self.env.cr, terms, NOW)
        self.network = read_network(terms, version=version)
        self.send("activate", "TTTTTTG1", GIFT, amount=12_100)
        for terminal in ("TTTTTTG1", "TTTTTTF1"):
            for amount in (3_000, 1_000):
                self.send(
                    "sale", terminal, GIFT, amount=amount, tender=Tender(gift=amount)
                )
            original = Original(batch=1, operation=self.number)
            self.send("reverse", terminal, GIFT, amount=1_000, original=original)
        self.send("sale", "TTTTTTG1", CLUB, amount=5_700)
        self.send("sale", "TTTTTTF1", CLUB, amount=500, tender=Tender(bonus=50))
        self.settlements._cron_settle()
        waiting = self.settlements.search([("state", "!=", "posted")])
        self.assertFalse(waiting, waiting.mapped("reason"))

    def rows(self, check):
        return {
            (row["company"], row["account"]): row["gl"]
            for row in self.settlements._reconciliation()
            if row["check"] == check and row["gl"]
        }

    def test_cards_taxed_when_sold_agree_in_every_check(self):
        terms = network_document()
        for program in terms["programs"]:
            if program["code"] == "TGIFT":
                program["parameters"] |= {"vat_class": "spv", "tax_rate_bp": 2100}
        self.day_of(terms)
        self.assertFalse(self.settlements._red_rows(self.grocer | self.fuel))
        # 121.00 sold, 60.00 used: what is left is carried without its tax.
        self.assertEqual(self.rows("V1")["SIA Tests Grocer", "LGC"], 5_042)

    def test_what_a_pool_owes_stands_at_its_operator(self):
        terms = network_document()
        terms["coalitions"][0] |= {"operator": "TFUEL", "model": "pool"}
        self.day_of(terms)
        self.assertFalse(self.settlements._red_rows(self.grocer | self.fuel))
        liabilities = self.rows("V1")
        self.assertIn(("SIA Tests Fuel", "LPL"), liabilities)
        self.assertNotIn(("SIA Tests Grocer", "LBN"), liabilities)
        pool = self.env["ekarte.rollforward"].search([("account_key", "=", "LPL")])
        self.assertEqual(pool.company_id, self.fuel)
        self.assertFalse(any(pool.mapped("difference")))
