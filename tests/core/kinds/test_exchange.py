"""Exchange: points of one issuer buy goods of another."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
LITRE = {"product": "95E", "points": 10, "unit": "l", "price": 165}
WASH = {"product": "WASH", "points": 300, "unit": "", "price": 800}
FUEL_STATION = "00000031"


def publish(shop: Shop, *others, **parameters) -> None:
    points = program("POINTS", "bonus_amount", step=100)
    parameters = {"points_of": "POINTS", "goods": [LITRE, WASH]} | parameters
    exchange = program("SWAP", "exchange", **parameters)
    shop.publish(network_with(points, exchange, *others))
    assert shop.do("sale", CARD, 30000).earned[0].points == 300


def buy(shop: Shop, *goods: tuple[str, str], terminal: str = FUEL_STATION, **more):
    lines = [Line(sku=sku, quantity=quantity, amount=0) for sku, quantity in goods]
    return shop.do("redeem", CARD, lines=lines, terminal=terminal, **more)


def points(shop: Shop) -> int:
    return shop.balance(CARD, "POINTS", "points")


def test_points_of_the_grocer_buy_litres_of_fuel(shop: Shop):
    publish(shop)
    answer = buy(shop, ("95E", "10"))
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 1650, 0)
    assert answer.tendered == {"points": 100}
    assert points(shop) == 200


@pytest.mark.parametrize(
    ("quantity", "cost", "price"),
    [("1", 10, 165), ("0.5", 5, 83), ("1.001", 11, 165), ("12.345", 124, 2037)],
)
def test_points_round_up_and_the_price_half_up(
    shop: Shop, quantity: str, cost: int, price: int
):
    publish(shop)
    answer = buy(shop, ("95E", quantity))
    assert (answer.tendered, answer.amount) == ({"points": cost}, price)


def test_several_goods_at_once(shop: Shop):
    publish(shop)
    answer = buy(shop, ("95E", "0.001"), ("95E", "0.001"), ("95E", "1"))
    assert answer.tendered == {"points": 1 + 1 + 10}


@pytest.mark.parametrize(("quantity", "rc"), [("30", "00"), ("30.001", "51")])
def test_too_few_points_buy_nothing(shop: Shop, quantity: str, rc: str):
    publish(shop)
    assert buy(shop, ("95E", quantity)).rc == rc
    assert points(shop) == (0 if rc == "00" else 300)


def test_goods_that_are_not_exchanged(shop: Shop):
    publish(shop)
    assert buy(shop, ("98E", "1")).rc == "57"
    assert buy(shop, ("95E", "1"), ("98E", "1")).rc == "57"
    assert points(shop) == 300


def test_nothing_of_something_is_a_wrong_amount(shop: Shop):
    publish(shop)
    assert buy(shop, ("95E", "0")).rc == "13"


@pytest.mark.parametrize(("accept_at", "rc"), [("own", "57"), ("coalition", "00")])
def test_only_where_the_exchange_is_accepted(shop: Shop, accept_at: str, rc: str):
    publish(shop, accept_at=accept_at)
    assert buy(shop, ("WASH", "1")).rc == rc


def test_at_the_issuers_own_branch_too(shop: Shop):
    publish(shop)
    assert buy(shop, ("WASH", "1"), terminal="00000011").rc == "00"
    assert points(shop) == 0


def test_an_exchange_that_is_reversed_gives_the_points_back(shop: Shop):
    publish(shop)
    request = shop.request(
        "redeem",
        CARD,
        lines=[Line(sku="95E", quantity="10", amount=0)],
        terminal=FUEL_STATION,
    )
    shop.send(request)
    undone = shop.do("reverse", original=request, terminal=FUEL_STATION)
    assert (undone.rc, points(shop)) == ("00", 300)


def test_burnt_points_buy_nothing(shop: Shop):
    points_ = program("POINTS", "bonus_amount", step=100, expire_days=5)
    swap = program("SWAP", "exchange", points_of="POINTS", goods=[LITRE])
    shop.publish(network_with(points_, swap))
    shop.do("sale", CARD, 30000)
    shop.later(days=6)
    assert buy(shop, ("95E", "1")).rc == "54"


def test_what_the_terminal_says_it_costs_does_not_matter(shop: Shop):
    publish(shop)
    line = Line(sku="95E", quantity="10", amount=999)
    answer = shop.do("redeem", CARD, lines=[line], terminal=FUEL_STATION)
    assert answer.amount == 1650
