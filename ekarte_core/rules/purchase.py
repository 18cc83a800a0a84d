"""Sale, authorize, confirm, and the quote: the purchase, in one step or two."""

import itertools
from datetime import timedelta

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.rules import credit, tendering
from ekarte_core.rules.earning import Earnings, earn
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import (
    Decision,
    Facts,
    LineDecided,
    Plan,
    SaleLine,
    refuse,
)
from ekarte_core.rules.pricing import (
    NOTHING_PROMISED,
    Goods,
    Pricing,
    Promise,
    next_steps,
    price,
    reprice,
)
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.purses import EARNED, ITEM, Sheet, share
from ekarte_core.rules.shares import spread
from ekarte_core.rules.tendering import Taken, Taking, plan_taking
from ekarte_core.values import LineAnswer

NOTHING_FREE = (-1, 0)
CODE_TO_COME = "…"  # of a voucher that a purchase would bring
_THOUSANDTHS = 1000


def sale(facts: Facts) -> Plan:
    """Price, take, earn: all at once."""
    pricing, taking, refused = _terms(facts)
    if refused is not None:
        return refused
    return book(facts, pricing, taking)


def authorize(facts: Facts) -> Plan:
    """Price and hold; what would be earned is shown, not booked."""
    pricing, taking, refused = _terms(facts)
    if refused is not None:
        return refused
    plan, _trial = _try(facts, pricing, taking)
    tendering.hold(facts.sheet, taking)
    plan.decision = _decision(pricing, taking.taken)
    plan.hold_until = facts.now + timedelta(seconds=facts.hold_s)
    return plan


def quote(facts: Facts) -> Plan:
    """Say what `authorize` would say now; nothing is held, nothing is booked."""
    pricing, taking, refused = _terms(facts)
    if refused is not None:
        return refused
    plan, trial = _try(facts, pricing, taking)
    plan.moves, plan.new_state = False, ""
    plan.reasons += [
        *next_steps(facts.programs, trial, facts.goods, facts.clock),
        *tier_reasons(facts, trial),
        *overdue_reasons(facts),
    ]
    return plan


def _try(facts: Facts, pricing: Pricing, taking: Taking) -> tuple[Plan, Sheet]:
    """Do the purchase on a sheet of its own, to see what it would come to."""
    facts.codes = itertools.repeat(CODE_TO_COME)  # another operation will issue them
    trial = Sheet(facts.sheet.all(), facts.now)
    tendering.spend(trial, taking.taken)
    earnings = earn(facts, trial, pricing, taking, booked=False)
    plan = _plan(facts, pricing, taking, earnings)
    plan.reasons = [*pricing.reasons, *earnings.reasons, *idle_reasons(facts)]
    return plan, trial


def confirm(facts: Facts) -> Plan:
    """Capture what was held, earn on the final amount.

    The rates are those of the authorization: what was shown is what is given.
    """
    original = facts.original
    assert original is not None
    decided = original.decision.lines
    goods = final_goods(facts, decided)
    if goods is None:
        return refuse(Rc.AMOUNT)
    pricing = reprice(_promised(decided), goods)
    held = original.decision.taken
    captured = tendering.capture(held, pricing.net)
    if not pricing.free:  # a voucher for goods that were not taken stays
        captured = tuple(part for part in captured if part.tender != ITEM)
    taking = Taking(rc=Rc.OK, taken=captured)
    tendering.release(facts.sheet, held)
    plan = book(facts, pricing, taking)
    plan.hold_end = "captured"
    return plan


def _promised(lines: tuple[LineDecided, ...]) -> dict[str, Promise]:
    found: dict[str, Promise] = {}
    for line in lines:
        before = found.get(line.group, NOTHING_PROMISED)
        found[line.group] = Promise(
            before.gross + line.gross,
            before.discount + line.discount,
            line.rate_bp,
            before.free + line.free,
        )
    return found


def final_goods(facts: Facts, lines: tuple[LineDecided, ...]) -> list[Goods] | None:
    """Return the goods to capture: the request's, or the authorized, cut in proportion.

    None when more is asked for than was authorized.
    """
    whole = sum(line.gross for line in lines)
    if facts.request.lines:
        return facts.goods if facts.amount <= whole else None
    amount = facts.request.amount
    if amount is None:
        amount = whole
    if amount > whole:
        return None
    parts = spread(amount, [line.gross for line in lines])
    return [
        Goods(group=line.group, gross=part, tax_rate_bp=line.tax_rate_bp)
        for line, part in zip(lines, parts, strict=True)
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


def _terms(facts: Facts) -> tuple[Pricing, Taking, Plan | None]:
    """Price the goods and see what the card can pay; the refusal where it cannot."""
    free = free_goods(facts)
    pricing = price(
        facts.programs, facts.sheet, facts.goods, facts.clock, free or NOTHING_FREE
    )
    taking = plan_taking(
        facts.programs,
        facts.sheet,
        facts.request.tender,
        pricing.net,
        facts.request.currency,
        partial=facts.request.partial,
    )
    if free is None and taking.rc is not Rc.EXPIRED:
        return pricing, taking, refuse(Rc.CARD_WRONG)
    refused = None if taking.rc in APPROVED else refuse(taking.rc)
    return pricing, taking, refused


def overdue_reasons(facts: Facts) -> list[Reason]:
    """Say which statements of the card are overdue."""
    late = [
        (running.name, credit.overdue((running, p), facts.statements, facts.today))
        for running, p in facts.programs.credits
    ]
    return [
        Reason(key="credit.overdue", name=name, amount=unpaid)
        for name, unpaid in late
        if unpaid
    ]


def buys_on_credit(facts: Facts) -> bool:
    """Say whether a purchase asks for credit, in words or by its card."""
    tender = tendering.wanted_tender(facts.programs, facts.request.tender, 1)
    return tender.credit > 0


def free_goods(facts: Facts) -> tuple[int, int] | None:
    """Return (place of line, gross) that a goods voucher pays for.

    Nothing where no such voucher is named; None where its goods are not bought.
    """
    tender = facts.request.tender
    if tender is None or not tender.voucher:
        return NOTHING_FREE
    purse = tendering.find_voucher(facts.programs, facts.sheet, tender.voucher)
    if purse is None or purse.unit != ITEM:
        return NOTHING_FREE
    own = any(p.own and p.code == purse.program for p, _ in facts.programs.vouchers)
    product = facts.products.get(tender.voucher, "")
    for place, line in enumerate(facts.goods):
        if own and product and line.sku == product:
            # Nothing of it may be bought: then the whole line is one piece.
            pieces = max(line.thousandths, 1)
            piece = share(line.gross, _THOUSANDTHS, pieces)
            return place, min(piece, line.gross)
    return None


def book(facts: Facts, pricing: Pricing, taking: Taking, *, earns: bool = True) -> Plan:
    """Take, earn, and write down what was decided."""
    spent = tendering.spend(facts.sheet, taking.taken)
    earnings = Earnings()
    if earns:
        earnings = earn(facts, facts.sheet, pricing, taking, booked=True)
    plan = _plan(facts, pricing, taking, earnings)
    plan.decision = _decision(pricing, spent, earnings, unpaid=taking.unpaid)
    plan.new_vouchers = earnings.vouchers
    plan.second_vouchers = earnings.second_vouchers
    plan.reasons = [
        *pricing.reasons,
        *_forfeited(spent),
        *earnings.reasons,
        *idle_reasons(facts),
        *next_steps(facts.programs, facts.sheet, facts.goods, facts.clock),
        *tier_reasons(facts, facts.sheet),
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
        lines=_line_answers(pricing) if facts.request.lines else (),
        price_reduction=taking.own_bonus,
        taken=taking.taken,
        earned=earnings.earned,
        converted=earnings.converted,
        new_state="active" if facts.card.state == "new" else "",
    )


def _line_answers(pricing: Pricing) -> tuple[LineAnswer, ...]:
    return tuple(
        [LineAnswer(discount=x.discount, rate=x.rate_bp) for x in pricing.lines]
    )


def _decision(
    pricing: Pricing,
    taken: tuple[Taken, ...],
    earnings: Earnings | None = None,
    *,
    unpaid: int = 0,
) -> Decision:
    earnings = earnings or Earnings()
    return Decision(
        lines=tuple(
            LineDecided(x.group, x.gross, x.tax_rate_bp, x.rate_bp, x.discount, x.free)
            for x in pricing.lines
        ),
        taken=taken,
        earned=tuple(earnings.decided),
        turnover=tuple(earnings.turnover),
        counted=tuple(earnings.counted),
        referred=tuple(earnings.referred),
        unpaid=unpaid,
    )


def _forfeited(spent: tuple[Taken, ...]) -> list[Reason]:
    return [
        Reason(
            key="voucher.forfeited",
            name=part.key[2],
            amount=sum(lot.amount for lot in part.parts),
        )
        for part in spent
        if part.tender == tendering.REST
    ]


def idle_reasons(facts: Facts) -> list[Reason]:
    """Say which programs of the card do nothing at this moment, and why."""
    idle = [
        Reason(key=key, name=program.name)
        for program, key in facts.programs.idle
        if key != "program.over"
    ]
    return idle + [
        Reason(key="program.elsewhere", name=program.name)
        for program in facts.programs.refused_here
    ]


def tier_reasons(facts: Facts, sheet: Sheet) -> list[Reason]:
    """Say which better card has been reached, or what is missing to the next."""
    found = []
    for running, parameters in facts.programs.points:
        if not isinstance(parameters, BonusPrize) or not parameters.tiers:
            continue
        purse = sheet.find(running.code, EARNED)
        earned = purse.posted if purse else 0
        reached, ahead = parameters.tier_of(earned), parameters.next_tier(earned)
        if reached is not None and reached.card_type not in facts.card.card_types:
            found.append(
                Reason(key="tier.reached", name=running.name, what=reached.card_type)
            )
        elif ahead is not None:
            found.append(
                Reason(
                    key="tier.next",
                    name=running.name,
                    what=ahead.card_type,
                    count=ahead.at - earned,
                )
            )
    return found
