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
    "bonus_grant",
    "voucher_spend",
    "voucher_expire",
    "exchange_spend",
    "pass_load",
    "pass_use",
    "pass_expire",
    "credit_spend",
    "credit_pay",
]
LIABILITIES = {
    "gift": "LGC",
    "bonus": "LBN",
    "voucher": "LBN",
    "exchange": "LBN",
    "pass": "LPS",
    "credit": "ALC",
}
BUILDS_UP = ("gift_load", "bonus_earn", "bonus_grant", "pass_load", "credit_pay")
HOME = (
    "sale",
    "bonus_earn",
    "bonus_grant",
    "gift_expire",
    "bonus_expire",
    "voucher_expire",
    "pass_load",
    "pass_use",
    "pass_expire",
)
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
    (
        "B1p given without a sale",
        line("bonus_grant", 50, carry=250),
        {("I", "XPM"): 250, ("I", "LBN"): -250},
    ),
    (
        "B3 voucher at home",
        line("voucher_spend", 50000, carry=41000),
        {("I", "LBN"): 41000, ("I", "REV"): -41000},
    ),
    (
        "B4 voucher elsewhere",
        line("voucher_spend", 500, "R", carry=400),
        {
            ("R", "CLR"): 500,
            ("R", "TND"): -500,
            ("I", "LBN"): 400,
            ("I", "XCL"): 100,
            ("I", "CLR"): -500,
        },
    ),
    (
        "B5 voucher lapsed",
        line("voucher_expire", 500, carry=400),
        {("I", "LBN"): 400, ("I", "RBK"): -400},
    ),
    (
        "B4 points for goods of another",
        line("exchange_spend", 1650, "R", carry=81),
        {
            ("R", "CLR"): 1650,
            ("R", "TND"): -1650,
            ("I", "LBN"): 81,
            ("I", "XCL"): 1569,
            ("I", "CLR"): -1650,
        },
    ),
    (
        "B3 points for own goods",
        line("exchange_spend", 1650, carry=81),
        {("I", "LBN"): 81, ("I", "REV"): -81},
    ),
    (
        "P1 pass sold",
        line("pass_load", 10, carry=4132),
        {("I", "REV"): 4132, ("I", "LPS"): -4132},
    ),
    (
        "P2 visit",
        line("pass_use", 1, carry=413),
        {("I", "LPS"): 413, ("I", "REV"): -413},
    ),
    (
        "P3 pass lapsed",
        line("pass_expire", 2, carry=826),
        {("I", "LPS"): 826, ("I", "RBK"): -826},
    ),
    (
        "L1 bought on credit",
        line("credit_spend", 3000, carry=3000),
        {("I", "ALC"): 3000, ("I", "TND"): -3000},
    ),
    (
        "L2 bought on credit elsewhere",
        line("credit_spend", 3000, "R", carry=3000),
        {
            ("R", "CLR"): 3000,
            ("R", "TND"): -3000,
            ("I", "ALC"): 3000,
            ("I", "CLR"): -3000,
        },
    ),
    (
        "L4 credit paid",
        line("credit_pay", 1000, carry=1000),
        {("I", "BNK"): 1000, ("I", "ALC"): -1000},
    ),
    (
        "L4 credit paid elsewhere",
        line("credit_pay", 1000, "S", carry=1000),
        {
            ("S", "BNK"): 1000,
            ("S", "CLR"): -1000,
            ("I", "CLR"): 1000,
            ("I", "ALC"): -1000,
        },
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
    nominal = event.startswith(("gift_", "credit_"))
    return line(
        event,
        amount,
        seller,
        issuer,
        carry=amount if nominal else 0 if event == "sale" else draw(SUM),
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
        if row.event != "sale":
            built_up = row.event in BUILDS_UP
            account = LIABILITIES[row.event.partition("_")[0]]
            expected[row.issuer, account] += -row.carry if built_up else row.carry
    found: Counter = Counter()
    for item in postings(document(*lines)):
        if item.account in LIABILITIES.values():
            found[item.company, item.account] += item.amount
    assert {k: v for k, v in found.items() if v} == {
        k: v for k, v in expected.items() if v
    }
