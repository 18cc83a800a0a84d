"""Referrals: a customer who brings another gets points for the other's first purchase.

They are booked on the referrer's card in the same operation that books the purchase.
"""

import msgspec

from ekarte_core.rules import prizes
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Facts, ReferredDecided
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import (
    COUNTER_EVENT,
    EARNED,
    OWED,
    POINTS,
    PURCHASES,
    Sheet,
)
from ekarte_core.rules.running import PointsRunning


def reward(
    facts: Facts, sheet: Sheet, program: PointsRunning
) -> tuple[int, Reason | None]:
    """Return the points of who brought this card's holder, before the purchase counts.

    0 without a referrer, or with one who may not be rewarded, and then why.
    """
    running, parameters = program
    second = facts.second
    if second is None or not isinstance(parameters, BonusPrize):
        return 0, None
    if not parameters.referral_points:
        return 0, None
    counter = sheet.find(running.code, PURCHASES)
    if counter is not None and counter.posted:
        return 0, Reason(key="referral.not_first", name=running.name)
    theirs = [one for one in second.programs.points if one[0].code == running.code]
    if second.card.account_id == facts.card.account_id or not theirs:
        return 0, Reason(key="referral.not_valid", name=running.name)
    if second.card.state != "active":
        return 0, Reason(key="referral.not_valid", name=running.name)
    points = parameters.referral_points
    return points, Reason(key="referral.given", name=running.name, count=points)


def take_back(
    facts: Facts, referred: tuple[ReferredDecided, ...]
) -> tuple[ReferredDecided, ...]:
    """Take the referrer's points back as far as they are still there.

    Returns the same negative, for a decision that can be undone.
    """
    if facts.second is None:
        return ()
    sheet = facts.second.sheet
    for one in referred:
        purse = sheet.find(one.program, POINTS)
        if purse is not None:
            off = min(one.points, sheet.usable(purse))
            parts = sheet.plan(purse, off, first=(one.valid_until,))
            sheet.spend(purse, "bonus_grant", "grant", parts)
            _from_vouchers(facts, sheet, one, one.points - off)
        _count(sheet, one, -1)
    # In one account with the friend nobody's purses are apart.
    account = facts.second.card.account_id if sheet is not facts.sheet else 0
    return tuple(
        msgspec.structs.replace(
            one, points=-one.points, settled=-one.settled, account=account
        )
        for one in referred
    )


def give_again(facts: Facts, taken: tuple[ReferredDecided, ...]) -> None:
    """Count what a refund took back, which is undone; its moves are undone apart."""
    if facts.second is not None:
        for one in taken:
            _count(facts.second.sheet, one, -1)


def _count(sheet: Sheet, one: ReferredDecided, sign: int) -> None:
    """Count the points into what was ever earned, and out of what is owed."""
    earned = sheet.find(one.program, EARNED)
    if earned is not None:
        points = one.points + one.settled
        sheet.count(earned, COUNTER_EVENT[EARNED], sign * points)
    owed = sheet.find(one.program, OWED)
    if owed is not None:
        sheet.count(owed, COUNTER_EVENT[OWED], -sign * one.settled)


def _from_vouchers(
    facts: Facts, sheet: Sheet, referred: ReferredDecided, missing: int
) -> None:
    """What the points have become is taken back where it is unused."""
    assert facts.second is not None
    for running, parameters in facts.second.programs.points:
        if running.code == referred.program and isinstance(parameters, BonusPrize):
            cause = ("bonus_grant", "grant")
            prizes.take_back(facts, sheet, running, parameters, missing, cause)
