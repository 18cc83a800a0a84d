"""Weekdays, hours, age of the card: at other moments a program does nothing."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.core.shop import PLAY, Shop, network_with, number, program

CARD = number(PLAY)
RIGA = ZoneInfo("Europe/Riga")


def publish(shop: Shop, *others, **moments) -> None:
    off = program("OFF", "fixed_discount", rate=500) | moments
    shop.publish(network_with(off, *others))
    shop.do("enroll", CARD)


def at(shop: Shop, day: int, time: str) -> None:
    """Set the clock to a moment of November 2026 in Riga; the 23rd is a Monday."""
    hour, minute = map(int, time.split(":"))
    shop.now = datetime(2026, 11, day, hour, minute, tzinfo=RIGA)


@pytest.mark.parametrize(
    ("day", "time", "works"),
    [
        (22, "23:59", False),
        (23, "00:00", True),
        (23, "23:59", True),
        (24, "00:00", False),
        (27, "12:00", True),
        (28, "12:00", False),
    ],
)
def test_weekdays_are_those_of_the_branch(shop: Shop, day: int, time: str, works: bool):
    publish(shop, weekdays=[1, 5])
    at(shop, day, time)
    answer = shop.do("sale", CARD, 1000)
    assert answer.discount == (50 if works else 0)
    assert ("Off: not at this time" in answer.explain) == (not works)


@pytest.mark.parametrize(
    ("time", "works"),
    [
        ("07:59", False),
        ("08:00", True),
        ("09:59", True),
        ("10:00", False),
        ("21:59", False),
        ("22:00", True),
        ("23:59", True),
        ("00:00", False),
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    shop: Shop, time: str, works: bool
):
    publish(
        shop,
        hours=[{"from": "08:00", "to": "10:00"}, {"from": "22:00", "to": "24:00"}],
    )
    at(shop, 23, time)
    assert shop.do("sale", CARD, 1000).discount == (50 if works else 0)


def test_the_clock_is_the_branchs_own(shop: Shop):
    document = network_with(
        program("OFF", "fixed_discount", rate=500)
        | {"hours": [{"from": "08:00", "to": "10:00"}]}
    )
    document["branches"][1]["time_zone"] = "Europe/Lisbon"
    shop.publish(document)
    at(shop, 23, "08:30")
    assert shop.do("sale", CARD, 1000).discount == 50
    assert shop.do("sale", CARD, 1000, terminal="00000021").discount == 0
    at(shop, 23, "10:30")
    assert shop.do("sale", CARD, 1000).discount == 0
    assert shop.do("sale", CARD, 1000, terminal="00000021").discount == 50


def test_summer_time_moves_the_hours_along(shop: Shop):
    publish(shop, hours=[{"from": "08:00", "to": "10:00"}])
    for month in (1, 7):
        shop.now = datetime(2027, month, 5, 8, 0, tzinfo=RIGA)
        assert shop.do("sale", CARD, 1000).discount == 50
        shop.now = datetime(2027, month, 5, 7, 59, tzinfo=RIGA)
        assert shop.do("sale", CARD, 1000).discount == 0


@pytest.mark.parametrize(("days", "works"), [(29, False), (30, True)])
def test_the_card_must_be_old_enough(shop: Shop, days: int, works: bool):
    publish(shop, min_age_of_card=30)
    shop.later(days=days)
    answer = shop.do("sale", CARD, 1000)
    assert answer.discount == (50 if works else 0)
    assert ("Off: the card is too new" in answer.explain) == (not works)


def test_a_card_that_is_registered_now_is_too_new(shop: Shop):
    off = program("OFF", "fixed_discount", rate=500) | {"min_age_of_card": 1}
    shop.publish(network_with(off))
    assert shop.do("inquire", CARD).discount_rate == 0
    assert shop.do("sale", CARD, 1000).discount == 0


def test_a_program_begins_and_ends(shop: Shop):
    publish(
        shop,
        valid_from="2026-11-23T10:00:00+02:00",
        valid_to="2026-11-23T12:00:00+02:00",
    )
    found = []
    for time in ("09:59", "10:00", "11:59", "12:00"):
        at(shop, 23, time)
        found.append(shop.do("sale", CARD, 1000).discount)
    assert found == [0, 50, 50, 0]


# --- every kind keeps its hours

MORNING = {"hours": [{"from": "08:00", "to": "12:00"}]}
KINDS = [
    ("gift_card", {}, "sale", {"gift": 500}),
    ("credit_card", {"credit_limit": 5000}, "sale", {"credit": 500}),
    ("visit_pass", {"visits": 3, "price": 1000}, "check_in", {}),
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind[0])
def test_money_and_visits_wait_for_their_hours(shop: Shop, kind: tuple):
    name, parameters, command, tender = kind
    shop.publish(network_with(program("VALUE", name, **parameters) | MORNING))
    at(shop, 23, "11:00")
    shop.do("activate", CARD)
    if name != "credit_card":
        assert shop.do("top_up", CARD, 1000).rc == "00"
    amount = 500 if command == "sale" else None
    at(shop, 23, "12:00")
    assert shop.do(command, CARD, amount, **tender).rc == "57"
    assert shop.do("top_up", CARD, 1000).rc == "57"
    at(shop, 24, "08:00")
    assert shop.do(command, CARD, amount, **tender).rc == "00"


@pytest.mark.parametrize(
    ("kind", "parameters", "unit"),
    [
        ("bonus_amount", {"step": 100}, "points"),
        ("bonus_visit", {}, "points"),
        ("bonus_prize", {"step": 100}, "points"),
        ("purchase_accounting", {}, "turnover"),
        (
            "accumulated_discount",
            {"step_amount": 1, "step_rate": 1, "max_rate": 1},
            "turnover",
        ),
    ],
)
def test_what_is_counted_is_counted_in_its_hours(
    shop: Shop, kind: str, parameters: dict, unit: str
):
    shop.publish(network_with(program("COUNT", kind, **parameters) | MORNING))
    at(shop, 23, "12:00")
    shop.do("sale", CARD, 100)
    assert shop.balance(CARD, "COUNT", unit) == 0
    at(shop, 24, "08:00")
    shop.do("sale", CARD, 100)
    assert shop.balance(CARD, "COUNT", unit) > 0


def test_goods_bought_in_the_hours_come_back_outside_of_them(shop: Shop):
    points = program("POINTS", "bonus_amount", step=100) | MORNING
    shop.publish(network_with(points))
    at(shop, 23, "11:59")
    sale = shop.request("sale", CARD, 1000)
    shop.send(sale)
    at(shop, 23, "12:00")
    back = shop.do("refund", amount=1000, original=sale)
    assert (back.rc, back.earned[0].points) == ("00", -10)


def test_a_hold_is_confirmed_outside_of_the_hours_with_the_discount_shown(shop: Shop):
    publish(shop, **MORNING)
    at(shop, 23, "11:59")
    hold = shop.request("authorize", CARD, 1000)
    assert shop.send(hold).discount == 50
    at(shop, 23, "12:01")
    assert shop.do("confirm", original=hold).discount == 50


def test_points_earn_as_of_the_confirmation(shop: Shop):
    points = program("POINTS", "bonus_amount", step=100) | MORNING
    shop.publish(network_with(points))
    at(shop, 23, "11:59")
    hold = shop.request("authorize", CARD, 1000)
    assert shop.send(hold).earned[0].points == 10
    at(shop, 23, "12:01")
    told = shop.do("confirm", original=hold)
    assert (told.earned, "Points: not at this time" in told.explain) == ((), True)
