"""Turnover: the sums that discounts grow by, their periods, and idle cards.

What the clock does to a turnover (period over, card idle) is true at once, whether or
not the clock's job has written it down yet.
"""

from datetime import date, datetime, timedelta, tzinfo

import msgspec

from ekarte_core.rules.programs import Discount, Kind, Receipt
from ekarte_core.rules.purses import TURNOVER, Purse, Sheet
from ekarte_core.rules.running import RunningProgram


class Clock(msgspec.Struct, frozen=True):
    """The moment, and the business day, at a branch."""

    now: datetime
    today: date
    zone: tzinfo


def counted(parameters: Kind, purse: Purse | None, clock: Clock) -> int:
    """Return the accumulated sum that counts now."""
    if purse is None:
        return 0
    if not isinstance(parameters, Discount):
        return purse.posted
    if period_over(purse, parameters.months, clock.today):
        return 0
    return parameters.shrunk(purse.posted, _idle_spells(parameters, purse, clock))


def period_over(purse: Purse, months: int, today: date) -> bool:
    """Say whether the purse's period of so many months has ended before today."""
    if not months or purse.period_start is None:
        return False
    return today >= add_months(purse.period_start, months)


def settle(parameters: Discount, sheet: Sheet, purse: Purse, clock: Clock) -> None:
    """Write down what the clock has done to a turnover meanwhile."""
    if period_over(purse, parameters.months, clock.today):
        sheet.count(purse, "period_reset", -purse.posted)
        purse.period_start = None
        purse.last_at = None
        return
    spells = _idle_spells(parameters, purse, clock)
    if spells and purse.posted and purse.last_at is not None:
        left = parameters.shrunk(purse.posted, spells)
        sheet.count(purse, "idle", left - purse.posted)
        # What is over of a spell goes on counting.
        purse.last_at += timedelta(days=spells * parameters.days_of_idleness)


def add_turnover(
    running: RunningProgram,
    parameters: Kind,
    sheet: Sheet,
    group: str,
    amount: int,
    clock: Clock,
) -> date:
    """Count a purchase; returns the start of the period it counts in."""
    purse = sheet.open(running.code, running.issuer, TURNOVER, group)
    if isinstance(parameters, Discount):
        settle(parameters, sheet, purse, clock)
    if purse.period_start is None:
        purse.period_start = clock.today
    sheet.count(purse, "turnover", amount)
    purse.last_at = clock.now
    return purse.period_start


def take_turnover_back(
    sheet: Sheet, program: str, group: str, amount: int, period_start: date
) -> int:
    """Lower a turnover by what a purchase added, if its period still runs.

    Returns what was taken; to undo that, take the same amount negative.
    """
    purse = sheet.find(program, TURNOVER, group)
    if purse is None or purse.period_start != period_start:
        return 0
    return -sheet.count(purse, "turnover", -amount)


def turnovers(parameters: Kind, receipt: Receipt) -> list[tuple[str, int]]:
    """Return (goods group of the purse, amount) of what a purchase adds."""
    return [(g, a) for g, a in parameters.turnover(receipt).items() if a > 0]


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return date(year, month, min(day.day, length))


def _idle_spells(parameters: Discount, purse: Purse, clock: Clock) -> int:
    if not parameters.days_of_idleness or purse.last_at is None:
        return 0
    last_day = purse.last_at.astimezone(clock.zone).date()
    return (clock.today - last_day).days // parameters.days_of_idleness
