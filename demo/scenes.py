"""The told part of the day: each scene shows one thing that must hold.

The figures of the first scenes are those of the people who ordered this system:
7.00 gives one bonus, 17.50 three, 4.99 none; ten bonuses become 1.00; after 49.99 the
discount is 5 %, after 50.00 it is 6 % from the next purchase.
"""

from collections.abc import Iterator

from credit import all_credit
from customer import (
    B1,
    B1_ISO,
    BOOK_CLUB,
    F1_ISO,
    FUEL_CLUB,
    G1,
    G1_ISO,
    G2,
    G2_ISO,
    GRO_CLUB,
    GRO_GIFT,
    PUMP,
    Customer,
    check,
)
from family import all_family
from holding import all_holding
from readers import all_readers
from theatre import Scene, Theatre
from trouble import (
    access_code,
    blocked_card,
    closing,
    opening,
    repeats,
    reversals,
    shift_ends,
    strangers,
)
from washing import all_washing
from wholesale import all_wholesale


def bonus_figures(stage: Theatre) -> Scene:
    it = Customer("08:20", stage.card(GRO_CLUB))
    for gross, net, points in ((737, 700, 1), (1842, 1750, 3), (525, 499, 0)):
        note = f"paid {net / 100:.2f}: {points} bonus points"
        done = yield it.does(G1, "sale", note, amount=gross)
        check(done, due=net, points={"GRO-BONUS": points} if points else {})
    it = Customer("08:31", stage.card(FUEL_CLUB))
    for gross, points in ((999, 0), (1000, 1), (2999, 2)):
        note = f"fuel {gross / 100:.2f}: {points} points of the fuel company"
        goods = (("fuel", gross),)
        done = yield it.does(F1_ISO, "sale", note, amount=gross, lines=goods)
        check(done, due=gross, points={"FUEL-BONUS": points} if points else {})


def ten_points_become_money(stage: Theatre) -> Scene:
    it = Customer("08:40", stage.card(GRO_CLUB))
    done = yield it.does(G1_ISO, "sale", "nine points", amount=4799)
    check(done, due=4559, points={"GRO-BONUS": 9}, converted=0)
    note = "9 + 3 = 12: ten erased, 1.00 credited, 2 left"
    done = yield it.does(G1_ISO, "sale", note, amount=1842)
    check(done, points={"GRO-BONUS": 3}, converted=100, discount=92)
    check(done, balances={"GRO-BONUS": 100, "GRO-BONUS.points": 2})
    it.goes("12:10")
    note = "bonus money of the grocer pays at the fuel company"
    goods = (("fuel", 1500),)
    done = yield it.does(PUMP, "sale", note, amount=1500, lines=goods, bonus=60)
    check(done, bonus=60, due=1440, points={"FUEL-BONUS": 1})
    it.goes("15:10")
    note = "the rest of it pays at the bookshop"
    goods = (("books", 1250),)
    done = yield it.does(B1, "sale", note, amount=1250, lines=goods, bonus=40)
    check(done, bonus=40, discount=63, due=1147)
    note = "nothing of it is left: 51"
    done = yield it.does(B1, "sale", note, amount=500, bonus=1)
    check(done, rc="51")


def steps_of_the_discount(stage: Theatre) -> Scene:
    it = Customer("09:00", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "collects 49.99", amount=5262)
    check(done, due=4999, rate=500)
    done = yield it.does(G1, "sale", "after 49.99: still 5 %", amount=1000)
    check(done, due=950, rate=500)
    it = Customer("09:10", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "collects exactly 50.00 at 5 %", amount=5263)
    check(done, due=5000, rate=500)
    done = yield it.does(G1, "sale", "after 50.00: 6 % from now on", amount=1000)
    check(done, due=940, rate=600)
    it.goes("09:40")
    note = "the same card in Teika, which has a rule of its own: 3 % + 1 %"
    done = yield it.does(G2_ISO, "sale", note, amount=1000)
    check(done, due=960, rate=400)
    it = Customer("09:20", stage.card(GRO_CLUB))
    note = "a big party: 700.00 collected at one go, still at 5 %"
    done = yield it.does(G1_ISO, "sale", note, amount=73684)
    check(done, due=70000, rate=500)
    done = yield it.does(G1_ISO, "sale", "15 % is the most", amount=2000)
    check(done, due=1700, rate=1500)
    it.goes("10:05")
    done = yield it.does(G2, "sale", "in Teika 10 % is the most", amount=2000)
    check(done, due=1800, rate=1000)


def a_truck_fills_up(stage: Theatre) -> Scene:
    it = Customer("09:35", stage.card(FUEL_CLUB))
    goods = (("fuel", 46000),)
    note = "46 points of the fuel company: forty become 2.00, six are left"
    done = yield it.does(F1_ISO, "sale", note, amount=46000, lines=goods)
    check(done, points={"FUEL-BONUS": 46}, converted=200)
    check(done, balances={"FUEL-BONUS": 200, "FUEL-BONUS.points": 6})
    it.goes("12:50")
    note = "the fuel company's bonus buys bread: no discount, no points here"
    done = yield it.does(G1_ISO, "sale", note, amount=120, bonus=120)
    check(done, due=0, bonus=120, rate=0)
    it.goes("13:40")
    note = "and a postcard; 0.20 too much is asked: 51"
    done = yield it.does(B1_ISO, "sale", note, amount=150, bonus=100)
    check(done, rc="51")
    done = yield it.does(B1_ISO, "sale", "and a postcard", amount=150, bonus=80)
    check(done, bonus=80, due=70, balances={"FUEL-BONUS": 0})


def a_rule_of_its_own(stage: Theatre) -> Scene:
    it = Customer("09:30", stage.card(GRO_CLUB))
    done = yield it.does(G2, "sale", "a new card in Teika: 3 %", amount=2000)
    check(done, due=1940, rate=300)
    it.goes("10:15")
    done = yield it.does(G1, "sale", "the same card in Centrs: 5 %", amount=2000)
    check(done, due=1900, rate=500)
    it = Customer("10:20", stage.card(BOOK_CLUB))
    goods = (("books", 2000),)
    done = yield it.does(B1, "sale", "5 % of 20.00", amount=2000, lines=goods)
    check(done, due=1900, rate=500)


def fuel_after_hundred(stage: Theatre) -> Scene:
    it = Customer("08:45", stage.card(FUEL_CLUB))
    goods = (("fuel", 9999),)
    done = yield it.does(F1_ISO, "sale", "spends 99.99", amount=9999, lines=goods)
    check(done, discount=0, points={"FUEL-BONUS": 9})
    it.goes("11:30")
    goods = (("fuel", 5000),)
    note = "99.99 is not 100.00: no discount yet"
    done = yield it.does(F1_ISO, "sale", note, amount=5000, lines=goods)
    check(done, discount=0, rate=0)
    it.goes("16:30")
    note = "from 100.00 on 2 % off fuel, coffee stays as it is"
    goods = (("fuel", 5000), ("food", 350))
    done = yield it.does(PUMP, "sale", note, amount=5350, lines=goods)
    check(done, discount=100, due=5250, rate=200)
    bought, none = done.original, {"card": "", "kind": ""}
    goods = (("books", 350),)
    note = "brings back what was not bought: 13"
    done = yield it.does(PUMP, "refund", note, lines=goods, original=bought, **none)
    check(done, rc="13")
    goods = (("food", 350),)
    note = "the coffee goes back: no discount was on it"
    done = yield it.does(PUMP, "refund", note, lines=goods, original=bought, **none)
    check(done, discount=0, due=350)
    goods = (("fuel", 5000),)
    note = "and the fuel, with its discount and all points"
    done = yield it.does(PUMP, "refund", note, lines=goods, original=bought, **none)
    check(done, discount=100, due=4900, points={"FUEL-BONUS": -5})


def gift_card_travels(stage: Theatre) -> Scene:
    it = Customer("09:05", stage.card(GRO_GIFT))
    done = yield it.does(G1_ISO, "activate", "a gift card of 30.00", amount=3000)
    check(done, due=3000, balances={"GRO-GIFT": 3000})
    it.goes("11:10")
    note = "the grocer's gift card pays for fuel"
    goods = (("fuel", 1250),)
    done = yield it.does(F1_ISO, "sale", note, amount=1250, lines=goods)
    check(done, gift=1250, due=0, balances={"GRO-GIFT": 1750})
    it.goes("12:20")
    goods = (("books", 990),)
    note = "and for a book"
    done = yield it.does(B1, "sale", note, amount=990, lines=goods)
    check(done, gift=990, balances={"GRO-GIFT": 760})
    book = done.original
    note = "it runs short: 51, nothing is held"
    done = yield it.does(B1, "sale", note, amount=3000)
    check(done, rc="51")
    done = yield it.does(B1, "inquire", "all 7.60 are still there")
    check(done, balances={"GRO-GIFT": 760})
    note = "the till takes what is there: 10"
    done = yield it.does(B1, "sale", note, amount=1000, partial=True)
    check(done, rc="10", gift=760, due=240, balances={"GRO-GIFT": 0})
    it.goes("17:45")
    note = "a part of the book's price goes back to the card"
    done = yield it.does(B1, "refund", note, amount=400, original=book)
    check(done, gift=400, due=0, balances={"GRO-GIFT": 400})
    note = "more than is left of the purchase: 13"
    done = yield it.does(B1, "refund", note, amount=600, original=book)
    check(done, rc="13")
    note = "the rest of the price"
    done = yield it.does(B1, "refund", note, amount=590, original=book)
    check(done, gift=590, balances={"GRO-GIFT": 990})
    done = yield it.does(G1_ISO, "top_up", "loaded again", amount=2000)
    check(done, balances={"GRO-GIFT": 2990})


def thirty_on_twenty(stage: Theatre) -> Scene:
    it = Customer("10:00", stage.card(GRO_GIFT), "barcode")
    yield it.does(G2, "activate", "a gift card of 20.00", amount=2000)
    it.goes("13:00")
    done = yield it.does(G2, "sale", "30.00 on 20.00: 51", amount=3000)
    check(done, rc="51")
    note = "12.00 by the card, the rest in cash"
    done = yield it.does(G2, "sale", note, amount=3000, gift=1200)
    check(done, gift=1200, due=1800, balances={"GRO-GIFT": 800})
    done = yield it.does(G2, "refund", "all of it", amount=3000, original=done.original)
    check(done, gift=1200, due=1800, balances={"GRO-GIFT": 2000})
    it.goes("18:00")
    note = "in three parts of a third: 3.33, 3.33, 3.34"
    done = yield it.does(G2, "sale", note, amount=1000)
    bought = done.original
    for part in (333, 333, 334):
        done = yield it.does(G2, "refund", note, amount=part, original=bought)
        check(done, gift=part)
    check(done, balances={"GRO-GIFT": 2000})


def goods_come_back_elsewhere(stage: Theatre) -> Scene:
    it = Customer("15:30", stage.card(GRO_CLUB))
    done = yield it.does(G1_ISO, "sale", "bought in Centrs", amount=4000)
    check(done, discount=200, due=3800, points={"GRO-BONUS": 7})
    bought, none = done.original, {"card": "", "kind": ""}
    note = "a bookshop cannot take the grocer's goods back: 25"
    done = yield it.does(B1, "refund", note, amount=1000, original=bought, **none)
    check(done, rc="25")
    note = "brought back in Teika, at the price paid in Centrs"
    done = yield it.does(G2, "refund", note, amount=1000, original=bought, **none)
    check(done, discount=50, due=950, points={"GRO-BONUS": -2})


def goods_come_back(stage: Theatre) -> Scene:
    it = Customer("12:00", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "six points", amount=3300)
    check(done, discount=165, due=3135, points={"GRO-BONUS": 6})
    bought = done.original
    note = "a third goes back: two points, a third of the discount"
    done = yield it.does(G1, "refund", note, amount=1100, original=bought)
    check(done, discount=55, due=1045, points={"GRO-BONUS": -2})
    note = "the rest: exactly the rest"
    done = yield it.does(G1, "refund", note, amount=2200, original=bought)
    check(done, discount=110, due=2090, points={"GRO-BONUS": -4})
    it = Customer("12:40", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "nine points", amount=4799)
    done = yield it.does(G1, "sale", "twelve: 1.00 and two points", amount=1842)
    bought = done.original
    note = "spends the 1.00"
    yield it.does(G1, "sale", note, amount=400, bonus=100)
    note = "brings back what gave three points: two are left, the third costs 0.10"
    done = yield it.does(G1, "refund", note, amount=1842, original=bought)
    check(done, points={"GRO-BONUS": -3}, due=1740)


def the_pump(stage: Theatre) -> Scene:
    it = Customer("09:25", stage.card(FUEL_CLUB), "track2")
    it.card = f";{it.card}=29051010000000000?"
    no_card = {"card": "", "kind": ""}
    goods = (("fuel", 8000),)
    done = yield it.does(
        PUMP, "authorize", "the pump asks for 80.00", amount=8000, lines=goods
    )
    note = "54.63 went into the tank"
    done = yield it.does(
        PUMP, "confirm", note, amount=5463, original=done.original, **no_card
    )
    check(done, due=5463, points={"FUEL-BONUS": 5})
    it = Customer("13:20", stage.card(GRO_GIFT))
    yield it.does(F1_ISO, "activate", "sold by the fuel company", amount=10000)
    done = yield it.does(
        PUMP, "authorize", "the gift card at the pump", amount=8000, lines=goods
    )
    held = done.original
    check(done, gift=8000)
    done = yield it.does(G1, "sale", "held is held: 51", amount=3000)
    check(done, rc="51")
    note = "more than was authorized: 13"
    done = yield it.does(PUMP, "confirm", note, amount=8001, original=held, **no_card)
    check(done, rc="13")
    note = "32.10 went into the tank, the rest is free again"
    done = yield it.does(PUMP, "confirm", note, amount=3210, original=held, **no_card)
    check(done, gift=3210, due=0, balances={"GRO-GIFT": 6790})
    note = "confirmed twice under another number: 77"
    done = yield it.does(PUMP, "confirm", note, amount=3210, original=held, **no_card)
    check(done, rc="77")
    it = Customer("19:30", stage.card(FUEL_CLUB))
    goods = (("fuel", 6000),)
    note = "drives away without fuel: the hold ends by itself after an hour"
    yield it.does(PUMP, "authorize", note, amount=6000, lines=goods)


def two_tenders(stage: Theatre) -> Scene:
    it = Customer("13:10", stage.card(GRO_CLUB))
    done = yield it.does(G1, "sale", "a big basket", amount=14000)
    check(done, points={"GRO-BONUS": 26}, converted=200)
    it.goes("14:10")
    note = "asks to pay more than is due: 13"
    done = yield it.does(G2_ISO, "sale", note, amount=150, bonus=200)
    check(done, rc="13")
    note = "holds 2.00 of bonus money"
    done = yield it.does(G2_ISO, "authorize", note, amount=2000, bonus=200)
    check(done, rate=500, discount=100, bonus=200, due=1700)
    held, none = done.original, {"card": "", "kind": ""}
    note = "the cashier confirms; 5 % in Teika, earned on 17.00"
    done = yield it.does(G2_ISO, "confirm", note, original=held, **none)
    check(done, due=1700, bonus=200, points={"GRO-BONUS": 3})


def all_scenes(stage: Theatre) -> Iterator[Scene]:
    """Every told scene of the day."""
    for told in (
        bonus_figures,
        ten_points_become_money,
        steps_of_the_discount,
        a_truck_fills_up,
        a_rule_of_its_own,
        fuel_after_hundred,
        gift_card_travels,
        thirty_on_twenty,
        access_code,
        blocked_card,
        strangers,
        repeats,
        reversals,
        goods_come_back,
        goods_come_back_elsewhere,
        the_pump,
        two_tenders,
        shift_ends,
    ):
        yield told(stage)
    for told_of in (
        all_wholesale,
        all_washing,
        all_credit,
        all_family,
        all_readers,
        all_holding,
    ):
        yield from told_of(stage)
    for number, terminal in enumerate(stage.oracle.world.rules.terminals):
        yield opening(terminal, number)
        yield closing(terminal, 50 + number, wrong=terminal == B1_ISO)
