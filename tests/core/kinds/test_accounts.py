"""Accounts: a new card takes the old one's purses over; cards share purses."""

import pytest

from ekarte_core import Line
from tests.core.shop import (
    CLUB,
    PLAY,
    PLAY_GOLD,
    Shop,
    network_with,
    number,
    program,
)

ONE, TWO, THREE, FOUR = (number(PLAY, n) for n in (1, 2, 3, 4))
NEW = number(PLAY_GOLD, 1)
OFFICE = "00000071"

PROGRAMS = (
    program("MONEY", "gift_card"),
    program("POINTS", "bonus_amount", step=500, convert_at=10, convert_to=100),
    program(
        "GROWS",
        "accumulated_discount",
        base_rate=500,
        step_amount=5000,
        step_rate=100,
        max_rate=1500,
        count="gross",
    ),
)


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Gift money, points and a growing discount on every card; cards may pool."""
    shop.publish(network_with(*PROGRAMS, pool=True))
    return shop


def fill(shop: Shop, card: str, money: int, spent: int) -> None:
    shop.do("sale", card, spent)
    shop.do("top_up", card, money)


def seen(shop: Shop, card: str) -> dict[tuple[str, str], int]:
    rows = shop.do("inquire", card).balances
    return {(row.program, row.unit): row.value for row in rows if row.value}


FULL = {
    ("MONEY", "EUR"): 2000,
    ("POINTS", "points"): 4,
    ("GROWS", "turnover"): 2500,
}


def pool(shop: Shop, card: str, main: str | None):
    return shop.do("pool", card, terminal=OFFICE, other=main)


# --- replacement


def test_the_new_card_takes_everything_over_and_the_old_one_is_replaced(town: Shop):
    fill(town, ONE, 2000, 2500)
    answer = town.do("replace", ONE, other=NEW)
    assert (answer.rc, answer.card_state) == ("00", "replaced")
    assert seen(town, NEW) == FULL
    for command in ("sale", "top_up", "inquire", "block", "unblock"):
        assert town.do(command, ONE, 100).rc in ("54", "05")
    assert town.do("sale", NEW, 1000, gift=950).rc == "00"


@pytest.mark.parametrize("reason", ["lost", "stolen"])
def test_a_card_that_is_gone_is_replaced(town: Shop, reason: str):
    fill(town, ONE, 2000, 2500)
    town.do("block", ONE, reason=reason)
    assert town.do("replace", ONE, other=NEW).rc == "00"
    assert seen(town, NEW) == FULL


def test_a_closed_card_is_not_replaced(town: Shop):
    fill(town, ONE, 2000, 2500)
    town.do("block", ONE, reason="closed")
    assert town.do("replace", ONE, other=NEW).rc == "05"


def test_a_new_card_with_purses_of_its_own_brings_them_along(town: Shop):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 700, 3000)
    assert town.do("replace", ONE, other=TWO).rc == "00"
    assert seen(town, TWO) == {
        ("MONEY", "EUR"): 2700,
        ("POINTS", "points"): 9,
        ("GROWS", "turnover"): 5500,
    }
    assert town.do("inquire", TWO).discount_rate == 600


def test_lots_keep_their_dates_when_they_move(shop: Shop):
    points = program("POINTS", "bonus_amount", step=500, expire_days=30)
    shop.publish(network_with(points))
    shop.do("sale", TWO, 500)
    shop.later(days=10)
    shop.do("sale", ONE, 1000)
    shop.do("replace", ONE, other=TWO)
    assert shop.available(TWO, "POINTS", "points") == 3
    shop.later(days=21)
    assert shop.available(TWO, "POINTS", "points") == 2


@pytest.mark.parametrize("which", ["old", "new"])
def test_a_new_card_waits_for_its_own_holds_and_the_account_keeps_its(
    town: Shop, which: str
):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 2000, 100)
    hold = town.request("authorize", ONE if which == "old" else TWO, 1000, gift=500)
    assert town.send(hold).rc == "00"
    rc = town.do("replace", ONE, other=TWO).rc
    assert rc == ("00" if which == "old" else "05")
    if which == "old":
        assert town.do("confirm", original=hold).tendered == {"gift": 500}
        assert town.balance(TWO, "MONEY") == 3500


def test_a_refund_of_what_the_old_card_bought_reaches_the_account(town: Shop):
    fill(town, ONE, 2000, 2500)
    sale = town.request("sale", ONE, 1000, gift=950)
    town.send(sale)
    town.do("replace", ONE, other=NEW)
    back = town.do("refund", amount=1000, original=sale)
    assert (back.rc, back.tendered) == ("00", {"gift": 950})
    assert town.balance(NEW, "MONEY") == 2000


def test_the_new_card_may_be_shown_with_the_goods_that_the_old_one_bought(town: Shop):
    sale = town.request("sale", ONE, 1000)
    town.send(sale)
    town.do("replace", ONE, other=NEW)
    assert town.do("refund", TWO, 100, original=sale).rc == "77"
    assert town.do("refund", NEW, 100, original=sale).rc == "00"
    assert town.do("refund", ONE, 100, original=sale).rc == "00"


def test_a_purchase_of_the_old_card_is_reversed_on_the_account(town: Shop):
    fill(town, ONE, 2000, 2500)
    sale = town.request("sale", ONE, 1000, gift=500)
    town.send(sale)
    town.do("replace", ONE, other=NEW)
    assert town.do("reverse", original=sale).rc == "00"
    assert seen(town, NEW) == FULL


def test_a_replacement_is_not_reversed(town: Shop):
    fill(town, ONE, 2000, 100)
    replacing = town.request("replace", ONE, other=NEW)
    town.send(replacing)
    assert town.do("reverse", original=replacing).rc == "77"


def test_a_card_is_replaced_again_and_again(town: Shop):
    fill(town, ONE, 2000, 2500)
    assert town.do("replace", ONE, other=TWO).rc == "00"
    assert town.do("replace", TWO, other=THREE).rc == "00"
    assert seen(town, THREE) == FULL
    assert town.do("replace", ONE, other=NEW).rc == "05"


def test_a_card_is_not_replaced_by_itself_or_by_an_old_one(town: Shop):
    fill(town, ONE, 2000, 2500)
    assert town.do("replace", ONE, other=ONE).rc == "05"
    town.do("replace", ONE, other=TWO)
    assert town.do("replace", TWO, other=ONE).rc == "05"


@pytest.mark.parametrize("stranger", ["4000000000000002", "x"])
def test_what_is_no_card_of_the_issuer_replaces_none(town: Shop, stranger: str):
    fill(town, ONE, 2000, 2500)
    assert town.do("replace", ONE, other=stranger).rc == "57"


def test_a_card_that_nobody_has_seen_is_not_replaced(town: Shop):
    assert town.do("replace", ONE, other=NEW).rc == "78"
    assert town.do("replace", "4000000000000002", other=NEW).rc == "14"


def test_a_blocked_card_is_no_new_card(town: Shop):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 100, 100)
    town.do("block", TWO)
    assert town.do("replace", ONE, other=TWO).rc == "05"


def test_a_repeated_replacement_changes_nothing_more(town: Shop):
    fill(town, ONE, 2000, 2500)
    replacing = town.request("replace", ONE, other=NEW)
    assert town.send(replacing) == town.send(replacing)
    assert seen(town, NEW) == FULL


def test_a_card_of_another_kind_takes_over_what_it_can_show(town: Shop):
    fill(town, ONE, 2000, 2500)
    club = number(CLUB)
    assert town.do("replace", ONE, other=club).rc == "00"
    assert seen(town, club)[("MONEY", "EUR")] == 2000


# --- pools


def test_two_cards_share_their_purses(town: Shop):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 1000, 3000)
    assert pool(town, TWO, ONE).rc == "00"
    assert seen(town, ONE) == seen(town, TWO)
    assert seen(town, ONE)[("MONEY", "EUR")] == 3000
    assert town.do("sale", TWO, 3000, gift=2500).rc == "00"
    assert town.do("sale", ONE, 3000, gift=501).rc == "51"
    assert town.do("inquire", ONE).discount_rate == 600


def test_only_the_back_office_makes_pools(town: Shop):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 1000, 3000)
    assert town.do("pool", TWO, other=ONE).rc == "12"
    assert pool(town, TWO, ONE).rc == "00"


@pytest.mark.parametrize("allowed", [True, False])
def test_both_types_must_allow_it(shop: Shop, allowed: bool):
    document = network_with(*PROGRAMS, pool=True)
    document["card_types"][-1]["pool"] = allowed
    shop.publish(document)
    shop.do("sale", ONE, 100)
    shop.do("sale", NEW, 100)
    assert pool(shop, ONE, NEW).rc == ("00" if allowed else "57")


def test_who_leaves_begins_with_nothing(town: Shop):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 1000, 3000)
    pool(town, TWO, ONE)
    assert pool(town, TWO, None).rc == "00"
    assert seen(town, TWO) == {}
    assert seen(town, ONE)[("MONEY", "EUR")] == 3000
    assert pool(town, TWO, None).rc == "00"


def test_who_took_an_account_over_leaves_it_to_nobody(town: Shop):
    """Its value would stay on a card that nobody may use any more."""
    fill(town, ONE, 2000, 2500)
    town.do("replace", ONE, other=TWO)
    assert pool(town, TWO, None).rc == "05"
    town.do("replace", TWO, other=THREE)
    assert pool(town, THREE, None).rc == "05"
    assert seen(town, THREE) == FULL


def test_the_main_card_stays_after_its_replacement_and_the_others_may_leave(
    town: Shop,
):
    fill(town, ONE, 2000, 2500)
    fill(town, TWO, 1000, 3000)
    pool(town, TWO, ONE)
    town.do("replace", TWO, other=NEW)
    town.do("replace", ONE, other=THREE)
    assert pool(town, THREE, None).rc == "05"
    assert pool(town, NEW, None).rc == "00"
    assert seen(town, NEW) == {}
    assert seen(town, THREE)[("MONEY", "EUR")] == 3000
    # With purses of its own it is a main card like any other.
    fill(town, NEW, 700, 100)
    town.do("replace", NEW, other=FOUR)
    assert pool(town, FOUR, None).rc == "05"
    assert seen(town, FOUR)[("MONEY", "EUR")] == 700


def test_a_card_with_a_hold_joins_nobody(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    hold = town.request("authorize", TWO, 1000, gift=500)
    town.send(hold)
    assert pool(town, TWO, ONE).rc == "05"
    town.do("reverse", original=hold)
    assert pool(town, TWO, ONE).rc == "00"


def test_a_pool_has_one_main_card(town: Shop):
    for card in (ONE, TWO, THREE):
        fill(town, card, 1000, 100)
    assert pool(town, TWO, ONE).rc == "00"
    assert pool(town, ONE, THREE).rc == "05"
    assert pool(town, TWO, THREE).rc == "05"
    assert pool(town, THREE, TWO).rc == "00"
    assert seen(town, THREE) == seen(town, ONE)


def test_two_that_join_crosswise_in_one_group_do_not_both(town: Shop):
    for card in (ONE, TWO, THREE):
        fill(town, card, 1000, 100)
    first = town.request("pool", TWO, terminal=OFFICE, other=ONE)
    second = town.request("pool", ONE, terminal=OFFICE, other=THREE)
    assert [answer.rc for answer in town.run(first, second)] == ["00", "05"]
    assert town.balance(TWO, "MONEY") == 2000


def test_who_leaves_pays_with_its_own_at_once(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    pool(town, TWO, ONE)
    leaving = town.request("pool", TWO, terminal=OFFICE)
    paying = town.request("sale", TWO, 1000, gift=500)
    assert [answer.rc for answer in town.run(leaving, paying)] == ["00", "51"]
    assert town.balance(ONE, "MONEY") == 3000


def test_who_joins_or_takes_over_pays_with_the_account_at_once(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    joining = town.request("pool", TWO, terminal=OFFICE, other=ONE)
    paying = town.request("sale", TWO, 3000, gift=2500)
    assert [answer.rc for answer in town.run(joining, paying)] == ["00", "00"]
    replacing = town.request("replace", ONE, other=NEW)
    paying = town.request("sale", NEW, 1000, gift=500)
    assert [answer.rc for answer in town.run(replacing, paying)] == ["00", "00"]
    assert town.balance(TWO, "MONEY") == 0


def test_what_was_bought_before_joining_is_refunded_into_the_pool(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    sale = town.request("sale", TWO, 1000, gift=950)
    town.send(sale)
    pool(town, TWO, ONE)
    assert town.do("refund", amount=1000, original=sale).tendered == {"gift": 950}
    assert town.balance(ONE, "MONEY") == 3000


def test_what_was_bought_in_the_pool_is_refunded_to_who_left(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    pool(town, TWO, ONE)
    sale = town.request("sale", TWO, 1000, gift=950)
    town.send(sale)
    pool(town, TWO, None)
    back = town.do("refund", amount=1000, original=sale)
    assert (back.rc, back.tendered) == ("00", {"gift": 950})
    assert town.balance(TWO, "MONEY") == 950


def test_nobody_leaves_while_the_pool_holds_value(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    pool(town, TWO, ONE)
    hold = town.request("authorize", TWO, 1000, gift=900)
    town.send(hold)
    assert pool(town, TWO, None).rc == "05"
    assert town.do("confirm", original=hold).tendered == {"gift": 900}
    assert pool(town, TWO, None).rc == "00"
    assert town.balance(ONE, "MONEY") == 2100


def test_a_hold_that_has_ended_keeps_nobody(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    pool(town, TWO, ONE)
    town.do("authorize", TWO, 1000, gift=900)
    town.later(seconds=301)
    assert town.expire() == 1
    assert pool(town, TWO, None).rc == "00"


@pytest.mark.parametrize("kind", ["money", "goods"])
def test_vouchers_move_with_the_other_purses(shop: Shop, kind: str):
    prize = {"at": 1, "voucher_kind": kind}
    prize |= {"value": 300} if kind == "money" else {"product": "COFFEE"}
    shop.publish(
        network_with(
            program("PRIZE", "bonus_prize", step=100, prizes=[prize]), pool=True
        )
    )
    (ours,) = shop.do("sale", ONE, 100).vouchers
    (theirs,) = shop.do("sale", TWO, 100).vouchers
    assert pool(shop, TWO, ONE).rc == "00"
    for card in (ONE, TWO):
        found = shop.do("inquire", card).vouchers
        assert {one.code for one in found} == {ours.code, theirs.code}
    coffee = [Line(sku="COFFEE", amount=300)]
    for card, code in ((ONE, theirs.code), (TWO, ours.code)):
        answer = shop.do("sale", card, lines=coffee, voucher=code)
        assert (answer.rc, answer.amount_due) == ("00", 0)


def test_a_card_of_a_pool_is_replaced(town: Shop):
    fill(town, ONE, 2000, 100)
    fill(town, TWO, 1000, 100)
    pool(town, TWO, ONE)
    assert town.do("replace", TWO, other=NEW).rc == "00"
    assert seen(town, NEW) == seen(town, ONE)
    assert town.do("replace", ONE, other=THREE).rc == "00"
    assert seen(town, THREE) == seen(town, NEW)


def test_a_reversal_of_what_another_card_of_the_pool_has_spent(town: Shop):
    fill(town, ONE, 1000, 100)
    fill(town, TWO, 0, 100)
    load = town.request("top_up", TWO, 1000)
    town.send(load)
    pool(town, TWO, ONE)
    assert town.do("sale", ONE, 3000, gift=1500).rc == "00"
    assert town.do("reverse", original=load).rc == "51"
    assert town.balance(ONE, "MONEY") == 500
