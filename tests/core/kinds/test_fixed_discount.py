"""Fixed discount: one rate, at once or after enough was spent."""

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def publish(shop: Shop, **parameters) -> None:
    shop.publish(network_with(program("OFF", "fixed_discount", **parameters)))


def test_five_percent_of_twenty_leave_nineteen(shop: Shop):
    publish(shop, rate=500)
    answer = shop.do("sale", CARD, 2000)
    assert (answer.discount, answer.amount_due, answer.discount_rate) == (
        100,
        1900,
        500,
    )
    assert "Off: 5 %, 1.00 off" in answer.explain


@pytest.mark.parametrize(("first", "rate"), [(9999, 0), (10000, 500)])
def test_it_comes_once_the_card_has_spent_enough(shop: Shop, first: int, rate: int):
    publish(shop, rate=500, after_spend=10000)
    assert shop.do("sale", CARD, first).discount_rate == 0
    assert shop.do("sale", CARD, 1000).discount_rate == rate


def test_what_is_missing_is_told(shop: Shop):
    publish(shop, rate=500, after_spend=10000)
    answer = shop.do("sale", CARD, 6000)
    assert "Off: spend 40.00 more for 5 %" in answer.explain
    assert "Off: spend 40.00 more for 5 %" in shop.do("inquire", CARD).explain


def test_goods_that_come_back_were_not_spent(shop: Shop):
    publish(shop, rate=500, after_spend=10000)
    sale = shop.request("sale", CARD, 10000)
    shop.send(sale)
    assert shop.do("inquire", CARD).discount_rate == 500
    shop.do("refund", amount=1, original=sale)
    assert shop.do("inquire", CARD).discount_rate == 0


def test_only_its_goods_groups_get_it(shop: Shop):
    publish(shop, rate=500, groups=["food"])
    answer = shop.do("sale", CARD, lines=[("food", 1000), ("books", 1000)])
    assert answer.discount == 50
    assert "Off: not for these goods" in (
        shop.do("sale", CARD, lines=[("books", 1000)]).explain
    )


@pytest.mark.parametrize(("gross", "off"), [(9, 0), (10, 1), (29, 1), (30, 2)])
def test_half_a_cent_is_rounded_up(shop: Shop, gross: int, off: int):
    publish(shop, rate=500)
    assert shop.do("sale", CARD, gross).discount == off


def test_lines_are_rounded_one_by_one(shop: Shop):
    publish(shop, rate=500)
    answer = shop.do("sale", CARD, lines=[("food", 10), ("food", 10), ("food", 9)])
    assert answer.discount == 2


def test_everything_may_be_free(shop: Shop):
    publish(shop, rate=10000)
    answer = shop.do("sale", CARD, 1234)
    assert (answer.rc, answer.amount_due) == ("00", 0)
