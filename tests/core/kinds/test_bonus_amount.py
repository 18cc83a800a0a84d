"""Bonus by sum: points by whole steps, conversion, what a refund takes back."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def bonus(**parameters):
    return program("POINTS", "bonus_amount", **({"step": 500} | parameters))


def points(shop: Shop) -> int:
    return shop.balance(CARD, "POINTS", "points")


def money(shop: Shop) -> int:
    return shop.balance(CARD, "POINTS")


@pytest.fixture
def seed(shop: Shop) -> Shop:
    """Step 5.00; 10 points are 1.00."""
    shop.publish(network_with(bonus(convert_at=10, convert_to=100)))
    return shop


@pytest.mark.parametrize(("sum_", "given"), [(700, 1), (1750, 3), (499, 0), (500, 1)])
def test_a_point_for_each_whole_step(seed: Shop, sum_: int, given: int):
    answer = seed.do("sale", CARD, sum_)
    assert sum(one.points for one in answer.earned) == given
    assert points(seed) == given


def test_nine_and_three_are_two_and_one_euro(seed: Shop):
    seed.do("sale", CARD, 4500)
    assert (points(seed), money(seed)) == (9, 0)
    answer = seed.do("sale", CARD, 1750)
    assert answer.converted == 100
    assert (points(seed), money(seed)) == (2, 100)


def test_exactly_ten_points_are_erased_and_nine_stay(seed: Shop):
    seed.do("sale", CARD, 4999)
    assert (points(seed), money(seed)) == (9, 0)
    seed.do("sale", CARD, 500)
    assert (points(seed), money(seed)) == (0, 100)


def test_a_big_purchase_is_converted_several_times(seed: Shop):
    answer = seed.do("sale", CARD, 11500)
    assert (answer.converted, points(seed), money(seed)) == (200, 3, 200)


@pytest.mark.parametrize(("amount", "given"), [(1999, 0), (2000, 4)])
def test_a_purchase_below_the_least_earns_nothing(shop: Shop, amount: int, given: int):
    shop.publish(network_with(bonus(min_amount=2000)))
    shop.do("sale", CARD, amount)
    assert points(shop) == given


def test_a_group_counts_double_and_another_not_at_all(shop: Shop):
    factor = {"books": 20000, "fuel": 0}
    shop.publish(network_with(bonus(group_factor=factor)))
    shop.do("sale", CARD, lines=[("books", 500), ("fuel", 5000), ("food", 500)])
    assert points(shop) == 3


@pytest.mark.parametrize(("earn_on_gift", "given"), [(True, 2), (False, 1)])
def test_gift_money_earns_unless_told_otherwise(
    shop: Shop, earn_on_gift: bool, given: int
):
    gift = program("MONEY", "gift_card")
    shop.publish(network_with(bonus(earn_on_gift=earn_on_gift), gift))
    shop.do("sale", CARD, 100)
    shop.do("top_up", CARD, 500)
    shop.do("sale", CARD, 1000, gift=500)
    assert points(shop) == given


def test_what_bonus_money_paid_earns_nothing(seed: Shop):
    seed.do("sale", CARD, 5000)
    answer = seed.do("sale", CARD, 599, bonus=100)
    assert answer.earned == ()
    assert seed.do("sale", CARD, 599).earned[0].points == 1


# --- taken back


def test_points_that_are_still_there_go_back_with_the_goods(seed: Shop):
    sale = seed.request("sale", CARD, 2000)
    seed.send(sale)
    back = seed.do("refund", amount=2000, original=sale)
    assert (back.amount_due, back.earned[0].points, points(seed)) == (2000, -4, 0)


def used_up(shop: Shop, clawback: str):
    """A purchase of 50.00 whose ten points became money that has been spent."""
    shop.publish(network_with(bonus(convert_at=10, convert_to=100, clawback=clawback)))
    sale = shop.request("sale", CARD, 5000)
    shop.send(sale)
    assert shop.do("sale", CARD, 100, bonus=100).rc == "00"
    return sale


@pytest.mark.parametrize(
    ("clawback", "due", "owed"),
    [("deduct", 4900, 0), ("negative", 5000, 10), ("absorb", 5000, 0)],
)
def test_points_that_have_been_spent(shop: Shop, clawback: str, due: int, owed: int):
    sale = used_up(shop, clawback)
    back = shop.do("refund", amount=5000, original=sale)
    assert (back.rc, back.amount_due) == ("00", due)
    assert shop.balance(CARD, "POINTS", "owed") == owed
    assert (points(shop), money(shop)) == (0, 0)


def test_owed_points_are_paid_before_new_ones_are_credited(shop: Shop):
    sale = used_up(shop, "negative")
    shop.do("refund", amount=5000, original=sale)
    first = shop.do("sale", CARD, 3000)
    assert first.earned[0].points == 0
    assert "Points: 6 set off against points owed" in first.explain
    assert (points(shop), shop.balance(CARD, "POINTS", "owed")) == (0, 4)
    second = shop.do("sale", CARD, 3000)
    assert second.earned[0].points == 2
    assert (points(shop), shop.balance(CARD, "POINTS", "owed")) == (2, 0)


def test_what_had_paid_owed_points_is_owed_again(shop: Shop):
    sale = used_up(shop, "negative")
    shop.do("refund", amount=5000, original=sale)
    paid = shop.request("sale", CARD, 3000)
    shop.send(paid)
    assert shop.balance(CARD, "POINTS", "owed") == 4
    refund = shop.request("refund", amount=3000, original=paid)
    shop.send(refund)
    assert shop.balance(CARD, "POINTS", "owed") == 10
    shop.do("reverse", original=refund)
    assert shop.balance(CARD, "POINTS", "owed") == 4
    shop.do("reverse", original=paid)
    assert shop.balance(CARD, "POINTS", "owed") == 10


def test_a_reversed_refund_forgets_what_was_owed(shop: Shop):
    sale = used_up(shop, "negative")
    refund = shop.request("refund", amount=5000, original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert shop.balance(CARD, "POINTS", "owed") == 0


def test_money_still_on_the_card_is_taken_before_the_customer_pays(shop: Shop):
    shop.publish(network_with(bonus(convert_at=10, convert_to=100)))
    sale = shop.request("sale", CARD, 5000)
    shop.send(sale)
    back = shop.do("refund", amount=5000, original=sale)
    assert (back.amount_due, money(shop), points(shop)) == (5000, 0, 0)


# --- burning


@pytest.mark.parametrize(
    ("expire_at", "last"), [("day", 26), ("month", 30), ("year", 31)]
)
def test_points_burn_at_the_end_of_their_day_month_or_year(
    shop: Shop, expire_at: str, last: int
):
    shop.publish(network_with(bonus(expire_days=5, expire_at=expire_at)))
    shop.do("sale", CARD, 500)
    month = 12 if expire_at == "year" else 11
    shop.now = shop.now.replace(month=month, day=last)
    assert shop.available(CARD, "POINTS", "points") == 1
    shop.later(days=1)
    assert shop.available(CARD, "POINTS", "points") == 0


def test_the_oldest_points_are_used_first_and_burnt_ones_not_at_all(shop: Shop):
    shop.publish(network_with(bonus(convert_at=10, convert_to=100, expire_days=5)))
    shop.do("sale", CARD, 3000)
    shop.later(days=3)
    shop.do("sale", CARD, 1500)
    shop.later(days=3)  # six burnt, three left
    answer = shop.do("sale", CARD, 3000)
    assert (answer.converted, shop.available(CARD, "POINTS", "points")) == (0, 9)
    assert shop.do("sale", CARD, 500).converted == 100
