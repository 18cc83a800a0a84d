"""Referrals: a customer who brings another gets points for the other's first purchase.

They are booked on the referrer's card in the same operation that books the purchase.
"""

from ekarte_core.rules import prizes
from ekarte_core.rules.ends import end_of_lot
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Facts, ReferredDecided
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import (
    COUNTER_EVENT,
    EARNED,
    POINTS,
    PURCHASES,
    Sheet,
)
from ekarte_core.rules.running import PointsRunning


def reward(
    facts: Facts, sheet: Sheet, program: PointsRunning
) -> tuple[ReferredDecided | None, Reason | None]:
    """Decide what who brought this card's holder gets, before the purchase counts."""
    running, parameters = program
    second = facts.second
    if second is None or not isinstance(parameters, BonusPrize):
        return None, None
    if not parameters.referral_points:
        return None, None
    counter = sheet.find(running.code, PURCHASES)
    if counter is not None and counter.posted:
        return None, Reason(key="referral.not_first", name=running.name)
    theirs = [one for one in second.programs.points if one[0].code == running.code]
    if second.card.account_id == facts.card.account_id or not theirs:
        return None, Reason(key="referral.not_valid", name=running.name)
    if second.card.state != "active":
        return None, Reason(key="referral.not_valid", name=running.name)
    points = parameters.referral_points
    referred = ReferredDecided(running.code, points, end_of_lot(parameters, facts))
    return referred, Reason(key="referral.given", name=running.name, count=points)


def take_back(facts: Facts, referred: tuple[ReferredDecided, ...]) -> None:
    """Take the referrer's points back as far as they are still there."""
    if facts.second is None:
        return
    sheet = facts.second.sheet
    for one in referred:
        purse = sheet.find(one.program, POINTS)
        if purse is not None:
            off = min(one.points, sheet.usable(purse))
            parts = sheet.plan(purse, off, first=(one.valid_until,))
            sheet.spend(purse, "bonus_grant", "grant", parts)
            _from_vouchers(facts, sheet, one, one.points - off)
        counter = sheet.find(one.program, EARNED)
        if counter is not None:
            sheet.count(counter, COUNTER_EVENT[EARNED], -one.points)


def _from_vouchers(
    facts: Facts, sheet: Sheet, referred: ReferredDecided, missing: int
) -> None:
    """What the points have become is taken back where it is unused."""
    assert facts.second is not None
    for running, parameters in facts.second.programs.points:
        if running.code == referred.program and isinstance(parameters, BonusPrize):
            prizes.take_back(facts, sheet, running, parameters, missing)
