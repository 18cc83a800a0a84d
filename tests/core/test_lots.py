"""Lots: the earliest to end is used first, and value goes back to its own lot."""

from datetime import timedelta

import pytest

from ekarte_core import postings, read_settlement
from tests.core.shop import CLUB, GIFT, Shop, network_document, number


def changed(program: str, **parameters) -> dict:
    document = network_document()
    for one in document["programs"]:
        if one["code"] == program:
            one["parameters"] |= parameters
    return document


def lots(shop: Shop) -> list[tuple[int, int]]:
    """(posted, held) of each lot, earliest end first."""
    return shop.sql("SELECT posted, held FROM ekarte.lot ORDER BY valid_until")


@pytest.fixture
def card(shop: Shop) -> str:
    """A gift card with 10.00 that end first and 20.00 that end later."""
    shop.publish(changed("GIFT", valid_months=1))
    card = number(GIFT)
    shop.do("activate", card, 1000)
    shop.later(days=10)
    shop.do("top_up", card, 2000)
    return card


def test_the_earliest_to_end_is_used_first(shop: Shop, card: str):
    shop.do("sale", card, 1500)
    assert lots(shop) == [(0, 0), (1500, 0)]
    assert shop.broken() == []


def test_a_hold_reserves_named_lots_and_outlives_their_end(shop: Shop, card: str):
    shop.later(days=20, hours=11, minutes=57)
    hold = shop.request("authorize", card, 500)
    assert shop.send(hold).rc == "00"
    assert lots(shop) == [(1000, 500), (2000, 0)]
    shop.later(minutes=4)
    assert shop.do("confirm", original=hold).rc == "00"
    assert lots(shop) == [(500, 0), (2000, 0)]
    assert shop.broken() == []


def test_what_has_ended_is_not_spent(shop: Shop, card: str):
    shop.later(days=22)
    assert shop.do("sale", card, 2001).rc == "51"
    assert shop.do("sale", card, 2000).rc == "00"
    assert shop.do("sale", card, 1).rc == "54"
    assert shop.broken() == []


def test_a_refund_gives_back_to_the_lots_it_came_from(shop: Shop, card: str):
    sale = shop.request("sale", card, 1500)
    shop.send(sale)
    shop.do("refund", original=sale, amount=1200)
    assert lots(shop) == [(1000, 0), (1700, 0)]
    shop.do("refund", original=sale, amount=300)
    assert lots(shop) == [(1000, 0), (2000, 0)]
    assert shop.broken() == []


def test_a_reversal_restores_the_same_lots(shop: Shop, card: str):
    sale = shop.request("sale", card, 1500)
    shop.send(sale)
    shop.do("reverse", original=sale)
    assert lots(shop) == [(1000, 0), (2000, 0)]
    assert shop.broken() == []


def test_two_operations_of_one_group_share_a_new_purse_and_lot(shop: Shop):
    card = number(CLUB)
    one = shop.request("sale", card, 1000, terminal="00000011")
    two = shop.request("sale", card, 1000, terminal="00000012")
    assert [answer.rc for answer in shop.run(one, two)] == ["00", "00"]
    assert shop.balance(card, "BONUS", "points") == 2
    assert shop.broken() == []


@pytest.mark.parametrize(
    ("expire_at", "days", "usable"),
    [("day", 30, 1), ("day", 31, 0), ("month", 40, 1), ("month", 41, 0)],
)
def test_points_burn_at_the_end_of_the_day_or_month(
    shop: Shop, expire_at: str, days: int, usable: int
):
    shop.publish(changed("BONUS", expire_days=30, expire_at=expire_at))
    card = number(CLUB)
    shop.do("sale", card, 600)
    shop.later(days=days)
    answer = shop.do("inquire", card)
    points = next(row for row in answer.balances if row.unit == "points")
    assert (points.value, points.available) == (1, usable)


def lapse(shop: Shop) -> int:
    return shop.ledger.expire_lots(shop.network, shop.now)


def test_lots_lapse_after_their_end_and_only_once(shop: Shop, card: str):
    shop.later(days=20, hours=11)
    assert lapse(shop) == 0
    shop.later(days=1)
    assert lapse(shop) == 1
    assert lapse(shop) == 0
    assert lots(shop) == [(0, 0), (2000, 0)]
    assert shop.broken() == []


def test_a_lot_under_hold_lapses_when_the_hold_has_ended(shop: Shop, card: str):
    shop.later(days=20, hours=11, minutes=57)
    shop.do("authorize", card, 500)
    shop.later(minutes=4)
    assert lapse(shop) == 1
    assert lots(shop) == [(500, 500), (2000, 0)]
    shop.later(minutes=4)
    assert shop.ledger.expire_holds(shop.network, shop.now) == 1
    assert lapse(shop) == 1
    assert lots(shop) == [(0, 0), (2000, 0)]
    assert shop.broken() == []


def test_what_lapses_becomes_breakage_in_the_books(shop: Shop, card: str):
    shop.later(days=22)
    lapse(shop)
    shop.ledger.build_settlement(shop.network, shop.now, shop.now + timedelta(days=1))
    body = shop.ledger.pending_settlements()[0][1]
    booked = [
        (item.account, item.amount)
        for item in postings(read_settlement(body))
        if item.account in ("LGC", "RBK")
    ]
    assert sorted(booked) == [
        ("LGC", -2000),
        ("LGC", -1000),
        ("LGC", 1000),
        ("RBK", -1000),
    ]
