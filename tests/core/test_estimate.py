"""Expected breakage: the figures of IFRS 15's example 52, and its limits."""

import random

import pytest

from ekarte_core import Cohort, expected_breakage, redemption_rate

SEED = 20261122

# IFRS 15, illustrative example 52 (the same figures as in KPMG's handbook): 10,000
# points, 8,676 put off. Used to date, expected use, revenue to date.
EXAMPLE_52 = [
    (4_500, 9_500, 4_110),
    (8_500, 9_700, 7_603),
]


@pytest.mark.parametrize(("used", "expected", "revenue"), EXAMPLE_52)
def test_revenue_to_date_is_that_of_example_52(used, expected, revenue):
    put_off = 867_600
    released = put_off * used // 10_000  # what the ledger's lots release, pro rata
    cohort = Cohort(issued=put_off, used=released, expired=0)
    earned = expected_breakage(cohort, expected)
    assert round((released + earned) / 100) == revenue


def test_the_second_year_of_example_52_earns_3493():
    first = Cohort(issued=867_600, used=390_420, expired=0)
    second = Cohort(issued=867_600, used=737_460, expired=0)
    to_date = [
        cohort.used + expected_breakage(cohort, rate)
        for cohort, rate in ((first, 9_500), (second, 9_700))
    ]
    assert round((to_date[1] - to_date[0]) / 100) == 3_493


@pytest.mark.parametrize(
    ("used", "expired", "rate_bp", "earned"),
    [
        (4_500, 0, 9_000, 500),  # 45 of the 90 that are expected: half of the ten
        (9_000, 0, 9_000, 1_000),  # all that was expected is used: the rest is earned
        (9_500, 0, 9_000, 500),  # more was used than expected: only what is left
        (4_500, 200, 9_000, 300),  # what expired has earned its part already
        (4_500, 5_500, 9_000, 0),  # nothing is left
        (0, 0, 9_000, 0),  # nothing used, nothing earned
        (4_500, 0, 10_000, 0),  # all of it will be used: no breakage
        (1, 0, 6_667, 0),  # 0.4999 of a cent is none
        (1, 0, 6_666, 1),  # 0.5002 of a cent is one
    ],
)
def test_breakage_is_earned_in_proportion_to_use(used, expired, rate_bp, earned):
    cohort = Cohort(issued=10_000, used=used, expired=expired)
    assert expected_breakage(cohort, rate_bp) == earned


def test_breakage_is_never_below_zero_nor_above_what_is_left():
    chance = random.Random(SEED)
    for _ in range(2_000):
        used, expired, left = (chance.randint(0, 10_000) for _ in range(3))
        cohort = Cohort(issued=used + expired + left, used=used, expired=expired)
        rate_bp = chance.randint(1, 10_000)
        assert 0 <= expected_breakage(cohort, rate_bp) <= left, (SEED, cohort, rate_bp)


def test_a_rate_of_nothing_is_a_fault_of_ours():
    with pytest.raises(AssertionError):
        expected_breakage(Cohort(issued=1, used=0, expired=0), 0)


def test_the_rate_comes_from_what_has_ended():
    done = Cohort(issued=1_000, used=900, expired=100)
    half = Cohort(issued=1_000, used=400, expired=100)
    assert redemption_rate([done]) == 9_000
    assert redemption_rate([done, half]) == 8_667
    assert redemption_rate([]) == 10_000


def test_without_anything_expired_the_whole_is_expected_to_be_used():
    assert redemption_rate([Cohort(issued=10, used=4, expired=0)]) == 10_000
