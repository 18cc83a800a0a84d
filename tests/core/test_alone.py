"""What a terminal may decide while nobody answers: refused, and allowed beside it."""

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from ekarte_core import (
    BankPart,
    CardRef,
    Network,
    Request,
    SoFar,
    Tender,
    decide_alone,
    read_network,
)
from tests.core.shop import CLUB, GIFT, network_document, number

AT = datetime(2026, 11, 22, 12, 0, tzinfo=timezone.utc)
LIMITS = {"amount_max": 5000, "card_day_max": 8000, "count_max": 3}
GIFT_CARD, CLUB_CARD = number(GIFT, 1), number(CLUB, 1)


def network(terminal: dict[str, Any] | None = None, **card_types: Any) -> Network:
    document = network_document()
    document["terminals"][0] |= {"offline": LIMITS} | (terminal or {})
    for card_type in document["card_types"]:
        card_type.update(card_types)
    return read_network(document, 7)


def asked(card: str = GIFT_CARD, amount: int = 1000, **told: Any) -> Request:
    usual = {"command": "sale", "terminal": "00000011", "batch": 1, "operation": 1}
    named = CardRef(kind="keyed", value=card)
    return Request(**{**usual, "card": named, "amount": amount, **told})


def rc(
    request: Request, on: Network | None = None, at: datetime = AT, **so_far: Any
) -> str:
    usual: dict[str, Any] = {"card_day": 0, "count": 0, "list_age": timedelta(hours=1)}
    known = SoFar(**{**usual, **so_far})
    return decide_alone(request, on or network(), known, at).rc


def test_a_gift_card_pays_unseen_and_the_slip_is_signed():
    fresh = SoFar(card_day=0, count=0, list_age=timedelta(0))
    answer = decide_alone(asked(language="en"), network(), fresh, AT)
    assert (answer.rc, answer.amount, answer.amount_due) == ("00", 1000, 0)
    assert answer.tendered == {"gift": 1000}
    assert answer.copies == 2
    assert answer.params_version == 7
    said = "\n".join(line.text for line in answer.slip)
    assert "without a line" in said
    assert GIFT_CARD not in said


@pytest.mark.parametrize(
    ("so_far", "code"),
    [
        ({}, "00"),
        ({"card_day": 7000}, "00"),
        ({"card_day": 7001}, "61"),
        ({"count": 2}, "00"),
        ({"count": 3}, "91"),
        ({"list_age": timedelta(hours=24)}, "00"),
        ({"list_age": timedelta(hours=24, seconds=1)}, "91"),
        ({"stopped": "43"}, "43"),
    ],
)
def test_limits_are_limits(so_far: dict[str, Any], code: str):
    assert rc(asked(), **so_far) == code


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"amount": 5000}, "00"),
        ({"amount": 5001}, "61"),
        ({"amount": 0}, "13"),
        ({"tender": Tender()}, "00"),
        ({"tender": Tender(gift=1001)}, "13"),
        ({"tender": Tender(credit=1)}, "91"),
        ({"tender": Tender(voucher="A1")}, "91"),
        ({"card": CLUB_CARD}, "00"),
        ({"card": CLUB_CARD, "tender": Tender(gift=1)}, "57"),
        ({"card": "1234567890123452"}, "14"),
        ({"command": "accrue", "card": CLUB_CARD}, "00"),
        ({"command": "top_up"}, "91"),
        ({"command": "refund"}, "91"),
        ({"terminal": "99999999"}, "58"),
        ({"bank": BankPart(card=CardRef(kind="bank", value="5413330089020011"))}, "91"),
    ],
)
def test_what_is_asked_decides(told: dict[str, Any], code: str):
    card = told.pop("card", GIFT_CARD)
    amount = told.pop("amount", 1000)
    assert rc(asked(card, amount, **told)) == code


def test_a_phone_is_on_no_list_and_waits():
    phone = CardRef(kind="phone", value="+37120000000")
    assert rc(asked(card_ref := CLUB_CARD)) == "00", card_ref
    request = Request(
        command="sale", terminal="00000011", batch=1, operation=1, card=phone, amount=1
    )
    assert rc(request) == "91"


def test_a_terminal_without_limits_decides_nothing():
    assert rc(asked(), network({"offline": None})) == "91"
    assert rc(asked(), network({"state": "blocked"})) == "58"


def test_a_card_that_always_asks_for_its_code_gives_nothing_unseen():
    guarded = network(access_code="required")
    assert rc(asked(), guarded) == "91"
    assert rc(asked(tender=Tender()), guarded) == "00", "its discount needs none"


@pytest.mark.parametrize(
    ("left", "code"), [(None, "00"), (1000, "00"), (999, "51"), (0, "51"), (-1, "91")]
)
def test_a_chip_gives_what_it_has_left(left: int | None, code: str):
    assert rc(asked(), left=left) == code
    assert rc(asked(tender=Tender()), left=left) == ("91" if code == "91" else "00")
