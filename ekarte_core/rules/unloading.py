"""Sold value comes back: a gift card or a pass is refunded and becomes unusable."""

from ekarte_core.codes import Rc
from ekarte_core.rules.plan import Decision, Facts, Plan, SaleLine, refuse
from ekarte_core.rules.programs import VisitPass
from ekarte_core.rules.purses import VISITS, LotPart, Purse, share


def unload(facts: Facts) -> Plan:
    """Refund what was sold by an activation or a top-up, as far as it is unused.

    51: more than is left of it. 77: nothing was sold, or a credit was paid.
    """
    original = facts.original
    assert original is not None
    program = original.decision.loaded
    if not program:
        return refuse(Rc.MISMATCH)
    running = facts.programs.find(program)
    if running is not None and isinstance(running.parameters, VisitPass):
        return _unload_pass(facts, running.parameters)
    return _unload_gift(facts)


def _unload_gift(facts: Facts) -> Plan:
    original = facts.original
    assert original is not None
    purse = facts.sheet.find(original.decision.loaded, facts.request.currency)
    left = min(_left(facts, purse), original.amount - original.refunded)
    amount = facts.request.amount or left
    if amount > original.amount - original.refunded:
        return refuse(Rc.AMOUNT)
    if purse is None or not 0 < amount <= left:
        return refuse(Rc.SHORT)
    part = LotPart(original.decision.loaded_until, amount)
    facts.sheet.spend(purse, "gift_load", "load", [part])
    return Plan(
        rc=Rc.OK,
        amount=amount,
        amount_due=amount,
        new_state="closed" if state_to_close(facts) else "",
        decision=Decision(closed_from=state_to_close(facts)),
    )


def _unload_pass(facts: Facts, parameters: VisitPass) -> Plan:
    original = facts.original
    assert original is not None
    purse = facts.sheet.find(original.decision.loaded, VISITS)
    visits = min(_left(facts, purse), parameters.count)
    amount = share(parameters.price, visits, parameters.count)
    if facts.request.amount not in (None, 0, amount) or original.refunded:
        return refuse(Rc.AMOUNT)
    if purse is None or not visits:
        return refuse(Rc.SHORT)
    part = LotPart(original.decision.loaded_until, visits)
    facts.sheet.spend(purse, "pass_load", "load", [part])
    tax_rate_bp = facts.tax_of(parameters.group)
    # What was deferred goes back to revenue, and this sale back out of it.
    line = SaleLine(
        group=parameters.group, tax_rate_bp=tax_rate_bp, gross=-amount, discount=0
    )
    return Plan(
        rc=Rc.OK,
        amount=amount,
        amount_due=amount,
        sale_lines=(line,),
        new_state="closed" if state_to_close(facts) else "",
        decision=Decision(closed_from=state_to_close(facts)),
    )


def _left(facts: Facts, purse: Purse | None) -> int:
    """What is unused of the lot that was sold."""
    original = facts.original
    assert original is not None
    lot = purse.lot(original.decision.loaded_until) if purse is not None else None
    return lot.available if lot is not None and lot.usable(facts.now) else 0


def state_to_close(facts: Facts) -> str:
    """A card whose sale is refunded is not sold again: it is closed, from which state.

    '' where it stays as it is: it was lost, or another card took its place. The
    reversal of this refund opens it again.
    """
    original, state = facts.original, facts.card.state
    assert original is not None
    if original.command != "activate":
        return ""
    return {"active": "active", "blocked": "blocked", "closed": "active"}.get(state, "")
