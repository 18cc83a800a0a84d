"""Keys that terminals got over the wire: which of them have been used."""

from collections.abc import Collection
from datetime import datetime

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL

# A number of the table is taken before its commit: rows may come in behind newer ones,
# as many as processes write at once. So a look begins a little further back.
_LATE_ROWS = 100


class UsedKey(msgspec.Struct, frozen=True):
    """The newest key that a terminal got over the wire and used, and since when."""

    version: int
    at: datetime


class KeysSeen(msgspec.Struct, frozen=True):
    """Versions by terminal, and how far the table has been read."""

    versions: dict[str, int]
    upto: int


def terminal_keys_since(cr: Cursor, upto: int) -> KeysSeen:
    """Return what came into force after a number; 0: everything.

    Some rows may be told again.
    """
    cr.execute(SQL["terminal_keys_since"], {"since": upto - _LATE_ROWS})
    versions: dict[str, int] = {}
    for number, terminal, version in cr.fetchall():
        versions[terminal] = max(version, versions.get(terminal, 0))
        upto = max(upto, number)
    return KeysSeen(versions, upto)


def note_terminal_key(cr: Cursor, terminal: str, version: int, now: datetime) -> bool:
    """Note that a terminal has used a key; True: that is news."""
    values = {"terminal": terminal, "version": version, "now": now}
    cr.execute(SQL["note_terminal_key"], values)
    return bool(cr.rowcount)


def terminal_keys_in_use(cr: Cursor, terminals: Collection[str]) -> dict[str, UsedKey]:
    """Return the newest of each terminal that ever used one."""
    cr.execute(SQL["terminal_keys_in_use"], {"terminals": list(terminals)})
    return {terminal: UsedKey(version, at) for terminal, version, at in cr.fetchall()}
