"""Referrals: a customer who brings another gets points for the other's first purchase.

They are booked on the referrer's card in the same operation that books the purchase.
"""

from ekarte_core.rules.ends import end_of_lot
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Facts, ReferredDecided
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import POINTS, PURCHASES, Sheet
from ekarte_core.rules.running import PointsRunning


def reward(
    facts: Facts, sheet: Sheet, program: PointsRunning
) -> tuple[ReferredDecided | None, Reason | None]:
    """Reward who brought this card's holder; call it before the purchase is counted."""
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
    end = end_of_lot(parameters, facts)
    second.sheet.credit(
        second.sheet.open(running.code, running.issuer, POINTS),
        "bonus_grant",
        "grant",
        points,
        carry=granted(parameters, points),
        valid_until=end,
    )
    reason = Reason(key="referral.given", name=running.name, count=points)
    return ReferredDecided(running.code, points, end), reason


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


def granted(parameters: BonusPrize, points: int) -> int:
    """The cost of points that no sale brought, minor units, rounded down."""
    return 0 if parameters.deferral_policy == "none" else parameters.value_of(points)
