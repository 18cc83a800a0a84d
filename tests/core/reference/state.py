"""What the reference ledger remembers: cards, purses, lots, booked operations."""

from dataclasses import dataclass, field
from datetime import date, datetime, timezone
from typing import Any

from ekarte_core import Request

PurseKey = tuple[str, str, str]
"""Program, unit, goods group."""

FOREVER = datetime(9999, 12, 31, tzinfo=timezone.utc)


class Refused(Exception):
    """Carries the answer code."""


@dataclass
class Lot:
    posted: int = 0
    held: int = 0


@dataclass
class Purse:
    """Lots by their end; a counter has one lot that never ends."""

    lots: dict[datetime | None, Lot] = field(default_factory=dict)
    since: date | None = None
    limit: int = 0

    @property
    def posted(self) -> int:
        return sum(lot.posted for lot in self.lots.values())

    @property
    def held(self) -> int:
        return sum(lot.held for lot in self.lots.values())

    def usable(self, now: datetime) -> int:
        """What may be taken now: neither held nor ended."""
        return self.limit + sum(lot.posted - lot.held for _, lot in self.live(now))

    def live(self, now: datetime) -> list[tuple[datetime | None, Lot]]:
        """Lots that have not ended, the earliest end first."""
        found = [
            (end, lot) for end, lot in self.lots.items() if end is None or end > now
        ]
        return sorted(found, key=lambda row: by_end(row[0]))


def by_end(end: datetime | None) -> datetime:
    """A key to sort ends by; what never ends comes last."""
    return end or FOREVER


@dataclass
class Card:
    number: str
    state: str = "new"
    code: str = ""
    tries: int = 0
    registered: datetime | None = None
    purses: dict[PurseKey, Purse] = field(default_factory=dict)
    vouchers: list[Any] = field(default_factory=list)

    def purse(self, key: PurseKey) -> Purse:
        return self.purses.setdefault(key, Purse())

    def posted(self, key: PurseKey) -> int:
        return self.purses[key].posted if key in self.purses else 0


@dataclass(frozen=True)
class Move:
    """Value that came into a lot or left it; `held`: kept back or set free."""

    card: Card
    key: PurseKey
    end: datetime | None
    posted: int
    held: int = 0

    def apply(self, sign: int = 1) -> None:
        lot = self.card.purse(self.key).lots.setdefault(self.end, Lot())
        lot.posted += sign * self.posted
        lot.held += sign * self.held


@dataclass
class Line:
    """Goods of one group as priced."""

    group: str
    gross: int
    rate: Any = 0
    discount: int = 0


@dataclass
class Taken:
    """What one purse pays, lot by lot."""

    tender: str
    key: PurseKey
    own: bool
    parts: list[tuple[datetime | None, int]]
    whole: int = 0  # of a voucher: what goes with it

    @property
    def amount(self) -> int:
        return sum(amount for _, amount in self.parts)

    def first(self, amount: int) -> "Taken":
        """The same, of no more than an amount, the first lots first."""
        parts = []
        for end, there in self.parts:
            some = min(there, amount)
            amount -= some
            if some:
                parts.append((end, some))
        return Taken(self.tender, self.key, self.own, parts, self.whole)


@dataclass
class Reply:
    """The part of an answer that both ledgers must agree on."""

    rc: str
    amount: int = 0
    discount: int = 0
    amount_due: int = 0
    tendered: dict[str, int] = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)
    converted: int = 0
    balances: list[tuple[str, str, int, int]] = field(default_factory=list)
    discount_rate: int | None = None
    vouchers: list[tuple[str, str, str, int, str]] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    """Discounts, where the request had lines."""
    reduction: int = 0
    kept: int = 0
    card_state: str = ""
    totals: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def approved(self) -> bool:
        return self.rc in ("00", "10")


@dataclass
class Booked:
    """An operation, and what has become of it."""

    request: Request
    reply: Reply
    at: datetime | None = None
    card: Card | None = None
    moves: list[Move] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    exact: bool = False
    taken: list[Taken] = field(default_factory=list)
    earned: dict[str, int] = field(default_factory=dict)
    counted: dict[PurseKey, tuple[int, date | None]] = field(default_factory=dict)
    before: dict[PurseKey, date | None] = field(default_factory=dict)
    whole: dict[PurseKey, int] = field(default_factory=dict)
    whole_points: set[str] = field(default_factory=set)
    hold: str = ""  # promise, open, captured, over
    ends: datetime | None = None
    captured_by: "Booked | None" = None
    hold_of: "Booked | None" = None
    undone: bool = False
    state_before: str = ""  # of the card that this operation closed
    original: "Booked | None" = None
    refunds: list["Booked"] = field(default_factory=list)
    buried: bool = False

    @property
    def net(self) -> int:
        return sum(line.gross - line.discount for line in self.lines)

    @property
    def standing(self) -> list["Booked"]:
        """Refunds that were not undone."""
        return [refund for refund in self.refunds if not refund.undone]

    def post(self, *moves: Move) -> None:
        """Make moves and remember them."""
        for move in moves:
            move.apply()
            self.moves.append(move)
