"""The rest of the day: customers who come and go by chance, from a printed seed."""

import random
from collections.abc import Iterator

from chance import bring_back, cents, come, visits
from customer import (
    B1,
    B1_ISO,
    BOOK_CLUB,
    BOOK_GIFT,
    F1_ISO,
    FUEL_CLUB,
    G1,
    G1_ISO,
    G2,
    G2_ISO,
    GRO_CLUB,
    GRO_GIFT,
    NO_CARD,
    PUMP,
    Customer,
)
from theatre import Played, Scene, Theatre

GROCER_TILLS = (G1, G1_ISO, G2, G2_ISO)
BOOK_TILLS = (B1, B1_ISO)
TANK_MAX = 9000


def price_of_fuel(rng: random.Random) -> int:
    """Between 8 and 55 litres."""
    return rng.randint(800, 5500) * 159 // 100


def bonus_money(played: Played | None) -> int:
    """What the last slip said may be spent."""
    if played is None:
        return 0
    return sum(
        value
        for name, value in played.expected.balances.items()
        if name in ("GRO-BONUS", "FUEL-BONUS")
    )


def regular(stage: Theatre, number: int) -> Scene:
    """A customer of the grocer: collects, and pays with bonus money at times."""
    rng = stage.rng(f"regular {number}")
    kind = rng.choice(["pan", "pan", "barcode", "keyed"])
    it = Customer("08:00", stage.card(GRO_CLUB), kind)
    home = rng.choice([(G1, G1_ISO), (G2, G2_ISO)])
    last = None
    for at in visits(rng, 3, 6):
        come(it, at)
        where = rng.choice(home if rng.random() < 0.7 else GROCER_TILLS)
        price = cents(rng, 2400)
        ready = bonus_money(last)
        pays = min(ready, price * 8 // 10) if ready and rng.random() < 0.7 else 0
        last = yield it.does(where, "sale", amount=price, bonus=pays)
        if rng.random() < 0.06:
            yield from bring_back(it, last, price, rng)
        elif rng.random() < 0.05:
            note = "the cashier undoes it"
            yield it.does(where, "reverse", note, original=last.original, **NO_CARD)
            last = None


def traveller(stage: Theatre, number: int) -> Scene:
    """One green card in all three shops of the coalition."""
    rng = stage.rng(f"traveller {number}")
    it = Customer("08:00", stage.card(GRO_CLUB))
    last = None
    for turn, at in enumerate(visits(rng, 5, 7)):
        come(it, at)
        ready = bonus_money(last)
        if turn % 3 == 0:  # keeps half of the bonus money for the others
            where, goods = rng.choice(GROCER_TILLS), (("food", cents(rng, 7000)),)
        elif turn % 3 == 1:
            where, goods = F1_ISO, (("fuel", price_of_fuel(rng)),)
            ready //= 2
        else:
            where, goods = rng.choice(BOOK_TILLS), (("books", cents(rng, 1500)),)
        price = goods[0][1]
        pays = min(ready // (1 if turn % 3 else 2), price * 8 // 10)
        note = "bonus money of another shop" if pays else ""
        last = yield it.does(where, "sale", note, amount=price, lines=goods, bonus=pays)


def driver(stage: Theatre, number: int) -> Scene:
    """Fills up at the pump or pays at the till, with a coffee."""
    rng = stage.rng(f"driver {number}")
    it = Customer("08:00", stage.card(FUEL_CLUB))
    for at in visits(rng, 2, 4):
        come(it, at)
        fuel = price_of_fuel(rng)
        if rng.random() < 0.6:
            goods = (("fuel", TANK_MAX),)
            held = yield it.does(PUMP, "authorize", amount=TANK_MAX, lines=goods)
            it.now += rng.randint(60, 240)
            if rng.random() < 0.1:
                note = "no fuel taken: the hold is undone"
                yield it.does(PUMP, "reverse", note, original=held.original, **NO_CARD)
                continue
            yield it.does(
                PUMP, "confirm", amount=fuel, original=held.original, **NO_CARD
            )
        else:
            coffee = rng.choice([0, 250, 390])
            goods = (("fuel", fuel),) + ((("food", coffee),) if coffee else ())
            yield it.does(F1_ISO, "sale", amount=fuel + coffee, lines=goods)


def reader(stage: Theatre, number: int) -> Scene:
    """Buys books, and paper at the usual tax."""
    rng = stage.rng(f"reader {number}")
    it = Customer("08:00", stage.card(BOOK_CLUB))
    for at in visits(rng, 1, 3):
        come(it, at)
        book, paper = cents(rng, 1600), rng.choice([0, 0, 199, 450])
        goods = (("books", book),) + ((("", paper),) if paper else ())
        where = rng.choice(BOOK_TILLS)
        last = yield it.does(where, "sale", amount=book + paper, lines=goods)
        if rng.random() < 0.15:
            yield from bring_back(it, last, book + paper, rng)


def present(stage: Theatre, number: int) -> Scene:
    """A gift card: bought somewhere, spent somewhere else until it runs short."""
    rng = stage.rng(f"present {number}")
    it = Customer("08:00", stage.card(GRO_GIFT))
    code = f"{rng.randint(0, 99_999_999):08}" if rng.random() < 0.3 else ""
    first, *rest = visits(rng, 3, 5)
    come(it, first)
    load = rng.choice([1000, 2000, 2500, 3000, 5000])
    seller = rng.choice([*GROCER_TILLS, *GROCER_TILLS, F1_ISO, B1])
    last = yield it.does(seller, "activate", amount=load, code=code)
    for at in rest:
        come(it, at)
        where = rng.choice([*GROCER_TILLS, *GROCER_TILLS, F1_ISO, B1, B1_ISO])
        price = cents(rng, 1200)
        left = last.expected.balances.get("GRO-GIFT", 0)
        asked = {"amount": price, "code": code}
        if price <= left:
            last = yield it.does(where, "sale", **asked)
            if rng.random() < 0.12:
                yield from bring_back_by_code(it, last, price)
        elif left and rng.random() < 0.5:
            note = "takes what is there"
            last = yield it.does(where, "sale", note, partial=True, **asked)
        else:
            yield it.does(where, "sale", "runs short", **asked)


def bring_back_by_code(it: Customer, bought: Played, price: int) -> Scene:
    """A refund asks for no access code: money comes to the card, none leaves it."""
    where, note = bought.operation.terminal, "back to the gift card"
    yield it.does(where, "refund", note, amount=price, original=bought.original)


def book_present(stage: Theatre, number: int) -> Scene:
    """A gift card of the bookshop: its own sums, its own shop."""
    rng = stage.rng(f"book present {number}")
    it = Customer("08:00", stage.card(BOOK_GIFT))
    first, *rest = visits(rng, 2, 4)
    come(it, first)
    load = rng.choice([1000, 2000, 5000])
    last = yield it.does(rng.choice(BOOK_TILLS), "activate", amount=load)
    for at in rest:
        come(it, at)
        price = min(cents(rng, 1100), 4000)
        goods = (("books", price),)
        left = last.expected.balances.get("BOOK-GIFT", 0)
        where = rng.choice(BOOK_TILLS)
        if price <= left:
            last = yield it.does(where, "sale", amount=price, lines=goods)
        else:
            yield it.does(where, "sale", "runs short", amount=price, lines=goods)


def curious(stage: Theatre, number: int) -> Scene:
    """Asks for the balance before and after."""
    rng = stage.rng(f"curious {number}")
    it = Customer("08:00", stage.card(GRO_CLUB))
    where = rng.choice(GROCER_TILLS)
    for at in visits(rng, 2, 3):
        come(it, at)
        yield it.does(where, "sale", amount=cents(rng, 3000))
        yield it.does(where, "inquire")


def all_customers(stage: Theatre) -> Iterator[Scene]:
    """Everybody who comes by chance."""
    for who, how_many in (
        (regular, 42),
        (traveller, 10),
        (driver, 20),
        (reader, 16),
        (present, 22),
        (book_present, 7),
        (curious, 5),
    ):
        for number in range(how_many):
            yield who(stage, number)
