"""Vouchers: what enough points become, used once with a later purchase."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tests.core.reference.arith import end_of
from tests.core.reference.network import Program
from tests.core.reference.state import (
    Booked,
    Card,
    Move,
    Purse,
    PurseKey,
    Refused,
    Taken,
)

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here
    from tests.core.reference.points import Moment

UNITS = {"money": "voucher", "goods": "item"}


@dataclass(frozen=True)
class Voucher:
    """What a code stands for."""

    code: str
    program: str
    kind: str
    value: int
    product: str
    end: datetime | None

    @property
    def key(self) -> PurseKey:
        return (self.program, UNITS[self.kind], self.code)

    @property
    def full(self) -> int:
        return self.value if self.kind == "money" else 1


def issue(program: Program, booked: Booked, moment: Moment) -> None:
    """The one prize comes by itself, as often as the points reach."""
    card = booked.card
    assert card is not None
    if len(program.prizes) != 1:
        return
    prize = program.prizes[0]
    key = (program.purse, "points", "")
    for _ in range(card.purse(key).usable(moment.now) // prize["at"]):
        _erase(booked, card, key, prize["at"], moment.now)
        _give(program, booked, card, prize, moment)


def _erase(
    booked: Booked, card: Card, key: PurseKey, amount: int, now: datetime
) -> None:
    """Points go, the oldest first."""
    for end, lot in card.purse(key).live(now):
        some = min(amount, lot.posted - lot.held)
        amount -= some
        booked.post(Move(card, key, end, -some))


def _give(
    program: Program, booked: Booked, card: Card, prize: dict[str, Any], moment: Moment
) -> None:
    kind, value = prize["voucher_kind"], prize.get("value", 0)
    product = prize.get("product", "")
    end = end_of(moment.today, prize.get("valid_days", 0), "day", moment.zone)
    code = moment.code(program.purse, kind)
    voucher = Voucher(code, program.purse, kind, value, product, end)
    card.vouchers.append(voucher)
    booked.post(Move(card, voucher.key, end, voucher.full))


def usable(card: Card, now: datetime) -> list[Voucher]:
    """Vouchers that may be used now, with what is left of them."""
    return [
        voucher
        for voucher in card.vouchers
        if card.purses.get(voucher.key, Purse()).usable(now) > 0
    ]


def turn_back(program: Program, booked: Booked, missing: int, moment: Moment) -> int:
    """Unused vouchers turn into points again, the newest first.

    Returns what is then missing.
    """
    card = booked.card
    assert card is not None
    if len(program.prizes) != 1:
        return missing
    at, key = program.prizes[0]["at"], (program.purse, "points", "")
    for voucher in reversed(usable(card, moment.now)):
        ours = voucher.program == program.purse
        if missing <= 0 or not ours or card.posted(voucher.key) < voucher.full:
            continue
        booked.post(Move(card, voucher.key, voucher.end, -voucher.full))
        end = end_of(moment.today, program.expire_days, program.expire_at, moment.zone)
        booked.post(Move(card, key, end, at))
        back = min(at, missing)
        booked.post(Move(card, key, end, -back))
        missing -= back
    return missing


def find(here: Here, card: Card, code: str, programs: list[Program]) -> Voucher:
    """The voucher that a purchase names."""
    met = {program.purse: program for program in programs}
    found = next((v for v in card.vouchers if v.code == code), None)
    if found is None or found.program not in met:
        raise Refused("57")
    if found.kind == "goods":
        raise Refused("57")
    purse = card.purses.get(found.key, Purse())
    if purse.posted - purse.held <= 0:
        raise Refused("57")
    if not purse.usable(here.now):
        raise Refused("54")
    return found


def pay(card: Card, voucher: Voucher, due: int, programs: list[Program]) -> Taken:
    """A voucher pays what it can; all of it is gone then."""
    value = card.posted(voucher.key)
    own = any(p.lowers for p in programs if p.purse == voucher.program)
    part = (voucher.end, min(value, due))
    return Taken("voucher", voucher.key, own, [part], whole=value)
