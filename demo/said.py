"""What is said in the play: operations, and what their answers must be."""

from dataclasses import dataclass, field

from rules import Card

Key = tuple[str, int, int]


@dataclass(frozen=True)
class Operation:
    """One operation as a terminal sends it. `lines`: (goods group, gross)."""

    terminal: str
    batch: int
    operation: int
    command: str
    kind: str = ""
    card: str = ""
    code: str = ""
    amount: int | None = None
    lines: tuple[tuple[str, int], ...] = ()
    gift: int = 0
    bonus: int = 0
    original: Key | None = None
    partial: bool = False
    reference: str = ""
    totals: tuple[tuple[str, int, int], ...] = ()

    @property
    def key(self) -> Key:
        return (self.terminal, self.batch, self.operation)

    @property
    def number(self) -> str:
        """The card's number, whatever the reader saw."""
        return self.card.lstrip(";").split("=")[0]

    @property
    def gross(self) -> int:
        return sum(amount for _, amount in self.goods)

    @property
    def goods(self) -> list[tuple[str, int]]:
        return list(self.lines) or [("", self.amount or 0)]


@dataclass
class Expected:
    """What the answer must say. Sums in cents; `taken` and `points` by program."""

    rc: str = "00"
    discount: int = 0
    due: int = 0
    gift: int = 0
    bonus: int = 0
    taken: dict[str, int] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    converted: int = 0
    rate: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    totals: tuple[tuple[str, int, int], ...] = ()


@dataclass
class Goods:
    """What was bought of one goods group, and how much of it has come back."""

    gross: int = 0
    discount: int = 0
    back: int = 0


@dataclass
class Booked:
    """What an operation did to its card: refunds and reversals undo it."""

    operation: Operation
    expected: Expected
    card: Card | None = None
    state: str = "booked"  # held, booked, reversed, released, captured
    gross: int = 0
    groups: dict[str, Goods] = field(default_factory=dict)
    rates: dict[str, int] = field(default_factory=dict)
    taken: dict[tuple[str, str], int] = field(default_factory=dict)
    turnover: dict[str, int] = field(default_factory=dict)
    moves: dict[tuple[str, str], int] = field(default_factory=dict)
    net_refunded: int = 0


class Refused(Exception):
    """The operation is declined with this code."""
