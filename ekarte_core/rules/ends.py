"""When what is credited today ends: so many days later, at the end of a day."""

from datetime import date, datetime, timedelta

from ekarte_core.rules.plan import Facts
from ekarte_core.rules.programs import Points
from ekarte_core.rules.purses import end_of_day
from ekarte_core.rules.turnover import add_months


def end_after(days: int, facts: Facts) -> datetime | None:
    """Return the end of the day so many days from today; 0 days: never."""
    if not days:
        return None
    return end_of_day(facts.today + timedelta(days=days), facts.zone)


def own_end(facts: Facts) -> datetime | None:
    """Return the end that a balance of another system brings along, if any."""
    day = facts.request.last_day
    return end_of_day(date.fromisoformat(day), facts.zone) if day else None


def end_of_lot(parameters: Points, facts: Facts) -> datetime | None:
    """Return the moment at which points credited today burn, if ever."""
    if not parameters.expire_days:
        return None
    last = facts.today + timedelta(days=parameters.expire_days)
    return end_of_day(last_day_of(last, parameters.expire_at), facts.zone)


def last_day_of(day: date, period: str) -> date:
    """Return the last day of the day's month or year, or the day itself."""
    if period == "month":
        return add_months(day.replace(day=1), 1) - timedelta(days=1)
    return date(day.year, 12, 31) if period == "year" else day
