"""Scenes of cards and who holds them: lost, stolen, replaced, with a code, without."""

from collections.abc import Iterator

from customer import (
    B1,
    BANK,
    BOOK_GIFT,
    F1_ISO,
    FUEL_FLEET,
    G1,
    G2,
    GRO_CLUB,
    GRO_GIFT,
    NO_CARD,
    PUMP,
    Customer,
    check,
)
from theatre import Scene, Theatre


def lost_and_replaced(stage: Theatre) -> Scene:
    it = Customer("10:55", stage.card(GRO_GIFT))
    yield it.does(G1, "activate", "a gift card of 40.00", amount=4000)
    done = yield it.does(G1, "sale", "12.50 of it", amount=1250)
    bought = done.original
    it.goes("12:50")
    yield it.does(G1, "block", "lost for good", reason="lost")
    done = yield it.does(F1_ISO, "sale", "whoever found it: 41", amount=1000)
    check(done, rc="41")
    new = stage.card(GRO_GIFT)
    note = "another card takes over what is left: 27.50"
    done = yield it.does(G1, "replace", note, other=new)
    check(done, rc="00", balances={"GRO-GIFT": 2750})
    it.card = new
    note = "the new card pays"
    done = yield it.does(G2, "sale", note, amount=750)
    check(done, gift=750, balances={"GRO-GIFT": 2000})
    it.goes("17:00")
    note = "goods bought with the old card: their price is on the new one"
    done = yield it.does(G2, "refund", note, amount=1250, original=bought, **NO_CARD)
    check(done, gift=1250, balances={"GRO-GIFT": 3250})


def stolen_and_closed(stage: Theatre) -> Scene:
    it = Customer("11:10", stage.card(FUEL_FLEET))
    yield it.does(PUMP, "activate", "a driver's card")
    yield it.does(PUMP, "block", "stolen from the car", reason="stolen")
    goods = (("fuel", 1000),)
    note = "the thief fills up: 43"
    done = yield it.does(PUMP, "sale", note, amount=1000, lines=goods, credit=1000)
    check(done, rc="43")
    it = Customer("11:15", stage.card(BOOK_GIFT))
    yield it.does(B1, "activate", amount=1000)
    yield it.does(B1, "block", "not wanted any more", reason="closed")
    done = yield it.does(B1, "sale", "closed: 54", amount=500)
    check(done, rc="54")


def a_code_of_ones_own(stage: Theatre) -> Scene:
    it = Customer("11:30", stage.card(GRO_GIFT))
    yield it.does(G1, "activate", "sold without a code", amount=3000)
    yield it.does(G1, "sale", "anybody may pay with it", amount=500)
    note = "its owner gives it a code"
    yield it.does(G1, "set_code", note, new_code="82736455")
    done = yield it.does(G1, "sale", "without the code: 55", amount=500)
    check(done, rc="55")
    asked = {"amount": 500, "code": "82736455"}
    done = yield it.does(G1, "sale", "with it", **asked)
    check(done, gift=500)
    note = "another code, without the old one: 55"
    done = yield it.does(G1, "set_code", note, new_code="19283744")
    check(done, rc="55")
    note = "with the old one"
    both = {"code": "82736455", "new_code": "19283744"}
    yield it.does(G1, "set_code", note, **both)
    done = yield it.does(G1, "sale", "the old code: 55", **asked)
    check(done, rc="55")
    asked["code"] = "19283744"
    done = yield it.does(G1, "sale", "the new one", **asked)
    check(done, gift=500, balances={"GRO-GIFT": 1500})
    club = Customer("11:35", stage.card(GRO_CLUB))
    yield club.does(G1, "sale", amount=700)
    note = "a club card has no code: 57"
    done = yield club.does(G1, "set_code", note, new_code="82736455")
    check(done, rc="57")


def gift_card_sold_back(stage: Theatre) -> Scene:
    it = Customer("13:25", stage.card(GRO_GIFT))
    done = yield it.does(G1, "activate", "a gift card of 25.00", amount=2500)
    sold = done.original
    yield it.does(G1, "sale", "5.00 of it", amount=500)
    note = "the rest is paid out, the card is closed"
    done = yield it.does(G1, "refund", note, original=sold, **NO_CARD)
    check(done, due=2000, balances={"GRO-GIFT": 0})
    done = yield it.does(G1, "sale", "closed: 54", amount=100)
    check(done, rc="54")


def one_bank_card(stage: Theatre) -> Scene:
    it = Customer("12:55", stage.card(BANK), "bank")
    note = "a bank card: this purchase registers it, the discount comes with the next"
    done = yield it.does(G1, "sale", note, amount=2000)
    check(done, rate=0, due=2000, points={"GRO-BONUS": 4})
    done = yield it.does(G1, "sale", "here it is: 5 %", amount=2000)
    check(done, rate=500, due=1900, points={"GRO-BONUS": 3})
    it.goes("14:40")
    note = "the same bank card at the bookshop: purses of its own, 5 % at once"
    goods = (("books", 1000),)
    done = yield it.does(B1, "sale", note, amount=1000, lines=goods)
    check(done, rate=500, due=950)


def driving_licence(stage: Theatre) -> Scene:
    it = Customer("14:15", "LV-DEMO-4711", "document")
    goods = (("fuel", 1999),)
    note = "a driving licence is registered with 20.00, this is less: 78"
    done = yield it.does(PUMP, "sale", note, amount=1999, lines=goods)
    check(done, rc="78")
    goods = (("fuel", 2000),)
    note = "with 20.00 it is"
    done = yield it.does(PUMP, "sale", note, amount=2000, lines=goods)
    check(done, rc="00", points={"FUEL-BONUS": 2})
    note = "and from then on every purchase counts"
    goods = (("fuel", 1000),)
    done = yield it.does(PUMP, "sale", note, amount=1000, lines=goods)
    check(done, points={"FUEL-BONUS": 1}, balances={"FUEL-BONUS.points": 3})


def all_holding(stage: Theatre) -> Iterator[Scene]:
    """Every scene of cards and their holders."""
    yield lost_and_replaced(stage)
    yield stolen_and_closed(stage)
    yield a_code_of_ones_own(stage)
    yield gift_card_sold_back(stage)
    yield one_bank_card(stage)
    yield driving_licence(stage)
