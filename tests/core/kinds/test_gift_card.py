"""Gift card: money loaded when sold, spent until empty; its limits; sold money back."""

import pytest

from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARD = number(PLAY)


def gift(**parameters):
    return program("MONEY", "gift_card", **parameters)


def sold(shop: Shop, amount: int, **parameters):
    """Publish, sell a card for the amount; returns the sale's request."""
    shop.publish(network_with(gift(**parameters), auto_register=False))
    request = shop.request("activate", CARD, amount)
    assert shop.send(request).rc == "00"
    return request


@pytest.mark.parametrize("euro", [5, 10, 20, 35, 100])
def test_it_is_sold_for_any_sum(shop: Shop, euro: int):
    sold(shop, euro * 100)
    assert shop.balance(CARD, "MONEY") == euro * 100


def test_thirty_are_not_taken_from_twenty_and_nothing_is_held(shop: Shop):
    sold(shop, 2000)
    refused = shop.do("authorize", CARD, 3000)
    assert (refused.rc, refused.tendered, refused.copies) == ("51", {}, 1)
    assert shop.available(CARD, "MONEY") == 2000
    assert shop.do("authorize", CARD, 2000).rc == "00"
    assert shop.available(CARD, "MONEY") == 0


def test_the_operator_confirms_and_the_slip_is_for_signature(shop: Shop):
    sold(shop, 2000)
    hold = shop.request("authorize", CARD, 1200)
    assert shop.send(hold).hold_until is not None
    assert shop.balance(CARD, "MONEY") == 2000
    booked = shop.do("confirm", original=hold)
    assert (booked.rc, booked.tendered, booked.amount_due) == ("00", {"gift": 1200}, 0)
    assert [line.style for line in booked.slip if line.style == "signature"]
    assert shop.balance(CARD, "MONEY") == 800


def test_it_is_taken_at_every_branch_of_the_issuer(shop: Shop):
    sold(shop, 2000)
    assert shop.do("sale", CARD, 500, terminal="00000021").tendered == {"gift": 500}


@pytest.mark.parametrize(("accept_at", "rc"), [("own", "57"), ("coalition", "00")])
def test_another_issuer_takes_it_only_in_the_coalition(
    shop: Shop, accept_at: str, rc: str
):
    sold(shop, 2000, accept_at=accept_at)
    assert shop.do("sale", CARD, 500, terminal="00000031").rc == rc


def test_goods_returned_bring_the_money_back_to_the_card(shop: Shop):
    sold(shop, 2000)
    sale = shop.request("sale", CARD, 1500)
    shop.send(sale)
    back = shop.do("refund", amount=1500, original=sale)
    assert (back.rc, back.amount_due, back.tendered) == ("00", 0, {"gift": 1500})
    assert shop.balance(CARD, "MONEY") == 2000


@pytest.mark.parametrize(
    ("parameters", "amount", "rc"),
    [
        ({"denominations": [1000, 2000]}, 1000, "00"),
        ({"denominations": [1000, 2000]}, 1500, "13"),
        ({"min_load": 500}, 500, "00"),
        ({"min_load": 500}, 499, "13"),
        ({"max_balance": 5000}, 5000, "00"),
        ({"max_balance": 5000}, 5001, "61"),
    ],
)
def test_limits_of_a_load(shop: Shop, parameters: dict, amount: int, rc: str):
    shop.publish(network_with(gift(**parameters), auto_register=False))
    assert shop.do("activate", CARD, amount).rc == rc
    state = shop.do("inquire", CARD)
    assert (state.rc, state.card_state) == (
        ("00", "active") if rc == "00" else ("78", "new")
    )


@pytest.mark.parametrize(("second", "rc"), [(3000, "00"), (3001, "61")])
def test_the_limit_is_of_the_card_and_not_of_one_load(shop: Shop, second: int, rc: str):
    sold(shop, 2000, max_balance=5000)
    assert shop.do("top_up", CARD, second).rc == rc


@pytest.mark.parametrize(("reloadable", "rc"), [(True, "00"), (False, "57")])
def test_a_card_for_one_load_is_not_loaded_twice(shop: Shop, reloadable: bool, rc: str):
    sold(shop, 2000, reloadable=reloadable, min_load=100)
    assert shop.do("top_up", CARD, 100).rc == rc
    # What is not sold at all says less than that nothing is loaded any more.
    assert shop.do("top_up", CARD, 99).rc == ("13" if reloadable else "57")


@pytest.mark.parametrize(("day", "rc"), [(21, "00"), (22, "54")])
def test_money_ends_after_its_months(shop: Shop, day: int, rc: str):
    sold(shop, 2000, valid_months=1)
    shop.now = shop.now.replace(month=12, day=day)
    assert shop.do("sale", CARD, 500).rc == rc


# --- sold money back


def test_a_card_that_is_given_back_unused_is_closed(shop: Shop):
    sale = sold(shop, 2000)
    back = shop.do("refund", original=sale)
    assert (back.rc, back.amount, back.amount_due) == ("00", 2000, 2000)
    assert back.card_state == "closed"
    for command, amount in (("sale", 100), ("top_up", 500), ("inquire", None)):
        assert shop.do(command, CARD, amount).rc == "54"
    assert shop.do("activate", CARD, 500).rc == "54"


def test_what_is_left_is_given_back_and_not_a_cent_more(shop: Shop):
    sale = sold(shop, 2000)
    shop.do("sale", CARD, 1500)
    assert shop.do("refund", amount=501, original=sale).rc == "51"
    assert shop.do("inquire", CARD).card_state == "active"
    assert shop.do("refund", amount=500, original=sale).rc == "00"


def test_more_than_was_sold_is_a_wrong_amount(shop: Shop):
    sale = sold(shop, 2000)
    shop.do("top_up", CARD, 3000)
    assert shop.do("refund", amount=2001, original=sale).rc == "13"
    assert shop.do("refund", amount=2000, original=sale).rc == "00"


def test_nothing_is_given_back_of_an_empty_card(shop: Shop):
    sale = sold(shop, 2000)
    shop.do("sale", CARD, 2000)
    assert shop.do("refund", original=sale).rc == "51"


def test_held_money_is_not_given_back(shop: Shop):
    sale = sold(shop, 2000)
    hold = shop.request("authorize", CARD, 1500)
    shop.send(hold)
    assert shop.do("refund", amount=501, original=sale).rc == "51"
    assert shop.do("refund", original=sale).amount == 500
    # The card is closed, its hold is finished all the same.
    assert shop.do("confirm", original=hold).tendered == {"gift": 1500}


def test_a_refunded_load_leaves_the_card_in_use(shop: Shop):
    sold(shop, 2000)
    load = shop.request("top_up", CARD, 1000)
    shop.send(load)
    back = shop.do("refund", original=load)
    assert (back.rc, back.amount, back.card_state) == ("00", 1000, "active")
    assert shop.balance(CARD, "MONEY") == 2000
    assert shop.do("refund", original=load).rc == "51"


def test_a_refund_of_sold_money_is_reversed_and_the_card_works_again(shop: Shop):
    sale = sold(shop, 2000)
    refund = shop.request("refund", original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    state = shop.do("inquire", CARD)
    assert (state.card_state, state.balances[0].value) == ("active", 2000)
    assert shop.do("refund", original=sale).amount == 2000


def test_parts_of_a_load_come_back_until_it_is_used_up(shop: Shop):
    sold(shop, 2000)
    load = shop.request("top_up", CARD, 1000)
    shop.send(load)
    assert shop.do("refund", amount=400, original=load).rc == "00"
    assert shop.do("refund", amount=601, original=load).rc == "13"
    assert shop.do("refund", amount=600, original=load).rc == "00"
    assert shop.balance(CARD, "MONEY") == 2000


def test_an_activation_without_money_sold_nothing(shop: Shop):
    shop.publish(network_with(gift(), auto_register=False))
    activation = shop.request("activate", number(PLAY_GOLD))
    shop.send(activation)
    assert shop.do("refund", original=activation).rc == "77"


def test_a_load_that_was_undone_is_not_the_one_load(shop: Shop):
    shop.publish(network_with(gift(reloadable=False), auto_register=False))
    shop.do("activate", CARD)
    load = shop.request("top_up", CARD, 500)
    assert shop.send(load).rc == "00"
    assert shop.do("reverse", original=load).rc == "00"
    assert shop.do("top_up", CARD, 700).rc == "00"
    assert shop.do("top_up", CARD, 100).rc == "57"


def test_an_emptied_card_for_one_load_stays_so_whatever_is_reversed(shop: Shop):
    sold(shop, 500, reloadable=False)
    sale = shop.request("sale", CARD, 500)
    shop.send(sale)
    refund = shop.request("refund", amount=500, original=sale)
    shop.send(refund)
    assert shop.do("reverse", original=refund).rc == "00"
    assert shop.do("top_up", CARD, 500).rc == "57"
