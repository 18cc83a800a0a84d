"""Default of a member: deposit, receivables, then the others, by what they issued."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core import default_drill, default_postings

FREE = {"B": 10**9, "C": 10**9, "O": 10**9}


def test_deposit_pays_first_and_nobody_else_loses() -> None:
    drill = default_drill(70_00, 100_00, 0, {"B": 1, "C": 1}, FREE)
    assert (drill.from_deposit, drill.losses, drill.uncovered) == (70_00, {}, 0)


def test_receivables_pay_next_and_the_rest_is_shared_by_what_each_issued() -> None:
    drill = default_drill(100_00, 30_00, 10_00, {"B": 2, "C": 1}, FREE)
    assert (drill.from_deposit, drill.from_receivables) == (30_00, 10_00)
    assert drill.losses == {"B": 40_00, "C": 20_00}
    assert drill.uncovered == 0


def test_cent_that_does_not_divide_is_borne_once() -> None:
    drill = default_drill(100, 0, 0, {"B": 1, "C": 1, "O": 1}, FREE)
    assert sum(drill.losses.values()) == 100
    assert sorted(drill.losses.values()) == [33, 33, 34]


def test_what_a_cap_leaves_over_is_shared_among_the_others() -> None:
    drill = default_drill(90_00, 0, 0, {"B": 1, "C": 1}, {"B": 10_00, "C": 100_00})
    assert drill.losses == {"B": 10_00, "C": 80_00}


def test_what_nobody_bears_stays_a_claim() -> None:
    drill = default_drill(90_00, 0, 0, {"B": 1, "C": 0}, {"B": 10_00, "C": 100_00})
    assert (drill.losses, drill.uncovered) == ({"B": 10_00}, 80_00)


@pytest.mark.parametrize("operator", ["O", "B"])
def test_books_of_a_default_take_deposit_and_payouts(operator: str) -> None:
    drill = default_drill(100_00, 30_00, 10_00, {"B": 2, "C": 1}, FREE)
    found = default_postings(operator, "A", drill)
    sums: Counter[tuple[str, str]] = Counter()
    for item in found:
        sums[item.company, item.account] += item.amount
    assert sums["A", "APU"] == 40_00
    assert (sums["A", "ADP"], sums["A", "ARU"]) == (-30_00, -10_00)
    assert sums[operator, "ARI"] == -100_00
    assert (sums["C", "XLS"], sums["C", "ARU"]) == (20_00, -20_00)
    assert sums["B", "XLS"] == 40_00


@given(
    debt=st.integers(0, 10**9),
    deposit=st.integers(0, 10**9),
    receivables=st.integers(0, 10**9),
    weights=st.dictionaries(st.sampled_from("BCDO"), st.integers(0, 10**6)),
    cap=st.integers(0, 10**9),
)
def test_every_cent_of_a_debt_is_borne_once_and_every_company_balances(
    debt: int, deposit: int, receivables: int, weights: dict[str, int], cap: int
) -> None:
    drill = default_drill(
        debt, deposit, receivables, weights, dict.fromkeys(weights, cap)
    )
    borne = drill.from_deposit + drill.from_receivables + sum(drill.losses.values())
    assert borne + drill.uncovered == debt
    assert min(borne, drill.uncovered, *drill.losses.values(), 0) == 0
    assert all(part <= cap for part in drill.losses.values())
    sums: Counter[str] = Counter()
    for item in default_postings("O", "A", drill):
        sums[item.company] += item.amount
    assert not any(sums.values())
