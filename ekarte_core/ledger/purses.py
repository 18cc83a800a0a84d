"""Reading the purses of locked cards, and with them what issuers owe others."""

from collections.abc import Mapping, Sequence

from ekarte_core.ledger.arrays import integers, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.statements import run
from ekarte_core.ledger.store import CardRow
from ekarte_core.rules.purses import Lot, Purse


def read_purses(
    cr: Cursor, cards: Mapping[int, CardRow], limited: Sequence[str] = ()
) -> dict[str, int]:
    """Read the purses of locked cards, with their lots.

    Returns what the issuers of `limited` owe others, minor units.
    """
    owed: dict[str, int] = {}
    if not cards:
        return owed
    run(cr, "purses", {"ids": integers(cards), "limited": words(limited)})
    last = 0
    lots: list[Lot] = []
    for row in cr.fetchall():
        if row[0] is None:
            owed[row[2]] = row[6]
            continue
        if row[1] != last:  # the rows of a purse stand together, one for each lot
            last, lots = row[1], []
            purses = cards[row[0]].purses
            purses[row[2], row[4], row[5]] = Purse(
                id=last,
                program=row[2],
                issuer=row[3],
                unit=row[4],
                goods_group=row[5],
                posted=row[6],
                held=row[7],
                credit_limit=row[8],
                carry=row[9],
                version=row[10],
                period_start=row[11],
                last_at=row[12],
                day_count=row[13],
                lots=lots,
            )
        if row[14] is not None:
            lots.append(
                Lot(
                    id=row[14],
                    valid_until=row[15],
                    issued=row[16],
                    posted=row[17],
                    held=row[18],
                    carry=row[19],
                )
            )
    return owed
