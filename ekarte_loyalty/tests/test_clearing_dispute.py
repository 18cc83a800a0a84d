"""Disputes: one line leaves the net, clocks run, a ruling puts it right."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ekarte_core import Tender, publish

from .clearing_common import PAYER, ClearingCase
from .settlement_common import GIFT, NOW, LedgerCase, network_document


@tagged("post_install", "-at_install")
class TestClearingDispute(ClearingCase):
    def setUp(self):
        super().setUp()
        self.trade()
        self.take(self.line("gift_spend", "TFUEL", "TGROCER", amount=700, carry=700))
        self.cycle = self.sent()
        self.line_of_grocer = self.lines.search(
            [("issuer_id", "=", self.issuers[0].id), ("amount", "=", -7)]
        )

    def test_dispute_changes_the_net_by_exactly_that_line_on_both_sides(self):
        self.assertEqual(
            self.nets(self.cycle), {"TGROCER": -77.0, "TFUEL": 47.0, "TBOOKS": 30.0}
        )
        digests = {one: one.digest for one in self.cycle.statement_ids}
        self.line_of_grocer._dispute("duplicate", "See the slip of 12:01")
        self.assertEqual(
            self.nets(self.cycle), {"TGROCER": -70.0, "TFUEL": 40.0, "TBOOKS": 30.0}
        )
        self.assertEqual(
            self.nets(self.cycle, "disputed"),
            {"TGROCER": -7.0, "TFUEL": 7.0, "TBOOKS": 0.0},
        )
        changed = {
            one.issuer_id.code
            for one in self.cycle.statement_ids
            if one.digest != digests[one]
        }
        self.assertEqual(changed, {"TGROCER", "TFUEL"})
        self.assertEqual(self.statement(self.cycle, "TGROCER").state, "disputed")
        self.assertEqual(self.statement(self.cycle, "TFUEL").state, "sent")

    def test_agreement_of_the_other_side_falls_when_its_net_changes(self):
        fuel = self.statement(self.cycle, "TFUEL")
        books = self.statement(self.cycle, "TBOOKS")
        (fuel | books)._agree("Tests")
        self.line_of_grocer._dispute("not_ours")
        self.assertEqual((fuel.state, books.state), ("sent", "agreed"))
        self.assertFalse(fuel.agreed_by)

    def test_late_ruling_is_asked_for_once_of_all_the_operators_accountants(self):
        anna, berta = (
            self._user(f"t.ruling.{name}", PAYER, self.union)
            for name in ("anna", "berta")
        )
        dispute = self._answered_dispute()
        self._days_late(dispute, 0)
        self.assertFalse(dispute.activity_ids)
        self._days_late(dispute, 1)
        self.assertEqual(dispute.activity_ids.user_id & (anna | berta), anna | berta)
        letter = dispute.message_ids.filtered(
            lambda one: "ruling" in (one.subject or "")
        )
        self.assertEqual(
            letter.partner_ids & (anna | berta).partner_id, (anna | berta).partner_id
        )
        self.assertIn("7.00", letter.body)
        told = (len(dispute.activity_ids), len(dispute.message_ids))
        self._days_late(dispute, 9)
        self.assertEqual((len(dispute.activity_ids), len(dispute.message_ids)), told)
        dispute.action_reject()
        self.assertFalse(dispute.activity_ids)

    def test_operator_outside_is_written_to_at_its_address(self):
        self.coalition.operator_id = self.issuers[2]
        self.books_partner.email = "union@example.com"
        dispute = self._answered_dispute()
        self._days_late(dispute, 1)
        letter = dispute.message_ids.filtered(
            lambda one: "ruling" in (one.subject or "")
        )
        self.assertEqual(letter.partner_ids, self.books_partner)
        self.assertFalse(dispute.activity_ids)

    def _answered_dispute(self):
        dispute = self.line_of_grocer._dispute("not_ours")
        dispute.answer = "It was yours"
        dispute.action_answer()
        return dispute

    def _letter(self, dispute):
        return dispute.message_ids.filtered(lambda one: "ruling" in (one.subject or ""))

    def _days_late(self, dispute, days):
        today = fields.Date.context_today(dispute)
        dispute.ruling_due = today - timedelta(days=days)
        dispute._cron_rule()

    def test_cycle_is_agreed_and_posted_without_the_disputed_line(self):
        self.line_of_grocer._dispute("not_ours")
        self.cycle.statement_ids._agree("Tests")
        self.cycle.action_post()
        self.assertEqual(self.cycle.state, "posted")
        claim = self.line_of_grocer + self.line_of_grocer._twin()
        self.assertEqual(claim.mapped("state"), ["disputed", "disputed"])
        self.assertEqual(self.clearing_balance(self.grocer), -700)
        self.assertEqual(self.clearing_balance(self.fuel), 700)

    def test_line_of_a_statement_that_is_agreed_with_or_late_is_refused(self):
        grocer = self.statement(self.cycle, "TGROCER")
        grocer._agree("Tests")
        with self.assertRaisesRegex(UserError, "not open to disputes"):
            self.line_of_grocer._dispute("not_ours")
        grocer.state = "sent"
        grocer.dispute_until = fields.Date.context_today(grocer) - timedelta(days=1)
        with self.assertRaisesRegex(UserError, "could be disputed until"):
            self.line_of_grocer._dispute("not_ours")
        grocer.dispute_until = fields.Date.context_today(grocer)
        self.assertTrue(self.line_of_grocer._dispute("not_ours"))

    def test_line_is_disputed_once(self):
        self.line_of_grocer._dispute("not_ours")
        with self.assertRaisesRegex(UserError, "open line"):
            self.line_of_grocer._dispute("not_ours")
        with self.assertRaisesRegex(UserError, "open line"):
            self.line_of_grocer._twin()._dispute("not_ours")

    def test_rejected_dispute_is_due_in_the_next_cycle(self):
        dispute = self.line_of_grocer._dispute("not_ours")
        self.cycle.statement_ids._agree("Tests")
        self.cycle.action_post()
        dispute.answer = "It is yours: see the slip."
        dispute.action_answer()
        self.assertEqual(
            dispute.ruling_due,
            fields.Date.context_today(dispute) + timedelta(days=10),
        )
        dispute.action_reject()
        following = self.collected()
        self.assertEqual(self.nets(following), {"TGROCER": -7.0, "TFUEL": 7.0})
        following.action_send()
        following.statement_ids._agree("Tests")
        following.action_post()
        self.assertEqual(self.clearing_balance(self.grocer), 0)
        self.assertEqual(self.clearing_balance(self.fuel), 0)

    def test_a_claim_that_was_taken_back_is_not_disputed_again(self):
        claim = self.line_of_grocer + self.line_of_grocer._twin()
        self.line_of_grocer._dispute("duplicate").action_uphold()
        contra = self.lines.search([("origin", "=", "ruled")])
        self.assertEqual(len(contra), 2)
        self.cycle.statement_ids._agree("Tests")
        self.cycle.action_post()
        self.collected().action_send()
        for line in claim + contra:
            self.assertEqual(line.statement_id.state, "sent")
            self.assertFalse(line.disputable)
            with self.assertRaisesRegex(UserError, "taken back already"):
                line._dispute("duplicate")

    def test_a_claim_whose_dispute_was_rejected_may_be_disputed_again(self):
        self.line_of_grocer._dispute("duplicate").action_reject()
        self.cycle.statement_ids._agree("Tests")
        self.cycle.action_post()
        self.collected().action_send()
        self.assertTrue(self.line_of_grocer.disputable)
        self.assertTrue(self.line_of_grocer._dispute("duplicate"))

    def test_a_claim_that_went_with_its_settlement_is_not_taken_back_again(self):
        dispute = self.line_of_grocer._dispute("duplicate")
        self.line_of_grocer.settlement_id._reverse(fields.Date.today(), "Tests")
        with self.assertRaisesRegex(UserError, "taken back already"):
            dispute.action_uphold()
        dispute.action_reject()
        self.assertEqual(dispute.state, "rejected")

    def test_upheld_without_value_back_is_the_loss_of_who_claimed(self):
        dispute = self.line_of_grocer._dispute("duplicate", remedy="none")
        self.cycle.statement_ids._agree("Tests")
        self.cycle.action_post()
        dispute.action_uphold()
        self.assertEqual(self.books(dispute, self.fuel), {"XLS": 700, "CLR": -700})
        self.assertEqual(self.books(dispute, self.grocer), {"CLR": 700, "XCL": -700})
        self.assertEqual(self.clearing_balance(self.grocer), 0)
        following = self.collected()
        self.assertEqual(self.nets(following), {"TGROCER": 0.0, "TFUEL": 0.0})
        following.action_send()
        following.statement_ids._agree("Tests")
        following.action_post()
        lines = self.lines.search([("cycle_id", "=", following.id)])
        self.assertEqual(len(lines), 4)
        self.assertEqual(set(lines.mapped("state")), {"closed"})

    def test_silence_upholds_after_the_last_day_to_answer_and_not_on_it(self):
        dispute = self.line_of_grocer._dispute("duplicate")
        today = fields.Date.context_today(dispute)
        self.assertEqual(dispute.answer_due, today + timedelta(days=10))
        dispute.answer_due = today
        self.env["ekarte.clearing.dispute"]._cron_rule()
        self.assertEqual(dispute.state, "raised")
        dispute.answer_due = today - timedelta(days=1)
        self.env["ekarte.clearing.dispute"]._cron_rule()
        self.assertEqual((dispute.state, dispute.ruled_by), ("upheld", "Silence"))

    def test_answered_dispute_waits_for_the_ruling_whatever_the_clock(self):
        dispute = self.line_of_grocer._dispute("duplicate")
        with self.assertRaisesRegex(UserError, "Write the answer"):
            dispute.action_answer()
        dispute.answer = "No."
        dispute.action_answer()
        dispute.answer_due = fields.Date.context_today(dispute) - timedelta(days=1)
        self.env["ekarte.clearing.dispute"]._cron_rule()
        self.assertEqual(dispute.state, "answered")

    def test_dispute_is_ruled_once(self):
        dispute = self.line_of_grocer._dispute("duplicate")
        dispute.action_withdraw()
        for action in ("action_uphold", "action_reject", "action_accept"):
            with self.assertRaisesRegex(UserError, "is over"):
                getattr(dispute, action)()

    def test_each_party_does_its_own_part_and_no_other(self):
        of_grocer = self._user("t.acc.grocer", PAYER, self.grocer)
        of_fuel = self._user("t.acc.fuel", PAYER, self.fuel)
        of_union = self._user("t.acc.union", PAYER, self.union)
        with self.assertRaises(AccessError):
            self.line_of_grocer.with_user(of_fuel)._dispute("not_ours")
        dispute = self.line_of_grocer.with_user(of_grocer)._dispute("not_ours")
        for action in ("action_accept", "action_uphold", "action_reject"):
            with self.assertRaises(AccessError):
                getattr(dispute, action)()
        theirs = dispute.with_user(of_fuel)
        theirs.answer = "It is yours."
        theirs.action_answer()
        for action in ("action_uphold", "action_reject", "action_withdraw"):
            with self.assertRaises(AccessError):
                getattr(theirs, action)()
        with self.assertRaisesRegex(UserError, "by its buttons"):
            dispute.write({"state": "upheld"})
        dispute.with_user(of_union).action_reject()
        self.assertEqual(dispute.state, "rejected")


@tagged("post_install", "-at_install")
class TestClearingDisputeOfOperation(LedgerCase):
    """Disputes of real operations: what can go back to the card, and what cannot."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.coalition = cls.env["ekarte.coalition"].create(
            {
                "code": "TCLEAR",
                "name": "Tests",
                "issuer_ids": [(6, 0, cls.issuers.ids)],
                "operator_id": cls.issuers[0].id,
            }
        )

    def sent(self):
        cycle = self.env["ekarte.clearing.cycle"].create(
            {"coalition_id": self.coalition.id, "date_to": "2026-11-30"}
        )
        cycle.action_collect()
        cycle.action_send()
        return cycle

    def post(self, cycle):
        cycle.statement_ids.filtered(lambda one: one.state != "agreed")._agree("Tests")
        cycle.action_post()
        self.assertIn(cycle.state, ("posted", "paid"))

    def publish_with_back_office(self):
        """Odoo rules at a terminal of the seller, so the network must know it."""
        document = network_document()
        document["terminals"].append(
            {
                "id": self.issuers[1]._back_office_id(),
                "branch": "TF1",
                "protocol": "odoo",
                "mac": "none",
            }
        )
        publish(self.env.cr, document, NOW)

    def test_value_back_to_the_card_takes_the_claim_back_with_its_settlement(self):
        self.send("activate", "TTTTTTG1", GIFT, amount=10_000)
        self.send("sale", "TTTTTTF1", GIFT, amount=3_000, tender=Tender(gift=3_000))
        self.settle()
        cycle = self.sent()
        line = cycle.statement_ids.line_ids.filtered(lambda one: one.side == "pay")
        dispute = line._dispute("duplicate", remedy="card")
        self.post(cycle)
        self.publish_with_back_office()
        dispute.action_uphold()
        self.assertEqual((dispute.state, dispute.settled), ("upheld", False))
        self.assertEqual(line.state, "disputed")
        settlement = self.settle()
        self.assertEqual(
            self.booked(settlement, self.fuel), {"XLS": 3000, "CLR": -3000}
        )
        self.assertEqual(
            self.booked(settlement, self.grocer), {"CLR": 3000, "LGC": -3000}
        )
        self.assertTrue(dispute.settled)
        self.assertEqual((line.state, line.cycle_id.id), ("open", False))
        following = self.sent()
        self.assertEqual(set(following.statement_ids.mapped("net")), {0.0})
        self.assertEqual(len(following.statement_ids.line_ids), 4)
        self.post(following)

    def test_money_that_was_loaded_cannot_go_back_to_the_card(self):
        self.send("activate", "TTTTTTF1", GIFT, amount=10_000)
        self.settle()
        cycle = self.sent()
        line = cycle.statement_ids.line_ids.filtered(lambda one: one.side == "pay")
        dispute = line._dispute("wrong_amount", remedy="card")
        with self.assertRaisesRegex(UserError, "nothing that could go back"):
            dispute.action_uphold()
        self.assertEqual(dispute.state, "raised")
