"""Local credit: buy now, pay the statement later."""

import pytest

from ekarte_core import NetworkInvalid, read_network
from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
HOLD = 300


def credit(**parameters):
    parameters = {
        "credit_limit": 10000,
        "statement_day": 1,
        "due_days": 14,
    } | parameters
    return program("TAB", "credit_card", **parameters)


def opened(shop: Shop, *others, **parameters) -> None:
    shop.publish(network_with(credit(**parameters), *others, auto_register=False))
    assert shop.do("activate", CARD).rc == "00"


def debt(shop: Shop, **kw) -> int:
    return -shop.balance(CARD, "TAB", "credit", **kw)


def test_a_credit_card_pays_the_whole_purchase(shop: Shop):
    opened(shop)
    answer = shop.do("sale", CARD, 2500)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "00",
        {"credit": 2500},
        0,
    )
    assert debt(shop) == 2500
    assert shop.available(CARD, "TAB", "credit") == 7500


@pytest.mark.parametrize(("amount", "rc"), [(10000, "00"), (10001, "61")])
def test_the_limit(shop: Shop, amount: int, rc: str):
    opened(shop)
    assert shop.do("sale", CARD, amount).rc == rc
    assert debt(shop) == (10000 if rc == "00" else 0)


@pytest.mark.parametrize(("amount", "rc"), [(4000, "00"), (4001, "61")])
def test_what_is_held_counts_towards_the_limit(shop: Shop, amount: int, rc: str):
    opened(shop)
    assert shop.do("authorize", CARD, 6000).rc == "00"
    assert shop.do("sale", CARD, amount).rc == rc


def test_a_part_is_taken_where_the_terminal_says_so(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 9000)
    answer = shop.do("sale", CARD, 1500, partial=True)
    assert (answer.rc, answer.tendered, answer.amount_due) == (
        "10",
        {"credit": 1000},
        500,
    )


def test_a_payment_restores_the_limit(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 10000)
    assert shop.do("sale", CARD, 100).rc == "61"
    paid = shop.do("top_up", CARD, 3000)
    assert (paid.rc, paid.amount, paid.amount_due) == ("00", 3000, 3000)
    assert shop.do("sale", CARD, 3000).rc == "00"
    assert shop.do("sale", CARD, 1).rc == "61"


@pytest.mark.parametrize(("amount", "rc"), [(2500, "00"), (2501, "13")])
def test_nobody_pays_more_than_is_owed(shop: Shop, amount: int, rc: str):
    opened(shop)
    shop.do("sale", CARD, 2500)
    assert shop.do("top_up", CARD, amount).rc == rc


def test_a_payment_is_reversed_and_not_refunded(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 2500)
    payment = shop.request("top_up", CARD, 2000)
    shop.send(payment)
    assert shop.do("refund", original=payment).rc == "77"
    assert shop.do("reverse", original=payment).rc == "00"
    assert debt(shop) == 2500


def test_goods_returned_lower_the_debt(shop: Shop):
    opened(shop)
    sale = shop.request("sale", CARD, 2500)
    shop.send(sale)
    back = shop.do("refund", amount=1000, original=sale)
    assert (back.tendered, back.amount_due) == ({"credit": 1000}, 0)
    assert debt(shop) == 1500


def test_goods_returned_after_the_payment_are_in_favour(shop: Shop):
    opened(shop)
    sale = shop.request("sale", CARD, 2500)
    shop.send(sale)
    shop.do("top_up", CARD, 2500)
    assert shop.do("refund", amount=1000, original=sale).rc == "00"
    assert debt(shop) == -1000
    assert shop.do("sale", CARD, 11000).rc == "00"
    assert shop.do("sale", CARD, 1).rc == "61"


def test_a_hold_is_released_or_captured(shop: Shop):
    opened(shop)
    hold = shop.request("authorize", CARD, 6000)
    shop.send(hold)
    assert shop.do("confirm", amount=5000, original=hold).tendered == {"credit": 5000}
    assert (debt(shop), shop.available(CARD, "TAB", "credit")) == (5000, 5000)
    shop.do("authorize", CARD, 5000)
    shop.later(seconds=HOLD + 1)
    assert shop.expire() == 1
    assert shop.available(CARD, "TAB", "credit") == 5000


def test_a_reversed_purchase_is_not_owed(shop: Shop):
    opened(shop)
    sale = shop.request("sale", CARD, 2500)
    shop.send(sale)
    shop.do("reverse", original=sale)
    assert debt(shop) == 0


def test_what_was_bought_on_credit_earns_like_other_money(shop: Shop):
    opened(shop, program("POINTS", "bonus_amount", step=500))
    answer = shop.do("sale", CARD, 2500, credit=2500)
    assert answer.earned[0].points == 5


def test_a_card_with_other_programs_is_asked_for_credit_by_name(shop: Shop):
    opened(shop, program("POINTS", "bonus_amount", step=500))
    assert shop.do("sale", CARD, 2500).tendered == {}
    assert shop.do("sale", CARD, 2500, credit=1500).amount_due == 1000


@pytest.mark.parametrize(("accept_at", "rc"), [("own", "57"), ("coalition", "00")])
def test_another_issuer_sells_on_it_only_in_the_coalition(
    shop: Shop, accept_at: str, rc: str
):
    opened(shop, accept_at=accept_at, credit_elsewhere=True)
    assert shop.do("sale", CARD, 2500, terminal="00000031").rc == rc


# --- a limit that changes


def test_a_limit_lowered_below_the_debt_stops_buying_until_enough_is_paid(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 8000)
    shop.publish(network_with(credit(credit_limit=5000), auto_register=False))
    assert shop.available(CARD, "TAB", "credit") == 0
    assert shop.do("sale", CARD, 1).rc == "61"
    assert shop.do("top_up", CARD, 3000).rc == "00"
    assert shop.do("sale", CARD, 1).rc == "61"
    assert shop.do("top_up", CARD, 100).rc == "00"
    assert shop.do("sale", CARD, 101).rc == "61"
    assert shop.do("sale", CARD, 100).rc == "00"


def test_a_hold_from_before_the_lower_limit_is_captured(shop: Shop):
    opened(shop)
    hold = shop.request("authorize", CARD, 8000)
    shop.send(hold)
    shop.publish(network_with(credit(credit_limit=5000), auto_register=False))
    assert shop.do("sale", CARD, 1).rc == "61"
    assert shop.do("confirm", original=hold).tendered == {"credit": 8000}
    assert debt(shop) == 8000


def test_a_payment_under_a_lower_limit_is_reversed_only_within_it(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 8000)
    payment = shop.request("top_up", CARD, 8000)
    shop.send(payment)
    shop.do("sale", CARD, 4000)
    assert shop.do("reverse", original=payment).rc in ("00", "51", "61")
    assert shop.broken() == []


def test_a_higher_limit_works_at_once(shop: Shop):
    opened(shop)
    shop.do("sale", CARD, 10000)
    shop.publish(network_with(credit(credit_limit=20000), auto_register=False))
    assert shop.do("sale", CARD, 10000).rc == "00"
    assert shop.do("sale", CARD, 1).rc == "61"


# --- consumers: Directive (EU) 2023/2225


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"accept_at": "coalition"}, "accept_at"),
        ({"accept_at": "coalition", "credit_elsewhere": True}, ""),
        ({"due_days": 20}, "due_days"),
        ({"due_days": 19}, ""),
        ({"due_days": 60, "long_credit": True}, ""),
    ],
)
def test_what_is_credit_for_consumers_is_published_only_on_purpose(
    shop: Shop, parameters: dict, field: str
):
    document = network_with(credit(**parameters), auto_register=False)
    if not field:
        shop.publish(document)
        return
    with pytest.raises(NetworkInvalid) as refused:
        shop.publish(document)
    (fault,) = refused.value.faults
    assert fault[0].endswith(f".parameters.{field}")
    assert "2023/2225" in fault[1]


def test_what_was_published_before_the_guard_is_read_and_stays_at_home(shop: Shop):
    document = network_with(credit(accept_at="coalition"), auto_register=False)
    network = read_network(document)
    assert [path for path, _ in network.guards()] == [
        "$.programs[7].parameters.accept_at"
    ]
    assert not network.parameters("TAB").accepted_in_coalition
