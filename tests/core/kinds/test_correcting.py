"""What the back office puts right by hand, and balances that cards bring along."""

from typing import Any

import msgspec
import pytest

from ekarte_core import Answer, Line, Original
from tests.core.kinds.test_back_office import CARD, OFFICE, PUMP, money, office, town
from tests.core.shop import Shop, program

POINTS = {"step": 500, "convert_at": 0, "convert_to": 0}
GROWS = {"base_rate": 0, "step_amount": 5000, "step_rate": 100, "max_rate": 1500}


def points(shop: Shop, command: str, quantity: str, code: str = "PTS") -> Answer:
    line = Line(sku="points", quantity=quantity, amount=0)
    return office(shop, command, CARD, program=code, lines=[line])


def sums(shop: Shop) -> dict[str, tuple[int, int]]:
    rows = shop.sql(
        "SELECT event, sum(amount)::bigint, sum(carry)::bigint FROM ekarte.settled "
        "GROUP BY event"
    )
    return {event: (amount, carry) for event, amount, carry in rows}


@pytest.fixture
def card(shop: Shop) -> Shop:
    town(
        shop,
        program("MONEY", "gift_card"),
        program("PTS", "bonus_amount", **POINTS),
        program("GROW", "accumulated_discount", **GROWS),
    )
    return shop


def test_gift_money_is_put_on_and_taken_off_as_money_given_back(card: Shop):
    answer = office(card, "put_on", CARD, 1500, program="MONEY")
    assert (answer.rc, answer.explain[0]) == ("00", "Money: 15.00 put on the card")
    assert sums(card) == {"gift_restore": (1500, 1500)}
    answer = office(card, "take_off", CARD, 500, program="MONEY")
    assert (answer.rc, answer.explain[0]) == ("00", "Money: 5.00 taken off the card")
    assert card.balance(CARD, "MONEY") == 1000
    assert sums(card) == {"gift_restore": (1000, 1000)}
    assert card.broken() == []


@pytest.mark.parametrize(("amount", "rc"), [(1500, "00"), (1501, "51")])
def test_no_more_is_taken_off_than_is_there(card: Shop, amount: int, rc: str):
    office(card, "put_on", CARD, 1500, program="MONEY")
    assert office(card, "take_off", CARD, amount, program="MONEY").rc == rc
    assert card.broken() == []


def test_what_is_held_is_not_taken_off(card: Shop):
    office(card, "put_on", CARD, 1500, program="MONEY")
    assert card.do("authorize", CARD, 1000, gift=1000).rc == "00"
    assert office(card, "take_off", CARD, 501, program="MONEY").rc == "51"
    assert office(card, "take_off", CARD, 500, program="MONEY").rc == "00"


def test_points_are_granted_and_taken_back(card: Shop):
    answer = points(card, "put_on", "384")
    assert answer.explain[0] == "Pts: 384 points put on the card"
    assert points(card, "take_off", "84").rc == "00"
    assert card.balance(CARD, "PTS", "points") == 300
    assert points(card, "take_off", "301").rc == "51"
    assert sums(card)["bonus_grant"][0] == 300
    assert card.broken() == []


def test_points_that_fill_a_step_become_money_as_always(shop: Shop):
    town(shop, program("PTS", "bonus_amount", step=500, convert_at=10, convert_to=100))
    assert points(shop, "put_on", "23").converted == 200
    assert office(shop, "put_on", CARD, 50, program="PTS").rc == "00"
    assert office(shop, "take_off", CARD, 250, program="PTS").rc == "00"
    assert office(shop, "take_off", CARD, 1, program="PTS").rc == "51"
    assert shop.broken() == []


def test_a_sum_that_a_discount_grows_by_is_put_right(card: Shop):
    assert office(card, "bring_in", CARD, 12000, program="GROW").rc == "00"
    assert card.do("sale", CARD, 1000).discount == 20
    assert office(card, "take_off", CARD, 12981, program="GROW").rc == "51"
    assert office(card, "take_off", CARD, 10000, program="GROW").rc == "00"
    assert card.do("sale", CARD, 1000).discount == 0
    assert card.broken() == []


def test_a_balance_from_before_is_a_load_without_a_sale(card: Shop):
    answer = office(card, "bring_in", CARD, 2500, program="MONEY")
    assert answer.explain[0] == "Money: 25.00 brought in from before"
    assert points(card, "bring_in", "40").rc == "00"
    found = sums(card)
    assert (found["gift_load"], found["bonus_grant"][0]) == ((2500, 2500), 40)
    assert card.sql("SELECT 1 FROM ekarte.sale_line") == []
    assert card.broken() == []


def test_what_was_taxed_when_it_was_sold_is_not_brought_in(shop: Shop):
    taxed = {"vat_class": "spv", "tax_rate_bp": 2100}
    town(shop, program("MONEY", "gift_card", **taxed))
    assert office(shop, "bring_in", CARD, 2500, program="MONEY").rc == "05"
    assert office(shop, "put_on", CARD, 2500, program="MONEY").rc == "00"
    assert shop.broken() == []


def test_a_balance_from_before_keeps_its_own_end(card: Shop):
    last = {"last_day": "2027-03-05"}
    line = Line(sku="points", quantity="40", amount=0)
    brought = [
        office(card, "bring_in", CARD, 2500, program="MONEY", **last),
        office(card, "bring_in", CARD, program="PTS", lines=[line], **last),
    ]
    assert [answer.rc for answer in brought] == ["00", "00"]
    ends = card.sql("SELECT DISTINCT valid_until FROM ekarte.lot")
    assert [end.isoformat() for (end,) in ends] == ["2027-03-05T22:00:00+00:00"]
    assert card.broken() == []


@pytest.mark.parametrize(
    ("command", "program_code", "last_day", "rc"),
    [
        ("bring_in", "MONEY", "2020-01-01", "05"),
        ("bring_in", "GROW", "2027-03-05", "57"),
        ("bring_in", "MONEY", "5.3.2027", "30"),
        ("put_on", "MONEY", "2027-03-05", "30"),
        ("bring_in", "GROW", "", "00"),
    ],
)
def test_only_a_balance_from_before_has_a_last_day_and_one_to_come(
    card: Shop, command: str, program_code: str, last_day: str, rc: str
):
    answer = office(card, command, CARD, 100, program=program_code, last_day=last_day)
    assert (answer.rc, answer.field) == (rc, "last_day" if rc == "30" else "")


@pytest.mark.parametrize("command", ["put_on", "take_off", "bring_in"])
def test_it_is_undone_as_if_it_had_not_been(card: Shop, command: str):
    office(card, "put_on", CARD, 900, program="MONEY")
    request = card.request(command, CARD, 300, terminal=OFFICE, program="MONEY")
    assert card.send(request).rc == "00"
    undo = card.request("reverse", terminal=OFFICE)
    named = Original(batch=request.batch, operation=request.operation)
    assert card.send(msgspec.structs.replace(undo, original=named)).rc == "00"
    assert card.balance(CARD, "MONEY") == 900
    assert card.broken() == []


def test_the_same_key_books_once(card: Shop):
    request = card.request("bring_in", CARD, 300, terminal=OFFICE, program="MONEY")
    assert card.send(request) == card.send(request)
    assert card.balance(CARD, "MONEY") == 300


def test_only_what_is_the_issuers_own_is_put_right(shop: Shop):
    town(shop)
    gift = shop.gift(500)
    elsewhere = office(shop, "put_on", gift, 100, program="GIFT", terminal="00000072")
    assert (elsewhere.rc, money(shop, gift)) == ("57", 500)
    assert office(shop, "put_on", gift, 100, program="GIFT").rc == "00"


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"amount": 100, "program": ""}, "30"),
    ({"program": "MONEY"}, "13"),
    ({"amount": 100, "program": "PTS", "lines": [Line(quantity="5", amount=0)]}, "30"),
    ({"program": "PTS", "lines": [Line(quantity="1.5", amount=0)]}, "30"),
    ({"program": "PTS", "lines": [Line(quantity="0", amount=0)]}, "30"),
    ({"program": "MONEY", "lines": [Line(quantity="5", amount=0)]}, "57"),
]


@pytest.mark.parametrize(("parts", "rc"), WRONG)
def test_what_is_not_one_value_of_a_program_is_refused(
    card: Shop, parts: dict[str, Any], rc: str
):
    assert office(card, "put_on", CARD, **parts).rc == rc
    assert office(card, "put_on", CARD, 100, program="MONEY").rc == "00"


@pytest.mark.parametrize("command", ["put_on", "take_off", "bring_in"])
def test_no_terminal_puts_anything_right(card: Shop, command: str):
    for terminal in ("00000011", PUMP):
        answer = office(card, command, CARD, 100, program="MONEY", terminal=terminal)
        assert (answer.rc, answer.field) == ("12", "command")
