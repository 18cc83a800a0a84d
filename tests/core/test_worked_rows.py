"""The journal table of the trade, row by row, with its worked figures at 21 %.

Each row is done at terminals of three sources: a branch whose sales Odoo books from the
settlement, a branch with a register of its own, and a till of Odoo's. The loyalty half
is the same everywhere, against the card tender; only at the first the settlement books
the sale and the takings, too. Rows that come from the back office and the clock (G9,
G10, G11, L3, L6, L7, and C5) stand in journal_rows.py.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ekarte_core import Request, SettlementDocument, postings
from tests.core.journal_rows import TABLE
from tests.core.shop import CLUB, GIFT, Shop, network_with, number, program
from tests.core.test_settlement import books, settle

HOME, PUMP = "00000011", "00000031"
ODOO = {HOME: "00000071", PUMP: "00000073"}
PLAY = number("9990006")
CARD, GIVEN = number(CLUB), number(GIFT)
Books = dict[str, dict[str, int]]


class Desk:
    """Does operations at the terminals of one source."""

    def __init__(self, shop: Shop, terminals: dict[str, str]) -> None:
        self.shop, self._terminals = shop, terminals

    def do(self, command: str, *args: Any, at: str = HOME, **more: Any) -> Request:
        terminal = self._terminals.get(at, at)
        request = self.shop.request(command, *args, terminal=terminal, **more)
        answer = self.shop.send(request)
        assert answer.rc == "00", answer
        return request

    def lapse(self) -> None:
        self.shop.later(days=400)
        assert self.shop.ledger.expire_lots(self.shop.network, self.shop.now)


Step = Callable[[Desk], Any]


@dataclass(frozen=True)
class Row:
    """What is done before, what the row is about, and what that books.

    `books`: of the loyalty half. Where the settlement books them, `sold`: (seller,
    gross, paid by card) of the sales; `taken`: (seller, money) taken for a card.
    """

    id: str
    before: list[Step]
    act: Step
    books: Books
    sold: tuple[str, int, int] | None = None
    taken: tuple[str, int] | None = None
    parameters: dict[str, dict[str, Any]] = field(default_factory=dict)
    coalition: dict[str, Any] = field(default_factory=dict)


def gift(amount: int) -> Step:
    return lambda desk: desk.do("activate", GIVEN, amount)


def earned(desk: Desk) -> Any:
    """50.00 spent: 10 bonuses that become 1.00, carried at 0.81."""
    return desk.do("sale", CARD, 5000)


def buy(card: str, amount: int, at: str = HOME, **tender: int) -> Step:
    return lambda desk: desk.do("sale", card, amount, at=at, **tender)


def returned(step: Step, amount: int, at: str = HOME) -> Step:
    """Buy, settle, and bring the goods back: the return is what counts."""

    def act(desk: Desk) -> None:
        original = step(desk)
        settle(desk.shop)
        desk.do("refund", None, amount, original=original, at=at)

    return act


def undone(step: Step, at: str = HOME) -> Step:
    def act(desk: Desk) -> None:
        original = step(desk)
        settle(desk.shop)
        desk.do("reverse", original=original, at=at)

    return act


def on_credit(desk: Desk) -> Any:
    return desk.do("activate", number("9990006"))


LENT = {"credit_limit": 30_000, "accept_at": "coalition", "credit_elsewhere": True}
PRICE = {"issuer": "GROCER", "seller": "FUEL", "price_bp": 8000}
SPV = {"GIFT": {"vat_class": "spv", "tax_rate_bp": 2100}}
ENDS = {"GIFT": {"valid_months": 1}, "BONUS": {"expire_days": 30}}
PASS = {"PASS": {"accept_at": "coalition", "visit_price": 1000}}

ROWS = [
    Row("G1", [], gift(2000), {"GROCER": {"TND": 2000, "LGC": -2000}},
        taken=("GROCER", 2000)),
    Row("G1s", [], gift(3000),
        {"GROCER": {"TND": 3000, "LGC": -2479, "VATO": -521}},
        taken=("GROCER", 3000), parameters=SPV),
    Row("G2", [gift(2000)], lambda d: d.do("top_up", GIVEN, 500),
        {"GROCER": {"TND": 500, "LGC": -500}}, taken=("GROCER", 500)),
    Row("G3", [], lambda d: d.do("activate", GIVEN, 2000, at=PUMP),
        {"FUEL": {"TND": 2000, "CLR": -2000}, "GROCER": {"CLR": 2000, "LGC": -2000}},
        taken=("FUEL", 2000)),
    Row("G4", [gift(3000)], buy(GIVEN, 5000, gift=3000),
        {"GROCER": {"LGC": 3000, "TND": -3000}}, sold=("GROCER", 5000, 3000)),
    Row("G4s", [gift(3000)], buy(GIVEN, 3000),
        {"GROCER": {"LGC": 2479, "VATO": 521, "TND": -3000}},
        sold=("GROCER", 3000, 3000), parameters=SPV),
    Row("G5", [gift(3000)], buy(GIVEN, 3000, PUMP),
        {"FUEL": {"CLR": 3000, "TND": -3000}, "GROCER": {"LGC": 3000, "CLR": -3000}},
        sold=("FUEL", 3000, 3000)),
    Row("G5s", [gift(3000)], buy(GIVEN, 3000, PUMP),
        {"FUEL": {"CLR": 3000, "TND": -3000},
         "GROCER": {"LGC": 2479, "VATI": 521, "CLR": -3000}},
        sold=("FUEL", 3000, 3000), parameters=SPV),
    Row("G6", [gift(3000)], returned(buy(GIVEN, 3000), 3000),
        {"GROCER": {"LGC": -3000, "TND": 3000}}, sold=("GROCER", -3000, -3000)),
    Row("G7", [gift(3000)], returned(buy(GIVEN, 3000, PUMP), 3000, PUMP),
        {"FUEL": {"CLR": -3000, "TND": 3000}, "GROCER": {"LGC": -3000, "CLR": 3000}},
        sold=("FUEL", -3000, -3000)),
    Row("G7s", [gift(3000)], returned(buy(GIVEN, 3000, PUMP), 3000, PUMP),
        {"FUEL": {"CLR": -3000, "TND": 3000},
         "GROCER": {"LGC": -2479, "VATI": -521, "CLR": 3000}},
        sold=("FUEL", -3000, -3000), parameters=SPV),
    Row("G8", [gift(3000)], lambda d: d.lapse(),
        {"GROCER": {"LGC": 3000, "RBK": -3000}}, parameters=ENDS),
    Row("B1", [], earned, {"GROCER": {"REV": 81, "LBN": -81}},
        sold=("GROCER", 5000, 0)),
    Row("B1 r", [], earned, {"GROCER": {"REV": 69, "LBN": -69}},
        sold=("GROCER", 5000, 0), parameters={"BONUS": {"likelihood_bp": 8500}}),
    Row("B3", [earned], buy(CARD, 499, bonus=100),
        {"GROCER": {"LBN": 81, "REV": -81}}, sold=("GROCER", 399, 0)),
    Row("B3v", [earned], buy(CARD, 499, bonus=100),
        {"GROCER": {"LBN": 81, "REV": 19, "TND": -100}}, sold=("GROCER", 499, 100),
        parameters={"BONUS": {"own_use": "mpv"}}),
    Row("B4", [earned], buy(CARD, 2000, PUMP, bonus=100),
        {"FUEL": {"CLR": 100, "TND": -100},
         "GROCER": {"LBN": 81, "XCL": 19, "CLR": -100}},
        sold=("FUEL", 2000, 100)),
    Row("B4 p", [earned], buy(CARD, 2000, PUMP, bonus=100),
        {"FUEL": {"CLR": 80, "XCL": 20, "TND": -100},
         "GROCER": {"LBN": 81, "XCL": -1, "CLR": -80}},
        sold=("FUEL", 2000, 100),
        coalition={"terms": [PRICE]}),
    Row("B4 service", [earned], buy(CARD, 2000, PUMP, bonus=100),
        {"FUEL": {"CLR": 100, "TND": -100},
         "GROCER": {"LBN": 81, "VATI": 17, "XCL": 2, "CLR": -100}},
        sold=("FUEL", 2000, 100), coalition={"service_tax_rate_bp": 2100}),
    Row("B5", [earned], lambda d: d.lapse(), {"GROCER": {"LBN": 81, "RBK": -81}},
        parameters=ENDS),
    Row("B6", [], returned(earned, 5000), {"GROCER": {"LBN": 81, "REV": -81}},
        sold=("GROCER", -5000, 0)),
    Row("B7", [earned], undone(buy(CARD, 499, bonus=100)),
        {"GROCER": {"LBN": -81, "REV": 81}}, sold=("GROCER", -399, 0)),
    Row("B8", [earned], undone(buy(CARD, 2000, PUMP, bonus=100), PUMP),
        {"FUEL": {"CLR": -100, "TND": 100},
         "GROCER": {"LBN": -81, "XCL": -19, "CLR": 100}},
        sold=("FUEL", -2000, -100)),
    Row("P1", [], lambda d: d.do("activate", PLAY, 10_000, program="PASS"),
        {"GROCER": {"REV": 8264, "LPS": -8264}}, sold=("GROCER", 10_000, 0)),
    Row("P2", [lambda d: d.do("activate", PLAY, 10_000, program="PASS")],
        lambda d: d.do("check_in", PLAY), {"GROCER": {"LPS": 826, "REV": -826}}),
    Row("P3", [lambda d: d.do("activate", PLAY, 10_000, program="PASS")],
        lambda d: d.lapse(), {"GROCER": {"LPS": 8264, "RBK": -8264}},
        parameters={"PASS": {"valid_days": 30}}),
    Row("P4", [lambda d: d.do("activate", PLAY, 10_000, program="PASS")],
        lambda d: d.do("check_in", PLAY, at=PUMP),
        {"FUEL": {"CLR": 1000, "REV": -826, "VATO": -174},
         "GROCER": {"LPS": 826, "VATI": 174, "CLR": -1000}}, parameters=PASS),
    Row("L1", [on_credit], buy(PLAY, 3000, credit=3000),
        {"GROCER": {"ALC": 3000, "TND": -3000}}, sold=("GROCER", 3000, 3000)),
    Row("L2", [on_credit], buy(PLAY, 3000, PUMP, credit=3000),
        {"FUEL": {"CLR": 3000, "TND": -3000}, "GROCER": {"ALC": 3000, "CLR": -3000}},
        sold=("FUEL", 3000, 3000)),
    Row("L4", [on_credit, buy(PLAY, 3000, credit=3000)],
        lambda d: d.do("top_up", PLAY, 1000, program="CREDIT"),
        {"GROCER": {"TND": 1000, "ALC": -1000}}, taken=("GROCER", 1000)),
    Row("L5", [on_credit], returned(buy(PLAY, 3000, credit=3000), 3000),
        {"GROCER": {"ALC": -3000, "TND": 3000}}, sold=("GROCER", -3000, -3000)),
    Row("L5r", [on_credit], returned(buy(PLAY, 3000, PUMP, credit=3000), 3000, PUMP),
        {"FUEL": {"CLR": -3000, "TND": 3000}, "GROCER": {"ALC": -3000, "CLR": 3000}},
        sold=("FUEL", -3000, -3000)),
]  # fmt: skip
RESEARCH = (
    *(
        "G1",
        "G1s",
        "G2",
        "G3",
        "G4",
        "G4s",
        "G5",
        "G5s",
        "G6",
        "G7",
        "G8",
        "G10",
        "G11",
    ),
    *("B1", "B1p", "B3", "B3v", "B4", "B5", "B6", "B7", "B8"),
    *("P1", "P2", "P3", "P4", "L1", "L2", "L3", "L4", "L5", "L5r", "L6", "L7"),
)
"""All rows but B2, which books nothing, and G9, a document of its own."""


def network(row: Row, source: str) -> dict[str, Any]:
    """The test coalition without discounts, its terminals of one source."""
    document = network_with(
        program("PASS", "visit_pass", visits=10, price=10_000),
        program("CREDIT", "credit_card", **LENT),
    )
    document["terminals"].append({"id": ODOO[PUMP], "branch": "F1", "protocol": "odoo"})
    kept = [one for one in document["programs"] if "DISC" not in one["code"]]
    document["programs"] = kept
    for one in kept:
        one["parameters"] |= row.parameters.get(one["code"], {})
    for card_type in document["card_types"]:
        codes = {one["code"] for one in kept}
        card_type["programs"] = [p for p in card_type["programs"] if p in codes]
    for branch in document["branches"]:
        branch["books_sales"] = source != "register"
    document["coalitions"][0] |= row.coalition
    return document


def expected(row: Row, source: str) -> Books:
    """What the row books at a source, without zeros."""
    found = {company: Counter(sums) for company, sums in row.books.items()}
    if source == "settlement" and row.sold:
        seller, gross, card = row.sold
        tax = round(abs(gross) * 21 / 121) * (1 if gross > 0 else -1)
        sale = {"BNK": gross - card, "TND": card, "REV": tax - gross, "VATO": -tax}
        found.setdefault(seller, Counter()).update(sale)
    if source == "settlement" and row.taken:
        seller, money = row.taken
        found[seller].update({"BNK": money, "TND": -money})
    return {
        company: {account: sum_ for account, sum_ in sums.items() if sum_}
        for company, sums in found.items()
    }


def balanced(document: SettlementDocument) -> bool:
    sums: Counter[str] = Counter()
    for item in postings(document):
        sums[item.company] += item.amount
    return not any(sums.values())


@pytest.mark.parametrize("source", ["settlement", "register", "odoo"])
@pytest.mark.parametrize("row", ROWS, ids=[row.id for row in ROWS])
def test_each_row_books_its_worked_figures(shop: Shop, row: Row, source: str):
    shop.publish(network(row, source))
    desk = Desk(shop, ODOO if source == "odoo" else {})
    for step in row.before:
        step(desk)
    shop.later(hours=1)
    shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    row.act(desk)
    document = settle(shop)
    assert balanced(document)
    assert books(document) == expected(row, source)


def test_no_row_of_the_trade_is_forgotten():
    known = {row.id for row in ROWS} | {name.split()[0] for name, _, _ in TABLE}
    assert set(RESEARCH) <= known
