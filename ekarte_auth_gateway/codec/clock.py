"""Local time on the wire: DE12, DE13, DE7 and the year that the others leave out."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta, timezone, tzinfo

from ekarte_auth_gateway.codec import tlv
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.message import Fields

YEAR = "YR"


def read(
    fields: Mapping[str, str], year: str | None, zone: tzinfo, today: date
) -> datetime | None:
    """Return the moment that a message names, in its branch's offset.

    Args:
        fields: of the message.
        year: sub-field ``YR``.
        zone: of the branch.
        today: any day within half a year of the message; gives the year without `YR`.

    Raises:
        CodecError: half of it is missing, or it does not exist.
    """
    clock, day = fields.get("12"), fields.get("13")
    if clock is None and day is None:
        return None
    if clock is None or day is None:
        raise CodecError("DE13" if day is None else "DE12", "date and time go together")
    if year is not None and not (len(year) == 4 and year.isascii() and year.isdigit()):
        raise CodecError("DE48.YR", "is not a year")
    this = today.year
    # A message of 31 December may be read on 1 January, and the other way round.
    years = [int(year)] if year else [this - 1, this, this + 1]
    found = [
        moment
        for number in years
        if (moment := _moment(number, day, clock, zone)) is not None
    ]
    if not found:
        raise CodecError("DE13", "date and time do not exist")
    nearest = min(found, key=lambda moment: abs(moment.date() - today))
    chosen = _fold(nearest, fields.get("7"))
    # From here on the offset is fixed, as JSON would have brought it.
    return chosen.replace(tzinfo=timezone(chosen.utcoffset() or timedelta()))


def _moment(year: int, day: str, clock: str, zone: tzinfo) -> datetime | None:
    try:
        return datetime(
            year,
            int(day[:2]),
            int(day[2:]),
            int(clock[:2]),
            int(clock[2:4]),
            int(clock[4:]),
            tzinfo=zone,
        )
    except ValueError:
        return None


def _fold(moment: datetime, sent_utc: str | None) -> datetime:
    """In the hour that a clock shows twice, DE7 (UTC) tells which one is meant."""
    later = moment.replace(fold=1)
    if sent_utc is None or later.utcoffset() == moment.utcoffset():
        return moment
    hour = moment.astimezone(timezone.utc).strftime("%H")
    return moment if sent_utc[4:6] == hour else later


def write(
    moment: datetime | None, zone: tzinfo | None, fields: Fields
) -> list[tlv.Pair]:
    """Put a moment into the fields; return the sub-field of its year.

    Args:
        moment: written to the second.
        zone: of the branch; None: the offset that the moment has.
        fields: get DE7, DE12 and DE13.
    """
    if moment is None:
        return []
    wall = moment.astimezone(zone) if zone is not None else moment
    fields["7"] = moment.astimezone(timezone.utc).strftime("%m%d%H%M%S")
    fields["12"] = wall.strftime("%H%M%S")
    fields["13"] = wall.strftime("%m%d")
    return [(YEAR, f"{wall.year:04d}")]
