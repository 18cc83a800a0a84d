"""Other charts, other currencies, branches with an analytic account."""

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from .settlement_common import SettlementCase


@tagged("post_install", "-at_install")
class TestBooksOfAllKinds(SettlementCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dollars = cls._company(
            "Tests Generic Inc",
            chart="generic_coa",
            country="base.us",
            currency="base.USD",
        )
        cls.env["ekarte.accounts"]._set_up(cls.dollars)
        cls.generic = cls.env["ekarte.issuer"].create(
            {"code": "TGEN", "company_id": cls.dollars.id}
        )
        cls.env["ekarte.branch"].create(
            {"code": "TN1", "name": "Generic", "issuer_id": cls.generic.id}
        )

    def generic_line(self, event, **changes):
        """A line of the company in dollars."""
        line = self.line(event, **changes)
        codes = {"seller": "TGEN", "issuer": "TGEN", "branch": "TN1", "currency": "USD"}
        return {**line, **codes, "tax_rate_bp": 0}

    def red(self):
        rows = self.settlements._red_rows(self.dollars | self.grocer | self.fuel)
        # These documents have no operations in the ledger: V1 cannot agree.
        return {row["check"] for row in rows} - {"V1", "V14"}

    def test_the_generic_chart_takes_every_event(self):
        settlement = self.take(
            self.generic_line("sale", amount=10_000, tendered=2_000),
            self.generic_line("gift_load", amount=5_000, carry=5_000),
            self.generic_line("gift_spend", amount=2_000, carry=2_000),
            self.generic_line("bonus_earn", amount=10, carry=81),
            self.generic_line("bonus_expire", amount=1, carry=8),
            self.generic_line("pass_load", amount=10, carry=1_000),
            self.generic_line("pass_use", amount=1, carry=100),
        )
        self.assertEqual(settlement.state, "posted", settlement.reason)
        self.assertEqual(
            self.booked(settlement, self.dollars),
            {
                "BNK": 13_000,
                "TND": 0,
                "REV": -10_000 + 81 + 1_000 - 100,
                "LGC": -3_000,
                "LBN": -73,
                "LPS": -900,
                "RBK": -8,
            },
        )
        self.assertEqual(settlement.move_ids.currency_id.name, "USD")
        self.assertEqual(self.red(), set())

    def test_one_document_posts_in_the_currency_of_each_issuer(self):
        settlement = self.take(
            self.line("sale", amount=1_210), self.generic_line("sale", amount=1_000)
        )
        self.assertEqual(settlement.state, "posted", settlement.reason)
        self.assertEqual(
            {move.company_id: move.currency_id.name for move in settlement.move_ids},
            {self.grocer: "EUR", self.dollars: "USD"},
        )

    def test_a_currency_that_is_not_the_issuers_waits(self):
        settlement = self.take(
            {**self.generic_line("sale", amount=1_000), "currency": "EUR"}
        )
        self.assertEqual(settlement.state, "waiting")
        self.assertIn("USD", settlement.reason)

    def test_the_trial_balance_keeps_currencies_apart(self):
        self.take(
            self.line("sale", amount=1_000, tax_rate_bp=0),
            self.generic_line("sale", amount=1_000),
        )
        rows = self.env["ekarte.trial.balance"].search(
            [("account_key", "=", "BNK"), ("issuer_id.code", "in", ("TGEN", "TGROCER"))]
        )
        self.assertEqual(
            {row.issuer_id.code: row.currency_id.name for row in rows},
            {"TGEN": "USD", "TGROCER": "EUR"},
        )

    # Analytic accounts

    def analytic(self, company):
        plan = self.env["account.analytic.plan"].create({"name": "Tests Branches"})
        return self.env["account.analytic.account"].create(
            {"name": "Grocer Centre", "plan_id": plan.id, "company_id": company.id}
        )

    def test_income_and_cost_of_a_branch_are_counted_at_its_account(self):
        analytic = self.analytic(self.grocer)
        self.branches[0].analytic_account_id = analytic
        settlement = self.take(
            self.line("sale", amount=1_210),
            self.line("bonus_grant", amount=50, carry=500),
            self.line("sale", "TFUEL", amount=1_210),
        )
        self.assertEqual(settlement.state, "posted", settlement.reason)
        counted = settlement.move_ids.line_ids.filtered("analytic_distribution")
        self.assertEqual(
            counted.account_id,
            self.grocer._ekarte_account("REV") | self.grocer._ekarte_account("XPM"),
        )
        self.assertEqual(counted.company_id, self.grocer)
        lines = self.env["account.analytic.line"].search(
            [(analytic.plan_id._column_name(), "=", analytic.id)]
        )
        self.assertEqual(sum(lines.mapped("amount")), 10 - 5)

    def test_what_another_issuer_bears_is_not_the_branchs(self):
        self.branches[1].analytic_account_id = self.analytic(self.fuel)
        settlement = self.take(
            self.line("bonus_spend", "TFUEL", "TGROCER", amount=100, carry=81)
        )
        self.assertEqual(settlement.state, "posted", settlement.reason)
        self.assertFalse(settlement.move_ids.line_ids.filtered("analytic_distribution"))

    def test_an_analytic_account_of_another_company_is_refused(self):
        with self.assertRaises(ValidationError):
            self.branches[0].analytic_account_id = self.analytic(self.fuel)
        self.branches[0].analytic_account_id = self.analytic(self.grocer)
