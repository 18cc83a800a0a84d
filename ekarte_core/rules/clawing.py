"""Earned points that go back with the goods, also when they have been used.

Points that are missing are taken from what they became: unused vouchers, bonus money.
Then the program's `clawback` decides: deduct their value from what the customer gets
back, remember them as owed (negative), or let them be (absorb).
"""

from typing import Protocol

import msgspec

from ekarte_core.rules import prizes
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import CountedDecided, EarnedDecided, Facts, Original
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import COUNTER_EVENT, OWED, POINTS
from ekarte_core.rules.running import PointsRunning, RunningProgram
from ekarte_core.values import Earned


class Part(Protocol):
    """Which part of every quantity goes back now."""

    def of(self, quantity: int, *, whole: bool = False) -> int:
        """What of a quantity goes back."""


class PointsBack(msgspec.Struct, kw_only=True):
    """What taking points back came to.

    Attributes:
        earned: what the answer shows.
        deducted: what is kept back from the refund, minor units.
        owed: what is owed from now on, counted.
    """

    earned: list[Earned] = []
    reasons: list[Reason] = []
    deducted: int = 0
    owed: list[CountedDecided] = []


def take_points_back(
    facts: Facts, original: Original, part: Part, due: int
) -> PointsBack:
    """Take points off, or what they became, or what the customer gets back."""
    back = PointsBack()
    running = {program.code: (program, p) for program, p in facts.programs.points}
    for decided in original.decision.earned:
        settled = part.of(decided.settled, whole=decided.whole)
        _owe(facts, decided.program, settled, back)
        points = part.of(decided.points, whole=decided.whole)
        if not points:
            continue
        missing = _points_off(facts, decided, points)
        back.earned.append(Earned(program=decided.program, points=-points))
        program = running.get(decided.program)
        name = program[0].name if program else decided.program
        back.reasons.append(Reason(key="bonus.taken_back", name=name, count=points))
        if program is not None and missing:
            _claw_back(facts, program, missing, due, back)
    return back


def _points_off(facts: Facts, decided: EarnedDecided, points: int) -> int:
    """Take points off, from the lot they were put in first; return what is missing."""
    purse = facts.sheet.find(decided.program, POINTS)
    if purse is None:
        return points
    off = min(points, facts.sheet.usable(purse))
    parts = facts.sheet.plan(purse, off, first=(decided.valid_until,))
    facts.sheet.spend(purse, "bonus_earn", "earn", parts)
    return points - off


def _claw_back(
    facts: Facts,
    program: PointsRunning,
    missing: int,
    due: int,
    back: PointsBack,
) -> None:
    """Recover missing points by what they became, or by what the customer pays."""
    running, parameters = program
    if isinstance(parameters, BonusPrize):
        missing = prizes.take_back(facts, facts.sheet, running, parameters, missing)
    value = parameters.value_of(missing)
    off = _money_off(facts, running, value)
    if parameters.clawback == "negative":
        # What the money did not cover, in points, rounded up.
        left = -(-missing * (value - off) // value) if value else missing
        _owe(facts, running.code, left, back)
        if left:
            back.reasons.append(Reason(key="bonus.owes", name=running.name, count=left))
    elif parameters.clawback == "deduct":
        kept = min(value - off, due - back.deducted)
        if kept:
            reason = Reason(key="bonus.deducted", name=running.name, amount=kept)
            back.reasons.append(reason)
        back.deducted += kept


def _money_off(facts: Facts, running: RunningProgram, value: int) -> int:
    """Take bonus money that points became off the card, as far as it is there."""
    money = facts.sheet.find(running.code, facts.request.currency)
    if money is None:
        return 0
    off = min(value, facts.sheet.usable(money))
    parts = facts.sheet.plan(money, off)
    facts.sheet.spend(money, "bonus_earn", "earn", parts)
    return off


def _owe(facts: Facts, program: str, points: int, back: PointsBack) -> None:
    """Points that nothing was there for, or that had paid what was owed, are owed."""
    if not points:
        return
    purse = facts.sheet.open(program, facts.issuer, OWED)
    facts.sheet.count(purse, COUNTER_EVENT[OWED], points)
    back.owed.append(CountedDecided(program, OWED, points))
