"""What issuers owe others, and how much more of their value others may take.

Every use of value at another issuer's branch is noted by the transaction that books it,
so a decision sees all that is committed; `fold_exposure` only keeps the notes short.
What accounting has seen paid comes from it, by `tell_cleared`.
"""

from collections.abc import Mapping
from datetime import datetime, timezone

import msgspec

from ekarte_core.ledger.arrays import integers, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.rows import Rows
from ekarte_core.ledger.store import CardRow
from ekarte_core.network.compiled import Network
from ekarte_core.rules.exposing import used_elsewhere
from ekarte_core.rules.purses import Move

NEVER_FOLDED = datetime.max.replace(tzinfo=timezone.utc)


class Exposure(msgspec.Struct, frozen=True, kw_only=True):
    """What an issuer owes others, nominal minor units; `limit` 0: none is set.

    Attributes:
        used: of its value at others since ever, holds counted.
        cleared: what accounting has seen paid of it.
        refused: others do not take its value at all.
    """

    issuer: str
    used: int
    cleared: int
    limit: int = 0
    refused: bool = False

    @property
    def owed(self) -> int:
        """What is neither paid nor given back."""
        return self.used - self.cleared

    @property
    def stopped(self) -> bool:
        """True when others take no more of its value."""
        return self.refused or bool(self.limit and self.owed >= self.limit)


def rooms_of(network: Network, owed: Mapping[str, int]) -> dict[str, int]:
    """Return what may still be used elsewhere, by issuer that has a limit."""
    rooms = {issuer: network.room(issuer, debt) for issuer, debt in owed.items()}
    return rooms | network.refused


def note_uses(
    rows: Rows,
    rooms: dict[str, int],
    network: Network,
    seller: str,
    amount: int,
    moves: list[tuple[CardRow, list[Move]]],
) -> None:
    """Write down what an operation used elsewhere, also for the next of its group."""
    uses = used_elsewhere(
        seller,
        amount,
        (
            (account.purses[move.key].issuer, move)
            for account, its in moves
            for move in its
        ),
        network.visit_price,
    )
    rows.add_uses(uses)
    for issuer, change in uses.items():
        if issuer in rooms:
            rooms[issuer] = max(rooms[issuer] - change, 0)


def fold_exposure(
    cr: Cursor, now: datetime, *, unless_since: datetime | None = None
) -> int:
    """Fold what was used since the last time; returns for how many issuers.

    `unless_since`: leave it, where somebody else has folded after that.
    """
    values = {"now": now, "unless_since": unless_since or NEVER_FOLDED}
    cr.execute(SQL["fold_exposure"], values)
    return int(cr.rowcount)


def exposures(cr: Cursor, network: Network) -> list[Exposure]:
    """Return what each issuer of the network owes others now."""
    cr.execute(SQL["exposures"])
    known = {issuer: (used, cleared) for issuer, used, cleared in cr.fetchall()}
    return [
        Exposure(
            issuer=issuer.code,
            used=known.get(issuer.code, (0, 0))[0],
            cleared=known.get(issuer.code, (0, 0))[1],
            limit=issuer.exposure_limit,
            refused=not issuer.accepted_elsewhere,
        )
        for issuer in network.document.issuers
    ]


def tell_cleared(cr: Cursor, cleared: Mapping[str, int], now: datetime) -> None:
    """Say how much of each issuer's value used elsewhere is paid by now, since ever."""
    values = {
        "issuers": words(list(cleared)),
        "amounts": integers(cleared.values()),
        "now": now,
    }
    cr.execute(SQL["tell_cleared"], values)
