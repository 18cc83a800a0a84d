"""The program kinds as pure functions: figures at the border, faults by name."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ekarte_core.rules.programs import (
    PROGRAM_KINDS,
    AccumulatedDiscount,
    Attendance,
    BonusAmount,
    BonusPrize,
    BonusVisit,
    CalculatedDiscount,
    CreditCard,
    DiscountTier,
    Exchange,
    FixedDiscount,
    GiftCard,
    Prize,
    PurchaseAccounting,
    Receipt,
    VisitPass,
)
from ekarte_core.rules.programs.exchange import ExchangeGoods

SEED_BONUS = BonusAmount(step=500, convert_at=10, convert_to=100)
SEED_DISCOUNT = AccumulatedDiscount(
    base_rate=500, step_amount=5000, step_rate=100, max_rate=1500
)


def paid(by_group: dict[str, int]) -> Receipt:
    """A purchase that was paid in money."""
    return Receipt(
        gross=by_group, net=by_group, paid=by_group, paid_without_gift=by_group
    )


TIERS = AccumulatedDiscount(
    tiers=(
        DiscountTier(from_=0, rate=100),
        DiscountTier(from_=10000, rate=300),
        DiscountTier(from_=50000, rate=700),
    )
)


@pytest.mark.parametrize(
    ("sum_", "points"), [(0, 0), (499, 0), (500, 1), (700, 1), (999, 1), (1750, 3)]
)
def test_a_point_for_each_whole_step(sum_: int, points: int):
    assert SEED_BONUS.points(paid({"": sum_})) == points


def test_a_step_may_give_several_points():
    assert BonusAmount(step=500, points_per_step=3).points(paid({"": 1499})) == 6


def test_groups_are_added_before_rounding_down():
    assert SEED_BONUS.points(paid({"food": 300, "fuel": 200})) == 1
    assert SEED_BONUS.points(paid({"food": 299, "fuel": 200})) == 0


def test_a_group_may_count_double_half_or_not_at_all():
    bonus = BonusAmount(
        step=500, group_factor={"books": 20000, "fuel": 5000, "beer": 0}
    )
    assert bonus.points(paid({"books": 250})) == 1
    assert bonus.points(paid({"fuel": 999})) == 0
    assert bonus.points(paid({"fuel": 1000})) == 1
    assert bonus.points(paid({"beer": 100000})) == 0


def test_a_receipt_below_the_least_earns_nothing():
    bonus = BonusAmount(step=500, min_amount=2000)
    assert bonus.points(paid({"": 1999})) == 0
    assert bonus.points(paid({"": 2000})) == 4


@pytest.mark.parametrize(
    ("sum_", "missing"), [(0, 500), (499, 1), (500, 500), (501, 499)]
)
def test_what_is_missing_to_the_next_point(sum_: int, missing: int):
    assert SEED_BONUS.to_next_point(paid({"": sum_})) == missing


@given(sum_=st.integers(0, 10**9))
def test_what_was_missing_gives_one_point_more(sum_: int):
    missing = SEED_BONUS.to_next_point(paid({"": sum_}))
    now = SEED_BONUS.points(paid({"": sum_}))
    assert SEED_BONUS.points(paid({"": sum_ + missing})) == now + 1
    assert SEED_BONUS.points(paid({"": sum_ + missing - 1})) == now


def test_below_the_least_receipt_the_way_to_it_is_what_is_missing():
    bonus = BonusAmount(step=500, min_amount=2000)
    missing = bonus.to_next_point(paid({"": 1000}))
    assert bonus.points(paid({"": 1000 + missing})) > 0
    assert bonus.to_next_point(paid({"": 1000})) == 1000


@pytest.mark.parametrize(
    ("points", "times"), [(0, 0), (9, 0), (10, 1), (12, 1), (19, 1), (20, 2)]
)
def test_whole_tens_are_converted(points: int, times: int):
    assert SEED_BONUS.conversions(points) == times


def test_points_that_never_become_money_have_no_value():
    plain = BonusAmount(step=500)
    assert plain.conversions(1000) == 0
    assert plain.value_of(1000) == 0
    assert SEED_BONUS.value_of(3) == 30


@pytest.mark.parametrize(
    ("spent", "rate"),
    [
        (0, 500),
        (4999, 500),
        (5000, 600),
        (9999, 600),
        (10000, 700),
        (49999, 1400),
        (50000, 1500),
        (10**9, 1500),
    ],
)
def test_the_rate_grows_by_whole_fifties_to_fifteen(spent: int, rate: int):
    assert SEED_DISCOUNT.rate_bp(spent) == rate


@pytest.mark.parametrize(
    ("spent", "step"),
    [(0, (5000, 600)), (4999, (1, 600)), (5000, (5000, 700)), (49999, (1, 1500))],
)
def test_the_distance_to_the_next_step(spent: int, step: tuple[int, int]):
    assert SEED_DISCOUNT.next_step(spent) == step


def test_at_the_top_there_is_no_next_step():
    assert SEED_DISCOUNT.next_step(50000) is None
    assert TIERS.next_step(50000) is None


@pytest.mark.parametrize(
    ("spent", "rate", "step"),
    [
        (0, 100, (10000, 300)),
        (9999, 100, (1, 300)),
        (10000, 300, (40000, 700)),
        (50000, 700, None),
    ],
)
def test_tiers_stand_in_place_of_steps(spent: int, rate: int, step: tuple | None):
    assert (TIERS.rate_bp(spent), TIERS.next_step(spent)) == (rate, step)


def test_below_the_first_tier_there_is_no_discount():
    tiers = AccumulatedDiscount(tiers=(DiscountTier(from_=10000, rate=300),))
    assert (tiers.rate_bp(9999), tiers.rate_bp(10000)) == (0, 300)


@given(spent=st.integers(0, 10**7))
def test_the_next_step_is_exactly_where_the_rate_grows(spent: int):
    step = SEED_DISCOUNT.next_step(spent)
    if step is not None:
        missing, rate = step
        assert SEED_DISCOUNT.rate_bp(spent + missing) == rate
        assert SEED_DISCOUNT.rate_bp(spent + missing - 1) == SEED_DISCOUNT.rate_bp(
            spent
        )


def test_a_fixed_discount_starts_at_once_or_after_a_sum():
    assert FixedDiscount(rate=500).rate_bp(0, 0) == 500
    after = FixedDiscount(rate=500, after_spend=10000)
    assert (after.rate_bp(9999, 0), after.rate_bp(10000, 0)) == (0, 500)
    assert after.next_step(9999, 0) == (1, 500)
    assert after.next_step(10000, 0) is None


@pytest.mark.parametrize(
    ("amount", "balance", "loads", "refusal"),
    [
        (499, 0, 0, "amount"),
        (500, 0, 0, ""),
        (50000, 0, 0, ""),
        (50001, 0, 0, "limit"),
        (500, 49500, 3, ""),
        (501, 49500, 3, "limit"),
    ],
)
def test_a_load_keeps_its_limits(amount: int, balance: int, loads: int, refusal: str):
    gift = GiftCard(min_load=500, max_balance=50000)
    assert gift.load_refusal(amount, balance, loads) == refusal


def test_only_the_denominations_are_sold():
    gift = GiftCard(denominations=(1000, 5000))
    assert gift.load_refusal(1001, 0, 0) == "amount"
    assert gift.load_refusal(1000, 0, 0) == ""


def test_a_card_for_one_load_takes_no_second():
    gift = GiftCard(reloadable=False)
    assert gift.load_refusal(1000, 0, 1) == "reload"
    assert gift.load_refusal(1000, 0, 0) == ""


SOUND = [
    GiftCard(),
    GiftCard(denominations=(500, 1000), min_load=500, max_balance=1000),
    GiftCard(valid_months=1200),
    SEED_BONUS,
    BonusAmount(step=1, group_factor={"food": 1_000_000}),
    FixedDiscount(rate=1),
    FixedDiscount(rate=10000, after_spend=0),
    SEED_DISCOUNT,
    AccumulatedDiscount(base_rate=0, step_amount=1, step_rate=1, max_rate=10000),
    TIERS,
    BonusVisit(max_per_day=1, min_gap_minutes=60, convert_at=10, convert_to=100),
    CalculatedDiscount(tiers=(DiscountTier(from_=0, rate=100),), mode="marginal"),
    PurchaseAccounting(ticket_per=1000),
    CreditCard(credit_limit=1, statement_day=28),
    Attendance(min_gap_minutes=30),
    VisitPass(count=10, price=5000, valid_days=365),
    BonusPrize(step=10000, prizes=(Prize(at=100, value=50000),)),
    BonusPrize(
        step=1,
        prizes=(Prize(at=1, voucher_kind="goods", product="COFFEE"),),
        questionnaire_prize=1,
    ),
    Exchange(
        points_of="P", goods=(ExchangeGoods(product="95E", points=10, price=165),)
    ),
]
UNSOUND = [
    (BonusVisit(points_per_visit=0), "points_per_visit"),
    (BonusVisit(max_per_day=-1), "max_per_day"),
    (BonusVisit(min_gap_minutes=-1), "min_gap_minutes"),
    (BonusVisit(min_amount=-1), "min_amount"),
    (BonusVisit(convert_at=10), "convert_to"),
    (BonusVisit(questionnaire_points=-1), "questionnaire_points"),
    (BonusVisit(notice_days=-1), "notice_days"),
    (FixedDiscount(rate=1, questionnaire_rate=10001), "questionnaire_rate"),
    (CalculatedDiscount(tiers=()), "tiers"),
    (CalculatedDiscount(tiers=(DiscountTier(from_=-1, rate=1),)), "tiers"),
    (PurchaseAccounting(ticket_per=-1), "ticket_per"),
    (CreditCard(credit_limit=0), "credit_limit"),
    (CreditCard(credit_limit=1, statement_day=0), "statement_day"),
    (CreditCard(credit_limit=1, statement_day=29), "statement_day"),
    (CreditCard(credit_limit=1, due_days=-1), "due_days"),
    (CreditCard(credit_limit=1, block_overdue_days=-1), "block_overdue_days"),
    (Attendance(min_gap_minutes=-1), "min_gap_minutes"),
    (VisitPass(count=0, price=1), "visits"),
    (VisitPass(count=1, price=0), "price"),
    (VisitPass(count=1, price=1, valid_days=-1), "valid_days"),
    (VisitPass(count=1, price=1, max_per_day=-1), "max_per_day"),
    (BonusPrize(step=0), "step"),
    (BonusPrize(step=1, points_per_step=0), "points_per_step"),
    (BonusPrize(step=1, min_amount=-1), "min_amount"),
    (BonusPrize(step=1, referral_points=-1), "referral_points"),
    (BonusPrize(step=1, questionnaire_prize=1), "questionnaire_prize"),
    (BonusPrize(step=1, prizes=(Prize(at=0, value=1),)), "prizes[0]"),
    (BonusPrize(step=1, prizes=(Prize(at=1),)), "prizes[0]"),
    (BonusPrize(step=1, prizes=(Prize(at=1, voucher_kind="goods"),)), "prizes[0]"),
    (Exchange(points_of="P", goods=()), "goods"),
    (
        Exchange(points_of="P", goods=(ExchangeGoods(product="A", points=0, price=1),)),
        "goods",
    ),
    (
        Exchange(points_of="P", goods=(ExchangeGoods(product="A", points=1, price=0),)),
        "goods",
    ),
    (AccumulatedDiscount(step_amount=1, step_rate=1, idle_days=30), "idle_step_rate"),
    (
        AccumulatedDiscount(step_amount=1, step_rate=1, idle_days=-1),
        "idle_days",
    ),
    (GiftCard(denominations=(500, 0)), "denominations"),
    (GiftCard(min_load=0), "min_load"),
    (GiftCard(min_load=501, max_balance=500), "min_load"),
    (GiftCard(valid_months=-1), "valid_months"),
    (GiftCard(valid_months=1201), "valid_months"),
    (GiftCard(denominations=(100,), min_load=500), "denominations"),
    (GiftCard(denominations=(60000,), max_balance=50000), "denominations"),
    (BonusAmount(step=0), "step"),
    (BonusAmount(step=-5), "step"),
    (BonusAmount(step=5, points_per_step=0), "points_per_step"),
    (BonusAmount(step=5, min_amount=-1), "min_amount"),
    (BonusAmount(step=5, convert_at=10), "convert_to"),
    (BonusAmount(step=5, convert_to=10), "convert_to"),
    (BonusAmount(step=5, convert_at=-1, convert_to=-1), "convert_at"),
    (BonusAmount(step=5, group_factor={"a": -1}), "group_factor"),
    (BonusAmount(step=5, group_factor={"a": 1_000_001}), "group_factor"),
    (BonusAmount(step=5, expire_days=-1), "expire_days"),
    (FixedDiscount(rate=0), "rate"),
    (FixedDiscount(rate=10001), "rate"),
    (FixedDiscount(rate=5, after_spend=-1), "after_spend"),
    (AccumulatedDiscount(step_rate=1, max_rate=5), "step_amount"),
    (AccumulatedDiscount(step_amount=1, max_rate=5), "step_rate"),
    (
        AccumulatedDiscount(step_amount=1, step_rate=1, base_rate=6, max_rate=5),
        "max_rate",
    ),
    (AccumulatedDiscount(step_amount=1, step_rate=1, max_rate=10001), "max_rate"),
    (msgspec.structs.replace(SEED_DISCOUNT, period_months=-1), "period_months"),
    (msgspec.structs.replace(SEED_DISCOUNT, period_months=1201), "period_months"),
    (msgspec.structs.replace(TIERS, step_amount=5), "tiers"),
    (
        AccumulatedDiscount(
            tiers=(DiscountTier(from_=5, rate=1), DiscountTier(from_=5, rate=2))
        ),
        "tiers",
    ),
    (AccumulatedDiscount(tiers=(DiscountTier(from_=-1, rate=1),)), "tiers"),
    (AccumulatedDiscount(tiers=(DiscountTier(from_=0, rate=10001),)), "tiers"),
]


@pytest.mark.parametrize("parameters", SOUND, ids=repr)
def test_sound_parameters_have_no_faults(parameters):
    assert parameters.faults() == []


@pytest.mark.parametrize(("parameters", "name"), UNSOUND, ids=lambda x: repr(x)[:70])
def test_each_fault_names_its_parameter(parameters, name: str):
    assert name in [fault for fault, _message in parameters.faults()]


def test_each_kind_is_covered_here():
    assert {type(p) for p in SOUND} == set(PROGRAM_KINDS.values())
