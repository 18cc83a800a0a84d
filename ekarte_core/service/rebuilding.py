"""Balances made anew from the entries, compared with what is stored, and repaired.

Purses and lots carry running sums so that a purchase reads one row; the entries are
what is true. Works in spans of purses, so that a ledger of millions needs little
memory, and a repair holds few cards for a short time.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

import msgspec

from ekarte_core.errors import EkarteError
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL, read_queries
from ekarte_core.service.sealing import broken_links

SPAN = 5000
"""Ids of purses looked at by one statement."""

NAMED_MAX = 5


class State(msgspec.Struct, frozen=True):
    """Figures of a purse or a lot; a lot has no version, its end is its name."""

    posted: int
    held: int
    carry: int
    version: int
    next_end: datetime | None


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A purse or lot that is not the sum of its entries.

    `stored` is None where entries speak of a row that is not there.
    """

    kind: Literal["purse", "lot"]
    id: int
    card_id: int | None
    purse_id: int
    stored: State | None
    recomputed: State
    credit_limit: int
    repaired: bool = False

    def __str__(self) -> str:
        """One line for people: what is stored, what the entries say."""
        place = (
            f"card {self.card_id}" if self.kind == "purse" else f"purse {self.purse_id}"
        )
        if self.stored is None:
            return f"{self.kind} {self.id} is not there, though entries speak of it"
        told = [
            f"{name.replace('_', ' ')} {was}, by its entries {now}"
            for name in State.__struct_fields__
            if (was := getattr(self.stored, name))
            != (now := getattr(self.recomputed, name))
        ]
        return f"{self.kind} {self.id} ({place}): {'; '.join(told)}"

    @property
    def repairable(self) -> bool:
        """Say whether there is a row, and the ledger may hold such figures in it."""
        now = self.recomputed
        if self.stored is None or now.held < 0:
            return False
        if self.kind == "lot":
            return now.held <= now.posted
        return now.posted - now.held + self.credit_limit >= 0


class Rebuilt(msgspec.Struct, frozen=True):
    """One span of purses: the last id looked at, the last there is, what differs."""

    upto: int
    last: int
    differences: list[Difference]


def rebuild(cr: Cursor, *, repair: bool = False, span: int = SPAN) -> Iterator[Rebuilt]:
    """Recompute purses and lots from their entries, span by span.

    Never commits; whoever repairs may commit after each span.

    Args:
        cr: lent cursor.
        repair: write the recomputed figures back, under the locks of their cards.
        span: ids of purses in one go.

    Raises:
        EkarteError: asked to repair, but the entries cannot be relied on.
    """
    if repair:
        _rely_on_entries(cr)
    cr.execute(SQL["purses_end"])
    last = cr.fetchone()[0] or 0
    for after in range(0, last, span):
        upto = min(after + span, last)
        found = _differences(cr, after, upto)
        if repair and found:
            found = _repair(cr, found, after, upto)
        yield Rebuilt(upto, last, found)


def _rely_on_entries(cr: Cursor) -> None:
    """Refuse to repair from entries that are damaged themselves (I1, I4, I10)."""
    named = []
    for query in (read_queries("invariants.sql")["I1"], SQL["versions_torn"]):
        cr.execute(query)
        named += [row[0] for row in cr.fetchall()]
    named += broken_links(cr)
    if named:
        raise EkarteError(
            "the entries are damaged, nothing is repaired from them: "
            + ", ".join(named[:NAMED_MAX])
            + (f" and {len(named) - NAMED_MAX} more" if len(named) > NAMED_MAX else "")
        )


def _differences(cr: Cursor, after: int, upto: int) -> list[Difference]:
    cr.execute(SQL["differences"], {"after": after, "upto": upto})
    return [
        Difference(
            kind=kind,
            id=row_id,
            card_id=card_id,
            purse_id=purse_id,
            stored=State(*figures[:5]) if there else None,
            recomputed=State(*figures[5:10]),
            credit_limit=figures[10],
        )
        for kind, row_id, card_id, purse_id, there, *figures in cr.fetchall()
    ]


def _repair(
    cr: Cursor, seen: list[Difference], after: int, upto: int
) -> list[Difference]:
    """Lock the cards, look again, write what the entries say."""
    cards = store.lock_cards(
        cr, {one.card_id for one in seen if one.card_id}, wait=True
    )
    found = [
        msgspec.structs.replace(one, repaired=one.repairable and one.card_id in cards)
        for one in _differences(cr, after, upto)
    ]
    _write(cr, "repair_lots", [x for x in found if x.repaired and x.kind == "lot"])
    _write(cr, "repair_purses", [x for x in found if x.repaired and x.kind == "purse"])
    return found


def _write(cr: Cursor, query: str, rows: Sequence[Difference]) -> None:
    if rows:
        cr.execute(
            SQL[query],
            {
                "ids": [row.id for row in rows],
                "posted": [row.recomputed.posted for row in rows],
                "held": [row.recomputed.held for row in rows],
                "carry": [row.recomputed.carry for row in rows],
                "versions": [row.recomputed.version for row in rows],
                "ends": [row.recomputed.next_end for row in rows],
            },
        )
