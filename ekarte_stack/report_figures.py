"""The day in figures, twice: from the file's expectations and from the ledger.

Both must be the same; they are found on different ways. Sums in cents, by issuer and
by kind of program. Sales and discount belong to the seller, everything else to the
program's issuer.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from ekarte_stack.day_file import DemoNetwork, Key, Row, original_key
from ekarte_stack.report_ledger import Ledger

Claims = dict[tuple[str, str], int]

# How an issuer's figure is called, by what pays.
USED_AS = {
    "gift": "gift_spent",
    "bonus": "bonus_used",
    "credit": "credit_used",
    "voucher": "voucher_used",
    "points": "exchanged",
}
LOADED_AS = {
    "gift_card": "gift_loaded",
    "visit_pass": "passes_sold",
    "credit_card": "credit_paid",
}
# Events of entries that are value used, and what pays there.
SPENDS = {
    "gift_spend": "gift",
    "bonus_spend": "bonus",
    "credit_spend": "credit",
    "voucher_spend": "voucher",
}
# Counters that a card's last answer tells, and the event of their entries.
COUNTERS = {"tickets": "ticket", "purchases": "purchase", "visited": "visit"}
COUNTING_KINDS = {
    "purchase_accounting": ("tickets", "purchases"),
    "attendance": ("visited",),
    "bonus_visit": ("visited",),
}
BUYS = ("sale", "confirm", "refund", "redeem", "check_in")


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
    credit_used: int = 0
    credit_used_elsewhere: int = 0
    credit_paid: int = 0
    voucher_used: int = 0
    passes_sold: int = 0
    exchanged: int = 0
    exchanged_elsewhere: int = 0


@dataclass
class Figures:
    """All issuers, all kinds, and who owes whom.

    Attributes:
        kinds: (kind of program, figure) to a sum in cents or a count.
        claims: `claims[a, b]` is what a may claim from b.
    """

    issuers: dict[str, Issuer] = field(default_factory=dict)
    kinds: dict[tuple[str, str], int] = field(default_factory=dict)
    claims: Claims = field(default_factory=dict)

    def count(self, kind: str, name: str, amount: int) -> None:
        """Add to a figure of a kind."""
        self.kinds[kind, name] = self.kinds.get((kind, name), 0) + amount

    def claim(self, creditor: str, debtor: str, amount: int) -> None:
        """Write a claim down; claims both ways are netted."""
        for pair, sign in (((creditor, debtor), 1), ((debtor, creditor), -1)):
            self.claims[pair] = self.claims.get(pair, 0) + sign * amount

    def load(self, seller: str, issuer: str, kind: str, amount: int) -> None:
        """Money paid in at `seller` for a card of `issuer`."""
        own, name = self.issuers[issuer], LOADED_AS[kind]
        setattr(own, name, getattr(own, name) + amount)
        self.count(kind, "loaded", amount)
        if seller != issuer:
            self.claim(issuer, seller, amount)

    def spend(self, seller: str, issuer: str, tender: str, amount: int) -> None:
        """Card value of `issuer` used at `seller`."""
        own, name = self.issuers[issuer], USED_AS[tender]
        setattr(own, name, getattr(own, name) + amount)
        if seller != issuer:
            elsewhere = f"{name}_elsewhere"
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
        return (
            found
            + [f"{' '.join(key)}: {a}, not {b}" for key, a, b in self._kinds(other)]
            + [
                f"{one} from {two}: {self.claims.get((one, two), 0)},"
                f" not {other.claims.get((one, two), 0)}"
                for one, two in sorted(self.claims.keys() | other.claims.keys())
                if self.claims.get((one, two), 0) != other.claims.get((one, two), 0)
            ]
        )

    def _kinds(self, other: "Figures") -> list[tuple[tuple[str, str], int, int]]:
        pairs = sorted(self.kinds.keys() | other.kinds.keys())
        both = [(key, self.kinds.get(key, 0), other.kinds.get(key, 0)) for key in pairs]
        return [(key, a, b) for key, a, b in both if a != b]


def saved_by_program(day: Sequence[Row]) -> dict[str, int]:
    """Discount by program at purchases, in cents, as the file's maker counted it."""
    found: dict[str, int] = {}
    for row in _firsts(day):
        if row.request.command in ("sale", "confirm"):
            for program, cents in row.wanted.saved.items():
                found[program] = found.get(program, 0) + cents
    return found


def _firsts(day: Sequence[Row]) -> list[Row]:
    """Rows without repeats and without other content under a known number."""
    found: dict[Key, Row] = {}
    for row in day:
        found.setdefault(row.key, row)
    return list(found.values())


def from_file(day: Sequence[Row], network: DemoNetwork) -> Figures:
    """Add up what the file expects."""
    figures = Figures({code: Issuer() for code in network.names})
    rows: dict[Key, Row] = {}
    for row in _firsts(day):
        rows[row.key] = row
        if row.wanted.approved:
            _add(figures, row, network, 1)
            _undo(figures, row, rows, network)
    _count_from_file(figures, day, network)
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
    if row.loads:
        _add_load(
            figures, row, network, sign * (-1 if row.request.command == "refund" else 1)
        )
        return
    if request.command not in BUYS:
        return
    if request.command == "refund":
        sign = -sign
    own.sales += sign * row.wanted.amount
    own.discount += sign * wanted.discount
    own.converted += sign * wanted.converted
    if request.command == "check_in":
        _add_visit(figures, row, network, sign)
    for program, points in wanted.points.items():
        if request.command != "refund":
            figures.issuers[network.issuer_of[program]].points += sign * points
            figures.count(network.kind_of[program], "points", sign * points)
    for program, amount in wanted.taken.items():
        issuer, tender = network.issuer_of[program], row.tender(program)
        paid = amount
        if tender == "points":
            figures.count("exchange", "points", sign * amount)
            paid = wanted.amount  # what the seller gets for the goods
        else:
            figures.count(network.kind_of[program], "used", sign * amount)
        figures.spend(seller, issuer, tender, sign * paid)


def _add_visit(figures: Figures, row: Row, network: DemoNetwork, sign: int) -> None:
    """A visit takes one of the pass that the card shows."""
    for name in row.wanted.balances:
        program, _, unit = name.partition(".")
        if unit == "visits":
            figures.count(network.kind_of[program], "visits", sign)


def _add_load(figures: Figures, row: Row, network: DemoNetwork, sign: int) -> None:
    program = row.loads
    kind, amount = network.kind_of[program], sign * row.wanted.amount_due
    seller, issuer = network.seller[row.request.terminal], network.issuer_of[program]
    figures.load(seller, issuer, kind, amount)
    if kind == "visit_pass":  # sold like goods
        figures.issuers[seller].sales += amount


def _count_from_file(
    figures: Figures, day: Sequence[Row], network: DemoNetwork
) -> None:
    """Counters stand in the last answer to each card that shows them."""
    last: dict[tuple[str, str], int] = {}
    for row in day:
        for name, value in row.wanted.balances.items() if row.cards else ():
            last[row.cards[0], name] = value
    for (_card, name), value in last.items():
        program, _, unit = name.partition(".")
        kind = network.kind_of[program]
        if unit in COUNTING_KINDS.get(kind, ()):
            figures.count(kind, unit, value)


def from_ledger(ledger: Ledger, day: Sequence[Row], network: DemoNetwork) -> Figures:
    """Add up what the ledger has booked for the day's batches."""
    figures = Figures({code: Issuer() for code in network.names})
    for issuer, gross, discount in ledger.of_day("sales", day):
        figures.issuers[issuer].sales = gross
        figures.issuers[issuer].discount = discount
    for found in ledger.of_day("value", day):
        _add_entries(figures, network, *found)
    for seller, program, event, amount in ledger.of_day("priced", day):
        issuer, kind = network.issuer_of[program], network.kind_of[program]
        if event == "pass_load":
            figures.load(seller, issuer, kind, amount)
        else:
            figures.spend(seller, issuer, "points", amount)
    return figures


def _add_entries(
    figures: Figures,
    network: DemoNetwork,
    seller: str,
    command: str,
    program: str,
    event: str,
    unit: str,
    amount: int,
) -> None:
    issuer, kind = network.issuer_of[program], network.kind_of[program]
    own = figures.issuers[issuer]
    if event in ("gift_load", "credit_pay"):
        figures.load(seller, issuer, kind, amount)
    elif event in SPENDS and unit != "item":
        figures.spend(seller, issuer, SPENDS[event], -amount)
        figures.count(kind, "used", -amount)
    elif _is_earned(kind, event) and unit == "points" and command != "refund":
        own.points += amount
        figures.count(kind, "points", amount)
    elif event == "convert" and unit == "EUR":
        own.converted += amount
    elif event == "exchange_spend":
        figures.count("exchange", "points", -amount)
    elif event == "pass_use":
        figures.count(kind, "visits", -amount)
    for name, counted in COUNTERS.items():
        if event == counted and name in COUNTING_KINDS.get(kind, ()):
            figures.count(kind, name, amount)


def _is_earned(kind: str, event: str) -> bool:
    """Points for a purchase, or for a visit; those for a friend are extra."""
    return event == "bonus_earn" or (kind, event) == ("bonus_visit", "bonus_grant")


def all_claims(ledger: Ledger) -> Claims:
    """Who owes whom over the whole ledger, from its entries."""
    figures = Figures()
    for seller, issuer, event, amount in ledger.rows("claims"):
        if event in ("gift_load", "credit_pay"):
            figures.claim(issuer, seller, amount)
        else:
            figures.claim(seller, issuer, -amount)
    return figures.claims


@dataclass(frozen=True)
class KindRow:
    """One kind of program: how many there are and what they did."""

    kind: str
    programs: int
    figures: dict[str, int]


def by_kind(
    figures: Figures, day: Sequence[Row], network: DemoNetwork
) -> list[KindRow]:
    """Each kind with its figures; the order is that of the network document."""
    saved = saved_by_program(day)
    rows = []
    for kind in dict.fromkeys(network.kind_of.values()):
        codes = [code for code, its_kind in network.kind_of.items() if its_kind == kind]
        values = {
            n: v for (its_kind, n), v in figures.kinds.items() if its_kind == kind
        }
        off = sum(saved.get(code, 0) for code in codes)
        if off:
            values["saved"] = off
        rows.append(KindRow(kind, len(codes), values))
    return rows
