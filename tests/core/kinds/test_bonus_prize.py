"""Bonus and prize: points become vouchers; better cards; points burn."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARD = number(PLAY)
GOLD = number(PLAY_GOLD)
FIVE_HUNDRED = {"at": 100, "value": 50000}
COFFEE = {"at": 10, "voucher_kind": "goods", "product": "COFFEE"}


def prize(**parameters):
    """The seed's: a point for 100.00, a voucher of 500.00 for 100 points."""
    parameters = {"step": 10000, "prizes": [FIVE_HUNDRED]} | parameters
    return program("PRIZE", "bonus_prize", **parameters)


def publish(shop: Shop, *others, **parameters) -> None:
    shop.publish(network_with(prize(**parameters), *others))


def points(shop: Shop, card: str = CARD) -> int:
    return shop.balance(card, "PRIZE", "points")


def choose(shop: Shop, number_: str, **more):
    lines = [Line(sku=number_, amount=0)]
    return shop.do("redeem", CARD, lines=lines, program="PRIZE", **more)


def test_a_point_for_each_hundred(shop: Shop):
    publish(shop)
    assert shop.do("sale", CARD, 9999).earned == ()
    assert shop.do("sale", CARD, 10000).earned[0].points == 1
    assert shop.do("sale", CARD, 35000).earned[0].points == 3
    assert points(shop) == 4


def test_at_a_hundred_points_a_voucher_of_five_hundred_is_issued(shop: Shop):
    publish(shop)
    assert shop.do("sale", CARD, 990000).vouchers == ()
    assert points(shop) == 99
    (voucher,) = shop.do("sale", CARD, 10000).vouchers
    assert (voucher.kind, voucher.value, voucher.program) == ("money", 50000, "PRIZE")
    assert points(shop) == 0


def test_the_voucher_is_used_at_a_later_purchase(shop: Shop):
    publish(shop)
    (voucher,) = shop.do("sale", CARD, 1000000).vouchers
    answer = shop.do("sale", CARD, 60000, voucher=voucher.code)
    assert (answer.amount_due, answer.tendered) == (10000, {"voucher": 50000})
    # What the voucher paid earns nothing: a point for 100.00, not six.
    assert answer.earned[0].points == 1
    assert answer.vouchers == ()


def test_as_many_vouchers_as_the_points_reach(shop: Shop):
    publish(shop)
    answer = shop.do("sale", CARD, 2500000)
    assert len({voucher.code for voucher in answer.vouchers}) == 2
    assert points(shop) == 50


def test_of_several_prizes_the_customer_chooses(shop: Shop):
    publish(shop, prizes=[FIVE_HUNDRED, COFFEE])
    assert shop.do("sale", CARD, 1100000).vouchers == ()
    (coffee,) = choose(shop, "2").vouchers
    assert (coffee.kind, coffee.product, points(shop)) == ("goods", "COFFEE", 100)
    assert len(choose(shop, "1").vouchers) == 2
    assert points(shop) == 0


@pytest.mark.parametrize(("spent", "rc"), [(99999, "51"), (100000, "00")])
def test_too_few_points_choose_nothing(shop: Shop, spent: int, rc: str):
    publish(shop, prizes=[FIVE_HUNDRED, COFFEE])
    shop.do("sale", CARD, spent)
    assert choose(shop, "2").rc == rc


@pytest.mark.parametrize("wish", ["0", "3", "-1", "COFFEE", "²"])
def test_a_prize_that_there_is_not(shop: Shop, wish: str):
    publish(shop, prizes=[FIVE_HUNDRED, COFFEE])
    shop.do("sale", CARD, 1100000)
    assert choose(shop, wish).rc == "57"


def test_a_chosen_prize_is_given_back_by_a_reversal_until_it_is_used(shop: Shop):
    publish(shop, prizes=[FIVE_HUNDRED, COFFEE])
    shop.do("sale", CARD, 1000000)
    chosen = shop.request(
        "redeem", CARD, lines=[Line(sku="1", amount=0)], program="PRIZE"
    )
    (voucher,) = shop.send(chosen).vouchers
    used = shop.request("sale", CARD, 60000, voucher=voucher.code)
    shop.send(used)
    assert shop.do("reverse", original=chosen).rc == "51"
    assert shop.do("reverse", original=used).rc == "00"
    assert shop.do("reverse", original=chosen).rc == "00"
    assert (points(shop), shop.do("inquire", CARD).vouchers) == (100, ())


# --- burning


@pytest.mark.parametrize(("days", "left"), [(30, 5), (31, 0)])
def test_points_burn_after_their_days(shop: Shop, days: int, left: int):
    publish(shop, expire_days=30)
    shop.do("sale", CARD, 50000)
    shop.later(days=days)
    assert shop.available(CARD, "PRIZE", "points") == left


def test_a_prize_consumes_the_oldest_points_first(shop: Shop):
    publish(shop, expire_days=30, prizes=[{"at": 10, "value": 1000}])
    shop.do("sale", CARD, 60000)
    shop.later(days=20)
    answer = shop.do("sale", CARD, 60000)
    assert len(answer.vouchers) == 1
    shop.later(days=11)  # what is left of the first lot would have burnt
    assert shop.available(CARD, "PRIZE", "points") == 2


def test_burnt_points_buy_no_prize(shop: Shop):
    publish(shop, expire_days=30, prizes=[FIVE_HUNDRED, COFFEE])
    shop.do("sale", CARD, 100000)
    shop.later(days=31)
    assert choose(shop, "2").rc == "54"


# --- better cards


def silver_and_discount():
    return (
        program("OFF", "fixed_discount", rate=500),
        program("MORE", "fixed_discount", rate=1000),
    )


def tiered(shop: Shop) -> None:
    """PLAY has 5 %; PLAY-GOLD, from five points ever earned on, 10 %."""
    off, more = silver_and_discount()
    tiers = [{"at": 5, "card_type": "PLAY-GOLD"}]
    document = network_with(prize(tiers=tiers), off, more)
    for card_type in document["card_types"]:
        if card_type["code"] == "PLAY":
            card_type["programs"] = ["PRIZE", "OFF"]
        if card_type["code"] == "PLAY-GOLD":
            card_type["programs"] = ["PRIZE", "MORE"]
    shop.publish(document)


def test_the_way_to_the_better_card_is_told(shop: Shop):
    tiered(shop)
    assert "Prize: 3 more for PLAY-GOLD" in shop.do("sale", CARD, 22000).explain
    told = shop.do("sale", CARD, 33000).explain
    assert "Prize: ask for your new card, PLAY-GOLD" in told
    assert "Prize: ask for your new card, PLAY-GOLD" in shop.do("inquire", CARD).explain


def test_the_better_card_takes_everything_over_and_has_more_discount(shop: Shop):
    tiered(shop)
    shop.do("sale", CARD, 42500)
    assert shop.do("replace", CARD, other=GOLD).rc == "05"
    shop.do("sale", CARD, 22000)
    assert shop.do("replace", CARD, other=GOLD).rc == "00"
    assert shop.do("sale", CARD, 1000).rc == "54"
    answer = shop.do("sale", GOLD, 1000)
    assert (answer.discount, points(shop, GOLD)) == (100, 6)
    assert not any("new card" in told for told in answer.explain)


def test_points_ever_earned_count_also_when_they_are_used(shop: Shop):
    tiered(shop)
    shop.do("sale", CARD, 1100000)
    assert shop.balance(CARD, "PRIZE", "earned") == 104


def test_goods_returned_were_not_earned(shop: Shop):
    tiered(shop)
    sale = shop.request("sale", CARD, 55000)
    shop.send(sale)
    assert shop.balance(CARD, "PRIZE", "earned") == 5
    shop.do("refund", amount=55000, original=sale)
    assert shop.balance(CARD, "PRIZE", "earned") == 0
    assert shop.do("replace", CARD, other=GOLD).rc == "05"


# --- taken back


def test_an_unused_voucher_goes_back_with_the_goods(shop: Shop):
    publish(shop)
    sale = shop.request("sale", CARD, 1000000)
    (voucher,) = shop.send(sale).vouchers
    back = shop.do("refund", amount=1000000, original=sale)
    assert (back.rc, back.amount_due, back.vouchers) == ("00", 1000000, ())
    assert points(shop) == 0
    assert shop.do("sale", CARD, 100, voucher=voucher.code).rc == "57"


def test_a_part_of_the_goods_turns_the_voucher_into_the_points_that_are_left(
    shop: Shop,
):
    publish(shop)
    sale = shop.request("sale", CARD, 1000000)
    shop.send(sale)
    back = shop.do("refund", amount=400000, original=sale)
    assert (back.vouchers, back.amount_due, points(shop)) == ((), 400000, 60)


@pytest.mark.parametrize(
    ("clawback", "due", "owed"),
    [("deduct", 950000, 0), ("negative", 1000000, 100), ("absorb", 1000000, 0)],
)
def test_a_voucher_that_has_been_used(shop: Shop, clawback: str, due: int, owed: int):
    publish(shop, clawback=clawback)
    sale = shop.request("sale", CARD, 1000000)
    (voucher,) = shop.send(sale).vouchers
    assert shop.do("sale", CARD, 50000, voucher=voucher.code).amount_due == 0
    back = shop.do("refund", amount=1000000, original=sale)
    assert (back.rc, back.amount_due) == ("00", due)
    assert shop.balance(CARD, "PRIZE", "owed") == owed


def test_a_reversal_needs_the_voucher_unused(shop: Shop):
    publish(shop)
    sale = shop.request("sale", CARD, 1000000)
    (voucher,) = shop.send(sale).vouchers
    used = shop.request("sale", CARD, 50000, voucher=voucher.code)
    shop.send(used)
    assert shop.do("reverse", original=sale).rc == "51"
    shop.do("reverse", original=used)
    assert shop.do("reverse", original=sale).rc == "00"
    state = shop.do("inquire", CARD)
    assert (state.vouchers, points(shop)) == ((), 0)
