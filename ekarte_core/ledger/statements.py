"""Named statements on their way to the server: one round trip for any number of them.

On a cursor of the ledger's own connection they are prepared when first used: parsing
and planning a statement takes longer than running it for a few rows. A lent cursor
sends the plain text, and so does a connection that shares its servers with others by
transaction; all say the same.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.session import LedgerCursor

Call = tuple[str, Mapping[str, Any]]  # name of a statement, its values

_VALUE = re.compile(r"%\((\w+)\)s")


def run(cr: Cursor, name: str, values: Mapping[str, Any]) -> None:
    """Run one statement; its rows can be fetched."""
    cr.execute(_text(cr, name), {f"{name}.{key}": v for key, v in values.items()})


def send(cr: Cursor, calls: Sequence[Call]) -> None:
    """Run statements in one round trip, or with the next one; no rows are fetched."""
    if not calls:
        return
    assert len({name for name, _values in calls}) == len(calls)
    text = ";\n".join([_text(cr, name) for name, _values in calls])
    values = {f"{name}.{key}": value for name, of in calls for key, value in of.items()}
    if isinstance(cr, LedgerCursor):
        cr.later(text, values)
    else:
        cr.execute(text, values)


def _text(cr: Cursor, name: str) -> str:
    if not isinstance(cr, LedgerCursor) or not cr.connection.prepares:
        return _plain(name)
    if name not in cr.connection.prepared:
        cr.execute(_prepare(name))
        cr.connection.prepared.add(name)
    return _prepared(name)


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
