"""The figures of docs/PROGRAMS.md and of the seeds, one row each, on a real ledger."""

import pytest

from tests.core.shop import CLUB, GIFT, Shop, number


@pytest.mark.parametrize(
    ("amount", "points"),
    [(499, 0), (500, 1), (700, 1), (1750, 3), (999, 1), (1000, 2)],
)
def test_a_bonus_for_each_whole_five(shop: Shop, amount: int, points: int):
    shop.publish(_without_discount())
    answer = shop.do("sale", number(CLUB), amount)
    assert sum(row.points for row in answer.earned) == points


def test_nine_and_three_points_become_one_euro_and_two_points(shop: Shop):
    shop.publish(_without_discount())
    card = number(CLUB)
    shop.do("sale", card, 4500)
    answer = shop.do("sale", card, 1750)
    assert answer.converted == 100
    assert shop.balance(card, "BONUS", "points") == 2
    assert shop.balance(card, "BONUS") == 100
    assert shop.broken() == []


def test_the_discount_grows_from_the_next_purchase(shop: Shop):
    card = number(CLUB)
    assert shop.do("sale", card, 5262).discount == 263  # 52.62 - 2.63 = 49.99
    assert shop.do("inquire", card).discount_rate == 500
    first = shop.do("sale", card, 1)  # reaches 50.00 at the old rate
    assert first.discount_rate == 500
    assert shop.do("inquire", card).discount_rate == 600
    assert shop.do("sale", card, 1000).discount == 60


def test_the_discount_stays_at_fifteen_percent(shop: Shop):
    card = number(CLUB)
    shop.do("sale", card, 100000)
    assert shop.do("inquire", card).discount_rate == 1500
    shop.do("sale", card, 100000)
    assert shop.do("inquire", card).discount_rate == 1500


def test_all_sums_are_reset_after_twelve_months(shop: Shop):
    card = number(CLUB)
    shop.do("sale", card, 100000)
    shop.later(days=364)
    assert shop.do("sale", card, 1000).discount_rate == 1500
    shop.later(days=1)
    assert shop.do("sale", card, 1000).discount_rate == 500
    assert shop.broken() == []


def test_another_branch_has_its_own_rule_on_the_same_sums(shop: Shop):
    card = number(CLUB)
    assert shop.do("sale", card, 1000, terminal="00000021").discount == 30
    shop.do("sale", card, 10000)
    assert shop.do("inquire", card, terminal="00000021").discount_rate == 500
    assert shop.do("inquire", card).discount_rate == 700


def test_five_percent_of_twenty_is_one(shop: Shop):
    answer = shop.do("sale", number("999000400000"), 2000, terminal="00000041")
    assert (answer.discount, answer.amount_due) == (100, 1900)


def test_fuel_gets_its_discount_after_a_hundred_euro(shop: Shop):
    card = number("999000300000")
    fuel = {"lines": [("fuel", 10000)], "terminal": "00000031"}
    assert shop.do("sale", card, **fuel).discount == 0
    assert shop.do("sale", card, **fuel).discount == 200
    food = {"lines": [("food", 10000)], "terminal": "00000031"}
    assert shop.do("sale", card, **food).discount == 0


@pytest.mark.parametrize("amount", [500, 1000, 2000, 10000, 1234])
def test_a_gift_card_takes_any_sum(shop: Shop, amount: int):
    card = number(GIFT)
    assert shop.do("activate", card, amount).rc == "00"
    assert shop.balance(card, "GIFT") == amount


@pytest.mark.parametrize(("amount", "rc"), [(1000, "00"), (1500, "13"), (5000, "00")])
def test_denominations_are_kept(shop: Shop, amount: int, rc: str):
    card = number("999000500000")
    assert shop.do("activate", card, amount, terminal="00000041").rc == rc


def test_thirty_on_a_card_with_twenty_is_refused_and_nothing_is_held(shop: Shop):
    card = number(GIFT)
    shop.do("activate", card, 2000)
    answer = shop.do("authorize", card, 3000)
    assert answer.rc == "51"
    assert shop.do("inquire", card).balances[0].available == 2000
    assert shop.do("authorize", card, 2000).rc == "00"
    assert shop.do("inquire", card).balances[0].available == 0
    assert shop.broken() == []


def _without_discount() -> dict:
    from tests.core.shop import network_document

    document = network_document()
    for card_type in document["card_types"]:
        if card_type["code"] == "GRO-CLUB":
            card_type["programs"] = ["BONUS"]
    return document
