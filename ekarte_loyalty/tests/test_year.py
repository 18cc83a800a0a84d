"""A year of random business on a clock of its own: the books agree to the cent.

The suite lives through its first month; EKARTE_YEAR_DAYS=365 through all of it.
EKARTE_TEST_SEED repeats another; the seed is printed.
"""

import logging
import os
from datetime import date, timedelta

from odoo.tests import tagged

from ekarte_core import verify

from ..models.ekarte_settlement_line import EVENTS
from ..wizards.ekarte_card_office import COMMANDS
from .year_common import midnight
from .year_network import BOOKS, EVERYONE, FUEL, GROCER, SPA
from .year_office import Office
from .year_traffic import Traffic
from .year_union import UnionCase

_logger = logging.getLogger(__name__)

FIRST = date(2025, 1, 1)
DAYS = int(os.environ.get("EKARTE_YEAR_DAYS", "31"))
SEED = int(os.environ.get("EKARTE_TEST_SEED", "2025"))
# The shops are open every third day, the clock runs every night.
OPEN_EVERY, A_DAY = 3, 640
SETTLED_EVERY = 9
CARDS = 400  # of each sort
EVENTS_MIN = 50_000
CLOSING = timedelta(hours=4)  # before midnight of UTC: still the same day in Riga
# The spa comes in January and goes in October.
JOINS, ANNOUNCES = date(2025, 1, 10), date(2025, 8, 28)
ISSUES_UNTIL, SPENDS_UNTIL = date(2025, 9, 15), date(2025, 10, 1)
LEAVES = date(2025, 10, 31)
# A settlement that was still open in clearing, and one that had been cleared.
REVERSED = (date(2025, 3, 13), date(2025, 6, 2))


@tagged("post_install", "-at_install")
class TestYear(UnionCase):
    def test_a_year_of_random_business_agrees_to_the_cent(self):
        self.found(midnight(FIRST), SEED, (GROCER, FUEL, BOOKS))
        self._live(DAYS)
        self._was_a_whole_year(DAYS)

    def test_a_month_of_a_pool_agrees_to_the_cent(self):
        """The operator owes all bonuses, whoever gave them."""
        self.found(midnight(FIRST), SEED, EVERYONE, model="pool")
        self._live(31, quiet=True)

    def _live(self, days, *, quiet=False):
        """Days and nights; `quiet`: nobody joins, leaves or has second thoughts."""
        _logger.runbot("%s days from seed %s", days, SEED)
        self.traffic = Traffic(SEED, CARDS)
        self.office = Office(self, SEED)
        for number in range(days):
            today = FIRST + timedelta(days=number)
            evening = midnight(today + timedelta(days=1))
            if number % OPEN_EVERY == 0:
                self.traffic.day(self.env.cr, self.network, self.keyring, today, A_DAY)
            last = evening.day == 1
            settles = number % SETTLED_EVERY == 0 or last or number == days - 1
            if settles:
                self._back_office(evening - CLOSING)
            self.night(self.network, evening)
            if settles:
                self._settle(today, evening)
            if last:
                self._end_of_month(today, evening)
            if not quiet:
                self._union_changes(today, evening)
        broken = [row.code for row in verify(self.env.cr) if not row.holds]
        self.assertFalse(broken, self._when(today))

    def _when(self, today):
        return f"seed {SEED}, {today}"

    def _back_office(self, moment):
        with self.at(moment):
            self.rule_silence()
            self.office.evening()

    def _settle(self, today, evening):
        """All checks must be green after each settlement."""
        self.settle(self.network, evening)
        self.agrees(self._when(today))

    def _end_of_month(self, today, evening):
        """Clear and pay: then nobody in the union owes anybody what is not disputed."""
        with self.at(evening):
            # Who leaves has nothing left that could be disputed.
            cycle = self.clear(today, disputed=today != LEAVES)
        self.assertEqual(cycle.state, "paid", self._when(today))
        self.assertFalse(self.stopped(), self._when(today))
        self.agrees(self._when(today), whole=True)
        _logger.runbot(
            "%s: %s requests, %s settlements, %s rows compared",
            today,
            sum(self.traffic.codes.values()),
            self.settled,
            self.compared,
        )

    def _union_changes(self, today, evening):
        if today == JOINS:
            self._in_agreement(today, evening, self.join, SPA, evening)
        elif today == ANNOUNCES:
            until = midnight(ISSUES_UNTIL), midnight(SPENDS_UNTIL)
            self._in_agreement(today, evening, self.announce, SPA, evening, *until)
        elif today == LEAVES:
            self._in_agreement(today, evening, self.leave, SPA, evening)
        elif today in REVERSED:
            self._reverse(today, evening)

    def _in_agreement(self, today, evening, change, *arguments):
        self._settle(today, evening)
        with self.at(evening):
            change(*arguments)
        self.agrees(self._when(today))

    def _reverse(self, today, evening):
        """A settlement is undone in all companies, and posted again the same day."""
        settlement = self.settlements.search([], order="ledger_id desc", limit=1)
        dialog = self.env["ekarte.settlement.reversal"]
        with self.at(evening):
            dialog.create(
                {"settlement_ids": settlement.ids, "date": today, "reason": "a year"}
            ).action_reverse()
            # What tills and desks have on the card tender waits for it, nothing else.
            self.agrees(self._when(today), waiting={"TND"})
            settlement.action_post_again()
        self.assertEqual(settlement.state, "posted", settlement.reason)
        self.agrees(self._when(today))

    def _was_a_whole_year(self, days):
        """Enough has happened, of every kind; else all that agreed says little."""
        self.env.cr.execute(
            "SELECT count(*) FROM ekarte.operation WHERE rc IN ('00', '10')"
        )
        ((booked,),) = self.env.cr.fetchall()
        _logger.runbot(
            "%s requests, %s operations booked, %s settlements, %s rows compared; "
            "back office %s; rulings %s",
            sum(self.traffic.codes.values()),
            booked,
            self.settled,
            self.compared,
            dict(self.office.done),
            dict(self.rulings),
        )
        if days < 365:
            return
        self.assertGreater(booked, EVENTS_MIN)
        self.assertFalse(EVERY_EVENT - set(self.events), "events that never happened")
        self.assertFalse(EVERY_DEED - set(self.office.done), "nobody ever did so")
        self.assertFalse(EVERY_RULING - set(self.rulings), "disputes never ended so")
        self.assertGreater(self.traffic.codes["60"], 0, "nobody owed others too much")
        self.assertEqual(self.leaving.state, "left")


EVERY_EVENT = {event for event, _words in EVENTS}
EVERY_DEED = {command for command, _words in COMMANDS}
EVERY_RULING = {
    ("none", "upheld"),
    ("card", "upheld"),
    ("none", "rejected"),
    ("none", "withdrawn"),
    ("none", "silence, upheld"),
    ("card", "silence, upheld"),
}
