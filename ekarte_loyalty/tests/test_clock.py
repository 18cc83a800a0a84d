import os
from datetime import timedelta
from types import SimpleNamespace
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ekarte_core import NetworkMissing, Tender

from .common import GIFT_CARD, NOON, OTHER_CLUB_CARD, NetworkCase

CREDIT_CARD = "9980005000000012"
CLOCK = "odoo.addons.ekarte_loyalty.models.ekarte_network_clock"


@tagged("post_install", "-at_install")
class TestClock(NetworkCase):
    """What ends by itself where no gateway keeps the clock."""

    def _tick(self, **later):
        # Nothing is committed in a test; the job goes on as if it had time.
        progress = patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60
        )
        self.env.cr.flush()
        with self._at(**later), progress:
            self.env["ekarte.network"]._cron_clock()
        self.env.invalidate_all()

    def _at(self, **later):
        """Let the job see this moment: a real one, as the core keeps days it saw."""
        moment = NOON + timedelta(**later)
        return patch(f"{CLOCK}.datetime", SimpleNamespace(now=lambda _zone: moment))

    def _card(self, number):
        return self.env["ekarte.card"].search(
            [("last4", "=", number[-4:]), ("number", "=like", "9980%")]
        )

    def test_a_reservation_ends_when_its_time_is_over(self):
        self._send(self.grocer, "activate", GIFT_CARD, 3000)
        self._send(self.grocer, "authorize", GIFT_CARD, 500, tender=Tender(gift=500))
        card = self._card(GIFT_CARD)
        hold = self.env["ekarte.hold"].search([("card_id", "=", card.id)])
        self._tick(minutes=1)
        self.assertEqual(hold.state, "open")
        self._tick(minutes=6)
        self.assertEqual(hold.state, "expired")
        self.assertAlmostEqual(card.purse_ids.available, 30.00)

    def test_points_lapse_when_they_end(self):
        self.bonus.expire_days = 30
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 2600)
        points = self._card(OTHER_CLUB_CARD).purse_ids.filtered(
            lambda purse: purse.measure == "points"
        )
        self._tick(days=29)
        self.assertEqual(points.balance_text, "4")
        self._tick(days=32)
        self.assertEqual(points.balance_text, "0")
        lapse = self.env["ekarte.operation"].search(
            [("card_id", "=", points.card_id.id), ("command", "=", "lapse")]
        )
        self.assertIn("bonus_expire", lapse.entry_ids.mapped("event"))

    def test_a_sum_starts_anew_when_its_period_is_over(self):
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 2600)
        sums = self._card(OTHER_CLUB_CARD).purse_ids.filtered(
            lambda purse: purse.measure == "turnover"
        )
        self._tick(days=364)
        self.assertAlmostEqual(sums.balance, 24.70)
        self._tick(days=366)
        self.assertAlmostEqual(sums.balance, 0)
        turn = self.env["ekarte.operation"].search(
            [("card_id", "=", sums.card_id.id), ("command", "=", "turn")]
        )
        self.assertIn("period_reset", turn.entry_ids.mapped("event"))

    def test_the_sum_of_an_idle_card_shrinks(self):
        self.discount.write({"idle_days": 90, "idle_step_rate": 1})
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 20_000)
        sums = self._card(OTHER_CLUB_CARD).purse_ids.filtered(
            lambda purse: purse.measure == "turnover"
        )
        self._tick(days=89)
        self.assertAlmostEqual(sums.balance, 190.00)
        self._tick(days=91)
        # 8 % from 150.00 on have become the 7 % from 100.00 on.
        self.assertAlmostEqual(sums.balance, 100.00)

    def test_a_debt_gets_a_statement_that_is_paid_or_overdue(self):
        credit = self._program(
            "T-CRE", self.grocer, "credit_card", credit_limit=100, due_days=10
        )
        self._card_type("T-CRED", self.grocer, credit, "9980005")
        self._send(self.grocer, "activate", CREDIT_CARD)
        bought = Tender(credit=4000)
        self._send(self.grocer, "sale", CREDIT_CARD, 4000, tender=bought)
        card = self._card(CREDIT_CARD)
        self._tick(days=9)
        self.assertFalse(card.statement_ids)
        self._tick(days=12)
        statement = card.statement_ids
        self.assertEqual(str(statement.made_on), "2026-12-01")
        self.assertEqual(str(statement.due_on), "2026-12-11")
        self.assertAlmostEqual(statement.amount, 40.00)
        self.assertAlmostEqual(statement.unpaid, 40.00)
        self.assertEqual(statement.state, "open")
        self._send(self.grocer, "top_up", CREDIT_CARD, 1500, minutes=12 * 1440)
        self.assertAlmostEqual(statement.paid, 15.00)
        self._send(self.grocer, "top_up", CREDIT_CARD, 2500, minutes=12 * 1440 + 1)
        self.assertEqual((statement.state, statement.unpaid), ("paid", 0))
        self._tick(days=13)
        self.assertEqual(len(card.statement_ids), 1)
        operation = self.env["ekarte.operation"].browse(statement.id)
        self.assertEqual(operation.command, "statement")

    def test_what_ends_soon_is_noted_once(self):
        self.bonus.write({"expire_days": 30, "notice_days": 7})
        self._send(self.grocer, "sale", OTHER_CLUB_CARD, 2600)
        card = self._card(OTHER_CLUB_CARD)
        notices = self.env["ekarte.notice"]
        self._tick(days=22)
        self.assertFalse(notices.search([("card_id", "=", card.id)]))
        self._tick(days=24)
        notice = notices.search([("card_id", "=", card.id)])
        # The window goes by PostgreSQL's clock, which stands still for no test.
        over = notice.valid_until <= fields.Datetime.now()
        self.assertEqual(notice.state, "ended" if over else "soon")
        self.assertEqual(notice.left_text, "4")
        self.assertEqual(notice.program_id, self.bonus)
        noted = notice.noticed_at
        self._tick(days=25)
        self.assertEqual(notice.noticed_at, noted)

    def test_a_job_that_runs_out_of_time_goes_on_the_next_time(self):
        self._send(self.grocer, "activate", GIFT_CARD, 3000)
        self._send(self.grocer, "authorize", GIFT_CARD, 500, tender=Tender(gift=500))
        self.bonus.expire_days = 30
        over = patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=0
        )
        with (
            self._at(days=60),
            over,
            patch(f"{CLOCK}.take_notices") as notices,
        ):
            self.env["ekarte.network"]._cron_clock()
            notices.assert_not_called()

    def test_a_server_without_keyring_leaves_the_clock_to_the_gateway(self):
        with (
            patch.dict(os.environ, {"EKARTE_KEYRING": ""}),
            patch(f"{CLOCK}.take_notices") as work,
        ):
            self.env["ekarte.network"]._cron_clock()
            work.assert_not_called()

    def test_a_ledger_without_network_has_nothing_to_end(self):
        with (
            patch(f"{CLOCK}.current_network", side_effect=NetworkMissing("none")),
            patch(f"{CLOCK}.take_notices") as work,
        ):
            self.env["ekarte.network"]._cron_clock()
            work.assert_not_called()
