"""Accounts: cards that use the same purses, after a replacement or in a pool.

A card's account is the card whose purses it uses, at first its own. Who joins another
account points to it; where the joiner has value of its own, that is moved by entries,
lot by lot, with its dates and what it carries in the books.
"""

from ekarte_core.codes import Rc
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import CardFacts, Facts, Plan, SecondCard, refuse
from ekarte_core.rules.programs import BonusPrize, Discount
from ekarte_core.rules.purses import (
    CREDIT,
    EARNED,
    TURNOVER,
    VISITED,
    WITHOUT_LOTS,
    LotPart,
    Purse,
    Sheet,
)
from ekarte_core.rules.turnover import settle

TRANSFER = "transfer"


def replace(facts: Facts) -> Plan:
    """Give the holder a new card: it takes the account over, the old one is closed.

    05: the old card is not in use, the new one was, holds are open, or the card type
    has not been earned yet. 57: the new number is no card of this issuer.
    """
    second = facts.second
    if second is None or not second.card.card_types:
        return refuse(Rc.CARD_WRONG)
    if facts.card.state not in ("active", "blocked", "lost", "stolen"):
        return refuse(Rc.RULE)
    if second.card.state not in ("new", "active"):
        return refuse(Rc.RULE)
    if _tier_missing(facts, second) or not _may_join(second.card, facts.card):
        return refuse(Rc.RULE)
    if not _move(facts, second.sheet, facts.sheet):
        return refuse(Rc.RULE)
    return Plan(
        rc=Rc.OK,
        joins="second",
        new_state="replaced",
        second_state="active",
        reasons=[Reason(key="card.replaced")],
    )


def pool(facts: Facts) -> Plan:
    """Let a card use the purses of another, or its own again."""
    second = facts.second
    if facts.request.other is None:
        return _leave(facts)
    if second is None or not (facts.card.pool and second.card.pool):
        return refuse(Rc.CARD_WRONG)
    if facts.card.account_id == second.card.account_id:
        return Plan(rc=Rc.OK)
    possible = second.card.state == "active" and _may_join(facts.card, second.card)
    if not (possible and _move(facts, facts.sheet, second.sheet)):
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, joins="first", reasons=[Reason(key="pool.joined")])


def _leave(facts: Facts) -> Plan:
    """Give a card purses of its own again; a hold is confirmed where it is held.

    Who took the account over stays: what is in it would be left on a card that nobody
    may use any more.
    """
    if facts.card.account_id == facts.card.id:
        return Plan(rc=Rc.OK)
    if facts.card.heir or any(purse.held for purse in facts.sheet.all()):
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, joins="leaves", reasons=[Reason(key="pool.left")])


def _may_join(joiner: CardFacts, target: CardFacts) -> bool:
    """A card that others lean on, or that leans on another, joins nobody."""
    apart = joiner.account_id != target.account_id
    return apart and joiner.account_id == joiner.id and not joiner.shared


def _tier_missing(facts: Facts, second: SecondCard) -> bool:
    """Say whether the new card is a better one that has not been earned yet."""
    for running, parameters in facts.programs.points:
        if not isinstance(parameters, BonusPrize):
            continue
        wanted = [
            tier.at
            for tier in parameters.tiers
            if tier.card_type in second.card.card_types
            and tier.card_type not in facts.card.card_types
        ]
        purse = facts.sheet.find(running.code, EARNED)
        if wanted and (purse.posted if purse else 0) < min(wanted):
            return True
    return False


def _move(facts: Facts, source: Sheet, target: Sheet) -> bool:
    """Move every purse of one account into another.

    False while value is held or a credit is not settled: statements stay where the
    debt was made.
    """
    purses = source.all()
    if any(purse.held or (purse.unit == CREDIT and purse.posted) for purse in purses):
        return False
    _write_clock_down(facts, source)
    _write_clock_down(facts, target)
    for look in source.all():
        purse = source.find(*look.key)
        assert purse is not None
        if purse.posted:
            _move_purse(source, target, purse)
    return True


def _write_clock_down(facts: Facts, sheet: Sheet) -> None:
    """Sums that are over, or lost by idleness, do not come to life by being moved."""
    programs = facts.programs
    running = [one for one, _ in programs.discounts] + [one for one, _ in programs.idle]
    for program in running:
        parameters = program.parameters
        if not isinstance(parameters, Discount):
            continue
        for group in parameters.turnover_groups:
            purse = sheet.find(program.code, TURNOVER, group)
            if purse is not None:
                settle(parameters, sheet, purse, facts.clock)


def _move_purse(source: Sheet, target: Sheet, purse: Purse) -> None:
    program, unit, group = purse.key
    into = target.open(program, purse.issuer, unit, group)
    if unit in WITHOUT_LOTS:
        _join_moments(into, purse)
        amount = purse.posted
        source.count(purse, TRANSFER, -amount)
        target.count(into, TRANSFER, amount)
    else:
        parts = [
            LotPart(lot.valid_until, lot.posted) for lot in purse.lots if lot.posted
        ]
        for part in source.spend(purse, TRANSFER, TRANSFER, parts):
            target.credit(
                into,
                TRANSFER,
                TRANSFER,
                part.amount,
                carry=part.carry,
                valid_until=part.valid_until,
            )


def _join_moments(into: Purse, purse: Purse) -> None:
    """When two counters that become one last counted, and how often on that day."""
    if into.period_start is None:
        into.period_start, into.day_count = purse.period_start, purse.day_count
    elif into.unit == VISITED and purse.period_start is not None:
        if purse.period_start > into.period_start:
            into.period_start, into.day_count = purse.period_start, purse.day_count
        elif purse.period_start == into.period_start:
            into.day_count += purse.day_count
    moments = [at for at in (into.last_at, purse.last_at) if at is not None]
    into.last_at = max(moments, default=None)
