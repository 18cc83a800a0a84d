"""Bonus by visit: a point for each visit or purchase, whatever the sum."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def publish(shop: Shop, *others, **parameters) -> None:
    shop.publish(network_with(program("VISIT", "bonus_visit", **parameters), *others))


def points(shop: Shop) -> int:
    return shop.balance(CARD, "VISIT", "points")


def test_a_point_for_each_purchase_whatever_the_sum(shop: Shop):
    publish(shop)
    for place, amount in enumerate((1, 100000, 250), start=1):
        assert shop.do("sale", CARD, amount).earned[0].points == 1
        assert points(shop) == place


def test_a_visit_without_a_purchase_counts_too(shop: Shop):
    publish(shop, points_per_visit=3)
    assert shop.do("check_in", CARD).earned[0].points == 3
    assert points(shop) == 3


def test_ten_visits_are_one_euro(shop: Shop):
    publish(shop, convert_at=10, convert_to=100)
    for _ in range(9):
        assert shop.do("check_in", CARD).converted == 0
    assert shop.do("sale", CARD, 50).converted == 100
    assert (points(shop), shop.balance(CARD, "VISIT")) == (0, 100)
    assert shop.do("sale", CARD, 100, bonus=100).rc == "00"


@pytest.mark.parametrize(("amount", "given"), [(499, 0), (500, 1)])
def test_a_purchase_below_the_least_is_no_visit(shop: Shop, amount: int, given: int):
    publish(shop, min_amount=500)
    answer = shop.do("sale", CARD, amount)
    assert (answer.rc, points(shop)) == ("00", given)
    assert shop.balance(CARD, "VISIT", "visited") == given


def test_the_least_is_of_the_price_after_discount(shop: Shop):
    publish(shop, program("OFF", "fixed_discount", rate=1000), min_amount=500)
    shop.do("sale", CARD, 555)
    assert points(shop) == 0
    shop.do("sale", CARD, 556)
    assert points(shop) == 1


def test_a_check_in_is_below_any_least_amount(shop: Shop):
    publish(shop, min_amount=1)
    assert (shop.do("check_in", CARD).earned, points(shop)) == ((), 0)


@pytest.mark.parametrize(("minutes", "given"), [(59, 1), (60, 2)])
def test_a_visit_too_soon_gives_no_point_and_the_purchase_goes_through(
    shop: Shop, minutes: int, given: int
):
    publish(shop, min_gap_minutes=60)
    shop.do("sale", CARD, 100)
    shop.later(minutes=minutes)
    answer = shop.do("sale", CARD, 100)
    assert (answer.rc, points(shop)) == ("00", given)
    told = "Visit: too soon after the last visit"
    assert (told in answer.explain) == (given == 1)


def test_a_visit_that_does_not_count_starts_no_gap(shop: Shop):
    publish(shop, min_gap_minutes=60)
    shop.do("check_in", CARD)
    shop.later(minutes=50)
    assert shop.do("check_in", CARD).rc == "00"
    shop.later(minutes=10)
    shop.do("check_in", CARD)
    assert points(shop) == 2


def test_no_more_visits_on_one_business_day_than_allowed(shop: Shop):
    publish(shop, max_per_day=2)
    for _ in range(3):
        answer = shop.do("sale", CARD, 100)
    assert "Visit: enough visits for today" in answer.explain
    assert points(shop) == 2
    shop.now = shop.now.replace(hour=21, minute=59)
    shop.do("sale", CARD, 100)
    assert points(shop) == 2
    shop.later(minutes=1)  # midnight in Riga
    shop.do("sale", CARD, 100)
    assert points(shop) == 3


@pytest.mark.parametrize(("earn_on_gift", "given"), [(True, 1), (False, 0)])
def test_a_purchase_paid_by_gift_money_alone(
    shop: Shop, earn_on_gift: bool, given: int
):
    publish(shop, program("MONEY", "gift_card"), earn_on_gift=earn_on_gift)
    shop.do("activate", CARD, 500)
    shop.do("sale", CARD, 500, gift=500)
    assert points(shop) == given


def test_the_visit_stays_until_the_whole_purchase_comes_back(shop: Shop):
    publish(shop)
    sale = shop.request("sale", CARD, 1000)
    shop.send(sale)
    assert shop.do("refund", amount=999, original=sale).earned == ()
    assert (points(shop), shop.balance(CARD, "VISIT", "visited")) == (1, 1)
    assert shop.do("refund", amount=1, original=sale).earned[0].points == -1
    assert (points(shop), shop.balance(CARD, "VISIT", "visited")) == (0, 0)


def test_a_visit_that_was_undone_leaves_room_for_another(shop: Shop):
    publish(shop, max_per_day=1, min_gap_minutes=60)
    visit = shop.request("check_in", CARD)
    shop.send(visit)
    assert shop.do("reverse", original=visit).rc == "00"
    assert (points(shop), shop.balance(CARD, "VISIT", "visited")) == (0, 0)
    shop.do("check_in", CARD)
    assert points(shop) == 1


def test_yesterdays_purchase_returned_leaves_todays_visit_alone(shop: Shop):
    publish(shop, max_per_day=1, min_gap_minutes=60)
    sale = shop.request("sale", CARD, 1000)
    shop.send(sale)
    shop.later(days=1)
    shop.do("check_in", CARD)
    shop.do("refund", amount=1000, original=sale)
    assert points(shop) == 1
    shop.do("check_in", CARD)
    assert points(shop) == 1
    shop.later(days=1)
    shop.do("check_in", CARD)
    assert points(shop) == 2


def test_a_visit_is_given_back_by_the_reversal_of_its_refund(shop: Shop):
    publish(shop, max_per_day=1)
    sale = shop.request("sale", CARD, 1000)
    shop.send(sale)
    refund = shop.request("refund", amount=1000, original=sale)
    shop.send(refund)
    shop.do("reverse", original=refund)
    assert (points(shop), shop.balance(CARD, "VISIT", "visited")) == (1, 1)
    shop.do("sale", CARD, 1000)
    assert points(shop) == 1
