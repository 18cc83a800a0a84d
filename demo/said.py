"""What is said in the play: operations, and what their answers must be."""

from dataclasses import dataclass, field
from typing import NamedTuple

from holders import Account, Card, Voucher
from rules import Rule

Key = tuple[str, int, int]
THOUSAND = 1000  # quantities are counted in thousandths


class Item(NamedTuple):
    """One line of goods; `gross` for the whole of its quantity."""

    group: str
    gross: int
    sku: str = ""
    quantity: str = "1"

    @property
    def thousandths(self) -> int:
        """The quantity as a whole number: `2` is 2000, `0.5` is 500."""
        whole, _, part = self.quantity.partition(".")
        return int(whole) * THOUSAND + int(f"{part}000"[:3])


@dataclass(frozen=True)
class Operation:
    """One operation as a terminal sends it.

    `lines`: goods as Item, or as shorter tuples. `voucher`: the operation whose
    answer named it, as `terminal/batch/operation#what`; or any other text.
    """

    terminal: str
    batch: int
    operation: int
    command: str
    kind: str = ""
    card: str = ""
    code: str = ""
    amount: int | None = None
    lines: tuple[tuple[str | int, ...], ...] = ()
    gift: int = 0
    bonus: int = 0
    credit: int = 0
    voucher: str = ""
    original: Key | None = None
    partial: bool = False
    reference: str = ""
    totals: tuple[tuple[str, int, int], ...] = ()
    referrer: str = ""
    other: str = ""
    program: str = ""
    reason: str = ""
    new_code: str = ""
    consents: tuple[tuple[str, bool], ...] = ()

    @property
    def key(self) -> Key:
        return (self.terminal, self.batch, self.operation)

    @property
    def number(self) -> str:
        """The card's number, whatever the reader saw."""
        return self.card.lstrip(";").split("=")[0]

    @property
    def items(self) -> list[Item]:
        """The lines of goods that were named."""
        # A line of the file has the fields of an item, in its order.
        return [Item(*line) for line in self.lines]  # type: ignore[arg-type]  # in its order

    @property
    def goods(self) -> list[Item]:
        """The lines of goods; a sum alone is one line."""
        return self.items or [Item("", self.amount or 0)]

    @property
    def gross(self) -> int:
        return sum(item.gross for item in self.goods)

    @property
    def asks_tender(self) -> bool:
        """True when the terminal named something that the card shall pay."""
        return bool(self.gift or self.bonus or self.credit or self.voucher)


@dataclass
class Expected:
    """What the answer must say. Sums in cents; `taken` and `points` by program.

    `saved`, the discount by program, is the calculator's own: answers only tell it.
    """

    rc: str = "00"
    amount: int = 0
    discount: int = 0
    due: int = 0
    gift: int = 0
    bonus: int = 0
    credit: int = 0
    voucher: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    converted: int = 0
    rate: int = 0
    saved: dict[str, int] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    vouchers: list[str] = field(default_factory=list)
    totals: tuple[tuple[str, int, int], ...] = ()


@dataclass
class Goods:
    """What was bought of one goods group, and how much of it has come back."""

    gross: int = 0
    discount: int = 0
    back: int = 0


@dataclass
class Move:
    """One change of one account: `what` (money, points, …) of a program's purse."""

    account: Account
    what: str
    purse: str
    amount: int


@dataclass
class Booked:
    """What an operation did to its card: refunds and reversals undo it."""

    operation: Operation
    expected: Expected
    card: Card | None = None
    state: str = "booked"  # held, booked, reversed, released, captured
    gross: int = 0
    goods: list[Item] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)  # the discount of each of them
    groups: dict[str, Goods] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    counted: dict[tuple[str, str], int] = field(default_factory=dict)
    settled: dict[str, int] = field(default_factory=dict)  # points that were owed
    once: list[tuple[str, str]] = field(default_factory=list)  # counters by one
    moves: list[Move] = field(default_factory=list)
    referrer: str = ""
    loaded: tuple[str, str, int] | None = None  # what, purse, amount
    used: Voucher | None = None
    used_value: int = 0  # what the voucher was worth before
    issued: list[Voucher] = field(default_factory=list)
    thanked: tuple[Account, Rule, int] | None = None  # a referrer and the points
    net_refunded: int = 0
    gross_refunded: int = 0

    @property
    def net(self) -> int:
        return self.gross - self.expected.discount


class Refused(Exception):
    """The operation is declined with this code."""
