"""Access code: set, changed, asked for, locked after three wrong tries, unlocked."""

import pytest

from tests.core.shop import PLAY, PLAY_GOLD, Shop, network_with, number, program

CARD = number(PLAY)


@pytest.fixture
def town(shop: Shop) -> Shop:
    """Gift money and points on a card with code 4711."""
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program("POINTS", "bonus_amount", step=500),
            access_code="optional",
        )
    )
    assert shop.do("activate", CARD, 5000, access_code="4711").rc == "00"
    return shop


def test_it_is_asked_for_when_value_leaves_the_card(town: Shop):
    assert town.do("sale", CARD, 1000).rc == "00"
    assert town.do("sale", CARD, 1000, gift=500).rc == "55"
    assert town.do("sale", CARD, 1000, gift=500, access_code="4711").rc == "00"
    assert town.do("top_up", CARD, 500).rc == "00"


def test_it_is_changed_by_who_knows_it(town: Shop):
    assert town.do("set_code", CARD, new_access_code="1234").rc == "55"
    wrong = town.do("set_code", CARD, access_code="9999", new_access_code="1234")
    right = town.do("set_code", CARD, access_code="4711", new_access_code="1234")
    assert (wrong.rc, right.rc) == ("55", "00")
    assert town.do("sale", CARD, 100, gift=100, access_code="4711").rc == "55"
    assert town.do("sale", CARD, 100, gift=100, access_code="1234").rc == "00"


def test_a_first_code_is_set_without_an_old_one(town: Shop):
    other = number(PLAY, 2)
    town.do("activate", other, 500)
    assert town.do("sale", other, 100, gift=100).rc == "00"
    assert town.do("set_code", other, new_access_code="1234").rc == "00"
    assert town.do("sale", other, 100, gift=100).rc == "55"


def test_three_wrong_tries_lock_it_until_an_operator_unblocks_the_card(town: Shop):
    for _ in range(3):
        assert town.do("sale", CARD, 100, gift=100, access_code="0000").rc == "55"
    assert town.do("sale", CARD, 100, gift=100, access_code="4711").rc == "75"
    assert (
        town.do("set_code", CARD, access_code="4711", new_access_code="1234").rc == "75"
    )
    assert town.do("unblock", CARD).rc == "00"
    assert town.do("sale", CARD, 100, gift=100, access_code="4711").rc == "00"


def test_two_wrong_tries_and_a_right_one_begin_anew(town: Shop):
    for code in ("0000", "0000", "4711", "0000", "0000"):
        town.do("sale", CARD, 100, gift=100, access_code=code)
    assert town.do("sale", CARD, 100, gift=100, access_code="4711").rc == "00"


def test_wrong_tries_of_a_change_count_too(town: Shop):
    for _ in range(3):
        town.do("set_code", CARD, access_code="0000", new_access_code="1111")
    assert town.do("sale", CARD, 100, gift=100, access_code="4711").rc == "75"


def test_a_locked_code_does_not_stop_who_pays_in_cash(town: Shop):
    for _ in range(3):
        town.do("sale", CARD, 100, gift=100, access_code="0000")
    assert town.do("sale", CARD, 1000).earned[0].points == 2


@pytest.mark.parametrize(
    ("policy", "code", "rc"),
    [
        ("none", None, "00"),
        ("none", "4711", "57"),
        ("optional", None, "00"),
        ("optional", "4711", "00"),
        ("required", None, "55"),
        ("required", "4711", "00"),
    ],
)
def test_what_a_card_type_asks_for(shop: Shop, policy: str, code: str | None, rc: str):
    gift = program("MONEY", "gift_card")
    shop.publish(network_with(gift, access_code=policy, auto_register=False))
    assert shop.do("activate", CARD, 500, access_code=code).rc == rc


def test_a_card_type_without_codes_has_none_to_set(shop: Shop):
    shop.publish(network_with(program("MONEY", "gift_card")))
    shop.do("activate", CARD, 500)
    assert shop.do("set_code", CARD, new_access_code="4711").rc == "57"


def test_the_new_card_has_the_code_of_the_old_one(town: Shop):
    new = number(PLAY_GOLD)
    assert town.do("replace", CARD, other=new).rc == "55"
    assert town.do("replace", CARD, other=new, access_code="4711").rc == "00"
    assert town.do("sale", new, 100, gift=100).rc == "55"
    changing = {"access_code": "4711", "new_access_code": "1234"}
    assert town.do("set_code", new, **changing).rc == "00"
    assert town.do("sale", new, 100, gift=100, access_code="1234").rc == "00"


def test_no_code_is_in_the_ledger(town: Shop):
    town.do("set_code", CARD, access_code="4711", new_access_code="98765432")
    found = town.sql("SELECT answer || decision FROM ekarte.operation")
    assert not any("4711" in row[0] or "98765432" in row[0] for row in found)
