"""Customers by chance with the newer cards; crowd.py has the others."""

import random
from collections.abc import Iterator

from chance import bring_back, cents, come, visits
from customer import (
    B1,
    BOOK_FRIEND,
    FUEL_FLEET,
    FUEL_PASS,
    FUEL_WASH,
    G1,
    G1_ISO,
    G2,
    G2_ISO,
    GRO_FAMILY,
    GRO_PRO,
    NO_CARD,
    PUMP,
    WASH,
    WHOLESALE,
    Customer,
    named,
)
from theatre import Played, Scene, Theatre

Goods = tuple[tuple[str, int], ...]


def wholesaler(stage: Theatre, number: int) -> Scene:
    """Buys much, uses vouchers when there are any, brings back at times."""
    rng = stage.rng(f"wholesaler {number}")
    it = Customer("08:00", stage.card(GRO_PRO))
    last: Played | None = None
    for at in visits(rng, 2, 4):
        come(it, at)
        price = 10_000 + cents(rng, 250_000)
        asked: dict[str, object] = {"amount": price}
        if last is not None and last.expected.vouchers:
            asked["voucher"] = named(last, last.expected.vouchers[0])
        last = yield it.does(WHOLESALE, "sale", **asked)
        if rng.random() < 0.15:
            yield from bring_back(it, last, price, rng)
            last = None


def basket(rng: random.Random) -> Goods:
    """Food, often soap, sometimes something else."""
    goods: list[tuple[str, int]] = [("food", cents(rng, 1800))]
    if rng.random() < 0.6:
        goods.append(("household", cents(rng, 900)))
    if rng.random() < 0.3:
        goods.append(("", cents(rng, 500)))
    return tuple(goods)


def family(stage: Theatre, number: int) -> Scene:
    """Many small purchases; whole lines come back."""
    rng = stage.rng(f"family {number}")
    it = Customer("08:00", stage.card(GRO_FAMILY))
    for at in visits(rng, 2, 5):
        come(it, at)
        goods = basket(rng)
        where = rng.choice([G1, G1_ISO, G2, G2_ISO])
        price = sum(amount for _, amount in goods)
        last = yield it.does(where, "sale", amount=price, lines=goods)
        if rng.random() < 0.15:
            note = "one line comes back"
            back = (rng.choice(goods),)
            yield it.does(where, "refund", note, lines=back, original=last.original)
        if where in (G1, G2) and rng.random() < 0.2:
            agrees = (("news", rng.random() < 0.7),)
            yield it.does(where, "enroll", "a questionnaire", consents=agrees)


def washer(stage: Theatre, number: int) -> Scene:
    """A car that gets dirty every hour."""
    rng = stage.rng(f"washer {number}")
    it = Customer("08:00", stage.card(FUEL_WASH))
    ready = 0
    for turn, at in enumerate(visits(rng, 3, 9)):
        come(it, at)
        if turn and rng.random() < 0.3:
            done = yield it.does(WASH, "check_in")
        else:
            price = rng.choice([300, 800, 1500])
            pays = min(ready, price)
            goods = (("wash", price),)
            done = yield it.does(WASH, "sale", amount=price, lines=goods, bonus=pays)
        ready = done.expected.balances.get("FUEL-WASH", 0)
        if done.operation.command == "sale" and rng.random() < 0.1:
            note = "the machine was out of water: undone"
            undone = yield it.does(
                WASH, "reverse", note, original=done.original, **NO_CARD
            )
            ready = undone.expected.balances.get("FUEL-WASH", ready)


def pass_holder(stage: Theatre, number: int) -> Scene:
    """Prepays ten visits and uses some."""
    rng = stage.rng(f"pass {number}")
    it = Customer("08:00", stage.card(FUEL_PASS))
    first, *rest = visits(rng, 4, 9)
    come(it, first)
    bought = yield it.does(WASH, "activate", amount=5000)
    for at in rest:
        come(it, at)
        yield it.does(WASH, "check_in")
    if rng.random() < 0.3:
        note = "sells the rest back"
        yield it.does(WASH, "refund", note, original=bought.original, **NO_CARD)


def fleet(stage: Theatre, number: int) -> Scene:
    """Fills up on credit until it is used up; then the company pays."""
    rng = stage.rng(f"fleet {number}")
    it = Customer("08:00", stage.card(FUEL_FLEET))
    first, *rest = visits(rng, 4, 7)
    come(it, first)
    yield it.does(PUMP, "activate")
    for at in rest:
        come(it, at)
        price = rng.randint(2000, 14_000)
        goods = (("fuel", price),)
        asked = {"amount": price, "lines": goods, "credit": price * 97 // 100}
        done = yield it.does(PUMP, "sale", partial=rng.random() < 0.5, **asked)
        if done.expected.rc == "61":
            pays = rng.randint(5000, 15_000)
            yield it.does(rng.choice([PUMP, G1]), "top_up", "pays", amount=pays)
        elif rng.random() < 0.1:
            yield from bring_back(it, done, price, rng)


def friend(stage: Theatre, number: int) -> Scene:
    """Buys books, chooses prizes, comes to readings."""
    rng = stage.rng(f"friend {number}")
    it = Customer("08:00", stage.card(BOOK_FRIEND))
    voucher = ""
    for at in visits(rng, 2, 5):
        come(it, at)
        book, paper = cents(rng, 2600), cents(rng, 500)
        goods: tuple[tuple[str | int, ...], ...] = (("books", book), ("", paper))
        done = yield it.does(
            B1, "sale", amount=book + paper, lines=goods, voucher=voucher
        )
        voucher = ""
        if rng.random() < 0.4:
            yield it.does(B1, "check_in")
        points = done.expected.balances.get("BOOK-PRIZE.points", 0)
        if points >= 6 and rng.random() < 0.7:
            second = (("", 0, "2", "1"),)
            got = yield it.does(
                B1, "redeem", "3.00 off", lines=second, program="BOOK-PRIZE"
            )
            voucher = named(got, "BOOK-PRIZE/money/300")
        elif rng.random() < 0.15:
            yield from bring_back(it, done, book + paper, rng)


def all_newcomers(stage: Theatre) -> Iterator[Scene]:
    """Everybody who comes by chance with a newer card."""
    for who, how_many in (
        (wholesaler, 6),
        (family, 14),
        (washer, 6),
        (pass_holder, 4),
        (fleet, 8),
        (friend, 9),
    ):
        for number in range(how_many):
            yield who(stage, number)
