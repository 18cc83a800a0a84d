"""A year of random business on a clock of its own: the books agree to the cent.

The suite lives through its first month; EKARTE_YEAR_DAYS=365 through all of it.
EKARTE_TEST_SEED repeats another; the seed is printed.
"""

import logging
import os
from datetime import date, timedelta

from odoo.tests import tagged

from ekarte_core import verify

from .year_common import YearCase, midnight
from .year_traffic import Traffic

_logger = logging.getLogger(__name__)

FIRST = date(2025, 1, 1)
DAYS = int(os.environ.get("EKARTE_YEAR_DAYS", "31"))
SEED = int(os.environ.get("EKARTE_TEST_SEED", "2025"))
# The shops are open every third day, the clock runs every night.
OPEN_EVERY, A_DAY = 3, 420
SETTLED_EVERY = 9
CARDS = 400  # of each sort


@tagged("post_install", "-at_install")
class TestYear(YearCase):
    def test_a_year_of_random_business_agrees_to_the_cent(self):
        _logger.runbot("a year from seed %s", SEED)
        network = self.published(midnight(FIRST))
        traffic = Traffic(SEED, CARDS)
        for number in range(DAYS):
            today = FIRST + timedelta(days=number)
            evening = midnight(today + timedelta(days=1))
            if number % OPEN_EVERY == 0:
                traffic.day(self.env.cr, network, self.keyring, today, A_DAY)
            self.night(network, evening)
            if number % SETTLED_EVERY == 0 or number == DAYS - 1:
                red = self.settle(network, evening)
                self.assertFalse(red, f"seed {SEED}, {today}")
            if (today + timedelta(days=1)).day == 1:
                self._end_of_month(network, today, evening)
        self._was_a_whole_year(traffic)
        broken = [row.code for row in verify(self.env.cr) if not row.holds]
        self.assertFalse(broken, f"seed {SEED}")

    def _end_of_month(self, network, today, evening):
        """Settle, clear and pay: then nobody in the union owes anybody anything."""
        self.settle(network, evening)
        cycle = self.clear(today)
        self.assertEqual(cycle.state, "paid", f"seed {SEED}, {today}")
        red = self.settlements._red_rows(self.all_companies)
        self.assertFalse(red, f"seed {SEED}, {today}")

    def _was_a_whole_year(self, traffic):
        """Enough has happened, of every kind; else all that agreed says little."""
        if DAYS < 365:
            return
        self.assertGreater(sum(traffic.codes.values()), 50_000)
        unseen = EVERY_EVENT - set(self.events)
        self.assertFalse(unseen, f"seed {SEED} had none of these")


EVERY_EVENT = {
    "sale",
    *("gift_load", "gift_spend", "gift_expire"),
    *("bonus_earn", "bonus_spend", "bonus_expire", "bonus_grant"),
    *("voucher_spend", "voucher_expire", "exchange_spend"),
    *("pass_load", "pass_use", "pass_expire"),
    *("credit_spend", "credit_pay"),
}
