"""Named statements on their way to the server: one round trip for any number of them.

On a cursor of the ledger's own connection they are prepared when first used: parsing
and planning a statement takes longer than running it for a few rows. A lent cursor
sends the plain text; both say the same.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import psycopg2.extensions

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL

Call = tuple[str, Mapping[str, Any]]  # name of a statement, its values

_VALUE = re.compile(r"%\((\w+)\)s")


class LedgerSession(psycopg2.extensions.connection):
    """A connection that remembers which statements it has prepared."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Connect; nothing is prepared yet."""
        super().__init__(*args, **kwargs)
        self.prepared: set[str] = set()


def run(cr: Cursor, name: str, values: Mapping[str, Any]) -> None:
    """Run one statement."""
    send(cr, [(name, values)])


def send(cr: Cursor, calls: Sequence[Call]) -> None:
    """Run statements in one round trip; only the rows of the last can be fetched."""
    if not calls:
        return
    assert len({name for name, _values in calls}) == len(calls)
    session = getattr(cr, "connection", None)
    if isinstance(session, LedgerSession):
        for name, _values in calls:
            if name not in session.prepared:
                cr.execute(_prepare(name))
                session.prepared.add(name)
        texts = [_prepared(name) for name, _values in calls]
    else:
        texts = [_plain(name) for name, _values in calls]
    values = {f"{name}.{key}": value for name, of in calls for key, value in of.items()}
    cr.execute(";\n".join(texts), values)


def forget_plans(cr: Cursor) -> None:
    """Have plans made anew: tables have grown, what was right may be so no more."""
    cr.execute(SQL["forget_plans"])


@cache
def _names(name: str) -> list[str]:
    """The values that a statement takes, in order of their first mention."""
    return list(dict.fromkeys(_VALUE.findall(SQL[name])))


@cache
def _plain(name: str) -> str:
    return _VALUE.sub(rf"%({name}.\1)s", SQL[name])


@cache
def _prepare(name: str) -> str:
    places = {value: f"${place}" for place, value in enumerate(_names(name), start=1)}
    text = _VALUE.sub(lambda match: places[match[1]], SQL[name])
    return SQL["prepare"].replace("NAME", name).replace("STATEMENT", text)


@cache
def _prepared(name: str) -> str:
    values = ", ".join(f"%({name}.{value})s" for value in _names(name))
    query = "run_prepared" if values else "run_prepared_without_values"
    return SQL[query].replace("NAME", name).replace("VALUES", values)
