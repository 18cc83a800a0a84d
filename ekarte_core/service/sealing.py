"""The hash chain over operations and entries: built behind, never on the hot path.

Each seal is sha256(previous digest, digests of its operations with their entries).
Whoever changes a sealed row, by whatever means, breaks every later seal.
"""

from datetime import datetime

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL

GENESIS = bytes(32)
SEAL_OPERATIONS_MAX = 1000


def seal(cr: Cursor, now: datetime, limit: int = SEAL_OPERATIONS_MAX) -> int:
    """Seal the next operations; returns how many, 0 when all are sealed."""
    cr.execute(SQL["lock_sealing"])
    cr.execute(SQL["unsealed_operations"], {"limit": limit})
    ids = [row[0] for row in cr.fetchall()]
    if not ids:
        return 0
    cr.execute(SQL["last_seal"])
    row = cr.fetchone()
    number, previous = (row[0] + 1, bytes(row[1])) if row is not None else (1, GENESIS)
    cr.execute(
        SQL["add_seal"],
        {
            "number": number,
            "now": now,
            "operations": len(ids),
            "previous": previous,
            "digest": digest(cr, previous, ids),
        },
    )
    cr.execute(SQL["add_seal_operations"], {"number": number, "ids": ids})
    return len(ids)


def digest(cr: Cursor, previous: bytes, ids: list[int]) -> bytes:
    """Return the digest of operations as they stand now."""
    cr.execute(SQL["digest_of_operations"], {"previous": previous, "ids": ids})
    return bytes(cr.fetchone()[0])


def broken_seals(cr: Cursor) -> list[int]:
    """Return the numbers of seals that do not verify, in order."""
    cr.execute(SQL["seals"])
    expected = GENESIS
    broken = []
    for number, previous, stored, operations, ids in cr.fetchall():
        known = [one for one in ids if one is not None]
        now = digest(cr, bytes(previous), known)
        whole = len(known) == operations and bytes(previous) == expected
        if not whole or now != bytes(stored):
            broken.append(number)
        expected = bytes(stored)
    return broken
