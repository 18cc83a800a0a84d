"""When a visit counts: not too soon after the last, not too often on one day."""

from datetime import date, datetime, timedelta

from ekarte_core.rules.plan import CountedDecided, Facts
from ekarte_core.rules.purses import COUNTER_EVENT, VISITED, Purse, Sheet
from ekarte_core.rules.running import RunningProgram


def visited(sheet: Sheet, running: RunningProgram) -> Purse:
    """Return the program's counter of visits, opened if need be."""
    return sheet.open(running.code, running.issuer, VISITED)


def within_gap(facts: Facts, purse: Purse, gap_minutes: int) -> bool:
    """Say whether the last visit was less than so many minutes ago."""
    if not gap_minutes or purse.last_at is None:
        return False
    return facts.now - purse.last_at < timedelta(minutes=gap_minutes)


def day_is_full(facts: Facts, purse: Purse, max_per_day: int) -> bool:
    """Say whether there were so many visits on this business day already."""
    return bool(max_per_day) and visits_today(facts, purse) >= max_per_day


def visits_today(facts: Facts, purse: Purse) -> int:
    """Visits that counted on this business day."""
    return purse.day_count if purse.period_start == facts.today else 0


def count_visit(facts: Facts, sheet: Sheet, purse: Purse) -> None:
    """Count a visit now. `period_start` of this counter is the day of `day_count`."""
    sheet.count(purse, COUNTER_EVENT[VISITED], 1)
    purse.day_count = visits_today(facts, purse) + 1
    purse.period_start = facts.today
    purse.last_at = facts.now


def visit_decided(facts: Facts, running: RunningProgram) -> CountedDecided:
    """Return how an operation remembers a visit: it goes back as a whole."""
    return CountedDecided(running.code, VISITED, 1, whole=True, day=facts.today)


def take_visit_back(
    purse: Purse, visits: int, day: date | None, at: datetime | None
) -> None:
    """Forget a visit of a business day and moment; with visits below zero: undo that.

    Later visits, and those of other days, still count.
    """
    if purse.period_start == day:
        purse.day_count = max(purse.day_count - visits, 0)
    if purse.last_at == at and visits > 0:
        purse.last_at = None
