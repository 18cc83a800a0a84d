"""Who holds value: accounts with their purses, cards that lead to them, vouchers."""

from dataclasses import dataclass, field


@dataclass(eq=False)
class Voucher:
    """A one-time right: to so much money off, or to one piece of a product."""

    program: str
    kind: str  # money, goods
    what: str  # the product, or the money as it was issued
    value: int  # what it is worth now; 0 when it is used

    @property
    def told(self) -> str:
        """As answers and the file name it."""
        what = self.value if self.kind == "money" else self.what
        return f"{self.program}/{self.kind}/{what}"


@dataclass(eq=False)
class Account:
    """What one card holds, or the cards that took it over.

    `values`: (what, purse) to an amount: money, credit (below zero is debt), points,
    visits of passes, and counters that have no value: turnover, visited, purchases…
    """

    values: dict[tuple[str, str], int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    vouchers: list[Voucher] = field(default_factory=list)
    facts: set[str] = field(default_factory=set)  # ISSUER:questionnaire, ISSUER:news
    today: dict[str, int] = field(default_factory=dict)  # visits by program

    def value(self, what: str, purse: str) -> int:
        return self.values.get((what, purse), 0)

    def available(self, purse: str, limit: int = 0) -> int:
        """What is not held: of money, or of a credit up to its limit."""
        what = "credit" if limit else "money"
        return max(self.value(what, purse) - self.held.get(purse, 0) + limit, 0)

    @property
    def empty(self) -> bool:
        """True when there is nothing to move."""
        return not any(self.values.values()) and not self.vouchers


@dataclass
class Card:
    """An identifier and its state: '' nobody has seen it yet."""

    number: str
    state: str = ""
    code: str = ""
    wrong_codes: int = 0
    types: set[str] = field(default_factory=set)
    account: Account = field(default_factory=Account)


def add(sums: dict[str, int], other: dict[str, int], sign: int = 1) -> None:
    """Add one set of named sums to another, in place."""
    for name, value in other.items():
        sums[name] = sums.get(name, 0) + sign * value
