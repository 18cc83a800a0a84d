"""The journal table: each event at home, elsewhere and outside; it always balances."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import ACCOUNT_KEYS, Posting, SettlementLine, postings
from tests.core.journal_rows import TABLE, document, line

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
    "credit_bill",
    "credit_charge",
    "credit_write_off",
    "gift_pay_out",
    "gift_charge_back",
    "gift_restore",
    "bonus_restore",
    "voucher_restore",
    "credit_restore",
]
LIABILITIES = {
    "gift": "LGC",
    "bonus": "LBN",
    "voucher": "LBN",
    "exchange": "LBN",
    "pass": "LPS",
    "credit": "ALC",
}
BUILDS_UP = (
    "gift_load",
    "bonus_earn",
    "bonus_grant",
    "pass_load",
    "credit_pay",
    "gift_restore",
    "bonus_restore",
    "voucher_restore",
    "credit_restore",
)
UNCARRIED = ("sale", "credit_bill", "credit_charge", "credit_write_off")
DEBTS = {"credit_charge": 1, "credit_write_off": -1}
MAYBE = st.booleans()
HOME = (
    "sale",
    "bonus_earn",
    "bonus_grant",
    "gift_expire",
    "bonus_expire",
    "voucher_expire",
    "pass_load",
    "pass_expire",
    "credit_bill",
    "credit_charge",
    "credit_write_off",
    "gift_pay_out",
    "gift_charge_back",
)
"""Events that happen in the issuer's own books only."""


def booked(*lines: SettlementLine, outside: tuple[str, ...] = ()) -> dict[tuple, int]:
    found: Counter = Counter()
    for item in postings(document(*lines, outside=outside)):
        found[item.company, item.account] += item.amount
    return dict(found)


IDS = [name for name, _, _ in TABLE]
ROWS = [(row, figures) for _, row, figures in TABLE]


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_each_row_of_the_table(row: SettlementLine, figures: dict):
    assert booked(row) == figures


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_a_refund_is_the_same_row_with_a_minus_sign(row: SettlementLine, figures: dict):
    back = msgspec.structs.replace(
        row,
        amount=-row.amount,
        carry=-row.carry,
        tendered=-row.tendered,
        billed=-row.billed,
        reimbursed=None if row.reimbursed is None else -row.reimbursed,
    )
    assert booked(back) == {place: -sum_ for place, sum_ in figures.items()}


@pytest.mark.parametrize(("row", "figures"), ROWS, ids=IDS)
def test_an_issuer_outside_has_no_items(row: SettlementLine, figures: dict):
    for company in ("I", "R", "S", "O"):
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
RATE = st.sampled_from([0, 500, 1200, 2100])
POOLED = ("bonus_", "voucher_", "exchange_")
TAXED = ("sale", "gift_", "pass_use", "bonus_spend", "bonus_restore")


@st.composite
def any_line(draw: st.DrawFn, number: int = 1) -> SettlementLine:
    event = draw(st.sampled_from(EVENTS))
    seller = draw(COMPANY)
    issuer = seller if event in HOME else draw(COMPANY)
    amount = draw(SUM)
    taxed = event.startswith(TAXED)
    rate = draw(RATE) if taxed else 0
    money = event.startswith("credit_") or (event.startswith("gift_") and not rate)
    reimbursed = draw(SUM) if event.startswith(("bonus", "voucher", "pass")) else None
    return line(
        event,
        amount,
        seller,
        issuer,
        carry=amount if money else 0 if event == "sale" else draw(SUM),
        tendered=draw(SUM) if event in ("sale", "gift_charge_back") else 0,
        tax_rate_bp=rate,
        reimbursed=reimbursed,
        billed=draw(SUM) if event.startswith("credit_") else 0,
        liable=draw(COMPANY) if event.startswith(POOLED) and draw(MAYBE) else "",
        as_payment=draw(MAYBE),
        books_sales=draw(MAYBE),
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
            assert item.partner not in ("", item.company)
            pairs[frozenset((item.company, item.partner))] += item.amount
    assert set(pairs.values()) <= {0}


@given(LINES)
def test_liabilities_follow_the_carrying_values(lines: list[SettlementLine]):
    """V1 and V2 line by line: what a card is owed, or owes, is what the books say."""
    expected: Counter = Counter()
    for row in lines:
        if row.event not in UNCARRIED:
            account = "LPL" if row.liable else LIABILITIES[row.event.partition("_")[0]]
            sign = -1 if row.event in BUILDS_UP else 1
            expected[row.liable or row.issuer, account] += sign * row.carry
        elif row.event in DEBTS:
            expected[row.issuer, "ALC"] += DEBTS[row.event] * row.amount
    found: Counter = Counter()
    for item in postings(document(*lines)):
        account = "ALC" if item.account == "ALB" else item.account
        if account in (*LIABILITIES.values(), "LPL"):
            found[item.company, account] += item.amount
    assert {k: v for k, v in found.items() if v} == {
        k: v for k, v in expected.items() if v
    }


@given(LINES)
def test_what_is_taxed_sums_to_the_base_that_its_tax_names(lines: list[SettlementLine]):
    bases: Counter = Counter()
    taxed = set()
    # Line by line: lines of a document have numbers of their own, drawn ones have not.
    for number, row in enumerate(lines):
        _count_bases(number, row, bases, taxed)
    # A tax of less than a cent has no item that could name a base.
    assert {bases[place] for place in taxed} <= {0}


def _count_bases(number: int, row: SettlementLine, bases: Counter, taxed: set) -> None:
    for item in postings(document(row)):
        place = (number, item.company, item.tax_use)
        if item.account in ("VATO", "VATI"):
            assert item.tax_use == ("sale" if item.account == "VATO" else "purchase")
            bases[place] -= item.base
            taxed.add(place)
        elif item.tax_use:
            assert item.tax_rate_bp
            bases[place] += item.amount
