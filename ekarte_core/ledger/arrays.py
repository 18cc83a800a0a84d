"""Columns of values as array literals of PostgreSQL, one text for each column.

A driver that adapts a list value by value, and a server that parses each of them as a
constant of its own, cost more than the operation itself (docs/PERFORMANCE.md).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

SEPARATOR = "\x1f"  # JSON writes it as an escape, so it is in no document


def integers(values: Iterable[int | None]) -> str:
    """Return an integer array."""
    return "{" + str(list(values))[1:-1].replace("None", "NULL") + "}"


def words(values: Sequence[str | None]) -> str:
    """Return a text array."""
    if not values:
        return "{}"
    if None not in values:
        inner = '","'.join(values)  # type: ignore[arg-type]  # no None in it
        if "\\" not in inner and inner.count('"') == 2 * len(values) - 2:
            return f'{{"{inner}"}}'
    return "{" + ",".join("NULL" if v is None else _quoted(v) for v in values) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def digests(values: Iterable[bytes | None]) -> str:
    """Return an array of bytea."""
    parts = ["NULL" if value is None else f'"\\\\x{value.hex()}"' for value in values]
    return "{" + ",".join(parts) + "}"


def moments(values: Iterable[datetime | date | None]) -> str:
    """Return an array of dates, or of moments with their time zone."""
    parts = ["NULL" if value is None else value.isoformat() for value in values]
    return "{" + ",".join(parts) + "}"


def documents(values: Sequence[str]) -> str:
    """Return JSON texts, to be taken apart by ``string_to_array(…, chr(31))``.

    As an array every quote in them would be escaped, and escaped again on its way.
    """
    joined = SEPARATOR.join(values)
    assert values
    assert joined.count(SEPARATOR) == len(values) - 1
    assert all(values)
    return joined
