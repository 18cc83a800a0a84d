"""Refund and reverse: what a purchase did is undone, never more than it did.

A refund works in proportion and cumulatively: after refunds of R out of a purchase
of G, a quantity Q has given back round(Q × R / G) in all, so the last refund gives
the exact rest. Points already used are taken from the money they became, then from
what is returned to the customer (`clawback`: deduct).
"""

from collections.abc import Iterator
from datetime import datetime

from ekarte_core.codes import Rc
from ekarte_core.rules.earning import spread
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import (
    Decision,
    EarnedDecided,
    Facts,
    Original,
    Plan,
    SaleLine,
    refuse,
)
from ekarte_core.rules.pricing import RATE_ONE_BP
from ekarte_core.rules.programs import BonusAmount
from ekarte_core.rules.purses import (
    POINTS,
    TURNOVER,
    LotPart,
    PurseKey,
    Undone,
    share,
)
from ekarte_core.rules.running import RunningProgram
from ekarte_core.rules.tendering import BONUS, SPEND_EVENT, Taken, release
from ekarte_core.values import Earned


def refund(facts: Facts) -> Plan:
    """Take goods back: value to the same purses, earned points off the card."""
    original = facts.original
    assert original is not None
    amount = facts.amount
    if original.refunded + amount > original.amount:
        return refuse(Rc.AMOUNT)
    discount = _discount_back(facts, original, amount)
    taken = _give_back(facts, original, amount)
    due = amount - discount - sum(part.amount for part in taken)
    earned, reasons, deducted = _take_points_back(facts, original, amount, due)
    _take_turnover_back(facts, original, amount)
    own_bonus = sum(p.amount for p in taken if p.tender == BONUS and p.own)
    tendered = sum(part.amount for part in taken) - own_bonus
    return Plan(
        rc=Rc.OK,
        amount=amount,
        discount=discount,
        amount_due=due - deducted,
        taken=taken,
        earned=tuple(Earned(program=e.program, points=-e.points) for e in earned),
        reasons=reasons,
        decision=Decision(),
        sale_lines=_refund_lines(
            facts, original, amount, discount + deducted, own_bonus, tendered
        ),
    )


def reverse(facts: Facts) -> Plan:
    """Undo an operation as if it had not been; 51 when its value is gone."""
    original = facts.original
    if original is None:
        return Plan(rc=Rc.OK, bury=True)
    if not original.approved or original.reversed or _hold_is_over(original):
        return Plan(rc=Rc.OK, amount=original.amount)
    if original.hold and not original.hold_how:
        release(facts.sheet, original.decision.taken)
        return Plan(rc=Rc.OK, amount=original.amount, hold_end="released")
    if original.hold or original.refunded:
        return refuse(Rc.MISMATCH)
    if not _mirror(facts):
        return refuse(Rc.SHORT)
    return Plan(
        rc=Rc.OK,
        amount=original.amount,
        discount=original.discount,
        sale_lines=tuple(_negative(line) for line in facts.mirror_lines),
        new_state="new" if original.command == "activate" else "",
    )


def _hold_is_over(original: Original) -> bool:
    return original.hold and original.hold_how in ("released", "expired")


def _part(quantity: int, original: Original, amount: int) -> int:
    """What this refund gives back of a quantity of the original."""
    before = share(quantity, original.refunded, original.amount)
    return share(quantity, original.refunded + amount, original.amount) - before


def _discount_back(facts: Facts, original: Original, amount: int) -> int:
    if not facts.request.lines:
        return _part(original.discount, original, amount)
    rates = {line.group: line.rate_bp for line in original.decision.lines}
    wanted = sum(
        share(gross, rates.get(group, 0), RATE_ONE_BP)
        for group, gross, _rate in facts.goods
    )
    left = original.discount - original.refunded_discount
    whole = original.refunded + amount == original.amount
    return left if whole else min(wanted, left)


def _give_back(facts: Facts, original: Original, amount: int) -> tuple[Taken, ...]:
    given = []
    for part in original.decision.taken:
        before = share(part.amount, original.refunded, original.amount)
        value = _part(part.amount, original, amount)
        slices = tuple(_window(part.parts, before, before + value))
        purse = facts.sheet.find(*part.key)
        assert purse is not None
        for piece in slices:
            facts.sheet.give_back(purse, SPEND_EVENT[part.tender], "spend", piece)
        if slices:
            given.append(Taken(part.tender, part.key, part.own, slices))
    return tuple(given)


def _window(parts: tuple[LotPart, ...], start: int, end: int) -> Iterator[LotPart]:
    """Cut the amounts from `start` to `end` out of the parts laid in a row."""
    at = 0
    for part in parts:
        low, high = max(start - at, 0), min(end - at, part.amount)
        if low < high:
            carry = share(part.carry, high, part.amount)
            carry -= share(part.carry, low, part.amount)
            yield LotPart(part.valid_until, high - low, carry)
        at += part.amount


def _take_points_back(
    facts: Facts, original: Original, amount: int, due: int
) -> tuple[list[Earned], list[Reason], int]:
    taken: list[Earned] = []
    reasons: list[Reason] = []
    deducted = 0
    running = {program.code: (program, p) for program, p in facts.programs.bonuses}
    for part in original.decision.earned:
        points = _part(part.points, original, amount)
        if not points:
            continue
        missing = _points_off(facts, part, points)
        taken.append(Earned(program=part.program, points=points))
        name = part.program
        if part.program in running:
            program, parameters = running[part.program]
            name = program.name
            kept = _claw_back(facts, program, parameters, missing, due - deducted)
            if kept:
                deducted += kept
                reasons.append(Reason(key="bonus.deducted", name=name, amount=kept))
        reasons.insert(0, Reason(key="bonus.taken_back", name=name, count=points))
    return taken, reasons, deducted


def _points_off(facts: Facts, earned: EarnedDecided, points: int) -> int:
    """Take points off, from the lot they were put in first; return what is missing."""
    purse = facts.sheet.find(earned.program, POINTS)
    if purse is None:
        return points
    off = min(points, facts.sheet.usable(purse))
    parts = facts.sheet.plan(purse, off, first=earned.valid_until)
    facts.sheet.spend(purse, "bonus_earn", "earn", parts)
    return points - off


def _claw_back(
    facts: Facts,
    running: RunningProgram,
    parameters: BonusAmount,
    missing: int,
    due: int,
) -> int:
    """Recover missing points by their value; return what the customer pays."""
    value = parameters.value_of(missing)
    money = facts.sheet.find(running.code, facts.request.currency)
    off = 0
    if money is not None:
        off = min(value, facts.sheet.usable(money))
        parts = facts.sheet.plan(money, off)
        facts.sheet.spend(money, "bonus_earn", "earn", parts)
    return min(value - off, due) if parameters.clawback == "deduct" else 0


def _take_turnover_back(facts: Facts, original: Original, amount: int) -> None:
    for program, group, counted in original.decision.turnover:
        purse = facts.sheet.find(program, TURNOVER, group)
        if purse is not None:
            off = min(_part(counted, original, amount), purse.posted)
            facts.sheet.count(purse, "turnover", -off)


def _refund_lines(
    facts: Facts,
    original: Original,
    amount: int,
    discount: int,
    own_bonus: int,
    tendered: int,
) -> tuple[SaleLine, ...]:
    if facts.request.lines:
        goods = facts.goods
    else:
        decided = original.decision.lines
        parts = spread(amount, [line.gross for line in decided])
        goods = [
            (line.group, part, line.tax_rate_bp)
            for line, part in zip(decided, parts, strict=True)
        ]
    weights = [gross for _group, gross, _rate in goods]
    rows = zip(
        goods,
        spread(discount, weights),
        spread(own_bonus, weights),
        spread(tendered, weights),
        strict=True,
    )
    return tuple(
        SaleLine(
            group=group,
            tax_rate_bp=rate,
            gross=-gross,
            discount=-less,
            bonus=-bonus,
            tendered=-other,
        )
        for (group, gross, rate), less, bonus, other in rows
    )


def _mirror(facts: Facts) -> bool:
    """Write every move of the original with the other sign, if the value is there."""
    if not all(_can_undo(facts, key) for key in {_place(x) for x in facts.mirrors}):
        return False
    for move in sorted(facts.mirrors, key=_gains_first):
        purse = facts.sheet.find(*move.key)
        assert purse is not None, "an entry without its purse"
        facts.sheet.mirror(purse, move)
    return True


Place = tuple[PurseKey, bool, datetime | None]


def _place(move: Undone) -> Place:
    return (move.key, move.in_lot, move.valid_until)


def _can_undo(facts: Facts, place: Place) -> bool:
    key, in_lot, valid_until = place
    purse = facts.sheet.find(*key)
    assert purse is not None, "an entry without its purse"
    lot = purse.lot(valid_until) if in_lot else None
    there = purse.available if lot is None else lot.available
    return there >= sum(x.posted for x in facts.mirrors if _place(x) == place)


def _gains_first(move: Undone) -> int:
    return move.posted


def _negative(line: SaleLine) -> SaleLine:
    return SaleLine(
        group=line.group,
        tax_rate_bp=line.tax_rate_bp,
        gross=-line.gross,
        discount=-line.discount,
        bonus=-line.bonus,
        tendered=-line.tendered,
    )
