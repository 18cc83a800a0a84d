"""On the clearing accounts only what clearing has not cleared yet is open."""

from odoo.tests import tagged

from .clearing_common import DAY, ClearingCase


@tagged("post_install", "-at_install")
class TestClearingMatching(ClearingCase):
    def open_items(self, company):
        """Residuals on CLR by partner's name, in cents, of items that are open."""
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", company._ekarte_account("CLR").id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
            ]
        )
        return sorted(
            (item.partner_id.name, round(item.amount_residual * 100)) for item in items
        )

    def test_what_a_cycle_clears_is_reconciled_item_by_item(self):
        self.trade()
        self.take(self.line("gift_spend", "TFUEL", "TGROCER", amount=700, carry=700))
        self.assertEqual(len(self.open_items(self.grocer)), 3)
        self.posted()
        for company in (self.grocer, self.fuel, self.union):
            self.assertEqual(self.open_items(company), [], company.name)

    def test_lines_of_a_later_day_stay_open_and_whole(self):
        self.trade()
        later = {"amount": 12000, "carry": 12000, "day": "2026-11-25"}
        self.take(self.line("gift_spend", "TFUEL", "TGROCER", **later))
        self.posted()
        self.assertEqual(self.open_items(self.grocer), [("SIA Tests Fuel", -12000)])
        self.assertEqual(self.open_items(self.fuel), [("SIA Tests Grocer", 12000)])

    def test_line_in_dispute_stays_open_until_the_cycle_that_clears_it(self):
        self.trade()
        self.take(self.line("gift_spend", "TFUEL", "TGROCER", amount=700, carry=700))
        cycle = self.sent()
        line = self.lines.search(
            [("issuer_id", "=", self.issuers[0].id), ("amount", "=", -7)]
        )
        dispute = line._dispute("not_ours")
        cycle.statement_ids._agree("Tests")
        cycle.action_post()
        self.assertEqual(self.open_items(self.grocer), [("SIA Tests Fuel", -700)])
        dispute.action_uphold()
        self.assertEqual(
            self.open_items(self.grocer),
            [("SIA Tests Fuel", -700), ("SIA Tests Fuel", 700)],
        )
        later = self.collected()
        later.action_send()
        later.statement_ids._agree("Tests")
        later.action_post()
        self.assertEqual(self.open_items(self.grocer), [])
        self.assertEqual(self.open_items(self.fuel), [])

    def test_part_of_an_item_in_dispute_leaves_exactly_that_part_open(self):
        settlement = self.trade()
        line = self.lines.search(
            [("issuer_id", "=", self.issuers[0].id), ("amount", "=", -120)]
        )
        # The document came without operations: make two of the one claim.
        for half in line | line._twin():
            part = half.amount / 4
            half.copy({"amount": part, "nominal": 30, "operation_id": 7})
            half.write({"amount": half.amount - part, "nominal": 90})
        cycle = self.sent()
        self.lines.search(
            [("issuer_id", "=", self.issuers[0].id), ("amount", "=", -30)]
        )._dispute("duplicate")
        cycle.statement_ids._agree("Tests")
        cycle.action_post()
        self.assertEqual(self.open_items(self.grocer), [("SIA Tests Fuel", -3000)])
        self.assertEqual(self.open_items(self.fuel), [("SIA Tests Grocer", 3000)])
        item = settlement.move_ids.line_ids.filtered(
            lambda one: (
                one.company_id == self.grocer
                and one.account_id == self.grocer._ekarte_account("CLR")
                and one.balance == -120
            )
        )
        self.assertEqual(item.amount_residual, -30)

    def test_settlement_reversed_after_clearing_is_matched_by_the_next_cycle(self):
        settlement = self.trade()
        self.posted()
        settlement._reverse(DAY, "wrong account")
        cycle = self.collected()
        cycle.action_send()
        cycle.statement_ids._agree("Tests")
        cycle.action_post()
        for company in (self.grocer, self.fuel, self.union):
            self.assertEqual(self.open_items(company), [], company.name)

    def test_account_that_is_not_reconciled_is_left_alone(self):
        account = self.grocer._ekarte_account("CLR")
        self.trade()
        cycle = self.agreed()
        account.reconcile = False
        cycle.action_post()
        self.assertEqual(cycle.state, "posted")
        self.assertFalse(
            self.env["account.move.line"].search(
                [("account_id", "=", account.id), ("matching_number", "!=", False)]
            )
        )
