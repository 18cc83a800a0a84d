"""Accumulated discount: steps, tiers, the year's end, idle cards, goods groups."""

from datetime import datetime, timezone

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
SEED = {"base_rate": 500, "step_amount": 5000, "step_rate": 100, "max_rate": 1500}
TIERS = [
    {"from": 0, "rate": 200},
    {"from": 10000, "rate": 300},
    {"from": 50000, "rate": 700},
]


def publish(shop: Shop, **parameters) -> None:
    shop.publish(network_with(program("GROWS", "accumulated_discount", **parameters)))


def rate(shop: Shop) -> int:
    return shop.do("inquire", CARD).discount_rate


@pytest.fixture
def seed(shop: Shop) -> Shop:
    """Base 5 %, +1 % for each whole 50.00, at most 15 %, counted before discount."""
    publish(shop, **SEED, count="gross")
    return shop


def test_after_forty_nine_ninety_nine_it_is_still_five_percent(seed: Shop):
    assert seed.do("sale", CARD, 4999).discount_rate == 500
    assert rate(seed) == 500
    seed.do("sale", CARD, 1)
    assert rate(seed) == 600


def test_after_fifty_it_is_six_percent_from_the_next_purchase(seed: Shop):
    assert seed.do("sale", CARD, 5000).discount_rate == 500
    assert seed.do("sale", CARD, 100).discount_rate == 600


@pytest.mark.parametrize(
    ("spent", "percent"), [(49999, 14), (50000, 15), (50001, 15), (900000, 15)]
)
def test_after_five_hundred_it_is_fifteen_percent_and_stays(
    seed: Shop, spent: int, percent: int
):
    seed.do("sale", CARD, spent)
    told = seed.do("inquire", CARD).explain
    assert any("more for" in line for line in told) == (percent < 15)
    assert seed.do("sale", CARD, 100).discount_rate == percent * 100


def test_what_was_paid_counts_unless_told_otherwise(shop: Shop):
    publish(shop, **SEED)
    shop.do("sale", CARD, 5000)  # 47.50 paid
    assert rate(shop) == 500
    answer = shop.do("sale", CARD, 263)  # 2.50 paid
    assert rate(shop) == 600
    assert "Grows: spend 50.00 more for 7 %" in answer.explain


def test_tiers(shop: Shop):
    publish(shop, tiers=TIERS, count="gross")
    found = []
    for amount in (9999, 1, 39999, 1):
        found.append(shop.do("sale", CARD, amount).discount_rate)
    assert [*found, rate(shop)] == [200, 200, 300, 300, 700]


# --- the year's end


def on(shop: Shop, year: int, month: int, day: int) -> None:
    shop.now = datetime(year, month, day, 10, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("day", "percent"), [((2027, 11, 20), 6), ((2027, 11, 21), 5), ((2029, 1, 1), 5)]
)
def test_after_twelve_months_all_sums_start_again(
    seed: Shop, day: tuple[int, int, int], percent: int
):
    seed.do("sale", CARD, 5000)
    on(seed, *day)
    assert seed.do("sale", CARD, 100).discount_rate == percent * 100
    assert seed.balance(CARD, "GROWS", "turnover") == (5100 if percent == 6 else 100)


def test_a_new_period_begins_with_its_first_purchase(seed: Shop):
    seed.do("sale", CARD, 5000)
    on(seed, 2028, 3, 1)
    seed.do("sale", CARD, 5000)
    on(seed, 2029, 2, 28)
    assert rate(seed) == 600
    on(seed, 2029, 3, 1)
    assert rate(seed) == 500


def test_without_a_period_the_sums_stay(shop: Shop):
    publish(shop, **SEED, count="gross", period_months=0)
    shop.do("sale", CARD, 5000)
    on(shop, 2046, 11, 21)
    assert rate(shop) == 600


def test_a_refund_of_the_last_period_takes_nothing_from_this_one(seed: Shop):
    sale = seed.request("sale", CARD, 5000)
    seed.send(sale)
    on(seed, 2027, 11, 21)
    seed.do("sale", CARD, 6000)
    seed.do("refund", amount=5000, original=sale)
    assert seed.balance(CARD, "GROWS", "turnover") == 6000


# --- idle cards


@pytest.fixture
def idle(shop: Shop) -> Shop:
    """The seed's; each whole 30 days without a purchase cost 1 %."""
    publish(shop, **SEED, count="gross", idle_days=30, idle_step_rate=100)
    return shop


@pytest.mark.parametrize(
    ("days", "percent"), [(0, 8), (29, 8), (30, 7), (59, 7), (60, 6), (90, 5), (360, 5)]
)
def test_an_idle_card_loses_its_rate_step_by_step_down_to_the_base(
    idle: Shop, days: int, percent: int
):
    idle.do("sale", CARD, 17999)  # 8 %, nearly 9
    idle.later(days=days)
    assert rate(idle) == percent * 100
    assert idle.do("sale", CARD, 1).discount_rate == percent * 100


def test_the_sum_becomes_the_smallest_of_the_rate_that_is_left(idle: Shop):
    idle.do("sale", CARD, 17999)
    idle.later(days=30)
    idle.do("sale", CARD, 100)
    assert idle.balance(CARD, "GROWS", "turnover") == 10100


def test_a_purchase_begins_the_idle_time_anew(idle: Shop):
    idle.do("sale", CARD, 15000)
    idle.later(days=29)
    idle.do("sale", CARD, 100)
    idle.later(days=29)
    assert rate(idle) == 800
    idle.later(days=1)
    assert rate(idle) == 700


def test_the_highest_rate_is_lost_from_its_own_step(idle: Shop):
    """Far above the last step, the rate falls as from the step itself."""
    idle.do("sale", CARD, 900000)
    idle.later(days=30)
    assert rate(idle) == 1400
    idle.do("sale", CARD, 4999)
    assert rate(idle) == 1400
    idle.do("sale", CARD, 1)
    assert rate(idle) == 1500


def test_idle_tiers_fall_to_the_next_tier_not_above_the_rate(shop: Shop):
    publish(shop, tiers=TIERS, count="gross", idle_days=30, idle_step_rate=100)
    shop.do("sale", CARD, 60000)
    shop.later(days=30)
    assert rate(shop) == 300  # 6 % is no tier
    shop.later(days=30)
    assert rate(shop) == 200


# --- goods groups


def test_each_goods_group_accumulates_and_discounts_on_its_own(shop: Shop):
    publish(shop, **SEED, count="gross", groups=["food", "books"])
    shop.do("sale", CARD, lines=[("food", 5000), ("books", 4999), ("fuel", 9000)])
    answer = shop.do(
        "sale", CARD, lines=[("food", 1000), ("books", 1000), ("fuel", 1000)]
    )
    assert answer.discount == 60 + 50
    rows = shop.do("inquire", CARD).balances
    assert {(row.goods_group, row.value) for row in rows} == {
        ("food", 6000),
        ("books", 5999),
    }


def test_each_group_tells_what_is_missing(shop: Shop):
    publish(shop, **SEED, count="gross", groups=["food", "books"])
    told = shop.do("sale", CARD, lines=[("food", 2000), ("books", 4000)]).explain
    assert "Grows (food): spend 30.00 more for 6 %" in told
    assert "Grows (books): spend 10.00 more for 6 %" in told


def test_a_refund_takes_from_the_group_of_the_goods(shop: Shop):
    publish(shop, **SEED, count="gross", groups=["food", "books"])
    sale = shop.request("sale", CARD, lines=[("food", 5000), ("books", 5000)])
    shop.send(sale)
    shop.do("refund", lines=[("food", 5000)], original=sale)
    rows = {r.goods_group: r.value for r in shop.do("inquire", CARD).balances}
    assert sum(rows.values()) == 5000
