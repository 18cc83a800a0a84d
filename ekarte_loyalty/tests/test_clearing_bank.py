"""A registered payment meets its bank transaction, in the books of one side."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .clearing_common import DAY, ClearingCase
from .settlement_common import ACCOUNTANT_GROUPS


@tagged("post_install", "-at_install")
class TestClearingBank(ClearingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.anna = cls._user("t.bank.anna", ACCOUNTANT_GROUPS, cls.union)

    def setUp(self):
        super().setUp()
        self.trade()
        self.cycle = self.posted()
        self.of_fuel = self.statement(self.cycle, "TFUEL").with_user(self.anna)

    def test_payout_is_matched_with_the_transaction_of_its_sum(self):
        payment = self.pay(self.of_fuel)
        self.moved(-30)
        moved = self.moved(-40)
        self.assertTrue(self.of_fuel.can_match)
        match = self.match(self.of_fuel)
        self.assertEqual((match.amount, match.transaction_id), (-40, moved))
        match.action_match()
        self.assertTrue(moved.is_reconciled)
        self.assertTrue(payment.is_matched)
        self.assertEqual(payment.state, "paid")
        self.of_fuel.invalidate_recordset(["can_match"])
        self.assertFalse(self.of_fuel.can_match)
        with self.assertRaisesRegex(UserError, "No payment waits"):
            self.of_fuel.action_match()

    def test_transaction_of_another_sum_is_refused(self):
        self.pay(self.of_fuel)
        other = self.moved(-39)
        match = self.match(self.of_fuel)
        self.assertFalse(match.transaction_id)
        match.transaction_id = other
        with self.assertRaisesRegex(UserError, r"39\.00.*40\.00"):
            match.action_match()
        self.assertFalse(other.is_reconciled)

    def test_payment_in_two_parts_is_matched_part_by_part(self):
        self.pay(self.of_fuel, amount=15)
        self.pay(self.of_fuel, amount=25)
        for amount in (-25, -15):
            self.moved(amount)
            match = self.match(self.of_fuel)
            self.assertEqual(match.transaction_id.amount, amount)
            match.action_match()
        self.of_fuel.invalidate_recordset(["can_match"])
        self.assertFalse(self.of_fuel.can_match)

    def test_nothing_waits_before_a_payment_is_registered(self):
        self.moved(-40)
        self.assertFalse(self.of_fuel.can_match)

    def test_each_side_matches_in_its_own_books_only(self):
        self.pay(self.of_fuel)
        boris = self._user("t.bank.boris", ACCOUNTANT_GROUPS, self.fuel)
        self.assertFalse(self.of_fuel.with_user(boris).can_match)

    def pay(self, statement, **values):
        opened = statement.action_pay_as_operator()
        wizard = self.env["account.payment.register"].with_user(self.anna)
        wizard = wizard.with_context(**opened["context"]).create(values)
        return wizard._create_payments()

    def moved(self, amount):
        journal = self.env["account.journal"].search(
            [("company_id", "=", self.union.id), ("type", "=", "bank")], limit=1
        )
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": journal.id,
                "date": DAY,
                "amount": amount,
                "payment_ref": "Clearing",
            }
        )

    def match(self, statement):
        opened = statement.action_match()
        return (
            self.env["ekarte.clearing.bank"]
            .with_user(self.anna)
            .with_context(**opened["context"])
            .create({})
        )
