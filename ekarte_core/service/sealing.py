"""The hash chain over operations and entries: built behind, never on the hot path.

Each operation has a digest of itself with its entries and sale lines, stored when it
is sealed; each seal is sha256(previous seal, digests of its operations). Whoever
changes a sealed row, by whatever means, no longer fits its digest; whoever changes the
digest too breaks its seal, and with a new seal every later one.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL

GENESIS = bytes(32)
SEAL_OPERATIONS_MAX = 1000
SEALS_AT_A_TIME = 20
SETTLED_AFTER = timedelta(minutes=10)
"""After so long hardly an operation commits with a lower id than those sealed."""
BEFORE_ALL = -(2**31)


class Head(NamedTuple):
    """A seal up to which the chain is whole."""

    number: int
    digest: bytes


BEGINNING = Head(BEFORE_ALL, GENESIS)


class Link(msgspec.Struct, frozen=True):
    """One seal as it is stored, with the operations it covers.

    `stored` and `now` hold their digests in the same order; None: sealed before rows
    had digests, or no longer there.
    """

    number: int
    previous: bytes
    digest: bytes
    operations: int
    ids: list[int]
    stored: list[bytes | None]
    now: list[bytes | None]


def seal(
    cr: Cursor, now: datetime, limit: int = SEAL_OPERATIONS_MAX, *, whole: bool = True
) -> int:
    """Seal the next operations; returns how many, 0 when all are sealed.

    With `whole` false it looks only at what came since some minutes before the last
    seals: an operation that commits later than that, with an id from before (a gateway
    that was idle keeps a block of ids), waits for the next look at the whole ledger.
    """
    cr.execute(SQL["lock_sealing"])
    after = 0
    if not whole:
        cr.execute(SQL["sealed_upto"], {"before": now - SETTLED_AFTER})
        after = cr.fetchone()[0]
    cr.execute(SQL["unsealed_operations"], {"after": after, "limit": limit})
    ids = [row[0] for row in cr.fetchall()]
    if not ids:
        return 0
    cr.execute(SQL["last_seal"])
    row = cr.fetchone()
    number, previous = (row[0] + 1, bytes(row[1])) if row is not None else (1, GENESIS)
    found = digests(cr, ids)
    rows = [found[operation] for operation in ids]
    cr.execute(
        SQL["add_seal"],
        {
            "number": number,
            "now": now,
            "operations": len(ids),
            "previous": previous,
            "digest": chained(previous, rows),
        },
    )
    cr.execute(
        SQL["add_seal_operations"], {"number": number, "ids": ids, "digests": rows}
    )
    return len(ids)


def digests(cr: Cursor, ids: Sequence[int]) -> dict[int, bytes]:
    """Return the digests of operations as they stand now, by id."""
    cr.execute(SQL["digests_of_operations"], {"ids": list(ids)})
    return {operation: bytes(digest) for operation, digest in cr.fetchall()}


def chained(previous: bytes, rows: Sequence[bytes]) -> bytes:
    """Return the digest of a seal over these rows, which stand in order of id."""
    return hashlib.sha256(previous + b"".join(rows)).digest()


def broken_links(cr: Cursor) -> list[str]:
    """Name what does not verify: ``operation 123 (seal 4)``, or ``seal 4`` itself.

    An operation is named when it, an entry or a sale line of it was changed, added or
    taken away. A seal is named when it does not follow from the rows it covers, or from
    the seal before it, or is gone, or is not what it was when it was noted as whole.
    """
    broken, _sound = _walk(cr, BEGINNING)
    return broken + [seal for seal in _noted_otherwise(cr) if seal not in broken]


def verify_seals(cr: Cursor, *, whole: bool) -> list[str]:
    """Name what does not verify, as `broken_links` does, and note how far it does.

    Unless the `whole` chain is walked, what was found whole before is not looked at
    again, but for the seals that were noted: each must be what it was. What is broken
    is found by every later look, too: they begin before it, until it is mended.
    """
    cr.execute(SQL["last_verified"])
    row = cr.fetchone()
    noted = Head(row[0], bytes(row[1])) if row is not None else BEGINNING
    otherwise = _noted_otherwise(cr)
    broken, sound = _walk(cr, BEGINNING if whole or otherwise else noted)
    if sound != noted and not otherwise:
        cr.execute(SQL["add_verified"], sound._asdict())
    return broken + [seal for seal in otherwise if seal not in broken]


def _walk(cr: Cursor, head: Head) -> tuple[list[str], Head]:
    """Verify all after a seal; return what is broken, and the last seal before that."""
    broken: list[str] = []
    expected, sound = head.digest, head
    for link in _links(cr, head):
        broken += [f"operation {n} (seal {link.number})" for n in _changed(link)]
        if link.previous != expected or not _holds(link):
            broken.append(f"seal {link.number}")
        expected = link.digest
        if not broken:
            sound = Head(link.number, link.digest)
    cr.execute(SQL["seals_gone"], {"after": head.number})
    return broken + [f"seal {number}" for (number,) in cr.fetchall()], sound


def _noted_otherwise(cr: Cursor) -> list[str]:
    cr.execute(SQL["noted_otherwise"])
    return [f"seal {number}" for (number,) in cr.fetchall()]


def _links(cr: Cursor, head: Head) -> Iterator[Link]:
    """Read the chain after a seal, some seals at a time."""
    after = head.number
    while True:
        cr.execute(SQL["seals_after"], {"after": after, "limit": SEALS_AT_A_TIME})
        rows = cr.fetchall()
        if not rows:
            return
        after = rows[-1][0]
        found = digests(cr, [n for row in rows for n in row[4] if n is not None])
        for number, previous, digest, operations, ids, stored in rows:
            covered = [n for n in ids if n is not None]
            yield Link(
                number,
                bytes(previous),
                bytes(digest),
                operations,
                covered,
                [None if one is None else bytes(one) for one in stored[: len(covered)]],
                [found.get(n) for n in covered],
            )


def _rows(link: Link) -> list[tuple[int, bytes]]:
    """What the seal was made of: the stored digest, where there is none today's."""
    found = []
    for operation, stored, now in zip(link.ids, link.stored, link.now, strict=True):
        digest = stored or now
        if digest is not None:
            found.append((operation, digest))
    return found


def _holds(link: Link) -> bool:
    rows = [digest for _, digest in _rows(link)]
    whole = len(rows) == link.operations
    return whole and chained(link.previous, rows) == link.digest


def _changed(link: Link) -> list[int]:
    """Operations that are not what was sealed."""
    pairs = list(zip(link.ids, link.stored, link.now, strict=True))
    changed = {n for n, stored, now in pairs if now is None or now != (stored or now)}
    return sorted(changed | _added(link, changed))


def _added(link: Link, changed: set[int]) -> set[int]:
    """Name the operation too many: the one without which its seal fits."""
    rows = _rows(link)
    if len(rows) != link.operations + 1:
        return set()
    for suspect in sorted(link.ids, key=lambda operation: operation not in changed):
        rest = [digest for operation, digest in rows if operation != suspect]
        if chained(link.previous, rest) == link.digest:
            return {suspect}
    return set()
