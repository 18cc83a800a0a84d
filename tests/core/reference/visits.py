"""Visits: with a purchase or without one, prepaid or for points."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.core.reference import cards, points
from tests.core.reference.arith import local_day
from tests.core.reference.network import Program
from tests.core.reference.state import Booked, Card, Move, PurseKey, Refused

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here

KINDS = ("attendance", "visit_pass", "bonus_visit")


def check_in(here: Here, booked: Booked) -> None:
    card = cards.find(here)
    programs = cards.usable(here, card, register=True)
    ours = [p for p in programs if p.kind in KINDS and _here(p)]
    passes = [p for p in ours if p.kind == "visit_pass"]
    chosen, refusals = _pass(here, card, passes)
    cards.check_code(here, card, leaves=False)
    if not ours:
        raise Refused("57")
    booked.card = card
    codes = [
        "65"
        for program in ours
        if program.kind == "attendance" and too_soon(here, card, program)
    ]
    if codes or (passes and chosen is None):
        found = codes + refusals
        raise Refused(next(code for code in ("54", "65", "51") if code in found))
    for program in ours:
        if program.kind == "attendance":
            _count(here, booked, program)
        elif program.kind == "bonus_visit" and not program.min_amount:
            visit(here, booked, program)
    if chosen is not None:
        points.take(booked, card, _visits(chosen), 1, here.now)
        _count(here, booked, chosen)
    cards.keep(here, card, "active")


def _here(program: Program) -> bool:
    """Passes are accepted elsewhere, the rest counts at home only."""
    return program.own or program.kind == "visit_pass"


def _pass(
    here: Here, card: Card, passes: list[Program]
) -> tuple[Program | None, list[str]]:
    """The first pass that has a visit for today, or why none has."""
    codes = []
    for program in passes:
        purse = card.purses.get(_visits(program))
        if purse is None or not purse.usable(here.now):
            codes.append("54" if purse and purse.posted else "51")
        elif too_many(here, card, program):
            codes.append("65")
        else:
            return program, []
    return None, codes


def _visits(program: Program) -> PurseKey:
    return (program.purse, "visits", "")


def by_purchase(here: Here, booked: Booked, programs: list[Program]) -> None:
    """A purchase is one visit, if it cost enough."""
    gift = sum(taken.amount for taken in booked.taken if taken.tender == "gift")
    for program in programs:
        if not program.own or program.kind != "bonus_visit":
            continue
        only_gift = gift == booked.net and not program.earn_on_gift
        if booked.net >= program.min_amount and not only_gift:
            visit(here, booked, program)


def visit(here: Here, booked: Booked, program: Program) -> None:
    """Points for a visit, unless it comes too soon or there were too many today."""
    card = booked.card
    assert card is not None
    if too_soon(here, card, program) or too_many(here, card, program):
        return
    if booked.hold == "promise":
        points.promise(program, booked, program.points_per_visit, here.moment)
        return
    _count(here, booked, program)
    points.credit(program, booked, program.points_per_visit, here.moment)
    booked.whole_points.add(program.purse)


def _count(here: Here, booked: Booked, program: Program) -> None:
    key = (program.purse, "visited", "")
    assert booked.card is not None
    booked.post(Move(booked.card, key, None, 1))
    booked.whole[key] = 1


def _times(here: Here, card: Card, program: Program) -> list[datetime]:
    """When the card's visits were, those taken back left out."""
    key = (program.purse, "visited", "")
    return [
        booked.at
        for booked in here.ledger.booked.values()
        if booked.card is card
        and booked.reply.approved
        and booked.at is not None
        and booked.whole.get(key, 0) > 0
        and not booked.undone
        and not any(back.whole.get(key, 0) < 0 for back in booked.standing)
    ]


def too_soon(here: Here, card: Card, program: Program) -> bool:
    gap = timedelta(minutes=program.min_gap_minutes)
    return any(here.now - at < gap for at in _times(here, card, program))


def too_many(here: Here, card: Card, program: Program) -> bool:
    today = [
        at
        for at in _times(here, card, program)
        if local_day(at, here.zone) == here.today
    ]
    return bool(program.max_per_day and len(today) >= program.max_per_day)
