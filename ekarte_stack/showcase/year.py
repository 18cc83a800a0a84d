"""Runs inside Odoo: a year of the demo coalition, a month at a time.

``python -m ekarte_stack.showcase.year ODOO_CONF DATABASE --until DATE …``
"""

import argparse
import importlib
import random
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ekarte_core import current_network
from ekarte_stack.showcase import season
from ekarte_stack.showcase.bar import Bar
from ekarte_stack.showcase.checkout import Checkout
from ekarte_stack.showcase.clock import LentClock
from ekarte_stack.showcase.desk import Desk
from ekarte_stack.showcase.letters import Letters
from ekarte_stack.showcase.office import Office
from ekarte_stack.showcase.people import People
from ekarte_stack.showcase.post import LentPost
from ekarte_stack.showcase.shown import nothing_of
from ekarte_stack.showcase.stories import Stories
from ekarte_stack.showcase.tills import Tills
from ekarte_stack.showcase.town import Town
from ekarte_stack.showcase.trade import Trade
from ekarte_stack.steps import StackError, step

SEED = 2026
LANGUAGES = ("lv_LV", "ru_RU", "et_EE")
DAYS, CUSTOMERS = 365, 320
DAILY_FOR_DAYS = 14
"""So long ago settlements were made every day, before that once a week."""


QUIET = {
    "tracking_disable": True,
    "mail_create_nosubscribe": True,
    "mail_notify_force_send": False,
    "no_reset_password": True,
}
"""Nobody gets a letter of a year that nobody has lived."""


def main(arguments: Sequence[str]) -> None:
    """Let the year pass in a database that nobody else works on."""
    options = _options(arguments)
    config = importlib.import_module("odoo.tools").config
    config.parse_config(
        [
            *("-c", options.conf, "-d", options.database, "--no-http"),
            *("--max-cron-threads=0", "--log-level=warn"),
        ]
    )
    api = importlib.import_module("odoo.api")
    registry = importlib.import_module("odoo.modules.registry").Registry(
        options.database
    )
    with registry.cursor() as cursor:
        env = api.Environment(cursor, api.SUPERUSER_ID, QUIET)
        if options.languages:
            speak(env)
        Year(env, options).pass_by()


def speak(env: Any) -> None:
    """Install the languages of the customers; people choose theirs in Odoo."""
    with step("installing Latvian, Russian and Estonian"):
        known = env["res.lang"].with_context(active_test=False)
        wanted = known.search([("code", "in", LANGUAGES)])
        env["base.language.install"].create({"lang_ids": wanted.ids}).lang_install()
        env["ekarte.network"]._translate_demo_people()
        env.cr.commit()


class Year:
    """All of it: customers, tills, offices, and the clock that they go by."""

    def __init__(self, env: Any, options: argparse.Namespace) -> None:
        self._env = env
        dice = random.Random(options.seed)  # noqa: S311 - invented people, no secret
        keyring = importlib.import_module(
            "odoo.addons.ekarte_loyalty.keyring"
        ).server_keyring(env)
        self._last, self._prove = options.until, options.prove
        self._days = season.days(
            options.until - timedelta(days=options.days - 1), options.until
        )
        town = Town(dice, options.customers)
        self._tills = Tills(dice, env.cr, current_network(env.cr), keyring)
        self._trade = Trade(dice, town, self._tills)
        self._stories = Stories(dice, town, self._tills)
        self._office = Office(env, dice, keyring)
        self._desk = Desk(env)
        self._people = People(env, dice, keyring, town.customers)
        # Dice of their own: what customers do is the same with letters and without.
        own = random.Random(options.seed + 1)  # noqa: S311 - whose rhythm moves, no secret
        self._letters = Letters(env, own, self._people)
        self._checkout = Checkout(env, own, town)

    def pass_by(self) -> None:
        """Live day by day; what a month has done is committed at its end."""
        bar = Bar(len(self._days))
        first = season.moment(self._days[0], 7)
        with LentClock(first, self._env.cr) as clock, LentPost():
            self._desk.begin()
            self._tills.network = current_network(self._env.cr)
            self._office.deposit()
            for number, day in enumerate(self._days, start=1):
                self._day(day, number / len(self._days), clock)
                bar.tell(number, day, self._tills.count)
            self._desk.sum_up(self._days[0], self._last)
            self._office.agree()
        self._env.cr.commit()
        self._checkout.morning()  # today, by the real clock
        if self._prove and (empty := nothing_of(self._env, len(self._days))):
            raise StackError(f"nothing to look at: {', '.join(empty)}")
        self._env.cr.commit()

    def _day(self, day: date, passed: float, clock: LentClock) -> None:
        clock.stand(season.moment(day, 8))
        left = (self._last - day).days
        self._letters.morning(left)
        self._trade.day(day, passed)
        self._stories.day(day, left)
        last = not left
        ends = season.ends_month(day)
        evening = season.moment(day, 22, 30)
        clock.stand(evening)
        if ends or last or day.day == 15:
            self._people.meet(day)
        self._office.night(self._tills.network, evening)
        self._desk.day(day, left)
        self._letters.day(day, left)
        clock.stand(evening)  # Odoo commits what it has mailed, and asks for the time
        if left < DAILY_FOR_DAYS or ends or day.weekday() == 6:
            self._office.settle(self._tills.network, evening)
        if ends:
            self._office.clear(day, self._months_after(day))
            self._desk.month(day, self._months_after(day))
            self._env.cr.commit()

    def _months_after(self, day: date) -> int:
        """How many whole months there are after the one that ends on this day."""
        return sum(season.ends_month(one) for one in self._days if one > day)


def _yesterday() -> date:
    return datetime.now(season.ZONE).date() - timedelta(days=1)


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("conf")
    parser.add_argument("database")
    parser.add_argument("--until", type=date.fromisoformat, default=_yesterday())
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--customers", type=int, default=CUSTOMERS)
    parser.add_argument("--languages", action=argparse.BooleanOptionalAction)
    parser.add_argument("--prove", action="store_true", help="fail if nothing shows")
    parser.add_argument("--seed", type=int, default=SEED)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
