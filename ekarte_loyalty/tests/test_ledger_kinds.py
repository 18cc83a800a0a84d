"""What the windows on the ledger show of each kind of program."""

from typing import get_args, get_type_hints

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ekarte_core import Command as CoreCommand
from ekarte_core import Original, Rc, SettlementLine, Tender

from .common import NetworkCase

PRIZE_CARD = "9980004000000015"
CREDIT_CARD = "9980005000000012"
PASS_CARD = "9980006000000010"


@tagged("post_install", "-at_install")
class TestLedgerKinds(NetworkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        prize = {"at": 5, "value": 3, "valid_days": 90}
        cls.prize = cls._program(
            "T-PRZ",
            cls.grocer,
            "bonus_prize",
            step=10,
            prize_ids=[Command.create(prize)],
        )
        cls.tickets = cls._program(
            "T-TIC", cls.grocer, "purchase_accounting", ticket_per=20
        )
        cls.credit = cls._program("T-CRE", cls.grocer, "credit_card", credit_limit=100)
        cls.visit_pass = cls._program(
            "T-PAS", cls.grocer, "visit_pass", visits=2, price=10
        )
        cls.visits = cls._program("T-ATT", cls.grocer, "attendance")
        cls._card_type(
            "T-PRO",
            cls.grocer,
            cls.prize | cls.tickets | cls.visits,
            "9980004",
            auto_register=True,
        )
        cls._card_type("T-CRED", cls.grocer, cls.credit, "9980005")
        cls._card_type("T-PASS", cls.grocer, cls.visit_pass, "9980006")
        cls.env.cr.flush()

    def _do(self, command, number, amount=None, **values):
        outcome = self._send(self.grocer, command, number, amount, **values)
        self.assertEqual(outcome.rc, "00", outcome.answer)
        return self._card(number)

    def _card(self, number):
        return self.env["ekarte.card"].search(
            [("last4", "=", number[-4:]), ("number", "=like", "9980%")]
        )

    def _purse(self, card, measure):
        return card.purse_ids.filtered(lambda purse: purse.measure == measure)

    def _known(self):
        """Fail where the ledger holds a word that a selection lacks."""
        entries = self.env["ekarte.entry"].search([])
        operations = self.env["ekarte.operation"].search([])
        for records, name in (
            (entries, "event"),
            (entries, "measure"),
            (operations, "command"),
            (operations, "rc"),
            (self.env["ekarte.purse"].search([]), "measure"),
            (self.env["ekarte.card"].search([]), "state"),
        ):
            words = dict(records._fields[name].selection)
            self.assertEqual(set(records.mapped(name)) - set(words), set(), name)

    def test_every_command_and_answer_of_the_core_has_its_word(self):
        model = self.env["ekarte.operation"]
        # Not kept, or (an advice) kept as what was done while the terminal was offline.
        never = {"echo", "status", "parameters", "advice"}
        commands = set(get_args(CoreCommand)) - never
        self.assertEqual(
            commands - set(dict(model._fields["command"].selection)), set()
        )
        answers = {code.value for code in Rc}
        self.assertEqual(answers, set(dict(model._fields["rc"].selection)))
        events = get_args(get_type_hints(SettlementLine)["event"])
        words = dict(self.env["ekarte.entry"]._fields["event"].selection)
        self.assertEqual(set(events) - {"sale"} - set(words), set())

    def test_points_become_a_voucher_that_is_used_once(self):
        card = self._do("sale", PRIZE_CARD, 6000)
        voucher = card.voucher_ids
        self.assertEqual((voucher.state, voucher.kind), ("open", "money"))
        self.assertAlmostEqual(voucher.value, 3.00)
        self.assertEqual(voucher.program_id, self.prize)
        self.assertIn(voucher.code, voucher.display_name)
        self.assertEqual(self._purse(card, "points").points, 1)
        purse = self._purse(card, "voucher")
        self.assertEqual(purse.voucher_code, voucher.code)
        self.assertIn("3.00", purse.balance_text)
        self._do(
            "sale", PRIZE_CARD, 900, tender=Tender(voucher=voucher.code), minutes=5
        )
        self.assertEqual(voucher.state, "used")
        self.assertAlmostEqual(purse.balance, 0)
        self._known()

    def test_vouchers_and_statements_are_seen_by_their_issuer_only(self):
        card = self._do("sale", PRIZE_CARD, 6000)
        own = self._user("t.own", "operator", self.grocer_company)
        other = self._user("t.other", "operator", self.fuel_company)
        self.assertTrue(card.with_user(own).voucher_ids)
        for model in ("ekarte.voucher", "ekarte.statement"):
            self.assertFalse(self.env[model].with_user(other).search([]), model)
        with self.assertRaises(AccessError):
            card.voucher_ids.with_user(other).read(["code"])
        issuer = self._user("t.far", "issuer", self.fuel_company)
        self.assertFalse(self.env["ekarte.notice"].with_user(issuer).search([]))

    def test_a_voucher_may_be_taken_back_by_a_refund(self):
        sale = self._send(self.grocer, "sale", PRIZE_CARD, 5000)
        voucher = self._card(PRIZE_CARD).voucher_ids
        self.assertEqual(voucher.state, "open")
        self._do("reverse", PRIZE_CARD, original=self._original(sale), minutes=5)
        self.assertEqual(voucher.state, "taken_back")

    def test_counters_are_shown_in_pieces(self):
        card = self._do("sale", PRIZE_CARD, 6000)
        self._do("check_in", PRIZE_CARD, minutes=9)
        texts = {purse.measure: purse.balance_text for purse in card.purse_ids}
        self.assertEqual(texts["tickets"], "3")
        self.assertEqual(texts["visited"], "1")
        self.assertIn("60.00", texts["turnover"])
        made = self.env["ekarte.operation"].search(
            [("card_id", "=", card.id), ("command", "=", "check_in")]
        )
        self.assertEqual(len(made), 1)
        self._known()

    def test_a_pass_shows_the_visits_that_are_left(self):
        card = self._do("activate", PASS_CARD, 1000)
        left = self._purse(card, "visits")
        self.assertEqual(left.balance_text, "2")
        self.assertEqual(left.money, 0)
        self.assertEqual(left.lot_ids.balance_text, "2")
        self.assertTrue(left.carry)
        self._do("check_in", PASS_CARD, minutes=1)
        self._do("check_in", PASS_CARD, minutes=2)
        self.assertEqual(left.balance_text, "0")
        self.assertEqual(
            self._send(self.grocer, "check_in", PASS_CARD, minutes=3).rc, "51"
        )
        self._known()

    def test_a_debt_is_a_balance_below_zero_with_a_limit(self):
        self._do("activate", CREDIT_CARD)
        card = self._do("sale", CREDIT_CARD, 4000, tender=Tender(credit=4000))
        purse = self._purse(card, "credit")
        self.assertAlmostEqual(purse.balance, -40.00)
        self.assertAlmostEqual(purse.credit_limit, 100.00)
        self.assertAlmostEqual(purse.available, 60.00)
        self.assertAlmostEqual(purse.money, -40.00)
        self._do("top_up", CREDIT_CARD, 1500, minutes=5)
        self.assertAlmostEqual(purse.balance, -25.00)
        self._known()

    def test_a_refund_of_what_was_loaded_is_no_refund_of_a_purchase(self):
        sold = self._send(self.grocer, "activate", PASS_CARD, 1000)
        self._do("refund", PASS_CARD, original=self._original(sold), minutes=5)
        totals = self.env["ekarte.operation"]._read_group(
            [("card_id", "=", self._card(PASS_CARD).id)], [], ["sold:sum"]
        )
        self.assertEqual(totals, [(0.0,)])
        self.assertEqual(self._card(PASS_CARD).state, "closed")

    def test_memberships_tell_questionnaires_and_consents(self):
        self._do("sale", PRIZE_CARD, 500)
        card = self._do(
            "enroll", PRIZE_CARD, consents={"marketing": True, "profiling": False}
        )
        membership = card.membership_ids
        self.assertTrue(membership.questionnaire)
        self.assertEqual(membership.consents, "marketing")
        other = self._do("sale", "9980001000000011", 500)
        self.assertFalse(other.membership_ids.filtered("questionnaire"))

    def _original(self, outcome):
        return Original(batch=2, operation=outcome.request.operation)
