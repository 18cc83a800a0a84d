"""Scenes of the car wash: a point for each visit, passes of ten, one a day."""

from collections.abc import Iterator

from customer import (
    F1_ISO,
    FUEL_PASS,
    FUEL_WASH,
    NO_CARD,
    WASH,
    Customer,
    check,
)
from theatre import Played, Scene, Theatre

TEN, DAILY = "FUEL-TEN", "FUEL-DAILY"
WASHED = (("wash", 800),)


def a_point_a_visit(stage: Theatre) -> Scene:
    it = Customer("08:55", stage.card(FUEL_WASH))
    one = {"FUEL-WASH": 1}
    note = "a point for a visit, whatever it costs"
    for price in (800, 1500, 199, 800):
        goods = (("wash", price),)
        done = yield it.does(WASH, "sale", note, amount=price, lines=goods)
        check(done, points=one, converted=0, due=price)
    it.goes("11:05")
    note = "the fifth visit, without a purchase: five points become 3.00"
    done = yield it.does(WASH, "check_in", note)
    check(done, points=one, converted=300)
    check_points(done.expected.balances, 0, 300)
    note = "the sixth, paid with the 3.00"
    done = yield it.does(WASH, "sale", note, amount=800, lines=WASHED, bonus=300)
    check(done, points=one, bonus=300, due=500)
    last = done.original
    note = "six visits a day count: the seventh gives no point"
    done = yield it.does(WASH, "sale", note, amount=800, lines=WASHED)
    check(done, rc="00", points={})
    it.goes("15:20")
    note = "a part of the sixth is given back: a visit stays a visit"
    done = yield it.does(WASH, "refund", note, amount=400, original=last)
    check(done, points={}, bonus=150, due=250)
    note = "the rest of it: now the point goes, too"
    done = yield it.does(WASH, "refund", note, amount=400, original=last)
    check(done, points={"FUEL-WASH": -1}, bonus=150, due=250)
    note = "the points are for washing: at the pumps the card is none, 57"
    done = yield it.does(F1_ISO, "sale", note, amount=1000)
    check(done, rc="57")


def check_points(balances: dict[str, int], points: int, money: int) -> None:
    """What the washer's card holds."""
    held = (balances.get("FUEL-WASH.points", 0), balances.get("FUEL-WASH", 0))
    assert held == (points, money), held


def check_left(done: Played, program: str, visits: int) -> None:
    """Visits that a pass has left."""
    left = done.expected.balances[f"{program}.visits"]
    assert left == visits, f"{done.step.note}: {left} visits, not {visits}"


def ten_visits(stage: Theatre) -> Scene:
    it = Customer("09:15", stage.card(FUEL_PASS))
    note = "a pass of ten costs 50.00, not 49.00: 13"
    done = yield it.does(WASH, "activate", note, amount=4900)
    check(done, rc="13")
    done = yield it.does(WASH, "activate", "ten visits, prepaid", amount=5000)
    check(done, due=5000)
    check_left(done, TEN, 10)
    for visit in range(1, 11):
        if visit == 4:
            it.goes("12:05")
        note = f"visit {visit} of ten"
        done = yield it.does(WASH, "check_in", note)
        check_left(done, TEN, 10 - visit)
    it.goes("16:00")
    done = yield it.does(WASH, "check_in", "the eleventh: 51")
    check(done, rc="51")
    done = yield it.does(WASH, "top_up", "ten more", amount=5000)
    check_left(done, TEN, 10)
    bought = done.original
    done = yield it.does(WASH, "check_in", "one of them")
    note = "nine are left and are sold back: 45.00"
    done = yield it.does(WASH, "refund", note, original=bought, **NO_CARD)
    check(done, due=4500)
    check_left(done, TEN, 0)


def sold_back(stage: Theatre) -> Scene:
    it = Customer("10:25", stage.card(FUEL_PASS))
    done = yield it.does(WASH, "activate", "ten visits", amount=5000)
    bought = done.original
    for _ in range(3):
        done = yield it.does(WASH, "check_in", "a visit")
    note = "the last visit is undone"
    done = yield it.does(WASH, "reverse", note, original=done.original, **NO_CARD)
    check_left(done, TEN, 8)
    note = "the pass is sold back: eight visits are 40.00"
    done = yield it.does(WASH, "refund", note, original=bought, **NO_CARD)
    check(done, due=4000)
    check_left(done, TEN, 0)
    done = yield it.does(WASH, "check_in", "and is worth nothing now: 54")
    check(done, rc="54")


def once_a_day(stage: Theatre) -> Scene:
    it = Customer("10:45", stage.card(FUEL_PASS))
    month = {"program": "FUEL-DAILY"}
    note = "thirty visits in a month"
    done = yield it.does(WASH, "activate", note, amount=9000, **month)
    check(done, due=9000)
    check_left(done, DAILY, 30)
    done = yield it.does(WASH, "check_in", "today's wash")
    check_left(done, DAILY, 29)
    it.goes("17:30")
    done = yield it.does(WASH, "check_in", "a second one today: 65")
    check(done, rc="65")


def all_washing(stage: Theatre) -> Iterator[Scene]:
    """Every scene of the car wash."""
    yield a_point_a_visit(stage)
    yield ten_visits(stage)
    yield sold_back(stage)
    yield once_a_day(stage)
