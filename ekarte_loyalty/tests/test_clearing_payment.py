"""Posted statements are paid by Odoo's own payments, in the books of both sides."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .clearing_common import PAYER, ClearingCase


@tagged("post_install", "-at_install")
class TestClearingPayment(ClearingCase):
    def test_statement_is_paid_when_both_sides_have_paid(self):
        self.trade()
        cycle = self.posted()
        statement = self.statement(cycle, "TGROCER")
        self.assertEqual((statement.residual, statement.issuer_residual), (-70, -70))
        self.pay(statement, "action_pay")
        self.assertEqual((statement.residual, statement.issuer_residual), (-70, 0))
        self.assertEqual(statement.state, "posted")
        self.pay(statement, "action_pay_as_operator")
        self.assertEqual((statement.residual, statement.issuer_residual), (0, 0))
        self.assertEqual((statement.state, cycle.state), ("paid", "posted"))

    def test_cycle_is_paid_when_all_its_statements_are(self):
        self.trade()
        cycle = self.posted()
        self.pay_all(cycle)
        self.assertEqual(cycle.state, "paid")
        for key in ("ARU", "APU", "ARI", "API", "CLR"):
            for company in (self.grocer, self.fuel, self.union):
                self.assertEqual(self.balance(company, key), 0, key)

    def test_operator_that_is_a_member_has_paid_when_all_others_have(self):
        self.coalition.operator_id = self.issuers[0]
        self.trade()
        cycle = self.posted()
        self.pay_all(cycle)
        self.assertEqual(set(cycle.statement_ids.mapped("state")), {"paid"})
        self.assertEqual(cycle.state, "paid")

    def test_part_of_a_payment_leaves_the_rest_open(self):
        self.trade()
        statement = self.statement(self.posted(), "TGROCER")
        self.pay(statement, "action_pay_as_operator", amount=20)
        self.assertEqual(statement.residual, -50)
        self.assertEqual(statement.state, "posted")

    def test_payment_taken_back_opens_the_statement_again(self):
        self.trade()
        cycle = self.posted()
        self.pay_all(cycle)
        statement = self.statement(cycle, "TFUEL")
        statement.item_ids[:1].remove_move_reconcile()
        self.assertEqual((statement.state, cycle.state), ("posted", "posted"))

    def test_nothing_is_paid_twice(self):
        self.trade()
        statement = self.statement(self.posted(), "TGROCER")
        self.pay(statement, "action_pay")
        with self.assertRaisesRegex(UserError, "Nothing is left"):
            statement.action_pay()

    def test_each_side_pays_in_its_own_books_only(self):
        self.trade()
        cycle = self.posted()
        anna = self._user("clearing.anna", PAYER, self.grocer)
        own = self.statement(cycle, "TGROCER").with_user(anna)
        self.assertTrue(own.can_pay)
        self.assertFalse(own.can_pay_as_operator)
        self.assertTrue(own.action_pay())
        with self.assertRaises(AccessError):
            own.action_pay_as_operator()
        with self.assertRaises(AccessError):
            self.statement(cycle, "TFUEL").with_user(anna).action_pay()

    def test_fee_is_set_off_against_the_payout_and_the_rest_is_open(self):
        self.coalition.write({"fee_rate": 10, "fee_payer": "redeemer"})
        self.trade()
        cycle = self.posted()
        fuel = self.statement(cycle, "TFUEL")
        self.assertEqual((fuel.net, fuel.fee, fuel.fee_tax), (40, 12, 2.52))
        self.assertEqual((fuel.residual, fuel.issuer_residual), (25.48, 25.48))
        self.pay_all(cycle)
        self.assertEqual(cycle.state, "paid")

    def test_statement_of_nothing_is_paid_at_once(self):
        self.take(
            self.line("gift_spend", "TFUEL", "TGROCER", amount=100, carry=100),
            self.line("gift_spend", "TGROCER", "TFUEL", amount=100, carry=100),
        )
        cycle = self.posted()
        self.assertEqual(cycle.state, "paid")

    # Outside members

    def test_outside_creditor_gets_a_bill_in_the_operators_books(self):
        self.trade()
        cycle = self.posted()
        statement = self.statement(cycle, "TBOOKS")
        bill = statement.item_ids.move_id
        self.assertEqual(
            (bill.move_type, bill.amount_total, bill.partner_id, bill.state),
            ("in_invoice", 30, self.books_partner, "posted"),
        )
        self.assertEqual(
            statement.item_ids.account_id, self.union._ekarte_account("API")
        )
        self.assertEqual(self.balance(self.union, "CLR"), 0)
        self.pay(statement, "action_pay_as_operator")
        self.assertEqual((statement.state, bill.amount_residual), ("paid", 0))

    def test_outside_debtor_gets_an_invoice_with_the_fee_and_its_tax(self):
        self.coalition.write({"fee_rate": 1.5, "fee_payer": "issuer"})
        self.take(self.line("gift_spend", "TGROCER", "TBOOKS", amount=5000, carry=5000))
        statement = self.statement(self.posted(), "TBOOKS")
        invoice = statement.item_ids.move_id
        self.assertEqual(
            (invoice.move_type, invoice.amount_untaxed, invoice.amount_tax),
            ("out_invoice", 50.75, 0.16),
        )
        self.assertEqual(invoice.amount_total, -statement.total)
        self.assertEqual(invoice.invoice_date_due, statement.due_date)
        self.assertEqual(self.balance(self.union, "CLR"), 0)
        self.assertEqual(self.balance(self.union, "RFE"), -75)

    def test_fee_of_an_outside_creditor_is_invoiced_and_set_off(self):
        self.coalition.write({"fee_rate": 10, "fee_payer": "redeemer"})
        self.trade()
        cycle = self.posted()
        statement = self.statement(cycle, "TBOOKS")
        documents = statement.item_ids.move_id.filtered(
            lambda move: move.move_type != "entry"
        )
        self.assertEqual(
            {move.move_type: move.amount_total for move in documents},
            {"in_invoice": 30, "out_invoice": 9.68},
        )
        self.assertEqual(statement.residual, statement.total)
        self.assertEqual(statement.residual, 20.32)
        self.pay_all(cycle)
        self.assertEqual(cycle.state, "paid")
        self.assertEqual(set(documents.mapped("amount_residual")), {0})

    def test_documents_are_posted_once(self):
        self.trade()
        cycle = self.posted()
        statement = self.statement(cycle, "TBOOKS")
        moves = statement.item_ids.move_id
        self.assertEqual(cycle._post_outside(statement), moves)
        cycle.action_post()
        self.assertEqual(statement.item_ids.move_id, moves)

    def test_document_cannot_be_undone_alone(self):
        self.trade()
        bill = self.statement(self.posted(), "TBOOKS").item_ids.move_id
        with self.assertRaises(UserError):
            bill.button_draft()

    # Helpers

    def pay(self, statement, action, **values):
        """Register a payment as the wizard's form does, with the journal it offers."""
        opened = getattr(statement, action)()
        wizard = (
            self.env["account.payment.register"]
            .with_context(**opened["context"])
            .create(values)
        )
        return wizard._create_payments()

    def pay_all(self, cycle):
        for statement in cycle.statement_ids:
            if statement.issuer_residual:
                self.pay(statement, "action_pay")
            if statement.residual:
                self.pay(statement, "action_pay_as_operator")

    def balance(self, company, key):
        items = self.env["account.move.line"].search(
            [
                ("account_id", "=", company._ekarte_account(key).id),
                ("company_id", "=", company.id),
                ("parent_state", "=", "posted"),
            ]
        )
        return round(sum(items.mapped("balance")) * 100)
