"""Advice: what a terminal did on its own, while nobody answered, is booked as it was.

Nobody can be refused any more: the goods are gone. What the card has is taken; what it
lacks is taken from nobody, the exception names it, and the terminal's issuer bears it.
Such a part stays in what is due, and earns nothing.
"""

from collections.abc import Callable

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.rules import card_life, giving_back, unloading, visiting, vouchers
from ekarte_core.rules.accruing import accrue
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Excess, Facts, Plan
from ekarte_core.rules.pricing import PricedLine, Pricing, price
from ekarte_core.rules.purchase import NOTHING_FREE, book, free_goods
from ekarte_core.rules.purses import share
from ekarte_core.rules.shares import spread
from ekarte_core.rules.tendering import Taking, plan_what_is_there
from ekarte_core.values import Offline

RATE_ONE_BP = 10_000
SOLD = frozenset({"activate", "top_up"})  # value, not goods: see unloading.py


def advise(facts: Facts, offline: Offline) -> Plan:
    """Book what a terminal says it did; `plan.exceptions` says what did not fit."""
    return _RULES[offline.command](facts, offline)


def not_booked(facts: Facts, offline: Offline, plan: Plan, kind: str) -> Plan:
    """The plan of what cannot be booked: it is kept, moves nothing, and is flagged."""
    return Plan(
        rc=Rc.OK,
        moves=False,
        amount=facts.amount,
        discount=offline.discount,
        amount_due=offline.amount_due,
        reasons=plan.reasons,
        exceptions=(Excess(kind, facts.amount, plan.rc.value),),
    )


def _sale(facts: Facts, offline: Offline) -> Plan:
    """Goods at the discount that they had, paid by what is there of what was taken."""
    free = free_goods(facts) or NOTHING_FREE
    due_here = price(facts.programs, facts.sheet, facts.goods, facts.clock, free)
    pricing = _as_given(due_here, offline.discount)
    taking, missing = _take(facts, offline)
    plan = book(facts, pricing, taking)
    over = offline.discount - due_here.discount
    if over > 0:
        missing.insert(0, Excess("discount", over))
    plan.exceptions = tuple(missing)
    return plan


def _as_given(pricing: Pricing, discount: int) -> Pricing:
    """The same goods with the discount that was given, spread by what they cost."""
    if pricing.discount == discount:
        return pricing
    parts = spread(discount, [line.gross for line in pricing.lines])
    lines = [
        PricedLine(
            group=line.group,
            gross=line.gross,
            tax_rate_bp=line.tax_rate_bp,
            rate_bp=share(RATE_ONE_BP, part, line.gross) if line.gross else 0,
            discount=part,
        )
        for line, part in zip(pricing.lines, parts, strict=True)
    ]
    return Pricing(lines=tuple(lines))


def _take(facts: Facts, offline: Offline) -> tuple[Taking, list[Excess]]:
    """Return what the card has of what was taken from it, and what it lacks."""
    tender = facts.request.tender
    assert tender is not None, "an advice names what was taken"
    worth = offline.tendered.get("voucher", 0)
    taking, refused = plan_what_is_there(
        facts.programs, facts.sheet, tender, worth, facts.request.currency
    )
    money = sum(taking.of(name) for name in ("gift", "bonus", "credit"))
    missing = []
    if tender.voucher and (refused.voucher or taking.of("voucher") < worth):
        rc = refused.voucher or Rc.SHORT
        lacks = worth - taking.of("voucher")
        missing.append(Excess("voucher", lacks, rc.value))
    if money < tender.money:
        rc = refused.money or Rc.CARD_WRONG
        missing.append(Excess("funds", tender.money - money, rc.value))
    unpaid = sum(one.amount for one in missing)
    return msgspec.structs.replace(taking, unpaid=unpaid), missing


def _by_rule(rule: Callable[[Facts], Plan]) -> Callable[[Facts, Offline], Plan]:
    """Book by a rule that may say no: then it is only written down."""

    def booked(facts: Facts, offline: Offline) -> Plan:
        plan = rule(facts)
        if plan.rc in APPROVED:
            return plan
        return not_booked(facts, offline, plan, "not_booked")

    return booked


def _refund(facts: Facts, offline: Offline) -> Plan:
    """Goods came back; more was paid out than they had cost: that is flagged."""
    assert facts.original is not None
    rule = giving_back.refund
    if facts.original.command in SOLD:
        rule = unloading.unload
    plan = _by_rule(rule)(facts, offline)
    over = offline.amount_due - plan.amount_due
    if plan.moves and over > 0:
        plan.exceptions = (Excess("paid_out", over),)
    return plan


def _voucher(facts: Facts, offline: Offline) -> Plan:
    """A voucher used by itself; one that had been used buys nothing."""
    if facts.goods:
        return _sale(facts, offline)
    plan = vouchers.use(facts)
    if plan.rc in APPROVED:
        return plan
    worth = offline.tendered.get("voucher", 0)
    unbooked = not_booked(facts, offline, plan, "voucher")
    unbooked.amount = worth
    unbooked.exceptions = (Excess("voucher", worth, plan.rc.value),)
    return unbooked


_RULES: dict[str, Callable[[Facts, Offline], Plan]] = {
    "sale": _sale,
    "voucher": _voucher,
    "refund": _refund,
    "accrue": _by_rule(accrue),
    "check_in": _by_rule(visiting.check_in),
    "top_up": _by_rule(card_life.top_up),
}


def told(excess: Excess) -> Reason:
    """What people are told of an exception."""
    return Reason(key=f"offline.{excess.kind}", amount=excess.amount)
