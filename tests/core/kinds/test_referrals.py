"""Referrals: who brings a customer gets points for the first purchase of that one."""

import pytest

from ekarte_core import Line
from tests.core.shop import PLAY, Shop, network_with, number, program

ANNA, BERTA = number(PLAY, 1), number(PLAY, 2)


def publish(shop: Shop, **parameters) -> None:
    """50 points for a friend; the friend's purchases earn one for 100.00."""
    parameters = {"step": 10000, "referral_points": 50} | parameters
    shop.publish(network_with(program("PRIZE", "bonus_prize", **parameters)))
    shop.do("sale", ANNA, 100)


def points(shop: Shop, card: str = ANNA) -> int:
    return shop.balance(card, "PRIZE", "points")


def test_fifty_points_once_the_friends_first_purchase_is_booked(shop: Shop):
    publish(shop)
    answer = shop.do("sale", BERTA, 10000, referrer=ANNA)
    assert "Prize: the friend who sent you gets 50" in answer.explain
    assert (points(shop), points(shop, BERTA)) == (50, 1)


def test_an_authorization_rewards_nobody_until_it_is_confirmed(shop: Shop):
    publish(shop)
    hold = shop.request("authorize", BERTA, 10000, referrer=ANNA)
    shop.send(hold)
    assert points(shop) == 0
    assert shop.do("confirm", original=hold).rc == "00"
    assert points(shop) == 50


def test_a_second_purchase_rewards_nobody(shop: Shop):
    publish(shop)
    shop.do("sale", BERTA, 100)
    told = shop.do("sale", BERTA, 10000, referrer=ANNA).explain
    assert "Prize: referrals count with the first purchase only" in told
    assert points(shop) == 0


def test_nobody_brings_himself(shop: Shop):
    publish(shop)
    told = shop.do("sale", BERTA, 10000, referrer=BERTA).explain
    assert "Prize: this card cannot be rewarded for a referral" in told
    assert points(shop, BERTA) == 1


@pytest.mark.parametrize("reason", ["", "lost"])
def test_a_card_that_is_not_in_use_is_not_rewarded(shop: Shop, reason: str):
    publish(shop)
    shop.do("block", ANNA, reason=reason)
    assert shop.do("sale", BERTA, 10000, referrer=ANNA).rc == "00"
    rows = shop.sql("SELECT sum(posted) FROM ekarte.purse WHERE unit = 'points'")
    assert rows == [(1,)]


@pytest.mark.parametrize("stranger", [number(PLAY, 3), "4000000000000002", "x"])
def test_a_card_that_nobody_knows_is_not_rewarded(shop: Shop, stranger: str):
    publish(shop)
    answer = shop.do("sale", BERTA, 10000, referrer=stranger)
    assert (answer.rc, points(shop, BERTA)) == ("00", 1)


def test_a_card_without_the_program_is_not_rewarded(shop: Shop):
    publish(shop)
    club = shop.club(1000)
    assert shop.do("sale", BERTA, 10000, referrer=club).rc == "00"
    assert shop.balance(club, "PRIZE", "points") == 0


def test_the_points_are_taken_back_with_the_whole_purchase(shop: Shop):
    publish(shop)
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    assert shop.do("refund", amount=9999, original=sale).rc == "00"
    assert points(shop) == 50
    assert shop.do("refund", amount=1, original=sale).rc == "00"
    assert points(shop) == 0


def test_a_reversed_first_purchase_rewards_nobody(shop: Shop):
    publish(shop)
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    assert shop.do("reverse", original=sale).rc == "00"
    assert (points(shop), points(shop, BERTA)) == (0, 0)
    shop.do("sale", BERTA, 10000, referrer=ANNA)
    assert points(shop) == 50


def test_what_the_referrer_has_used_is_not_taken_back(shop: Shop):
    publish(shop, prizes=[{"at": 30, "value": 1000}, {"at": 40, "value": 1500}])
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    shop.do("redeem", ANNA, lines=[Line(sku="1", amount=0)], program="PRIZE")
    assert points(shop) == 20
    assert shop.do("reverse", original=sale).rc == "00"
    assert points(shop) == 0


def test_points_for_a_friend_become_a_prize_by_themselves(shop: Shop):
    publish(shop, prizes=[{"at": 50, "value": 1000}])
    shop.do("sale", BERTA, 10000, referrer=ANNA)
    state = shop.do("inquire", ANNA)
    assert [voucher.value for voucher in state.vouchers] == [1000]
    assert points(shop) == 0


def test_a_prize_for_a_friend_who_returned_everything_is_taken_back(shop: Shop):
    publish(shop, prizes=[{"at": 50, "value": 1000}])
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    shop.do("refund", amount=10000, original=sale)
    assert (shop.do("inquire", ANNA).vouchers, points(shop)) == ((), 0)
    events = shop.sql(
        "SELECT e.event, sum(e.posted) FROM ekarte.entry AS e "
        "JOIN ekarte.purse AS p ON p.id = e.purse_id "
        "WHERE p.unit = 'points' GROUP BY 1 ORDER BY 1"
    )
    assert events == [("bonus_earn", 0), ("bonus_grant", 0), ("convert", 0)]


@pytest.mark.parametrize("prizes", [[], [{"at": 50, "value": 1000}]])
def test_a_refund_that_is_reversed_gives_the_friend_back(shop: Shop, prizes: list):
    publish(shop, prizes=prizes, tiers=[{"at": 500, "card_type": "PLAY-GOLD"}])
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    before = shop.do("inquire", ANNA), shop.do("inquire", BERTA)
    refund = shop.request("refund", amount=10000, original=sale)
    shop.send(refund)
    assert points(shop) == 0
    assert shop.do("reverse", original=refund).rc == "00"
    after = shop.do("inquire", ANNA), shop.do("inquire", BERTA)
    assert [a.balances for a in after] == [b.balances for b in before]
    assert [a.vouchers for a in after] == [b.vouchers for b in before]


def test_a_repeat_rewards_once(shop: Shop):
    publish(shop)
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    first, second = shop.run(sale, sale)
    assert (first, points(shop)) == (second, 50)


def test_the_referrers_number_is_nowhere_in_the_ledger(shop: Shop):
    publish(shop)
    shop.do("sale", BERTA, 10000, referrer=ANNA)
    found = shop.sql("SELECT answer || decision FROM ekarte.operation")
    assert not any(ANNA in row[0] or BERTA in row[0] for row in found)


def test_what_a_prize_gives_back_is_booked_against_what_brought_it(shop: Shop):
    """Points for a friend are a cost of promotion: so is their end, not revenue."""
    publish(shop, prizes=[{"at": 50, "value": 500}])
    sale = shop.request("sale", BERTA, 10000, referrer=ANNA)
    shop.send(sale)
    shop.do("reverse", original=sale)
    rows = shop.sql(
        "SELECT event, sum(posted), sum(carry) FROM ekarte.entry "
        "WHERE purse_id IS NOT NULL AND event LIKE 'bonus_%%' GROUP BY 1"
    )
    assert {row for row in rows if row[0] == "bonus_grant"} == {("bonus_grant", 0, 0)}
    assert shop.broken() == []
