"""Discounts on lines: which rate, how several meet, and how the cent is rounded."""

from datetime import date, datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core.rules.pricing import (
    Goods,
    Pricing,
    Promise,
    next_steps,
    price,
    reprice,
)
from ekarte_core.rules.programs import AccumulatedDiscount, FixedDiscount
from ekarte_core.rules.purses import TURNOVER, Purse, Sheet, share
from ekarte_core.rules.running import Moment, Programs, RunningProgram
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.turnover import Clock, add_months, period_over

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 10, tzinfo=timezone.utc)
CLOCK = Clock(NOW, TODAY, timezone.utc)
MOMENT = Moment(now=NOW, local=NOW)


def running(code: str, parameters: Any, combine: str = "best", sequence: int = 10):
    return RunningProgram(
        code=code,
        issuer="I",
        kind="",
        name=code.title(),
        parameters=parameters,
        own=True,
        sequence=sequence,
        combine=combine,
        valid_from=None,
        valid_to=None,
    )


def spent(**sums: int) -> Sheet:
    """A card that has spent so much in each program, in this period."""
    return Sheet(
        [
            Purse(
                program=code, issuer="I", unit=TURNOVER, posted=sum_, period_start=TODAY
            )
            for code, sum_ in sums.items()
        ],
        NOW,
    )


def priced(
    programs: list[RunningProgram], *goods: tuple[str, int], **sums: int
) -> Pricing:
    lines = [Goods(group=g, gross=amount, tax_rate_bp=2100) for g, amount in goods]
    return price(Programs(tuple(programs), MOMENT), spent(**sums), lines, CLOCK)


def keys(pricing: Pricing) -> dict[str, str]:
    return {reason.name: reason.key for reason in pricing.reasons}


@pytest.mark.parametrize(
    ("amount", "rate", "discount"),
    [
        (2000, 500, 100),
        (1750, 500, 88),  # 87.5
        (1749, 500, 87),  # 87.45
        (1, 500, 0),
        (10, 500, 1),  # 0.5
        (9, 500, 0),
        (333, 10000, 333),
    ],
)
def test_a_discount_is_rounded_half_up_to_the_cent(
    amount: int, rate: int, discount: int
):
    found = priced([running("A", FixedDiscount(rate=rate))], ("", amount))
    assert found.discount == discount


def test_each_line_is_rounded_on_its_own():
    five = [running("A", FixedDiscount(rate=500))]
    assert priced(five, ("", 10), ("", 10)).discount == 2
    assert priced(five, ("", 20)).discount == 1


FIVE, TEN = FixedDiscount(rate=500), FixedDiscount(rate=1000)


@pytest.mark.parametrize(
    ("first", "second", "rate"),
    [
        ("best", "best", 1000),
        ("best", "add", 1500),
        ("add", "add", 1500),
        ("best", "compound", 1450),
        ("compound", "compound", 1450),
        ("add", "best", 1000),
    ],
)
def test_two_discounts_meet_as_the_later_one_says(first: str, second: str, rate: int):
    found = priced(
        [running("A", FIVE, first, 1), running("B", TEN, second, 2)], ("", 10000)
    )
    assert (found.rate_bp, found.discount) == (rate, rate)


def test_added_discounts_never_exceed_the_price():
    programs = [
        running(code, FixedDiscount(rate=6000), "add", place)
        for place, code in enumerate("AB")
    ]
    assert priced(programs, ("", 777)).discount == 777


@given(st.lists(st.integers(1, 10000), min_size=1, max_size=5), st.integers(0, 10**9))
def test_however_they_meet_nobody_is_paid_for_buying(rates: list[int], amount: int):
    for how in ("best", "add", "compound"):
        programs = [
            running(f"P{place}", FixedDiscount(rate=rate), how, place)
            for place, rate in enumerate(rates)
        ]
        found = priced(programs, ("", amount))
        assert max(rates) <= found.rate_bp <= 10000 or how == "best"
        assert 0 <= found.discount <= amount


def test_a_discount_for_some_goods_leaves_the_others():
    books = running("A", FixedDiscount(rate=1000, groups=("books",)))
    found = priced([books], ("books", 1000), ("food", 1000), ("", 1000))
    assert [line.discount for line in found.lines] == [100, 0, 0]


def test_groups_accumulate_and_discount_on_their_own():
    steps = AccumulatedDiscount(
        step_amount=1000, step_rate=100, max_rate=500, groups=("books", "toys")
    )
    sheet = Sheet(
        [
            Purse(
                program="A",
                issuer="I",
                unit=TURNOVER,
                goods_group=group,
                posted=posted,
                period_start=TODAY,
            )
            for group, posted in (("books", 3000), ("toys", 1000))
        ],
        NOW,
    )
    goods = [
        Goods(group=group, gross=10000, tax_rate_bp=0)
        for group in ("books", "toys", "food")
    ]
    found = price(Programs((running("A", steps),), MOMENT), sheet, goods, CLOCK)
    assert [line.rate_bp for line in found.lines] == [300, 100, 0]


def test_the_rate_comes_from_before_the_purchase():
    steps = AccumulatedDiscount(
        base_rate=500, step_amount=5000, step_rate=100, max_rate=1500
    )
    program = [running("A", steps)]
    assert priced(program, ("", 100000), A=4999).rate_bp == 500
    assert priced(program, ("", 1), A=5000).rate_bp == 600


def test_the_reasons_tell_what_each_program_did():
    programs = [
        running("GOOD", TEN),
        running("LESS", FIVE),
        running("LATER", FixedDiscount(rate=100, after_spend=5000)),
        running("OTHER", FixedDiscount(rate=2000, groups=("books",))),
    ]
    assert keys(priced(programs, ("food", 1000))) == {
        "Good": "discount.applied",
        "Less": "discount.better",
        "Later": "discount.not_yet",
        "Other": "discount.other_goods",
    }


def test_the_reason_of_an_applied_discount_has_its_cents():
    found = priced([running("A", FIVE)], ("food", 1000), ("books", 2000))
    assert [(r.rate_bp, r.amount) for r in found.reasons] == [(500, 150)]


def test_the_cents_of_added_discounts_sum_to_the_discount():
    """Otherwise the slip tells of more than was given."""
    programs = [running("A", FIVE, "best", 1), running("B", TEN, "add", 2)]
    found = priced(programs, ("", 10000))
    assert found.discount == 1500
    assert sum(reason.amount for reason in found.reasons) == 1500


def test_the_next_step_is_told():
    steps = AccumulatedDiscount(
        base_rate=500, step_amount=5000, step_rate=100, max_rate=1500
    )
    programs = Programs((running("A", steps),), MOMENT)
    (reason,) = next_steps(programs, spent(A=4680), [], CLOCK)
    assert (reason.key, reason.amount, reason.rate_bp) == ("discount.next", 320, 600)
    assert next_steps(programs, spent(A=50000), [], CLOCK) == []


def test_a_promised_rate_is_kept_by_goods_group():
    goods = [Goods(group=g, gross=500, tax_rate_bp=0) for g in ("books", "food")]
    found = reprice({"books": Promise(1000, 100, 1000)}, goods)
    assert [line.discount for line in found.lines] == [50, 0]


def test_what_is_captured_whole_gets_the_very_discount_that_was_shown():
    goods = [Goods(group="", gross=gross, tax_rate_bp=0) for gross in (333, 334, 333)]
    found = reprice({"": Promise(1000, 101, 1000)}, goods)
    assert sum(line.discount for line in found.lines) == 101


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2099, 12, 31), 2, date(2100, 2, 28)),
        (date(2026, 5, 5), 0, date(2026, 5, 5)),
    ],
)
def test_months_end_where_the_month_ends(day: date, months: int, later: date):
    assert add_months(day, months) == later


def test_a_period_is_over_on_the_day_itself():
    purse = Purse(
        program="A", issuer="I", unit=TURNOVER, period_start=date(2025, 11, 21)
    )
    assert not period_over(purse, 12, date(2026, 11, 20))
    assert period_over(purse, 12, date(2026, 11, 21))
    assert not period_over(purse, 0, date(2099, 1, 1))


@given(
    total=st.integers(-(10**10), 10**10),
    part=st.integers(0, 10**6),
    whole=st.integers(1, 10**6),
)
def test_a_share_is_the_nearest_whole_and_half_goes_away_from_zero(
    total: int, part: int, whole: int
):
    found = share(total, part, whole)
    off = 2 * (found * whole - total * part)
    assert abs(off) <= whole
    if abs(off) == whole:
        assert abs(found) * whole > abs(total * part)
    assert share(-total, part, whole) == -found


@given(gross=st.integers(-(10**10), 10**10), rate=st.integers(0, 10000))
def test_tax_in_a_gross_sum_is_the_nearest_cent_and_keeps_its_sign(
    gross: int, rate: int
):
    tax = tax_in(gross, rate)
    whole = 10000 + rate
    assert abs(2 * (tax * whole - gross * rate)) <= whole
    assert tax_in(-gross, rate) == -tax


def test_the_figures_of_the_tax_examples():
    assert tax_in(3000, 2100) == 521
    assert tax_in(2000, 2100) == 347
    assert tax_in(0, 2100) == 0
    assert tax_in(1000, 0) == 0
