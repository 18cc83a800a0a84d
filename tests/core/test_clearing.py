"""Clearing: netting, fees, digests and postings, with the figures of the books."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import (
    ClearingCycle,
    ClearingLine,
    ClearingPosting,
    Fee,
    FeeTerms,
    StatementLine,
    cycle_digest,
    cycle_postings,
    fees,
    net,
    positions,
    ruling_postings,
    statement_digest,
    statement_figures,
)

WORKED = {("A", "B"): 120_00, ("B", "C"): 80_00, ("C", "A"): 50_00}
"""A owes B 120, B owes C 80, C owes A 50."""


def lines(*claims: tuple[str, str, int]) -> list[ClearingLine]:
    """Both sides of claims (debtor, creditor, amount)."""
    return [
        side
        for debtor, creditor, amount in claims
        for side in (
            ClearingLine(owner=creditor, other=debtor, amount=amount, receives=True),
            ClearingLine(owner=debtor, other=creditor, amount=-amount, receives=False),
        )
    ]


def booked(found: list[ClearingPosting], company: str) -> dict[str, int]:
    """Debits by account, minor units; what sums to zero stays out."""
    sums: Counter[str] = Counter()
    for item in found:
        if item.company == company:
            sums[item.account] += item.amount
    return {account: amount for account, amount in sums.items() if amount}


def test_three_payments_of_250_become_one_of_70() -> None:
    matrix = positions(lines(("A", "B", 120_00), ("B", "C", 80_00), ("C", "A", 50_00)))
    assert matrix == WORKED
    assert net(matrix) == {"A": -70_00, "B": 40_00, "C": 30_00}


def test_a_refund_lowers_what_was_owed_and_is_no_debt_of_the_other() -> None:
    matrix = positions(lines(("A", "B", 500), ("A", "B", -120), ("B", "A", 70)))
    assert matrix == {("A", "B"): 380, ("B", "A"): 70}


def test_what_cancels_out_is_no_position() -> None:
    assert positions(lines(("A", "B", 500), ("A", "B", -500))) == {}


@pytest.mark.parametrize(
    ("payer", "expected"),
    [
        ("issuer", {"A": (120_00, 1_80), "B": (80_00, 1_20), "C": (50_00, 75)}),
        ("redeemer", {"A": (50_00, 75), "B": (120_00, 1_80), "C": (80_00, 1_20)}),
        ("split", {"A": (170_00, 1_28), "B": (200_00, 1_50), "C": (130_00, 98)}),
    ],
)
def test_fee_is_paid_by_whom_the_terms_name(
    payer: str, expected: dict[str, tuple[int, int]]
) -> None:
    terms = msgspec.convert({"rate_bp": 150, "payer": payer}, FeeTerms)
    found = fees(WORKED, terms, operator="O")
    assert {one: (fee.base, fee.fee) for one, fee in found.items()} == expected


@pytest.mark.parametrize(
    ("owed", "fee", "tax"),
    [
        # 1.5 % and 21 %: half a cent rounds up, less does not.
        (33_33, 50, 11),
        (33_00, 50, 11),
        (32_99, 49, 10),
        (1, 0, 0),
        (100_000_00, 1_500_00, 315_00),
    ],
)
def test_fee_and_its_tax_round_half_up_to_the_cent(
    owed: int, fee: int, tax: int
) -> None:
    terms = FeeTerms(rate_bp=150, payer="issuer", tax_rate_bp=2100)
    assert fees({("A", "B"): owed}, terms, operator="O")["A"] == Fee(
        base=owed, fee=fee, tax=tax
    )


def test_operator_that_is_a_member_charges_itself_nothing() -> None:
    terms = FeeTerms(rate_bp=150, payer="issuer")
    found = fees(WORKED, terms, operator="B")
    assert (found["A"].fee, found["B"].fee) == (1_80, 0)


def test_no_fee_is_taken_or_returned_where_more_came_back_than_was_used() -> None:
    terms = FeeTerms(rate_bp=150, payer="issuer")
    assert fees({("A", "B"): -500}, terms, operator="O")["A"] == Fee(base=0)


def test_a_statement_has_gross_net_fee_and_what_is_paid_in_the_end() -> None:
    terms = FeeTerms(rate_bp=150, payer="issuer", tax_rate_bp=2100)
    found = statement_figures(WORKED, "B", fees(WORKED, terms, operator="O")["B"])
    assert (found.gross_receive, found.gross_pay, found.net) == (120_00, 80_00, 40_00)
    assert (found.fee, found.fee_tax, found.total) == (1_20, 25, 38_55)


# Digest

LINE = StatementLine(
    operation=7,
    day="2026-11-21",
    event="gift_spend",
    program="GIFT",
    branch="B1",
    other="B",
    token="0a1b2c3d4e5f",
    amount=-3000,
)


def test_digest_is_the_same_in_any_order_of_lines() -> None:
    other = msgspec.structs.replace(LINE, operation=8, amount=500)
    assert statement_digest([LINE, other]) == statement_digest([other, LINE])


@pytest.mark.parametrize(
    "change",
    [
        {"operation": 8},
        {"day": "2026-11-22"},
        {"event": "bonus_spend"},
        {"program": "BONUS"},
        {"branch": "B2"},
        {"other": "C"},
        {"token": "0a1b2c3d4e50"},
        {"amount": -3001},
    ],
)
def test_digest_differs_by_any_field_of_a_line(change: dict[str, object]) -> None:
    changed = msgspec.structs.replace(LINE, **change)
    assert statement_digest([LINE]) != statement_digest([changed])


def test_digest_differs_by_a_line_that_is_missing_or_doubled() -> None:
    assert statement_digest([LINE]) not in (
        statement_digest([]),
        statement_digest([LINE, LINE]),
    )
    assert cycle_digest(["a", "b"]) != cycle_digest(["b", "a"])


def test_digest_is_sha256_of_the_lines_as_anybody_can_write_them() -> None:
    # printf '7|2026-11-21|gift_spend|GIFT|B1|B|0a1b2c3d4e5f|-3000\n' | sha256sum
    assert statement_digest([LINE]) == (
        "8b4b4576734a84c0f91e529fe35b00d6e216c1708afcfa2efc68c68f460cc4c6"
    )


# Postings


def test_members_of_the_worked_figures_owe_and_are_owed_by_the_union() -> None:
    found = cycle_postings(ClearingCycle(operator="O", positions=WORKED, fees={}))
    assert booked(found, "A") == {"CLR": 70_00, "APU": -70_00}
    assert booked(found, "B") == {"CLR": -40_00, "ARU": 40_00}
    assert booked(found, "C") == {"CLR": -30_00, "ARU": 30_00}
    assert booked(found, "O") == {"ARI": 70_00, "API": -70_00}


def test_clearing_is_emptied_counterparty_by_counterparty() -> None:
    found = cycle_postings(ClearingCycle(operator="O", positions=WORKED, fees={}))
    cleared = {
        (item.company, item.partner): item.amount
        for item in found
        if item.account == "CLR"
    }
    assert cleared == {
        ("A", "B"): 120_00,
        ("A", "C"): -50_00,
        ("B", "A"): -120_00,
        ("B", "C"): 80_00,
        ("C", "A"): 50_00,
        ("C", "B"): -80_00,
    }


def test_fee_of_a_debtor_is_owed_and_of_a_creditor_set_off() -> None:
    charged = {"A": Fee(fee=180, tax=38), "B": Fee(fee=120, tax=25)}
    found = cycle_postings(
        ClearingCycle(
            operator="O", positions=WORKED, fees=charged, fee_tax_rate_bp=2100
        )
    )
    assert booked(found, "A") == {
        "CLR": 70_00,
        "APU": -70_00 - 2_18,
        "XFE": 1_80,
        "VATI": 38,
    }
    assert booked(found, "B") == {
        "CLR": -40_00,
        "ARU": 40_00 - 1_45,
        "XFE": 1_20,
        "VATI": 25,
    }
    assert booked(found, "O") == {
        "ARI": 70_00 + 2_18,
        "API": -70_00 + 1_45,
        "RFE": -3_00,
        "VATO": -63,
    }
    taxed = {item.account for item in found if item.tax_rate_bp == 2100}
    assert taxed == {"XFE", "VATI", "RFE", "VATO"}


def test_fee_above_what_is_paid_out_is_set_off_as_far_as_it_goes() -> None:
    found = cycle_postings(
        ClearingCycle(
            operator="O",
            positions={("A", "B"): 100},
            fees={"B": Fee(fee=200, tax=42)},
        )
    )
    assert booked(found, "B") == {"CLR": -100, "XFE": 200, "VATI": 42, "APU": -142}


def test_operator_that_is_a_member_has_its_own_balance_with_the_members() -> None:
    found = cycle_postings(ClearingCycle(operator="A", positions=WORKED, fees={}))
    assert booked(found, "A") == {"CLR": 70_00, "API": -70_00}
    assert booked(found, "B") == {"CLR": -40_00, "ARU": 40_00}


def test_outside_members_have_no_books_here_and_the_operator_has_them() -> None:
    cycle = ClearingCycle(
        operator="O", positions=WORKED, fees={}, outside=frozenset({"A"})
    )
    found = cycle_postings(cycle)
    assert booked(found, "A") == {}
    assert booked(found, "O") == {"ARI": 70_00, "API": -70_00}


def test_a_document_to_a_member_takes_the_place_of_the_operators_item() -> None:
    cycle = ClearingCycle(
        operator="O",
        positions=WORKED,
        fees={"A": Fee(fee=180, tax=38), "B": Fee(fee=120, tax=25)},
        outside=frozenset({"A", "B"}),
        by_document=frozenset({"A", "B"}),
    )
    found = cycle_postings(cycle)
    at_operator = {
        (item.account, item.partner, item.row): item.amount
        for item in found
        if item.company == "O"
    }
    assert at_operator == {
        ("CLR", "A", "C1"): 70_00,
        ("CLR", "B", "C1"): -40_00,
        ("API", "B", "C3"): 1_45,
        ("ARI", "B", "C3"): -1_45,
        ("API", "C", "C1"): -30_00,
    }


def test_ruling_without_value_back_is_the_creditors_loss() -> None:
    found = ruling_postings("R", "I", 500)
    assert booked(found, "R") == {"XLS": 500, "CLR": -500}
    assert booked(found, "I") == {"CLR": 500, "XCL": -500}
    assert {i.company for i in ruling_postings("R", "I", 5, frozenset({"R"}))} == {"I"}


PAIRS = st.tuples(st.sampled_from("ABCDE"), st.sampled_from("ABCDE")).filter(
    lambda pair: pair[0] != pair[1]
)


@given(
    matrix=st.dictionaries(PAIRS, st.integers(-(10**9), 10**9), max_size=12),
    operator=st.sampled_from("ABO"),
    rate_bp=st.integers(0, 500),
    payer=st.sampled_from(["issuer", "redeemer", "split"]),
)
def test_every_company_balances_and_clearing_of_all_is_emptied(
    matrix: dict[tuple[str, str], int], operator: str, rate_bp: int, payer: str
) -> None:
    terms = msgspec.convert(
        {"rate_bp": rate_bp, "payer": payer, "tax_rate_bp": 2100}, FeeTerms
    )
    charged = fees(matrix, terms, operator)
    found = cycle_postings(
        ClearingCycle(operator=operator, positions=matrix, fees=charged)
    )
    sums: Counter[str] = Counter()
    for item in found:
        sums[item.company] += item.amount
        sums[item.account] += item.amount
    assert all(not sums[company] for company in "ABCDEO")
    assert sums["CLR"] == 0
    # What members owe and are owed is what the operator has, mirrored.
    assert sums["ARU"] + sums["APU"] == -(sums["ARI"] + sums["API"])
    assert sums["XFE"] == -sums["RFE"]
    for member, balance in net(matrix).items():
        if member != operator:
            total = balance - charged[member].total
            due = sum(
                item.amount
                for item in found
                if item.company == member and item.account in ("ARU", "APU")
            )
            assert due == total
