"""Clearing and the reconciliation: red stops a cycle, a posted one stays green."""

from odoo.exceptions import UserError
from odoo.tests import tagged

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
