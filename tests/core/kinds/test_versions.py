"""An operation keeps the version it was decided by; a refund goes by the original's."""

import pytest
from msgspec.structs import replace

from ekarte_core import Original
from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)


def off(rate: int, **more):
    return program("OFF", "fixed_discount", rate=rate, **more)


def bonus(**parameters):
    parameters = {"step": 500, "convert_at": 10, "convert_to": 100} | parameters
    return program("POINTS", "bonus_amount", **parameters)


def test_a_refund_gives_back_what_was_paid_then(shop: Shop):
    shop.publish(network_with(off(500)))
    sale = shop.request("sale", CARD, 2000)
    shop.send(sale)
    shop.publish(network_with(off(1000)))
    assert shop.do("refund", amount=2000, original=sale).amount_due == 1900
    assert shop.do("sale", CARD, 2000).discount == 200


def test_a_confirmation_gives_what_was_shown(shop: Shop):
    shop.publish(network_with(off(500)))
    hold = shop.request("authorize", CARD, 2000)
    shop.send(hold)
    shop.publish(network_with(off(1000)))
    assert shop.do("confirm", original=hold).discount == 100


def spent_points(shop: Shop, **parameters):
    """A purchase whose ten points became 1.00 that was spent."""
    shop.publish(network_with(bonus(**parameters)))
    sale = shop.request("sale", CARD, 5000)
    shop.send(sale)
    shop.do("sale", CARD, 100, bonus=100)
    return sale


@pytest.mark.parametrize(
    ("then", "now", "due"), [("deduct", "absorb", 4900), ("absorb", "deduct", 5000)]
)
def test_the_clawback_is_that_of_the_purchase(
    shop: Shop, then: str, now: str, due: int
):
    sale = spent_points(shop, clawback=then)
    shop.publish(network_with(bonus(clawback=now)))
    assert shop.do("refund", amount=5000, original=sale).amount_due == due


def test_points_are_worth_what_they_were(shop: Shop):
    sale = spent_points(shop)
    shop.publish(network_with(bonus(convert_to=500)))
    assert shop.do("refund", amount=5000, original=sale).amount_due == 4900


def test_a_refund_of_a_program_that_is_no_more(shop: Shop):
    shop.publish(network_with(bonus(), program("MONEY", "gift_card")))
    shop.do("sale", CARD, 100)
    shop.do("top_up", CARD, 1000)
    sale = shop.request("sale", CARD, 4000, gift=1000)
    assert shop.send(sale).earned[0].points == 8
    shop.publish(network_with(off(500)))
    back = shop.do("refund", amount=4000, original=sale)
    assert (back.rc, back.tendered) == ("00", {"gift": 1000})
    assert back.earned[0].points == -8


def test_a_reversal_of_a_program_that_is_no_more(shop: Shop):
    shop.publish(network_with(bonus()))
    sale = shop.request("sale", CARD, 4000)
    shop.send(sale)
    shop.publish(network_with(off(500)))
    assert shop.do("reverse", original=sale).rc == "00"
    rows = shop.sql("SELECT sum(posted) FROM ekarte.purse WHERE unit = 'points'")
    assert rows == [(0,)]


def test_a_refund_of_a_terminal_and_branch_that_were_not_there_then(shop: Shop):
    document = network_with(off(500))
    document["branches"] = [b for b in document["branches"] if b["code"] != "G2"]
    document["terminals"] = [t for t in document["terminals"] if t["branch"] != "G2"]
    document["programs"] = [
        p for p in document["programs"] if "G2" not in p.get("branches", [])
    ]
    shop.publish(document)
    sale = shop.request("sale", CARD, 2000)
    shop.send(sale)
    shop.publish(network_with(off(1000)))
    request = shop.request("refund", amount=2000, terminal="00000021")
    original = Original(
        batch=sale.batch, operation=sale.operation, terminal=sale.terminal
    )
    back = shop.send(replace(request, original=original))
    assert (back.rc, back.amount_due) == ("00", 1900)


def test_a_pass_is_paid_back_at_the_price_it_was_sold_for(shop: Shop):
    ten = {"visits": 10, "price": 5000}
    shop.publish(network_with(program("TEN", "visit_pass", **ten)))
    sale = shop.request("activate", CARD, 5000)
    assert shop.send(sale).rc == "00"
    shop.do("check_in", CARD)
    twice = {"visits": 20, "price": 9000}
    shop.publish(network_with(program("TEN", "visit_pass", **twice)))
    assert shop.do("refund", original=sale).amount == 4500


def test_many_versions_later(shop: Shop):
    """More versions than are kept at hand: each refund goes by its own."""
    sales = []
    for rate in range(100, 1300, 100):
        shop.publish(network_with(off(rate)))
        sale = shop.request("sale", CARD, 1000)
        shop.send(sale)
        sales.append((sale, rate))
    for sale, rate in [*sales, *reversed(sales)]:
        answer = shop.do("refund", amount=500, original=sale)
        assert answer.amount_due == 500 - rate // 20


def test_each_operation_remembers_its_version(shop: Shop):
    shop.publish(network_with(off(500)))
    first = shop.do("sale", CARD, 1000)
    shop.publish(network_with(off(1000)))
    second = shop.do("sale", CARD, 1000)
    assert second.params_version == first.params_version + 1
    versions = shop.sql("SELECT network_version FROM ekarte.operation ORDER BY id")
    assert versions == [(first.params_version,), (second.params_version,)]
