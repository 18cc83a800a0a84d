"""Closing a batch: the terminal's figures against the host's, once."""

import pytest

from ekarte_core import BatchTotal, Request
from tests.core.shop import CLUB, Shop, number


def totals(*rows: tuple[str, int, int]) -> tuple[BatchTotal, ...]:
    return tuple(BatchTotal(command=c, count=n, amount=a) for c, n, a in rows)


@pytest.fixture
def traded(shop: Shop) -> Request:
    """A batch with a load, two purchases, a refusal, a hold and an inquiry."""
    card = shop.gift(2000)
    sale = shop.request("sale", card, 700)
    shop.send(sale)
    shop.do("sale", card, 300)
    assert shop.do("sale", card, 9000).rc == "51"
    shop.do("authorize", card, 200)
    shop.do("inquire", card)
    shop.do("refund", amount=100, original=sale)
    return sale


RIGHT = totals(
    ("activate", 1, 2000), ("sale", 2, 1000), ("authorize", 1, 200), ("refund", 1, 100)
)


def test_equal_figures_close_the_batch(shop: Shop, traded: Request):
    answer = shop.do("close", totals=RIGHT)
    assert answer.rc == "00"
    assert set(answer.totals) == set(RIGHT)


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        RIGHT[1:],
        (*RIGHT, *totals(("top_up", 1, 500))),
        totals(*[(t.command, t.count, t.amount + 1) for t in RIGHT]),
        totals(*[(t.command, t.count + 1, t.amount) for t in RIGHT]),
    ],
    ids=["none", "one missing", "one too many", "a cent", "one more"],
)
def test_other_figures_leave_it_open_and_show_the_hosts(
    shop: Shop, traded: Request, wrong: tuple
):
    answer = shop.do("close", totals=wrong)
    assert answer.rc == "95"
    assert set(answer.totals) == set(RIGHT)
    assert shop.do("sale", number(CLUB), 100).rc == "00"


def test_a_batch_is_closed_at_the_second_try(shop: Shop, traded: Request):
    first = shop.do("close", totals=())
    assert shop.do("close", totals=first.totals).rc == "00"


def test_a_batch_is_closed_once(shop: Shop, traded: Request):
    close = shop.request("close", totals=RIGHT)
    shop.send(close)
    assert shop.do("close", totals=RIGHT).rc == "95"
    assert shop.send(close).rc == "00"
    assert shop.last.status == "repeat"


def test_a_late_operation_of_a_closed_batch_is_refused(shop: Shop, traded: Request):
    shop.do("close", totals=RIGHT)
    late = shop.request("sale", number(CLUB), 100)
    assert shop.send(late).rc == "95"
    assert shop.send(late).rc == "95"
    assert shop.do("sale", number(CLUB), 100, batch=2).rc == "00"


def test_a_repeat_from_a_closed_batch_gets_its_answer(shop: Shop, traded: Request):
    shop.do("close", totals=RIGHT)
    assert shop.send(traded).rc == "00"
    assert shop.last.status == "repeat"


def test_goods_of_a_closed_batch_come_back_in_the_next(shop: Shop, traded: Request):
    shop.do("close", totals=RIGHT)
    assert shop.do("refund", amount=100, original=traded, batch=2).rc == "00"
    assert shop.do("refund", amount=100, original=traded).rc == "95"


def test_another_terminals_batch_stays_open(shop: Shop, traded: Request):
    shop.do("close", totals=RIGHT)
    assert shop.do("sale", number(CLUB), 100, terminal="00000021").rc == "00"


def test_an_empty_batch_is_closed_with_no_figures(shop: Shop):
    assert shop.do("close", batch=5).rc == "00"
    assert shop.do("close", batch=6, totals=totals(("sale", 0, 0))).rc == "00"


def test_an_expired_hold_is_no_operation_of_the_terminal(shop: Shop):
    card = shop.gift(2000)
    shop.do("authorize", card, 200)
    shop.later(hours=1)
    shop.expire()
    right = totals(("activate", 1, 2000), ("authorize", 1, 200))
    assert shop.do("close", totals=right).rc == "00"


def test_a_buried_original_is_no_operation_of_the_terminal(shop: Shop):
    late = shop.request("sale", number(CLUB), 100)
    shop.do("reverse", original=late)
    assert shop.do("close", totals=totals(("reverse", 1, 0))).rc == "00"


def test_a_close_in_a_group_counts_what_came_before_it(shop: Shop):
    sales = [shop.request("sale", number(CLUB, n), 100) for n in range(3)]
    close = shop.request("close", totals=totals(("sale", 3, 300)))
    late = shop.request("sale", number(CLUB), 100)
    assert [a.rc for a in shop.run(*sales, close, late)] == ["00"] * 4 + ["95"]
