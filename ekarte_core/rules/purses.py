"""A working copy of one card's purses: every move is written down, none is lost.

The rules move value on a sheet; if the operation is refused the sheet is dropped
and nothing has happened. Amounts are in the purse's unit, carry in minor units of
currency.
"""

from collections.abc import Iterable
from datetime import date, datetime

import msgspec

POINTS = "points"
TURNOVER = "turnover"

PurseKey = tuple[str, str, str]  # program code, unit, goods group


class Purse(msgspec.Struct, kw_only=True):
    """One purse as the ledger holds it; `id` 0: not opened yet."""

    id: int = 0
    program: str
    issuer: str
    unit: str
    goods_group: str = ""
    posted: int = 0
    held: int = 0
    credit_limit: int = 0
    carry: int = 0
    version: int = 0
    period_start: date | None = None
    valid_until: datetime | None = None

    @property
    def key(self) -> PurseKey:
        """Program, unit, goods group: unique on a card."""
        return (self.program, self.unit, self.goods_group)

    @property
    def available(self) -> int:
        """What may be taken now."""
        return self.posted - self.held + self.credit_limit


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one purse; `account` is the counter leg of the entry pair."""

    key: PurseKey
    event: str
    account: str
    posted: int = 0
    held: int = 0
    carry: int = 0
    version: int
    posted_after: int
    held_after: int


def share(total: int, part: int, whole: int) -> int:
    """Return total × part / whole, half up (away from zero), in whole units."""
    assert whole > 0
    product = abs(total) * abs(part)
    rounded = (2 * product + whole) // (2 * whole)
    return rounded if (total >= 0) == (part >= 0) else -rounded


class Sheet:
    """The purses of one card during one operation."""

    def __init__(self, purses: Iterable[Purse]) -> None:
        """Copy the purses: the originals stay as they are until `settle`."""
        self._purses = {purse.key: msgspec.structs.replace(purse) for purse in purses}
        self.moves: list[Move] = []

    def find(self, program: str, unit: str, goods_group: str = "") -> Purse | None:
        """Return the purse, if the card has it."""
        return self._purses.get((program, unit, goods_group))

    def open(
        self, program: str, issuer: str, unit: str, goods_group: str = ""
    ) -> Purse:
        """Return the purse, opened when the card does not have it yet."""
        key = (program, unit, goods_group)
        if key not in self._purses:
            self._purses[key] = Purse(
                program=program, issuer=issuer, unit=unit, goods_group=goods_group
            )
        return self._purses[key]

    def all(self) -> list[Purse]:
        """Return every purse, in the order of opening."""
        return list(self._purses.values())

    def move(
        self,
        purse: Purse,
        event: str,
        account: str,
        *,
        posted: int = 0,
        held: int = 0,
        carry: int = 0,
    ) -> None:
        """Change a purse and write the move down. Zero moves are left out."""
        if not (posted or held or carry):
            return
        purse.posted += posted
        purse.held += held
        purse.carry += carry
        purse.version += 1
        assert purse.available >= 0, "a rule took more than the purse has"
        assert purse.held >= 0, "a rule released more than was held"
        self.moves.append(
            Move(
                key=purse.key,
                event=event,
                account=account,
                posted=posted,
                held=held,
                carry=carry,
                version=purse.version,
                posted_after=purse.posted,
                held_after=purse.held,
            )
        )

    def carry_released(self, purse: Purse, amount: int) -> int:
        """Return the carrying value that leaves with `amount`.

        In proportion, half up; the last use takes the residue (research: k).
        """
        if amount >= purse.posted:
            return purse.carry
        return share(purse.carry, amount, purse.posted)
