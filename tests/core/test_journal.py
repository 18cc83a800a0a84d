"""The journal table: each event at home, elsewhere and outside; it always balances."""

from collections import Counter
from datetime import date, datetime, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import (
    ACCOUNT_KEYS,
    Posting,
    SettlementDocument,
    SettlementLine,
    postings,
)

NOW = datetime(2026, 11, 22, tzinfo=timezone.utc)
EVENTS = [
    "sale",
    "gift_load",
    "gift_spend",
    "gift_expire",
    "bonus_earn",
    "bonus_spend",
    "bonus_expire",
]
HOME = ("sale", "bonus_earn", "gift_expire", "bonus_expire")
"""Events that happen in the issuer's own books only."""


def document(
    *lines: SettlementLine, outside: tuple[str, ...] = ()
) -> SettlementDocument:
    return SettlementDocument(
        id=1,
        created_at=NOW,
        cutoff=NOW,
        network_version=1,
        outside=outside,
        lines=lines,
    )


def line(event: Any, amount: int, seller: str = "I", issuer: str = "I", **more: Any):
    return SettlementLine(
        line=more.pop("number", 1),
        day=date(2026, 11, 21),
        event=event,
        seller=seller,
        issuer=issuer,
        branch="B",
        amount=amount,
        operations=1,
        **more,
    )


def booked(*lines: SettlementLine, outside: tuple[str, ...] = ()) -> dict[tuple, int]:
    found: Counter = Counter()
    for item in postings(document(*lines, outside=outside)):
        found[item.company, item.account] += item.amount
    return dict(found)


TABLE = [
    (
        "S1 cash sale",
        line("sale", 3000, tax_rate_bp=2100),
        {("I", "BNK"): 3000, ("I", "REV"): -2479, ("I", "VATO"): -521},
    ),
    (
        "S1 paid by card",
        line("sale", 3000, tax_rate_bp=2100, tendered=3000),
        {("I", "TND"): 3000, ("I", "REV"): -2479, ("I", "VATO"): -521},
    ),
    (
        "S1 part by card",
        line("sale", 2000, tax_rate_bp=2100, tendered=100),
        {
            ("I", "BNK"): 1900,
            ("I", "TND"): 100,
            ("I", "REV"): -1653,
            ("I", "VATO"): -347,
        },
    ),
    (
        "S1 without tax",
        line("sale", 100),
        {("I", "BNK"): 100, ("I", "REV"): -100},
    ),
    ("S1 own register", line("sale", 3000, tax_rate_bp=2100, books_sales=False), {}),
    (
        "G1 load",
        line("gift_load", 2000, carry=2000),
        {("I", "BNK"): 2000, ("I", "LGC"): -2000},
    ),
    (
        "G1 own register",
        line("gift_load", 2000, carry=2000, books_sales=False),
        {("I", "TND"): 2000, ("I", "LGC"): -2000},
    ),
    (
        "G3 sold by another",
        line("gift_load", 2000, "S", carry=2000),
        {
            ("S", "BNK"): 2000,
            ("S", "CLR"): -2000,
            ("I", "CLR"): 2000,
            ("I", "LGC"): -2000,
        },
    ),
    (
        "G4 used at home",
        line("gift_spend", 500, carry=500),
        {("I", "LGC"): 500, ("I", "TND"): -500},
    ),
    (
        "G5 used elsewhere",
        line("gift_spend", 3000, "R", carry=3000),
        {
            ("R", "CLR"): 3000,
            ("R", "TND"): -3000,
            ("I", "LGC"): 3000,
            ("I", "CLR"): -3000,
        },
    ),
    (
        "G8 lapsed",
        line("gift_expire", 500, carry=500),
        {("I", "LGC"): 500, ("I", "RBK"): -500},
    ),
    (
        "B1 earned",
        line("bonus_earn", 10, carry=81),
        {("I", "REV"): 81, ("I", "LBN"): -81},
    ),
    ("B1 nothing deferred", line("bonus_earn", 10), {}),
    (
        "B3 used at home",
        line("bonus_spend", 100, carry=81),
        {("I", "LBN"): 81, ("I", "REV"): -81},
    ),
    (
        "B4 used elsewhere",
        line("bonus_spend", 100, "R", carry=81),
        {
            ("R", "CLR"): 100,
            ("R", "TND"): -100,
            ("I", "LBN"): 81,
            ("I", "XCL"): 19,
            ("I", "CLR"): -100,
        },
    ),
    (
        "B5 burnt",
        line("bonus_expire", 10, carry=81),
        {("I", "LBN"): 81, ("I", "RBK"): -81},
    ),
]
IDS = [name for name, _, _ in TABLE]
ROWS = [(row, figures) for _, row, figures in TABLE]


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_each_row_of_the_table(row: SettlementLine, figures: dict):
    assert booked(row) == figures


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_a_refund_is_the_same_row_with_a_minus_sign(row: SettlementLine, figures: dict):
    back = msgspec.structs.replace(
        row, amount=-row.amount, carry=-row.carry, tendered=-row.tendered
    )
    assert booked(back) == {place: -sum_ for place, sum_ in figures.items()}


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_an_issuer_outside_has_no_items(row: SettlementLine, figures: dict):
    for company in ("I", "R", "S"):
        here = {place: sum_ for place, sum_ in figures.items() if place[0] != company}
        assert booked(row, outside=(company,)) == here


def test_the_table_has_a_row_for_each_event():
    assert {row.event for row, _ in ROWS} == set(EVENTS)
    accounts = {account for _, figures in ROWS for _, account in figures}
    assert accounts == set(ACCOUNT_KEYS)


def test_clearing_items_name_the_other_issuer():
    items = postings(document(line("gift_spend", 100, "R", carry=100)))
    partners = {item.company: item.partner for item in items if item.account == "CLR"}
    assert partners == {"R": "I", "I": "R"}
    assert all(not item.partner for item in items if item.account != "CLR")


def test_only_sales_and_their_tax_carry_a_rate():
    items = postings(document(line("sale", 100, tax_rate_bp=500, tendered=10)))
    rates = {item.account: item.tax_rate_bp for item in items}
    assert rates == {"BNK": 0, "TND": 0, "REV": 500, "VATO": 500}


def test_each_item_points_at_its_line():
    items = postings(
        document(line("sale", 100), line("bonus_earn", 1, carry=5, number=2))
    )
    assert [item.line for item in items] == [1, 1, 2, 2]


def test_nothing_of_zero_is_posted():
    assert postings(document(line("sale", 0), line("gift_spend", 0))) == []


COMPANY = st.sampled_from(["A", "B", "C", "OUT"])
SUM = st.integers(-(10**9), 10**9)


@st.composite
def any_line(draw: st.DrawFn, number: int = 1) -> SettlementLine:
    event = draw(st.sampled_from(EVENTS))
    seller = draw(COMPANY)
    issuer = seller if event in HOME else draw(COMPANY)
    amount = draw(SUM)
    gift = event in ("gift_load", "gift_spend", "gift_expire")
    return line(
        event,
        amount,
        seller,
        issuer,
        carry=amount if gift else 0 if event == "sale" else draw(SUM),
        tendered=draw(SUM) if event == "sale" else 0,
        tax_rate_bp=draw(st.sampled_from([0, 500, 1200, 2100]))
        if event == "sale"
        else 0,
        books_sales=draw(st.booleans()),
        number=number,
    )


LINES = st.lists(any_line(), max_size=12)


@given(LINES)
def test_every_companys_items_balance(lines: list[SettlementLine]):
    sums: Counter = Counter()
    for item in postings(document(*lines, outside=("OUT",))):
        assert isinstance(item, Posting)
        assert item.account in ACCOUNT_KEYS
        assert item.company != "OUT"
        assert item.amount
        sums[item.company] += item.amount
    assert set(sums.values()) <= {0}


@given(LINES)
def test_clearing_sums_to_zero_over_all_issuers(lines: list[SettlementLine]):
    """Whether or not they keep books here: V3, and V6 pair by pair."""
    pairs: Counter = Counter()
    for item in postings(document(*lines)):
        if item.account == "CLR":
            pairs[frozenset((item.company, item.partner))] += item.amount
    assert set(pairs.values()) <= {0}


@given(LINES)
def test_liabilities_follow_the_carrying_values(lines: list[SettlementLine]):
    """V1 line by line: what a card is owed is what the books owe."""
    expected: Counter = Counter()
    for row in lines:
        grows = row.event in ("gift_load", "bonus_earn")
        if row.event != "sale":
            account = "LGC" if row.event.startswith("gift") else "LBN"
            expected[row.issuer, account] += -row.carry if grows else row.carry
    found: Counter = Counter()
    for item in postings(document(*lines)):
        if item.account in ("LGC", "LBN"):
            found[item.company, item.account] += item.amount
    assert {k: v for k, v in found.items() if v} == {
        k: v for k, v in expected.items() if v
    }
