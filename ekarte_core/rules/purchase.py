"""Sale, authorize, confirm: the purchase, in one step or two."""

from datetime import timedelta

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.rules import tendering
from ekarte_core.rules.earning import Earnings, earn, spread
from ekarte_core.rules.plan import (
    Decision,
    Facts,
    LineDecided,
    Plan,
    SaleLine,
    refuse,
)
from ekarte_core.rules.pricing import (
    GroupAmount,
    Pricing,
    next_steps,
    price,
    reprice,
)
from ekarte_core.rules.purses import Sheet
from ekarte_core.rules.tendering import Taken, Taking, plan_taking


def sale(facts: Facts) -> Plan:
    """Price, take, earn: all at once."""
    pricing, taking = _quote(facts)
    if taking.rc not in APPROVED:
        return refuse(taking.rc)
    return _book(facts, pricing, taking)


def authorize(facts: Facts) -> Plan:
    """Price and hold; what would be earned is shown, not booked."""
    pricing, taking = _quote(facts)
    if taking.rc not in APPROVED:
        return refuse(taking.rc)
    trial = Sheet(facts.sheet.all(), facts.now)
    tendering.hold(facts.sheet, taking)
    tendering.spend(trial, taking.taken)
    earnings = earn(facts, trial, pricing, taking)
    plan = _plan(facts, pricing, taking, earnings)
    plan.decision = _decision(pricing, taking.taken)
    plan.reasons = [*pricing.reasons, *earnings.reasons]
    plan.hold_until = facts.now + timedelta(seconds=facts.hold_s)
    return plan


def confirm(facts: Facts) -> Plan:
    """Capture what was held, earn on the final amount.

    The rates are those of the authorization: what was shown is what is given.
    """
    original = facts.original
    assert original is not None
    decided = original.decision.lines
    goods = final_goods(facts, [(x.group, x.gross, x.tax_rate_bp) for x in decided])
    if goods is None:
        return refuse(Rc.AMOUNT)
    pricing = reprice({line.group: line.rate_bp for line in decided}, goods)
    held = original.decision.taken
    taking = Taking(rc=Rc.OK, taken=tendering.capture(held, pricing.net))
    tendering.release(facts.sheet, held)
    plan = _book(facts, pricing, taking)
    plan.hold_end = "captured"
    return plan


def final_goods(
    facts: Facts, authorized: list[GroupAmount]
) -> list[GroupAmount] | None:
    """Return the goods to capture: the request's, or the authorized, cut in proportion.

    None when more is asked for than was authorized.
    """
    whole = sum(gross for _group, gross, _rate in authorized)
    if facts.request.lines:
        return facts.goods if facts.amount <= whole else None
    amount = facts.request.amount
    if amount is None or amount == whole:
        return authorized
    if amount > whole:
        return None
    parts = spread(amount, [gross for _group, gross, _rate in authorized])
    return [
        (group, part, rate)
        for (group, _gross, rate), part in zip(authorized, parts, strict=True)
    ]


def sale_lines(pricing: Pricing, own_bonus: int, tendered: int) -> tuple[SaleLine, ...]:
    """Return the accounting rows of a purchase; card value spread over the lines."""
    weights = [line.net for line in pricing.lines]
    rows = zip(
        pricing.lines,
        spread(own_bonus, weights),
        spread(tendered, weights),
        strict=True,
    )
    return tuple(
        SaleLine(
            group=line.group,
            tax_rate_bp=line.tax_rate_bp,
            gross=line.gross,
            discount=line.discount,
            bonus=bonus,
            tendered=other,
        )
        for line, bonus, other in rows
    )


def _quote(facts: Facts) -> tuple[Pricing, Taking]:
    pricing = price(facts.programs, facts.sheet, facts.goods, facts.today)
    taking = plan_taking(
        facts.programs,
        facts.sheet,
        facts.request.tender,
        pricing.net,
        facts.request.currency,
        partial=facts.request.partial,
    )
    return pricing, taking


def _book(facts: Facts, pricing: Pricing, taking: Taking) -> Plan:
    spent = tendering.spend(facts.sheet, taking.taken)
    earnings = earn(facts, facts.sheet, pricing, taking)
    plan = _plan(facts, pricing, taking, earnings)
    plan.decision = _decision(pricing, spent, earnings)
    plan.reasons = [
        *pricing.reasons,
        *earnings.reasons,
        *next_steps(facts.programs, facts.sheet, facts.today),
    ]
    plan.sale_lines = sale_lines(
        pricing, taking.own_bonus, taking.total - taking.own_bonus
    )
    return plan


def _plan(facts: Facts, pricing: Pricing, taking: Taking, earnings: Earnings) -> Plan:
    return Plan(
        rc=taking.rc,
        amount=pricing.gross,
        discount=pricing.discount,
        amount_due=pricing.net - taking.total,
        rate_bp=pricing.rate_bp,
        taken=taking.taken,
        earned=earnings.earned,
        converted=earnings.converted,
        new_state="active" if facts.card.state == "new" else "",
    )


def _decision(
    pricing: Pricing,
    taken: tuple[Taken, ...],
    earnings: Earnings | None = None,
) -> Decision:
    return Decision(
        lines=tuple(
            LineDecided(x.group, x.gross, x.tax_rate_bp, x.rate_bp, x.discount)
            for x in pricing.lines
        ),
        taken=taken,
        earned=earnings.decided if earnings else (),
        turnover=earnings.turnover if earnings else (),
    )
