"""Earned points that go back with the goods, also when they have been used.

Points that are missing are taken from what they became: unused vouchers, bonus money.
Then the program's `clawback` decides: deduct their value from what the customer gets
back, remember them as owed (negative), or let them be (absorb).
"""

from typing import Protocol

from ekarte_core.rules import prizes
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import EarnedDecided, Facts, Original
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import COUNTER_EVENT, OWED, POINTS
from ekarte_core.rules.running import PointsRunning, RunningProgram
from ekarte_core.values import Earned


class Part(Protocol):
    """Which part of every quantity goes back now."""

    def of(self, quantity: int, *, whole: bool = False) -> int:
        """What of a quantity goes back."""


def take_points_back(
    facts: Facts, original: Original, part: Part, due: int
) -> tuple[tuple[Earned, ...], list[Reason], int]:
    """Take points off; returns what the answer shows, and what is deducted."""
    taken: list[Earned] = []
    reasons: list[Reason] = []
    deducted = 0
    running = {program.code: (program, p) for program, p in facts.programs.points}
    for decided in original.decision.earned:
        _owe_again(facts, decided, part.of(decided.settled, whole=decided.whole))
        points = part.of(decided.points, whole=decided.whole)
        if not points:
            continue
        missing = _points_off(facts, decided, points)
        taken.append(Earned(program=decided.program, points=-points))
        program = running.get(decided.program)
        name = program[0].name if program else decided.program
        reasons.append(Reason(key="bonus.taken_back", name=name, count=points))
        if program is not None and missing:
            kept = _claw_back(facts, program, missing, due - deducted, reasons)
            deducted += kept
    return tuple(taken), reasons, deducted


def _owe_again(facts: Facts, decided: EarnedDecided, points: int) -> None:
    """Points that had paid what was owed are owed again."""
    purse = facts.sheet.find(decided.program, OWED)
    if purse is not None and points:
        facts.sheet.count(purse, COUNTER_EVENT[OWED], points)


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
    reasons: list[Reason],
) -> int:
    """Recover missing points by what they became; return what the customer pays."""
    running, parameters = program
    if isinstance(parameters, BonusPrize):
        missing = prizes.take_back(facts, facts.sheet, running, parameters, missing)
    value = parameters.value_of(missing)
    off = _money_off(facts, running, value)
    if parameters.clawback == "negative":
        # What the money did not cover, in points, rounded up.
        left = -(-missing * (value - off) // value) if value else missing
        _owe(facts, running, left, reasons)
        return 0
    if parameters.clawback == "absorb":
        return 0
    kept = min(value - off, due)
    if kept:
        reasons.append(Reason(key="bonus.deducted", name=running.name, amount=kept))
    return kept


def _money_off(facts: Facts, running: RunningProgram, value: int) -> int:
    """Take bonus money that points became off the card, as far as it is there."""
    money = facts.sheet.find(running.code, facts.request.currency)
    if money is None:
        return 0
    off = min(value, facts.sheet.usable(money))
    parts = facts.sheet.plan(money, off)
    facts.sheet.spend(money, "bonus_earn", "earn", parts)
    return off


def _owe(
    facts: Facts, running: RunningProgram, points: int, reasons: list[Reason]
) -> None:
    if not points:
        return
    purse = facts.sheet.open(running.code, running.issuer, OWED)
    facts.sheet.count(purse, COUNTER_EVENT[OWED], points)
    reasons.append(Reason(key="bonus.owes", name=running.name, count=points))
