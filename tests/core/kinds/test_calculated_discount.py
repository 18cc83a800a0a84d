"""Calculated discount: the rate depends on the sum of this purchase."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
TIERS = [
    {"from": 0, "rate": 0},
    {"from": 2000, "rate": 500},
    {"from": 10000, "rate": 1000},
]


def publish(shop: Shop, *others, **parameters) -> None:
    parameters = {"tiers": TIERS} | parameters
    calculated = program("SUM", "calculated_discount", **parameters)
    shop.publish(network_with(calculated, *others))


@pytest.mark.parametrize(
    ("amount", "whole", "marginal"),
    [
        (1999, 0, 0),
        (2000, 100, 0),
        (2010, 101, 1),
        (9999, 500, 400),
        (10000, 1000, 400),
        (12000, 1200, 600),
        (100000, 10000, 9400),
    ],
)
def test_the_rate_by_the_sum(shop: Shop, amount: int, whole: int, marginal: int):
    publish(shop)
    assert shop.do("sale", CARD, amount).discount == whole
    publish(shop, mode="marginal")
    assert shop.do("sale", CARD, amount).discount == marginal


def test_what_was_bought_before_does_not_matter(shop: Shop):
    publish(shop)
    shop.do("sale", CARD, 100000)
    assert shop.do("sale", CARD, 1999).discount == 0


def test_what_is_missing_in_this_purchase_is_told(shop: Shop):
    publish(shop)
    assert "Sum: spend 5.00 more for 5 %" in shop.do("sale", CARD, 1500).explain
    assert "Sum: spend 0.01 more for 10 %" in shop.do("sale", CARD, 9999).explain
    assert not any("more for" in told for told in shop.do("sale", CARD, 10000).explain)


def test_lines_count_together(shop: Shop):
    publish(shop)
    answer = shop.do("sale", CARD, lines=[("food", 1000), ("books", 1000)])
    assert answer.discount == 100


def test_only_its_groups_count_and_get_it(shop: Shop):
    publish(shop, groups=["food"])
    answer = shop.do("sale", CARD, lines=[("food", 1999), ("books", 9000)])
    assert answer.discount == 0
    answer = shop.do("sale", CARD, lines=[("food", 2000), ("books", 9000)])
    assert answer.discount == 100


@pytest.mark.parametrize("mode", ["whole", "marginal"])
def test_marginal_cents_are_rounded_once_and_spread_over_the_lines(
    shop: Shop, mode: str
):
    publish(shop, mode=mode, tiers=[{"from": 0, "rate": 333}])
    lines = [("food", 50), ("books", 50), ("food", 50)]
    answer = shop.do("sale", CARD, lines=lines)
    # 1.50 at 3.33 % is 0.05; line by line it is three times 0.02.
    assert answer.discount == {"whole": 6, "marginal": 5}[mode]


def test_many_lines_of_a_cent_get_their_exact_sum(shop: Shop):
    publish(shop, mode="marginal", tiers=[{"from": 0, "rate": 1500}])
    answer = shop.do("sale", CARD, lines=[("food", 1)] * 200)
    assert answer.discount == 30


def test_a_refund_of_all_gives_exactly_what_was_paid(shop: Shop):
    publish(shop, mode="marginal")
    lines = [("food", 4567), ("books", 7891), ("fuel", 333)]
    sale = shop.request("sale", CARD, lines=lines)
    paid = shop.send(sale).amount_due
    back = sum(
        shop.do("refund", lines=[(group, part)], original=sale).amount_due
        for group, amount in lines
        for part in (amount // 3, amount - amount // 3)
    )
    assert back == paid


def test_the_confirmation_keeps_the_rate_that_was_shown(shop: Shop):
    publish(shop)
    hold = shop.request("authorize", CARD, 10000)
    assert shop.send(hold).discount == 1000
    assert shop.do("confirm", amount=1000, original=hold).discount == 100


def test_marginal_combines_with_others_by_its_effective_rate(shop: Shop):
    other = program("OFF", "fixed_discount", rate=500) | {
        "combine": "add",
        "sequence": 20,
    }
    publish(shop, other, mode="marginal")
    # 12.00: 6.00 of 120.00 are 5 %; with 5 % on top 12.00.
    assert shop.do("sale", CARD, 12000).discount == 1200


def test_quantities_do_not_matter(shop: Shop):
    publish(shop)
    line = Line(sku="A", group="food", quantity="10.000", amount=2000)
    assert shop.do("sale", CARD, lines=[line]).discount == 100
