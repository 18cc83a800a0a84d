import os
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.tests import tagged

from ekarte_core import NetworkMissing, Tender

from .common import GIFT_CARD, NOON, OTHER_CLUB_CARD, NetworkCase

CLOCK = "odoo.addons.ekarte_loyalty.models.ekarte_network_clock"


@tagged("post_install", "-at_install")
class TestClock(NetworkCase):
    """What ends by itself where no gateway keeps the clock."""

    def _tick(self, **later):
        # Nothing is committed in a test; the job goes on as if it had time.
        progress = patch.object(
            type(self.env["ir.cron"]), "_commit_progress", return_value=60
        )
        with freeze_time(NOON + timedelta(**later)), progress:
            self.env["ekarte.network"]._cron_clock()
        self.env.invalidate_all()

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

    def test_a_server_without_keyring_leaves_the_clock_to_the_gateway(self):
        with (
            patch.dict(os.environ, {"EKARTE_KEYRING": ""}),
            patch(f"{CLOCK}.expire_holds") as expire,
        ):
            self.env["ekarte.network"]._cron_clock()
            expire.assert_not_called()

    def test_a_ledger_without_network_has_nothing_to_end(self):
        with (
            patch(f"{CLOCK}.current_network", side_effect=NetworkMissing("none")),
            patch(f"{CLOCK}.expire_holds") as expire,
        ):
            self.env["ekarte.network"]._cron_clock()
            expire.assert_not_called()
