"""The day in figures, twice: from the file's expectations and from the ledger.

Both must be the same; they are found on different ways. Sums in cents, by issuer.
Sales and discount belong to the seller, everything else to the program's issuer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from ekarte_stack.day_file import DemoNetwork, Key, Row, original_key
from ekarte_stack.report_ledger import Ledger

Claims = dict[tuple[str, str], int]


@dataclass
class Issuer:
    """What one issuer's day came to; refunds and reversals are taken off.

    `points` are those issued: a refund may find them gone and take money instead.
    """

    sales: int = 0
    discount: int = 0
    points: int = 0
    converted: int = 0
    bonus_used: int = 0
    bonus_used_elsewhere: int = 0
    gift_loaded: int = 0
    gift_spent: int = 0
    gift_spent_elsewhere: int = 0


@dataclass
class Figures:
    """All issuers, and who owes whom: `claims[a, b]` is what a may claim from b."""

    issuers: dict[str, Issuer] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)

    def claim(self, creditor: str, debtor: str, amount: int) -> None:
        """Write a claim down; claims both ways are netted."""
        for pair, sign in (((creditor, debtor), 1), ((debtor, creditor), -1)):
            self.claims[pair] = self.claims.get(pair, 0) + sign * amount

    def load(self, seller: str, issuer: str, amount: int) -> None:
        """Gift money paid in at `seller` for a card of `issuer`."""
        self.issuers[issuer].gift_loaded += amount
        if seller != issuer:
            self.claim(issuer, seller, amount)

    def spend(self, seller: str, issuer: str, amount: int, *, gift: bool) -> None:
        """Card value of `issuer` used at `seller`."""
        own = self.issuers[issuer]
        kind = "gift_spent" if gift else "bonus_used"
        setattr(own, kind, getattr(own, kind) + amount)
        if seller != issuer:
            elsewhere = f"{kind}_elsewhere"
            setattr(own, elsewhere, getattr(own, elsewhere) + amount)
            self.claim(seller, issuer, amount)

    def differences(self, other: "Figures") -> list[str]:
        """Name every figure that the other one has differently."""
        found = []
        for code, mine in self.issuers.items():
            theirs = asdict(other.issuers[code])
            found += [
                f"{code} {name}: {value}, not {theirs[name]}"
                for name, value in asdict(mine).items()
                if value != theirs[name]
            ]
        pairs = self.claims.keys() | other.claims.keys()
        return found + [
            f"{one} from {two}: {self.claims.get((one, two), 0)},"
            f" not {other.claims.get((one, two), 0)}"
            for one, two in sorted(pairs)
            if self.claims.get((one, two), 0) != other.claims.get((one, two), 0)
        ]


def from_file(day: Sequence[Row], network: DemoNetwork) -> Figures:
    """Add up what the file expects."""
    figures = Figures({code: Issuer() for code in network.names})
    rows: dict[Key, Row] = {}
    for row in day:
        if row.key in rows:
            continue  # a repeat, or the same number with other content
        rows[row.key] = row
        if row.wanted.approved:
            _add(figures, row, network, 1)
            _undo(figures, row, rows, network)
    return figures


def _undo(
    figures: Figures, row: Row, rows: dict[Key, Row], network: DemoNetwork
) -> None:
    """A reversal takes off what its original had added, once."""
    if row.request.command != "reverse":
        return
    key = original_key(row.request)
    undone = rows.get(key)
    again = sum(
        other.request.command == "reverse" and original_key(other.request) == key
        for other in rows.values()
    )
    if undone is not None and undone.wanted.approved and again == 1:
        _add(figures, undone, network, -1)


def _add(figures: Figures, row: Row, network: DemoNetwork, sign: int) -> None:
    request, wanted = row.request, row.wanted
    seller = network.seller[request.terminal]
    own = figures.issuers[seller]
    if request.command in ("activate", "top_up") and request.amount:
        program = next(iter(wanted.balances))
        figures.load(seller, network.issuer_of[program], sign * request.amount)
    if request.command == "refund":
        sign = -sign
    if request.command not in ("sale", "confirm", "refund"):
        return
    # A confirmation without a sum captures all that was authorized.
    gross = request.amount or sum(line.amount for line in request.lines)
    whole = wanted.amount_due + sum(wanted.taken.values()) + wanted.discount
    own.sales += sign * (gross or whole)
    own.discount += sign * wanted.discount
    own.converted += sign * wanted.converted
    for program, points in wanted.points.items():
        if request.command != "refund":
            figures.issuers[network.issuer_of[program]].points += sign * points
    for program, amount in wanted.taken.items():
        issuer, gift = network.issuer_of[program], network.is_gift(program)
        figures.spend(seller, issuer, sign * amount, gift=gift)


def from_ledger(ledger: Ledger, day: Sequence[Row], network: DemoNetwork) -> Figures:
    """Add up what the ledger has booked for the day's batches."""
    figures = Figures({code: Issuer() for code in network.names})
    for issuer, gross, discount in ledger.of_day("sales", day):
        figures.issuers[issuer].sales = gross
        figures.issuers[issuer].discount = discount
    for seller, command, program, event, unit, amount in ledger.of_day("value", day):
        issuer = network.issuer_of[program]
        own = figures.issuers[issuer]
        if event == "gift_load":
            figures.load(seller, issuer, amount)
        elif event in ("gift_spend", "bonus_spend"):
            figures.spend(seller, issuer, -amount, gift=event == "gift_spend")
        elif event == "bonus_earn" and unit == "points" and command != "refund":
            own.points += amount
        elif event == "convert" and unit != "points":
            own.converted += amount
    return figures


def all_claims(ledger: Ledger) -> Claims:
    """Who owes whom over the whole ledger, from its entries."""
    figures = Figures()
    for seller, issuer, event, amount in ledger.rows("claims"):
        if event == "gift_load":
            figures.claim(issuer, seller, amount)
        else:
            figures.claim(seller, issuer, -amount)
    return figures.claims
