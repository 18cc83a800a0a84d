"""Reverse: a hold or a booked operation is undone as if it had not been.

Meant for technical trouble (no answer, power cut) and for a clerk's mistake; goods
that come back are a refund (giving_back.py).
"""

from datetime import datetime

from ekarte_core.codes import Rc
from ekarte_core.rules import referring
from ekarte_core.rules.giving_back import count_back
from ekarte_core.rules.plan import Facts, Original, Plan, SaleLine, refuse
from ekarte_core.rules.purses import (
    COUNTER_EVENT,
    COUNTERS,
    CREDIT,
    FOR_BOOKS,
    OWED,
    TURNOVER,
    PurseKey,
    Sheet,
    Undone,
)
from ekarte_core.rules.tendering import own_bonus, release
from ekarte_core.rules.turnover import take_turnover_back

Place = tuple[PurseKey, bool, datetime | None]  # purse, whether in a lot, its end


def reverse(facts: Facts) -> Plan:
    """Undo the original; 51 when its value has been used meanwhile."""
    original = facts.original
    if original is None:
        return Plan(rc=Rc.OK, bury=True)
    if not original.approved:
        return Plan(rc=Rc.OK)  # nothing had moved, nothing is undone
    if original.reversed or _hold_is_over(original):
        return Plan(rc=Rc.OK, amount=original.amount)
    return _undo_hold(facts) if original.hold else _undo_booking(facts)


def _undo_hold(facts: Facts) -> Plan:
    original = facts.original
    assert original is not None
    if original.hold_how:
        return refuse(Rc.MISMATCH)  # captured: its confirmation can be reversed
    release_hold(facts, original)
    return Plan(rc=Rc.OK, amount=original.amount, hold_end="released")


def _undo_booking(facts: Facts) -> Plan:
    original = facts.original
    assert original is not None
    if original.refunded or original.restored:
        return refuse(Rc.MISMATCH)
    if not _undo_moves(facts):
        return refuse(Rc.SHORT)
    _undo_counts(facts, original)
    if original.command == "refund":
        referring.give_again(facts, original.decision.referred)
    else:
        referring.take_back(facts, original.decision.referred)
    return Plan(
        rc=Rc.OK,
        amount=original.amount,
        discount=original.discount,
        price_reduction=own_bonus(original.decision.taken),
        sale_lines=tuple(_negative(line) for line in facts.mirror_lines),
        new_state=_state_before(facts, original),
        drop_access_code=original.command == "activate",
    )


def _state_before(facts: Facts, original: Original) -> str:
    """The card's state before the original, where that had changed it."""
    if original.command == "activate" and facts.card.state == "active":
        return "new"
    return original.decision.closed_from if facts.card.state == "closed" else ""


def release_hold(facts: Facts, original: Original) -> None:
    """Give up what an authorization holds."""
    release(facts.sheet, original.decision.taken)


def _hold_is_over(original: Original) -> bool:
    return original.hold and original.hold_how in ("released", "expired")


def _undo_moves(facts: Facts) -> bool:
    """Write every move of the original with the other sign, if the value is there.

    What a referrer got is taken back apart, as far as it is there; what a refund took
    from the referrer goes back like everything else.
    """
    original = facts.original
    assert original is not None
    referrers = {one.account for one in original.decision.referred}
    own = [move for move in facts.mirrors if move.card_id not in referrers]
    theirs = [move for move in facts.mirrors if move.card_id in referrers]
    undone = [(facts.sheet, own)]
    if theirs and facts.second is not None and original.command == "refund":
        undone.append((facts.second.sheet, theirs))
    undone = [
        (sheet, [move for move in moves if move.unit not in COUNTERS - FOR_BOOKS])
        for sheet, moves in undone
    ]
    if not all(_are_there(sheet, moves) for sheet, moves in undone):
        return False
    for sheet, moves in undone:
        _mirror(sheet, moves)
    return True


def _are_there(sheet: Sheet, moves: list[Undone]) -> bool:
    for place in {_place(move) for move in moves}:
        gained = sum(move.posted for move in moves if _place(move) == place)
        if _there(sheet, place) < gained:
            return False
    return True


def _mirror(sheet: Sheet, moves: list[Undone]) -> None:
    for move in sorted(moves, key=_losses_first):
        program, unit, group = move.key
        # In an account that took the card's purses over there may be none yet.
        purse = sheet.open(program, move.issuer, unit, group)
        if unit == CREDIT:
            purse.credit_limit = max(purse.credit_limit, purse.held - purse.posted)
        sheet.mirror(purse, move)


def _undo_counts(facts: Facts, original: Original) -> None:
    """Counters follow what was decided: sums of a period that is over stay."""
    sheet = facts.sheet
    for decided in original.decision.turnover:
        take_turnover_back(
            sheet,
            decided.program,
            decided.goods_group,
            decided.amount,
            decided.period_start,
        )
        purse = sheet.find(decided.program, TURNOVER, decided.goods_group)
        if purse is not None and not purse.posted:
            purse.period_start = None  # the next purchase begins the period
    for counted in original.decision.counted:
        count_back(sheet, counted, counted.amount, original.at)
    for earned in original.decision.earned:
        owed = sheet.find(earned.program, OWED)
        if owed is not None:
            sheet.count(owed, COUNTER_EVENT[OWED], earned.settled)


def _place(move: Undone) -> Place:
    return (move.key, move.in_lot, move.valid_until)


def _there(sheet: Sheet, place: Place) -> int:
    key, in_lot, valid_until = place
    purse = sheet.find(*key)
    if purse is None:
        return 0
    if not in_lot:
        return purse.available
    lot = purse.lot(valid_until)
    return 0 if lot is None else lot.available


def _losses_first(move: Undone) -> int:
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
