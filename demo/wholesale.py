"""Scenes of the wholesale shop: points instead of discounts, and what they buy.

One point for each 100.00; a hundred points become a voucher of 500.00 for a later
purchase; who brings a customer gets fifty. Those who collect most change their card
for a silver, then a golden one. Points also buy litres at the fuel company.
"""

from collections.abc import Iterator

from customer import (
    GRO_GOLD,
    GRO_PRO,
    GRO_SILVER,
    NO_CARD,
    PUMP,
    WHOLESALE,
    Customer,
    check,
    named,
)
from theatre import Scene, Theatre

PRIZE = "GRO-PRIZE/money/50000"
POINTS = "GRO-PRIZE.points"


def hundred_points(stage: Theatre) -> Scene:
    it = Customer("08:25", stage.card(GRO_PRO))
    note = "the wholesaler gives a card with a purchase of 100.00; this is less: 78"
    done = yield it.does(WHOLESALE, "sale", note, amount=9999)
    check(done, rc="78")
    note = "100.00: the card is registered, with its first point"
    done = yield it.does(WHOLESALE, "sale", note, amount=10000)
    check(done, due=10000, points={"GRO-PRIZE": 1}, vouchers=[])
    note = "99 more points: a hundred become a voucher of 500.00"
    done = yield it.does(WHOLESALE, "sale", note, amount=990_000)
    check(done, points={"GRO-PRIZE": 99}, vouchers=[PRIZE])
    assert done.expected.balances[POINTS] == 0
    voucher = named(done, PRIZE)
    it.goes("11:15")
    note = "the voucher pays 500.00 of 800.00; points for the other 300.00"
    done = yield it.does(WHOLESALE, "sale", note, amount=80_000, voucher=voucher)
    check(done, voucher=50_000, due=30_000, points={"GRO-PRIZE": 3}, vouchers=[])
    note = "the same voucher once more: 57"
    done = yield it.does(WHOLESALE, "sale", note, amount=80_000, voucher=voucher)
    check(done, rc="57")
    note = "a voucher that nobody issued: 57"
    done = yield it.does(WHOLESALE, "sale", note, amount=80_000, voucher="ABCD2345")
    check(done, rc="57")


def voucher_comes_back(stage: Theatre) -> Scene:
    it = Customer("09:40", stage.card(GRO_PRO))
    note = "100 points at once: a voucher"
    done = yield it.does(WHOLESALE, "sale", note, amount=1_000_000)
    check(done, points={"GRO-PRIZE": 100}, vouchers=[PRIZE])
    first = named(done, PRIZE)
    note = "a voucher of 500.00 for 300.00: the rest of it is lost"
    done = yield it.does(WHOLESALE, "sale", note, amount=30_000, voucher=first)
    check(done, voucher=30_000, due=0, points={}, vouchers=[])
    note = "all goods come back: the voucher is whole again"
    done = yield it.does(
        WHOLESALE, "refund", note, amount=30_000, original=done.original
    )
    check(done, voucher=30_000, due=0, vouchers=[PRIZE])
    it.goes("14:20")
    note = "used again, for 800.00"
    done = yield it.does(WHOLESALE, "sale", note, amount=80_000, voucher=first)
    check(done, voucher=50_000, due=30_000)
    note = "half of the goods: half of the voucher and of the money"
    done = yield it.does(
        WHOLESALE, "refund", note, amount=40_000, original=done.original
    )
    check(done, voucher=25_000, due=15_000, vouchers=["GRO-PRIZE/money/25000"])
    note = "the voucher of 250.00 that is left"
    done = yield it.does(WHOLESALE, "sale", note, amount=25_000, voucher=first)
    check(done, voucher=25_000, due=0)


def points_owed(stage: Theatre) -> Scene:
    it = Customer("10:35", stage.card(GRO_PRO))
    note = "a voucher for 100 points"
    done = yield it.does(WHOLESALE, "sale", note, amount=1_000_000)
    bought = done.original
    note = "half of it comes back: the voucher is unused and becomes points again"
    done = yield it.does(
        WHOLESALE, "refund", note, amount=500_000, original=bought, **NO_CARD
    )
    check(done, due=500_000, points={"GRO-PRIZE": -50}, vouchers=[])
    assert done.expected.balances[POINTS] == 50
    note = "50 points more: a voucher again"
    done = yield it.does(WHOLESALE, "sale", note, amount=500_000)
    voucher = named(done, PRIZE)
    yield it.does(WHOLESALE, "sale", "it is used", amount=50_000, voucher=voucher)
    note = "the other half comes back, its points are gone: fifty are owed"
    done = yield it.does(
        WHOLESALE, "refund", note, amount=500_000, original=bought, **NO_CARD
    )
    check(done, due=500_000, points={"GRO-PRIZE": -50})
    assert done.expected.balances["GRO-PRIZE.owed"] == 50
    note = "120 new points: fifty pay what is owed, seventy are credited"
    done = yield it.does(WHOLESALE, "sale", note, amount=1_200_000)
    check(done, points={"GRO-PRIZE": 70})
    assert done.expected.balances[POINTS] == 70


def friends(stage: Theatre) -> Scene:
    brings = stage.card(GRO_PRO)
    it = Customer("09:05", brings)
    done = yield it.does(WHOLESALE, "sale", "a customer who talks", amount=20_000)
    check(done, points={"GRO-PRIZE": 2})
    note = "brings herself: no points for that"
    done = yield it.does(WHOLESALE, "sale", note, amount=10_000, referrer=brings)
    check(done, points={"GRO-PRIZE": 1})
    friend = Customer("09:30", stage.card(GRO_PRO))
    note = "brings a friend, whose first purchase is booked: 50 points for her"
    done = yield friend.does(WHOLESALE, "sale", note, amount=10_000, referrer=brings)
    check(done, points={"GRO-PRIZE": 1})
    it.goes("09:45")
    done = yield it.does(WHOLESALE, "inquire", "53 points")
    assert done.expected.balances[POINTS] == 53
    friend.goes("10:00")
    note = "the friend's second purchase brings her nothing"
    yield friend.does(WHOLESALE, "sale", note, amount=10_000, referrer=brings)
    other = Customer("12:15", stage.card(GRO_PRO))
    note = "another friend: 103 points, a hundred become a voucher"
    done = yield other.does(WHOLESALE, "sale", note, amount=10_000, referrer=brings)
    it.goes("12:30")
    done = yield it.does(WHOLESALE, "inquire", "a voucher and three points")
    check(done, vouchers=[PRIZE])
    assert done.expected.balances[POINTS] == 3
    third = Customer("15:40", stage.card(GRO_PRO))
    done = yield third.does(
        WHOLESALE, "sale", "a third friend", amount=10_000, referrer=brings
    )
    note = "whose purchase is undone: the 50 points go, too"
    yield third.does(WHOLESALE, "reverse", note, original=done.original, **NO_CARD)
    it.goes("16:10")
    done = yield it.does(WHOLESALE, "inquire", "three points again")
    assert done.expected.balances[POINTS] == 3


def silver_and_gold(stage: Theatre) -> Scene:
    it = Customer("08:50", stage.card(GRO_PRO))
    silver, gold = stage.card(GRO_SILVER), stage.card(GRO_GOLD)
    note = "149 points: a hundred of them become a voucher"
    yield it.does(WHOLESALE, "sale", note, amount=1_490_000)
    note = "149 points are not 150: no silver card yet, 05"
    done = yield it.does(WHOLESALE, "replace", note, other=silver)
    check(done, rc="05")
    yield it.does(WHOLESALE, "sale", "the 150th point", amount=10_000)
    note = "the silver card takes everything over"
    done = yield it.does(WHOLESALE, "replace", note, other=silver)
    check(done, rc="00", vouchers=[PRIZE])
    assert done.expected.balances[POINTS] == 50
    note = "the old card is replaced: 54"
    done = yield it.does(WHOLESALE, "sale", note, amount=10_000)
    check(done, rc="54")
    it.card = silver
    it.goes("13:05")
    note = "silver: 3 %, and 150 points more"
    done = yield it.does(WHOLESALE, "sale", note, amount=1_546_392)
    check(done, rate=300, due=1_500_000, vouchers=[PRIZE, PRIZE, PRIZE])
    note = "300 points earned in all: the golden card"
    done = yield it.does(WHOLESALE, "replace", note, other=gold)
    check(done, rc="00")
    it.card = gold
    it.goes("17:20")
    done = yield it.does(WHOLESALE, "sale", "gold: 5 %", amount=20_000)
    check(done, rate=500, due=19_000)


def litres(stage: Theatre) -> Scene:
    it = Customer("10:05", stage.card(GRO_PRO))
    done = yield it.does(WHOLESALE, "sale", "25 points", amount=250_000)
    check(done, points={"GRO-PRIZE": 25})
    it.goes("12:45")
    fills = {"program": "GRO-LITRES"}
    note = "a point is three litres: 20 points of the grocer fill 60 litres"
    sixty = (("fuel", 0, "diesel", "20"),)
    done = yield it.does(PUMP, "redeem", note, lines=sixty, **fills)
    check(done, due=0, amount=9000, taken={"GRO-PRIZE": 20})
    note = "18 litres are six points; five are left: 51"
    more = (("fuel", 0, "diesel", "6"),)
    done = yield it.does(PUMP, "redeem", note, lines=more, **fills)
    check(done, rc="51")
    note = "13 litres are four points and a third: five, rounded up"
    less = (("fuel", 0, "diesel", "4.333"),)
    done = yield it.does(PUMP, "redeem", note, lines=less, **fills)
    check(done, amount=1950, taken={"GRO-PRIZE": 5})
    note = "not taken after all: undone, five points are back"
    yield it.does(PUMP, "reverse", note, original=done.original, **NO_CARD)
    note = "the grocer's points buy diesel only: 57"
    petrol = (("fuel", 0, "petrol", "1"),)
    done = yield it.does(PUMP, "redeem", note, lines=petrol, **fills)
    check(done, rc="57")


def questionnaire(stage: Theatre) -> Scene:
    it = Customer("11:35", stage.card(GRO_PRO))
    yield it.does(WHOLESALE, "sale", "a new customer", amount=10_000)
    note = "fills in the questionnaire: ten points"
    done = yield it.does(WHOLESALE, "enroll", note)
    assert done.expected.balances[POINTS] == 11
    note = "and once more: ten points only once"
    done = yield it.does(WHOLESALE, "enroll", note)
    assert done.expected.balances[POINTS] == 11


def all_wholesale(stage: Theatre) -> Iterator[Scene]:
    """Every scene of the wholesale shop."""
    yield hundred_points(stage)
    yield voucher_comes_back(stage)
    yield points_owed(stage)
    yield friends(stage)
    yield silver_and_gold(stage)
    yield litres(stage)
    yield questionnaire(stage)
