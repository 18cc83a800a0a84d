"""Rounding, and where days, months and years end."""

from calendar import monthrange
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from zoneinfo import ZoneInfo


def half_up(number: int, divisor: int) -> int:
    """The nearest whole; a half goes away from zero."""
    sign = 1 if number >= 0 else -1
    return sign * ((2 * abs(number) + divisor) // (2 * divisor))


def part(total: int, upto: int, whole: int) -> int:
    """What has been given of a total, when `upto` of `whole` is done."""
    return half_up(total * upto, whole) if whole else 0


def spread(total: int, weights: list[int]) -> list[int]:
    """Split cumulatively: each part ends where its share ends."""
    ends, seen, whole = [0], 0, sum(weights)
    for weight in weights:
        seen += weight
        ends.append(part(total, seen, whole))
    return [after - before for before, after in pairwise(ends)]


def local_day(now: datetime, zone: str) -> date:
    return now.astimezone(ZoneInfo(zone)).date()


def after_day(day: date, zone: str) -> datetime:
    """The first moment that is no longer that day."""
    midnight = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone))
    return midnight.astimezone(timezone.utc)


def add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def end_of(day: date, days: int, at: str, zone: str) -> datetime | None:
    """When what comes in today ends: never, or after a day, its month, its year."""
    if not days:
        return None
    last = day + timedelta(days=days)
    if at == "month":
        last = last.replace(day=monthrange(last.year, last.month)[1])
    if at == "year":
        last = date(last.year, 12, 31)
    return after_day(last, zone)
