"""Scenes of credit: a company's drivers fill up, the grocer's customers pay later."""

from collections.abc import Iterator

from customer import (
    F1_ISO,
    FUEL_FLEET,
    G1,
    G1_ISO,
    GRO_TAB,
    NO_CARD,
    PUMP,
    Customer,
    check,
)
from theatre import Scene, Theatre

DEBT = "FUEL-CREDIT.credit"


def fleet(stage: Theatre) -> Scene:
    it = Customer("08:30", stage.card(FUEL_FLEET))
    yield it.does(F1_ISO, "activate", "a card with 300.00 of credit")
    note = "60.00 of fuel: 3 % off by the sum of this purchase, 58.20 on credit"
    goods = (("fuel", 6000),)
    done = yield it.does(PUMP, "sale", note, amount=6000, lines=goods, credit=5820)
    check(done, rate=300, credit=5820, due=0, points={"FUEL-BONUS": 5})
    assert done.expected.balances[DEBT] == -5820
    first = done.original
    it.goes("10:40")
    note = "29.99 is less than 30.00: no discount"
    goods = (("fuel", 2999),)
    done = yield it.does(PUMP, "sale", note, amount=2999, lines=goods, credit=2999)
    check(done, rate=0, credit=2999)
    note = "30.00 of fuel and a sandwich: 1 % off the fuel"
    goods = (("fuel", 3000), ("food", 450))
    done = yield it.does(PUMP, "sale", note, amount=3450, lines=goods, credit=3420)
    check(done, discount=30, credit=3420, due=0)
    it.goes("12:35")
    note = "lunch for all drivers, at the grocer's, on the fuel company's credit"
    done = yield it.does(G1, "sale", note, amount=12_000, credit=12_000)
    check(done, credit=12_000, discount=0)
    assert done.expected.balances[DEBT] == -24_239
    note = "57.61 is left of 300.00: 80.00 is over the limit, 61"
    goods = (("fuel", 8000),)
    done = yield it.does(PUMP, "sale", note, amount=8000, lines=goods, credit=7760)
    check(done, rc="61")
    note = "the till takes what is left: 10"
    asked = {"amount": 8000, "lines": goods, "credit": 7760, "partial": True}
    done = yield it.does(PUMP, "sale", note, **asked)
    check(done, rc="10", credit=5761, due=1999)
    yield from the_company_pays(it, first)


def the_company_pays(it: Customer, first: tuple[str, int, int]) -> Scene:
    it.goes("15:50")
    note = "more than is owed: 13"
    done = yield it.does(PUMP, "top_up", note, amount=30_001)
    check(done, rc="13")
    note = "the company pays 200.00: the limit is free again"
    done = yield it.does(PUMP, "top_up", note, amount=20_000)
    check(done, due=20_000)
    assert done.expected.balances[DEBT] == -10_000
    note = "pays 50.00 more at the grocer's till"
    done = yield it.does(G1, "top_up", note, amount=5000)
    paid = done.original
    note = "a payment is not given back like goods: 77"
    done = yield it.does(G1, "refund", note, amount=5000, original=paid)
    check(done, rc="77")
    note = "but it can be undone"
    done = yield it.does(G1, "reverse", note, original=paid, **NO_CARD)
    assert done.expected.balances[DEBT] == -10_000
    note = "half of the first fuel was wrong: its price comes off the debt"
    goods = (("fuel", 3000),)
    done = yield it.does(PUMP, "refund", note, lines=goods, original=first)
    check(done, credit=2910, due=0, discount=90)
    assert done.expected.balances[DEBT] == -7090


def credit_at_the_pump(stage: Theatre) -> Scene:
    it = Customer("11:25", stage.card(FUEL_FLEET))
    yield it.does(PUMP, "activate", "another driver")
    goods = (("fuel", 20_000),)
    note = "the pump holds 194.00 of credit"
    done = yield it.does(
        PUMP, "authorize", note, amount=20_000, lines=goods, credit=19_400
    )
    check(done, credit=19_400, rate=300)
    held = done.original
    note = "held counts as used: 61"
    done = yield it.does(G1, "sale", note, amount=11_000, credit=11_000)
    check(done, rc="61")
    note = "100.00 went into the tank, at the 3 % that were promised"
    done = yield it.does(PUMP, "confirm", note, amount=10_000, original=held, **NO_CARD)
    check(done, credit=9700, discount=300, due=0)
    assert done.expected.balances[DEBT] == -9700


def tab(stage: Theatre) -> Scene:
    it = Customer("09:55", stage.card(GRO_TAB))
    yield it.does(G1_ISO, "activate", "a neighbour may run up 100.00")
    note = "the card can do nothing else: it pays without being told"
    done = yield it.does(G1_ISO, "sale", note, amount=4000)
    check(done, credit=4000, due=0)
    it.goes("13:35")
    done = yield it.does(G1_ISO, "sale", "70.00 more is too much: 61", amount=7000)
    check(done, rc="61")
    done = yield it.does(G1, "sale", "60.00 is just enough", amount=6000)
    check(done, credit=6000)
    note = "the grocer's credit is for the grocer's goods: 57"
    done = yield it.does(F1_ISO, "sale", note, amount=100)
    check(done, rc="57")
    it.goes("18:15")
    done = yield it.does(G1_ISO, "top_up", "pays all of it", amount=10_000)
    check(done, due=10_000)


def all_credit(stage: Theatre) -> Iterator[Scene]:
    """Every scene of credit."""
    yield fleet(stage)
    yield credit_at_the_pump(stage)
    yield tab(stage)
