"""Lost, stolen, closed: final states with their codes; blocked is not final."""

import pytest

from ekarte_core import RequestInvalid, read_request
from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
CODES = {"lost": "41", "stolen": "43", "closed": "54"}


@pytest.fixture
def town(shop: Shop) -> Shop:
    shop.publish(
        network_with(
            program("MONEY", "gift_card"),
            program("POINTS", "bonus_amount", step=500),
            program("GYM", "attendance"),
        )
    )
    shop.do("sale", CARD, 1000)
    shop.do("top_up", CARD, 5000)
    return shop


COMMANDS = {
    "sale": 100,
    "authorize": 100,
    "top_up": 1000,
    "inquire": None,
    "check_in": None,
    "enroll": None,
    "activate": None,
    "set_code": None,
}


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("reason", ["", *CODES])
def test_nothing_more_is_done_with_it(town: Shop, reason: str, command: str):
    assert town.do("block", CARD, reason=reason).card_state == reason or "blocked"
    more = {"new_access_code": "4711"} if command == "set_code" else {}
    answer = town.do(command, CARD, COMMANDS[command], **more)
    assert answer.rc == (CODES[reason] if reason else "62")


@pytest.mark.parametrize("reason", CODES)
def test_it_is_never_unblocked(town: Shop, reason: str):
    town.do("block", CARD, reason=reason)
    assert town.do("unblock", CARD).rc == "05"
    assert town.do("sale", CARD, 100).rc == CODES[reason]


def test_a_blocked_card_is_unblocked_or_closed(town: Shop):
    town.do("block", CARD)
    assert town.do("unblock", CARD).rc == "00"
    assert town.do("sale", CARD, 100).rc == "00"
    town.do("block", CARD)
    assert town.do("block", CARD, reason="stolen").rc == "00"
    assert town.do("sale", CARD, 100).rc == "43"


def test_to_say_it_again_is_no_fault_and_another_reason_comes_too_late(town: Shop):
    town.do("block", CARD, reason="lost")
    assert town.do("block", CARD, reason="lost").rc == "00"
    assert town.do("block", CARD, reason="stolen").rc == "05"
    assert town.do("block", CARD).rc == "05"
    assert town.do("sale", CARD, 100).rc == "41"


def test_what_was_held_before_is_confirmed_after(town: Shop):
    hold = town.request("authorize", CARD, 1000, gift=1000)
    town.send(hold)
    town.do("block", CARD, reason="stolen")
    assert town.do("confirm", original=hold).tendered == {"gift": 1000}


def test_goods_bought_before_are_returned_after(town: Shop):
    sale = town.request("sale", CARD, 1000, gift=1000)
    town.send(sale)
    town.do("block", CARD, reason="lost")
    assert town.do("refund", amount=1000, original=sale).rc == "00"
    rows = town.sql("SELECT posted FROM ekarte.purse WHERE unit = 'EUR'")
    assert rows == [(5000,)]


def test_its_lots_lapse_by_the_clock(shop: Shop):
    points = program("POINTS", "bonus_amount", step=500, expire_days=1)
    shop.publish(network_with(points))
    shop.do("sale", CARD, 1000)
    shop.do("block", CARD, reason="lost")
    shop.later(days=2)
    assert shop.ledger.expire_lots(shop.network, shop.now) == 1


def test_another_reason_is_not_read(town: Shop):
    body = b'{"terminal": "00000011", "operation": 1, "reason": "%s"}'
    assert read_request("block", body % b"stolen").reason == "stolen"
    with pytest.raises(RequestInvalid, match="reason"):
        read_request("block", body % b"eaten")
