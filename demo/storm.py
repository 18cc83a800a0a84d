"""A day on which customers mostly change their minds: `make_day.py --storm`.

Not for showing. Refunds in parts, reversals, vouchers, friends, replaced cards and
holds meet each other in every order; tests play it against the engine.
"""

import random
from collections.abc import Iterator

from customer import (
    B1,
    BOOK_FRIEND,
    FUEL_FLEET,
    FUEL_WASH,
    G1,
    G1_ISO,
    G2,
    GRO_FAMILY,
    GRO_GOLD,
    GRO_PRO,
    GRO_SILVER,
    NO_CARD,
    PUMP,
    WASH,
    WHOLESALE,
    Customer,
    named,
)
from theatre import Played, Scene, Theatre

APPROVED = ("00", "10")


def arrive(stage: Theatre, series: str, name: str) -> tuple[Customer, random.Random]:
    """A customer who comes at some time of the day."""
    rng = stage.rng(name)
    it = Customer("08:00", stage.card(series))
    it.now += rng.randint(0, 30_000)
    return it, rng


def regret(it: Customer, rng: random.Random, bought: list[Played], where: str) -> Scene:
    """Undo one of the purchases: all of it, a part of it, or as if it never was."""
    sale = rng.choice(bought)
    price, original = sale.expected.amount, sale.original
    how = rng.random()
    if how < 0.25:
        till = sale.operation.terminal
        yield it.does(till, "reverse", original=original, **NO_CARD)
        return
    back = price if how < 0.5 else max(1, price // rng.randint(2, 4))
    yield it.does(where, "refund", amount=back, original=original, **NO_CARD)


def only_one(played: Played | None) -> str:
    """A voucher that no other one on the card looks like."""
    told = played.expected.vouchers if played is not None else []
    for name in told:
        if played is not None and told.count(name) == 1:
            return named(played, name)
    return ""


def wholesaler(stage: Theatre, number: int, friends: list[str]) -> Scene:
    """Vouchers, friends, better cards."""
    it, rng = arrive(stage, GRO_PRO, f"storm wholesaler {number}")
    friends.append(it.card)
    bought: list[Played] = []
    for _ in range(rng.randint(4, 12)):
        it.now += rng.randint(10, 900)
        what = rng.random()
        if what < 0.5 or not bought:
            asked: dict[str, object] = {"amount": rng.randint(10_000, 1_500_000)}
            if rng.random() < 0.7:
                asked["voucher"] = only_one(bought[-1] if bought else None)
            if rng.random() < 0.5:
                asked["referrer"] = rng.choice(friends)
            done = yield it.does(WHOLESALE, "sale", **asked)
            bought += [done] if done.expected.rc in APPROVED else []
        elif what < 0.8:
            yield from regret(it, rng, bought, WHOLESALE)
        elif what < 0.85:
            yield it.does(WHOLESALE, "enroll")
        elif what < 0.92:
            litres = (("fuel", 0, "diesel", str(rng.randint(1, 60))),)
            yield it.does(PUMP, "redeem", lines=litres, program="GRO-LITRES")
        else:
            new = stage.card(rng.choice([GRO_SILVER, GRO_GOLD, GRO_PRO]))
            done = yield it.does(WHOLESALE, "replace", other=new)
            it.card = new if done.expected.rc == "00" else it.card
    yield it.does(WHOLESALE, "inquire")


def reader(stage: Theatre, number: int) -> Scene:
    """Prizes to choose, free bookmarks, a discount by the sum of many lines."""
    it, rng = arrive(stage, BOOK_FRIEND, f"storm reader {number}")
    bought: list[Played] = []
    voucher = ""
    for _ in range(rng.randint(4, 12)):
        it.now += rng.randint(10, 900)
        what = rng.random()
        if what < 0.5 or not bought:
            goods = shelf(rng)
            price = sum(int(item[1]) for item in goods)
            asked = {"amount": price, "lines": goods, "voucher": voucher}
            done = yield it.does(B1, "sale", **asked)
            bought += [done] if done.expected.rc in APPROVED else []
            voucher = ""
        elif what < 0.75:
            yield from regret(it, rng, bought, B1)
        elif what < 0.85:
            yield it.does(B1, rng.choice(["enroll", "check_in"]))
        else:
            prize = (("", 0, rng.choice("12"), "1"),)
            done = yield it.does(B1, "redeem", lines=prize, program="BOOK-PRIZE")
            voucher = only_one(done) if done.expected.rc == "00" else ""


def shelf(rng: random.Random) -> tuple[tuple[str | int, ...], ...]:
    """Some lines; bookmarks by the piece, and once in a while one and a half."""
    lines: list[tuple[str | int, ...]] = [
        (group, rng.randint(50, 4000)) for group in ("books", "", "food")
    ]
    pieces = rng.choice(["1", "2", "3", "1.5"])
    lines.append(("", rng.randint(100, 900), "bookmark", pieces))
    return tuple(rng.sample(lines, rng.randint(1, 4)))


def washer(stage: Theatre, number: int) -> Scene:
    """Visits, and bonus money of visits that were undone."""
    it, rng = arrive(stage, FUEL_WASH, f"storm washer {number}")
    bought: list[Played] = []
    ready = 0
    for _ in range(rng.randint(6, 14)):
        it.now += rng.randint(10, 900)
        what = rng.random()
        if what < 0.55 or not bought:
            price = rng.randint(100, 1500)
            pays = min(ready, price) if rng.random() < 0.6 else 0
            goods = (("wash", price),)
            done = yield it.does(WASH, "sale", amount=price, lines=goods, bonus=pays)
            bought += [done] if done.expected.rc in APPROVED else []
            ready = done.expected.balances.get("FUEL-WASH", ready)
        elif what < 0.75:
            done = yield it.does(WASH, "check_in")
            if rng.random() < 0.3:
                yield it.does(WASH, "reverse", original=done.original, **NO_CARD)
        else:
            yield from regret(it, rng, bought, WASH)
    yield it.does(WASH, "inquire")


def driver(stage: Theatre, number: int) -> Scene:
    """Credit and bonus money in one purchase, holds, payments that are undone."""
    it, rng = arrive(stage, FUEL_FLEET, f"storm driver {number}")
    bought: list[Played] = []
    yield it.does(PUMP, "activate")
    for _ in range(rng.randint(6, 14)):
        it.now += rng.randint(10, 900)
        what = rng.random()
        if what < 0.5 or not bought:
            fuel, food = rng.randint(1000, 12_000), rng.randint(1, 3000)
            last = bought[-1].expected.balances if bought else {}
            bonus = min(last.get("FUEL-BONUS", 0), fuel // 4)
            credit = (fuel + food) * rng.choice([60, 97]) // 100 - bonus
            asked = {"amount": fuel + food, "credit": credit, "bonus": bonus}
            asked |= {"partial": rng.random() < 0.4}
            goods = (("fuel", fuel), ("food", food))
            done = yield it.does(PUMP, "sale", lines=goods, **asked)
            bought += [done] if done.expected.rc in APPROVED else []
        elif what < 0.65:
            yield from fill_up(it, rng)
        elif what < 0.8:
            till = rng.choice([PUMP, G1])
            paid = yield it.does(till, "top_up", amount=rng.randint(500, 20_000))
            if rng.random() < 0.3:
                yield it.does(till, "reverse", original=paid.original, **NO_CARD)
        else:
            yield from regret(it, rng, bought, PUMP)


def fill_up(it: Customer, rng: random.Random) -> Scene:
    """Hold 80.00 of credit; take a part of it or nothing."""
    goods = (("fuel", 9000),)
    asked = {"amount": 9000, "lines": goods, "credit": 8000}
    held = yield it.does(PUMP, "authorize", partial=rng.random() < 0.5, **asked)
    if held.expected.rc not in APPROVED:
        return
    original = {"original": held.original, **NO_CARD}
    if rng.random() < 0.7:
        yield it.does(PUMP, "confirm", amount=rng.randint(100, 9000), **original)
    else:
        yield it.does(PUMP, "reverse", **original)


def family(stage: Theatre, number: int) -> Scene:
    """Many lines of the same groups, held at one till and confirmed in part."""
    it, rng = arrive(stage, GRO_FAMILY, f"storm family {number}")
    bought: list[Played] = []
    for _ in range(rng.randint(4, 10)):
        it.now += rng.randint(10, 900)
        what = rng.random()
        if what < 0.6 or not bought:
            groups = rng.choices(["food", "household", "", "fuel"], k=rng.randint(1, 5))
            goods = tuple((group, rng.randint(50, 6000)) for group in groups)
            price = sum(amount for _, amount in goods)
            where = rng.choice([G1, G2, G1_ISO])
            hold = rng.random() < 0.25
            command = "authorize" if hold else "sale"
            done = yield it.does(where, command, amount=price, lines=goods)
            if hold:
                part = {"amount": rng.randint(1, price), "original": done.original}
                done = yield it.does(where, "confirm", **part, **NO_CARD)
            bought.append(done)
        elif what < 0.7:
            agrees = (("news", rng.random() < 0.6),)
            yield it.does(G1, "enroll", consents=agrees)
        else:
            yield from regret(it, rng, bought, G1)


def all_storm(stage: Theatre) -> Iterator[Scene]:
    """Everybody, from many sides at once."""
    friends: list[str] = []
    for number in range(25):
        yield wholesaler(stage, number, friends)
        for who in (reader, washer, driver, family):
            yield who(stage, number)
