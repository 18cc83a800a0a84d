"""Points of one issuer for goods of another."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import TYPE_CHECKING

from tests.core.reference import cards, points
from tests.core.reference.arith import half_up
from tests.core.reference.network import Program
from tests.core.reference.state import Booked, Purse, Refused

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here


def redeem(here: Here, booked: Booked) -> None:
    request = here.request
    card = cards.find(here)
    programs = cards.usable(here, card)
    cards.check_code(here, card, leaves=False)
    exchanges = [p for p in programs if p.kind == "exchange"]
    if not exchanges:
        raise Refused("57")
    wanted, amount = price(here, exchanges[0])
    cards.check_code(here, card, leaves=True)
    key = (exchanges[0].points_of, "points", "")
    if wanted > card.purses.get(key, Purse()).usable(here.now):
        raise Refused("51")
    points.take(booked, card, key, wanted, here.now)
    booked.card = card
    booked.reply.amount = amount
    booked.reply.tendered = {"points": wanted} if request.lines else {}


def price(here: Here, program: Program) -> tuple[int, int]:
    """Points and money for the goods: points round up, money half up, by line."""
    goods = {one["product"]: one for one in program.goods}
    wanted = amount = 0
    for line in here.request.lines:
        if line.sku not in goods:
            raise Refused("57")
        one, much = goods[line.sku], Fraction(line.quantity)
        wanted += ceil(one["points"] * much)
        paid = one["price"] * much
        amount += half_up(paid.numerator, paid.denominator)
    return wanted, amount
