"""Odoo beside a ledger of its own cluster: what works, and what says where to go."""

import base64
import json
from datetime import datetime, timedelta, timezone

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ekarte_core import (
    build_settlement,
    current_network,
    is_copy,
    pending_settlements,
)

from ..spreadsheet import write_csv
from .apart_common import ApartCase
from .common import CLUB_CARD, GIFT_CARD, NOON, OTHER_CLUB_CARD
from .credit_common import TAB_CARD, CreditCase

OURS = ("ekarte_loyalty", "ekarte_pos_terminal")
COPY = "copy of the card ledger"


@tagged("post_install", "-at_install")
class TestLedgerApart(ApartCase, CreditCase):
    """As after `python -m ekarte_core apart --side odoo` (ADR 0035)."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls._trade()
        cls._send(cls.grocer, "activate", TAB_CARD)
        cls._send(cls.grocer, "sale", TAB_CARD, 3000)
        cls.sealed = cls._card_type(
            "T-SEAL", cls.grocer, cls.gift, "9980007", access_code="optional"
        )
        cls.sums = cls._program(
            "T-SUM", cls.grocer, "purchase_accounting", ticket_per=10
        )
        cls.club.program_ids |= cls.sums
        cls.env.cr.flush()
        later = NOON + timedelta(days=100)
        build_settlement(cls.env.cr, current_network(cls.env.cr), later, later)
        cls.pending = list(pending_settlements(cls.env.cr))
        cls.chief = cls._user("t.chief", "issuer", cls.grocer_company)
        cls.operator = cls._user("t.operator", "operator", cls.grocer_company)
        cls.anna = cls.env["res.partner"].create(
            {"name": "Anna Ozola", "company_id": cls.grocer_company.id}
        )

    def setUp(self):
        super().setUp()
        self.set_apart()

    def _refused(self, act, words=COPY):
        """See that an act is refused in words, and leaves the transaction whole."""
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(UserError, words),
            self.env.cr.savepoint(),
        ):
            act()
        self.assertTrue(is_copy(self.env.cr))

    def _operations(self):
        return self.env["ekarte.operation"].search_count([])

    # What Odoo does by itself

    def test_every_job_goes_on_and_leaves_the_ledger_to_gateways(self):
        purpose = self.env["ekarte.consent.purpose"].create(
            {"name": "News", "code": "news", "issuer_id": self.grocer.id, "text": "?"}
        )
        self.env["ekarte.holder"]._give(
            self._card(CLUB_CARD).id, self.grocer, self.anna
        )
        self.env["ekarte.consent"]._give(purpose, self.anna, "desk")
        self.network.name = "Renamed"
        before = self._operations()
        jobs = self.env["ir.cron"].with_context(active_test=False).search([])
        ran = []
        for job in jobs:
            known = job.get_external_id()[job.id]
            if known.partition(".")[0] not in OURS:
                continue
            with self.subTest(known), self._in_time(), self.env.cr.savepoint():
                job.ir_actions_server_id.run()
                self.env.flush_all()
            ran.append(known)
        self.assertGreater(len(ran), 15)
        self.assertEqual(self._operations(), before)

    def test_what_is_paid_is_told_and_folding_is_left_to_gateways(self):
        folded = "SELECT count(*), max(folded_at) FROM ekarte.exposure"
        self.env.cr.execute(folded)
        before = self.env.cr.fetchall()
        with self._in_time():
            self.env["ekarte.issuer"]._cron_exposure()
        self.env["ekarte.exposure"].search([]).action_refresh()
        self.env.cr.execute(folded)
        self.assertEqual(self.env.cr.fetchall(), before)

    def test_settlements_that_wait_are_left_to_the_gateway(self):
        settlements = self.env["ekarte.settlement"]
        before = settlements.search_count([])
        settlements._cron_settle()
        self.assertEqual(settlements.search_count([]), before)
        accountant = self.accountant
        accountant.group_ids |= self.env.ref("account.group_account_invoice")
        self._refused(settlements.with_user(accountant).action_settle_now, "gateway")
        # It hands them in by the door of the API.
        body = json.loads(self.pending[0][1])
        self.assertEqual(settlements._take(body)["state"], "posted")

    # What people do

    def test_what_changes_a_card_is_refused_in_words(self):
        card, debtor = self._card(CLUB_CARD), self._card(TAB_CARD)
        gift = self._card(GIFT_CARD)
        correction = (
            self.env["ekarte.correction"]
            .with_user(self.accountant)
            .create(
                {
                    "card_id": card.id,
                    "program_id": self.bonus.id,
                    "points": 5,
                    "reason": "slip 1184",
                }
            )
        )
        self.grocer.correction_limit_points = 20
        desk = self.env["ekarte.service.desk"].with_user(self.operator)
        payment = desk.payment(debtor.id)
        paid = (debtor.id, payment["number"], "30", payment["journals"][0]["value"])
        change = self.env["ekarte.card.change"].with_user(self.chief)
        change = change.create({"card_id": card.id, "reason": "found"})
        subscriber = self.env["ekarte.subscriber"].sudo()
        coded = self._batch(with_codes=True)
        for act in (
            correction.action_request,
            self._office(gift, "pay_out").action_do,
            lambda: desk.pay(*paid),
            lambda: desk.hand_out(self.anna.id, OTHER_CLUB_CARD),
            change.action_change,
            lambda: subscriber._block(card, "until"),
            lambda: self._import_of(CLUB_CARD),
            lambda: self._export(coded),
            self._draw().action_open,
            lambda: self.env["ekarte.sale.card"]._note("keyed", OTHER_CLUB_CARD),
        ):
            with self.subTest(act):
                self._refused(act)
        self.assertEqual(correction.state, "draft")

    def test_trying_a_program_says_what_to_do_instead(self):
        trial = (
            self.env["ekarte.program.trial"]
            .with_user(self.chief)
            .create({"program_id": self.bonus.id, "branch_id": self.centre.id})
        )
        self.assertIn("Replay Past Sales", trial.fault)
        self.assertFalse(trial.approved)
        draft = self._program("T-EMPTY", self.grocer, "fixed_discount", state="draft")
        empty = trial.create({"program_id": draft.id, "branch_id": self.centre.id})
        self.assertNotIn("Replay Past Sales", empty.fault)

    def test_what_only_reads_or_is_odoos_own_works(self):
        program = self._program(
            "T-TEN", self.grocer, "fixed_discount", state="draft", rate=10
        )
        self.club.program_ids |= program
        replays = self.env["ekarte.program.replay"].with_user(self.chief)
        days = (datetime.now(timezone.utc) - NOON).days + 2
        replay = replays.create({"program_id": program.id, "days": days})
        self.assertEqual((replay.state, replay.differing), ("done", 1))
        desk = self.env["ekarte.service.desk"].with_user(self.operator)
        card = desk.find(CLUB_CARD)["card"]
        self.assertTrue(desk.show(card_id=card)["card"]["balances"])
        self.assertTrue(self._export(self._batch()))
        self.env["ekarte.reconciliation"].with_user(self.accountant).action_open()
        version = self.network._publish()
        self.grocer.slip_header = "Welcome"
        self.assertEqual(self.network._publish(), version + 1)

    def test_a_consent_ends_though_no_card_can_be_told(self):
        card = self._card(CLUB_CARD).sudo()
        consents = self.env["ekarte.consent"].sudo()
        self.assertFalse(
            consents._tell_card(self.grocer, card, {"news": True}, strict=False)
        )
        self._refused(
            lambda: consents._tell_card(self.grocer, card, {"news": True}, strict=True)
        )

    # Their records

    def _import_of(self, number):
        file = base64.b64encode(write_csv([("number", "T-BON"), (number, "5")]))
        return (
            self.env["ekarte.card.import"]
            .with_user(self.accountant)
            .create({"file": file, "file_name": "cards.csv"})
        )

    def _batch(self, **values):
        card_type = self.sealed if values else self.gift_type
        batch = (
            self.env["ekarte.card.batch"]
            .with_user(self.chief)
            .create(
                {
                    "card_type_id": card_type.id,
                    "range_id": card_type.range_ids[:1].id,
                    "count": 3,
                    **values,
                }
            )
        )
        batch.action_number()
        return batch

    def _export(self, batch):
        ticket = batch.action_export_csv()["url"].partition("ticket=")[2]
        return batch._export("csv", ticket)

    def _draw(self):
        return (
            self.env["ekarte.draw"]
            .with_user(self.chief)
            .create(
                {
                    "name": "Feast",
                    "program_id": self.sums.id,
                    "first_day": NOON.date(),
                    "last_day": NOON.date(),
                    "prize_ids": [Command.create({"name": "Cake"})],
                }
            )
        )
