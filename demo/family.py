"""Scenes of the family card: many programs in one purchase.

Each goods group collects a discount of its own (2, 4, 6 %); 2 % are added, on weekdays
by one program and at weekends by another; before noon one program and after it
another leaves 95 % of the rest. So the figures hold whenever the day is played, and
would not if both of a pair, or none, did work.
"""

from collections.abc import Iterator

from customer import G1, G2, NO_CARD, Customer, check
from customer import GRO_FAMILY as FAMILY
from theatre import Scene, Theatre

TICKETS = "GRO-TICKETS.tickets"


def shelves(stage: Theatre) -> Scene:
    it = Customer("09:00", stage.card(FAMILY))
    note = "food: 2 % + 2 %, and 95 % of the rest: 8.8 %; one ticket for 18.24"
    goods = (("food", 2000),)
    done = yield it.does(G1, "sale", note, amount=2000, lines=goods)
    check(done, rate=880, discount=176, due=1824)
    assert done.expected.balances[TICKETS] == 1
    note = "food has 36.48 now, soap 30.10: each group has passed 30.00 by itself"
    goods = (("food", 2000), ("household", 3300))
    done = yield it.does(G1, "sale", note, amount=5300, lines=goods)
    check(done, rate=880, discount=176 + 290, due=4834)
    assert done.expected.balances[TICKETS] == 5
    bought = done.original
    it.goes("11:55")
    note = "food: 4 % + 2 %, and 95 % of the rest: 10.7 %"
    goods = (("food", 1000),)
    done = yield it.does(G2, "sale", note, amount=1000, lines=goods)
    check(done, rate=1070, due=893)
    it.goes("13:15")
    note = "a toy is on no shelf: 2 %, and 95 % of the rest: 6.9 %"
    done = yield it.does(G2, "sale", note, amount=1000)
    check(done, rate=690, due=931)
    it.goes("16:45")
    note = "the soap comes back: its own discount, its share of four tickets"
    goods = (("household", 3300),)
    done = yield it.does(G1, "refund", note, lines=goods, original=bought, **NO_CARD)
    check(done, discount=290, due=3010)
    assert done.expected.balances[TICKETS] == 3
    note = "soap is at 2 % again, food stays at 4 %"
    goods = (("household", 500), ("food", 1000))
    done = yield it.does(G1, "sale", note, amount=1500, lines=goods)
    check(done, rate=1070, discount=44 + 107)


def questionnaire(stage: Theatre) -> Scene:
    it = Customer("10:15", stage.card(FAMILY))
    goods = (("food", 1000),)
    done = yield it.does(G2, "sale", "as everybody", amount=1000, lines=goods)
    check(done, rate=880)
    note = "the questionnaire is filled in, with a yes to news"
    yield it.does(G2, "enroll", note, consents=(("news", True),))
    it.goes("12:40")
    note = "1 % more for the answers, 1 % for the yes: 3 + 2 + 1 %, then 95 %: 10.7 %"
    done = yield it.does(G1, "sale", note, amount=1000, lines=goods)
    check(done, rate=1070, due=893)
    note = "no more news, please"
    yield it.does(G1, "enroll", note, consents=(("news", False),))
    note = "without the yes 3 + 2 %, then 95 %: 9.75 %"
    done = yield it.does(G1, "sale", note, amount=2000, lines=goods_of(2000))
    check(done, rate=975, due=1805)


def goods_of(amount: int) -> tuple[tuple[str, int], ...]:
    """Food for so much."""
    return (("food", amount),)


def a_hold_keeps_its_rate(stage: Theatre) -> Scene:
    it = Customer("14:25", stage.card(FAMILY))
    goods = (("food", 3000), ("household", 2000))
    note = "an order is put together; 8.8 % are promised"
    done = yield it.does(G1, "authorize", note, amount=5000, lines=goods)
    check(done, discount=440, due=4560, rate=880)
    held = done.original
    note = "meanwhile 40.00 more: food is past 30.00"
    yield it.does(G2, "sale", note, amount=4000, lines=goods_of(4000))
    less = (("food", 2500), ("household", 2000))
    note = "a bread was sold out: 45.00, at the rates that were promised"
    done = yield it.does(
        G1, "confirm", note, amount=4500, lines=less, original=held, **NO_CARD
    )
    check(done, discount=396, due=4104)


def all_family(stage: Theatre) -> Iterator[Scene]:
    """Every scene of the family card."""
    yield shelves(stage)
    yield questionnaire(stage)
    yield a_hold_keeps_its_rate(stage)
