"""Positions: what each issuer owes each other, and one net sum for each.

A→B 120, B→C 80 and C→A 50 are three payments of 250 together; netted, A pays 70,
B receives 40 and C 30.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec


class ClearingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A claim as one of its two issuers sees it, or a sum of such.

    Attributes:
        owner: in whose account with `other` the line stands.
        other: the other issuer.
        amount: minor units; above zero the owner is to receive.
        receives: whether the owner is the creditor by what happened; a refund is a
            claim below zero, not one of the other.
    """

    owner: str
    other: str
    amount: int
    receives: bool


Positions = Mapping[tuple[str, str], int]
"""By (debtor, creditor): minor units; without pairs that owe nothing."""


def positions(lines: Iterable[ClearingLine]) -> dict[tuple[str, str], int]:
    """Sum lines to a matrix; each claim is counted on its creditor's side only."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for line in lines:
        if line.receives:
            found[line.other, line.owner] += line.amount
    return {pair: amount for pair, amount in sorted(found.items()) if amount}


def net(matrix: Positions) -> dict[str, int]:
    """What each issuer receives (above zero) or pays; the sums of all are zero."""
    found: dict[str, int] = defaultdict(int)
    for (debtor, creditor), amount in matrix.items():
        found[debtor] -= amount
        found[creditor] += amount
    assert not sum(found.values())
    return dict(sorted(found.items()))


def received_by(matrix: Positions, issuer: str) -> int:
    """What all others owe an issuer, before netting."""
    return sum(amount for (_, creditor), amount in matrix.items() if creditor == issuer)


def paid_by(matrix: Positions, issuer: str) -> int:
    """What an issuer owes all others, before netting."""
    return sum(amount for (debtor, _), amount in matrix.items() if debtor == issuer)
