"""When people buy: by month, by weekday, by hour."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Europe/Riga")
OF_MONTH = (0.82, 0.85, 0.95, 1.0, 1.02, 1.05, 0.92, 0.96, 1.0, 1.02, 1.1, 1.45)
OF_WEEKDAY = (0.78, 0.8, 0.88, 0.95, 1.2, 1.45, 1.05)
CLOSED = {(1, 1), (12, 25)}  # month and day
HOURS = (8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
OF_HOUR = (3, 4, 5, 7, 9, 7, 6, 7, 10, 14, 13, 9, 5)


def busy(day: date) -> float:
    """How busy a day is; 1 is usual."""
    if (day.month, day.day) in CLOSED:
        return 0.0
    return OF_MONTH[day.month - 1] * OF_WEEKDAY[day.weekday()]


def moment(day: date, hour: int, minute: int = 0) -> datetime:
    """A moment of the branches' own clocks."""
    return datetime.combine(day, time(hour, minute), ZONE)


def days(first: date, last: date) -> list[date]:
    """All days from one to another."""
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def ends_month(day: date) -> bool:
    """Whether it is the last day of its month."""
    return (day + timedelta(days=1)).day == 1
