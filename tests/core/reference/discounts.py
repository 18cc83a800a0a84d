"""What goods cost: the rate of each program, how rates meet, what is counted."""

from datetime import date
from fractions import Fraction
from typing import Any

from tests.core.reference.arith import add_months, half_up, spread
from tests.core.reference.network import Program
from tests.core.reference.points import FREE
from tests.core.reference.state import Booked, Card, Line, Move, Purse, PurseKey

KINDS = ("fixed_discount", "accumulated_discount", "calculated_discount")


def price(
    programs: list[Program], card: Card, lines: list[Line], today: date
) -> list[Line]:
    """Lines with the rate and discount that the card has now."""
    for line in lines:
        rate = Fraction(0)
        for program in programs:
            if program.own and program.kind in KINDS:
                if program.kind == "calculated_discount":
                    one = _by_sum(program, lines, line.group)
                else:
                    one = rate_of(program, card, line.group, today)
                rate = meet(rate, one, program.combine) if one else rate
        line.rate = rate
    return promised(lines, exact=exact(programs))


def exact(programs: list[Program]) -> bool:
    """Whether the discount is a sum for the whole purchase, spread over its lines."""
    return any(p.own and p.parameters.get("mode") == "marginal" for p in programs)


def _by_sum(program: Program, lines: list[Line], group: str) -> Fraction:
    """The rate of this purchase's sum: of all of it, or of each tier's part."""
    if program.groups and group not in program.groups:
        return Fraction(0)
    total = sum(
        line.gross
        for line in lines
        if not program.groups or line.group in program.groups
    )
    reached = [tier for tier in program.tiers if tier["from"] <= total]
    if not reached or not total:
        return Fraction(0)
    if program.mode == "whole":
        return Fraction(reached[-1]["rate"])
    ends = [tier["from"] for tier in reached[1:]] + [total]
    off = sum(
        (end - tier["from"]) * tier["rate"]
        for tier, end in zip(reached, ends, strict=True)
    )
    return Fraction(off, total)


def promised(lines: list[Line], *, exact: bool = False) -> list[Line]:
    """Lines whose rates are known, with their discounts.

    `exact`: rounded once for the purchase, and spread over the lines.
    """
    if exact:
        offs = [line.gross * line.rate for line in lines]
        seen, given = Fraction(0), 0
        for line, off in zip(lines, offs, strict=True):
            seen += off
            line.discount = half_up(seen.numerator, seen.denominator * 10000) - given
            given += line.discount
        return lines
    for line in lines:
        off = line.gross * line.rate
        line.discount = half_up(off.numerator, off.denominator * 10000)
    return lines


def meet(rate: Fraction, other: Fraction, how: str) -> Fraction:
    if how == "add":
        return min(rate + other, Fraction(10000))
    if how == "compound":
        return 10000 - (10000 - rate) * (10000 - other) / 10000
    return max(rate, other)


def rate_of(program: Program, card: Card, group: str, today: date) -> Fraction:
    """What one program gives on goods of a group; 0: nothing."""
    if program.groups and group not in program.groups:
        return Fraction(0)
    key = turnover(program, group)
    purse = card.purses.get(key, Purse())
    spent = 0 if over(program, purse, today) else purse.posted
    return Fraction(RATES[program.kind](program, spent))


def _fixed(program: Program, spent: int) -> int:
    return program.rate if spent >= program.after_spend else 0


def _accumulated(program: Program, spent: int) -> int:
    if program.tiers:
        reached = [t["rate"] for t in program.tiers if spent >= t["from"]]
        return reached[-1] if reached else 0
    grown = spent // program.step_amount * program.step_rate
    return min(program.base_rate + grown, program.max_rate)


RATES: dict[str, Any] = {"fixed_discount": _fixed, "accumulated_discount": _accumulated}


def turnover(program: Program, group: str) -> PurseKey:
    """Where a program counts what was spent on goods of a group."""
    apart = program.kind == "accumulated_discount" and program.groups
    return (program.purse, "turnover", group if apart else "")


def over(program: Program, purse: Purse, today: date) -> bool:
    """Whether the period of a purse is over: its sum counts no more."""
    if program.kind != "accumulated_discount" or not program.period_months:
        return False
    return bool(purse.since and today >= add_months(purse.since, program.period_months))


def count(programs: list[Program], booked: Booked, today: date) -> None:
    """Count a purchase for later discounts, less what bonus money paid."""
    card = booked.card
    assert card is not None
    off = sum(taken.amount for taken in booked.taken if taken.tender in FREE)
    nets = [line.gross - line.discount for line in booked.lines]
    paid = [n - o for n, o in zip(nets, spread(off, nets), strict=True)]
    for program in programs:
        if not program.own or not counts(program):
            continue
        sums: dict[PurseKey, int] = {}
        gross = program.kind == "accumulated_discount" and program.count == "gross"
        for line, net in zip(booked.lines, paid, strict=True):
            grouped = program.kind == "accumulated_discount" and program.groups
            if grouped and line.group not in program.groups:
                continue
            key = turnover(program, line.group)
            sums[key] = sums.get(key, 0) + (line.gross if gross else net)
        for key, amount in sums.items():
            if amount:
                _add(program, booked, card, key, amount, today)


def counts(program: Program) -> bool:
    if program.kind == "fixed_discount":
        return bool(program.after_spend)
    return program.kind == "accumulated_discount"


def _add(
    program: Program,
    booked: Booked,
    card: Card,
    key: PurseKey,
    amount: int,
    today: date,
) -> None:
    purse = card.purse(key)
    booked.before[key] = purse.since
    if over(program, purse, today):
        booked.post(Move(card, key, None, -purse.posted))
        purse.since = today
    purse.since = purse.since or today
    booked.post(Move(card, key, None, amount))
    booked.counted[key] = (amount, purse.since)
