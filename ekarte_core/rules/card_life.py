"""Activate, top up, block, unblock, the access code: the life of a card."""

from datetime import datetime

from ekarte_core.codes import Rc
from ekarte_core.rules import credit
from ekarte_core.rules.ends import end_after
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Decision, Facts, Plan, SaleLine, refuse
from ekarte_core.rules.programs import GiftCard
from ekarte_core.rules.purses import VISITS, Purse, end_of_day
from ekarte_core.rules.running import (
    CreditRunning,
    GiftRunning,
    PassRunning,
    RunningProgram,
)
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.turnover import add_months

_LOAD_REFUSED = {"amount": Rc.AMOUNT, "limit": Rc.LIMIT, "reload": Rc.CARD_WRONG}
FINAL_STATES = {"lost": "lost", "stolen": "stolen", "closed": "closed"}


def activate(facts: Facts) -> Plan:
    """Make a new card usable; may carry the first load and set the access code."""
    if facts.card.state != "new":
        return refuse(Rc.RULE)
    code = facts.request.access_code or ""
    if facts.card.access_policy == "required" and not code:
        return refuse(Rc.CODE_WRONG)
    if code and facts.card.access_policy == "none":
        return refuse(Rc.CARD_WRONG)
    plan = _load(facts) if facts.request.amount else Plan(rc=Rc.OK)
    if plan.rc is Rc.OK:
        plan.new_state = "active"
        plan.new_access_code = code
    return plan


def top_up(facts: Facts) -> Plan:
    """Put money or visits on an active card, or pay what is owed on credit."""
    return _load(facts)


def block(facts: Facts) -> Plan:
    """Stop a card; its purses stay as they are. With a reason it is for good."""
    final = FINAL_STATES.get(facts.request.reason, "")
    if facts.card.state == "blocked" and not final:
        return Plan(rc=Rc.OK)
    if facts.card.state == "new":
        return refuse(Rc.NOT_ACTIVE)
    if facts.card.state == final:
        return Plan(rc=Rc.OK)
    if facts.card.state not in ("active", "blocked"):
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, new_state=final or "blocked")


def unblock(facts: Facts) -> Plan:
    """Let a blocked card work again; wrong access codes are forgotten."""
    if facts.card.state not in ("blocked", "active"):
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, new_state="active")


def set_code(facts: Facts) -> Plan:
    """Set or change the access code; the old one was asked for before."""
    if facts.card.access_policy == "none":
        return refuse(Rc.CARD_WRONG)
    return Plan(rc=Rc.OK, new_access_code=facts.request.new_access_code or "")


def _load(facts: Facts) -> Plan:
    """Load what the request names, else the first that fits: gift, pass, credit."""
    programs, named = facts.programs, facts.request.program
    gifts = [one for one in _own_first(programs.gifts) if named in ("", one[0].code)]
    sold = [one for one in programs.passes if one[0].own]
    passes = [one for one in sold if named in ("", one[0].code)]
    credits = [one for one in programs.credits if named in ("", one[0].code)]
    if gifts:
        return _load_gift(facts, gifts[0])
    if passes:
        return _sell_pass(facts, passes[0])
    if credits:
        return _pay_credit(facts, credits[0])
    return refuse(Rc.CARD_WRONG)


def _load_gift(facts: Facts, program: GiftRunning) -> Plan:
    running, parameters = program
    if not facts.programs.issues(running):
        return _closing(running)
    amount = facts.request.amount or 0
    purse = facts.sheet.find(running.code, facts.request.currency)
    balance = purse.posted if purse else 0
    refusal = parameters.load_refusal(amount, balance, _loads(facts, purse))
    if refusal:
        return refuse(_LOAD_REFUSED[refusal])
    purse = facts.sheet.open(running.code, running.issuer, facts.request.currency)
    end = gift_end(parameters, facts)
    carry = amount - tax_in(amount, parameters.tax_rate_bp)  # what is not taxed yet
    facts.sheet.credit(purse, "gift_load", "load", amount, carry=carry, valid_until=end)
    return Plan(
        rc=Rc.OK,
        amount=amount,
        amount_due=amount,
        decision=Decision(loaded=running.code, loaded_until=end),
    )


def gift_end(parameters: GiftCard, facts: Facts) -> datetime | None:
    """Return the moment at which money loaded today ends, if ever."""
    if not parameters.valid_months:
        return None
    return end_of_day(add_months(facts.today, parameters.valid_months), facts.zone)


def _loads(facts: Facts, purse: Purse | None) -> int:
    """How often the card has been loaded; an undone activation does not count."""
    if purse is None or facts.card.state == "new":
        return 0
    return sum(1 for lot in purse.lots if lot.issued)


def _sell_pass(facts: Facts, program: PassRunning) -> Plan:
    """Sell visits: goods with a tax, whose revenue waits for the visits."""
    running, parameters = program
    if not facts.programs.issues(running):
        return _closing(running)
    if facts.request.amount != parameters.price:
        return refuse(Rc.AMOUNT)
    tax_rate_bp = facts.tax_of(parameters.group)
    end = end_after(parameters.valid_days, facts)
    facts.sheet.credit(
        facts.sheet.open(running.code, running.issuer, VISITS),
        "pass_load",
        "load",
        parameters.count,
        carry=parameters.price - tax_in(parameters.price, tax_rate_bp),
        valid_until=end,
    )
    line = SaleLine(
        group=parameters.group,
        tax_rate_bp=tax_rate_bp,
        gross=parameters.price,
        discount=0,
    )
    return Plan(
        rc=Rc.OK,
        amount=parameters.price,
        amount_due=parameters.price,
        sale_lines=(line,),
        decision=Decision(loaded=running.code, loaded_until=end),
    )


def _pay_credit(facts: Facts, program: CreditRunning) -> Plan:
    amount = facts.request.amount or 0
    rc = credit.pay(facts.sheet, program, amount)
    if rc is not Rc.OK:
        return refuse(rc)
    return Plan(rc=Rc.OK, amount=amount, amount_due=amount)


def _closing(running: RunningProgram) -> Plan:
    """Its issuer is leaving the coalition: nothing more of it is given out."""
    plan = refuse(Rc.RULE)
    plan.reasons = [Reason(key="program.closing", name=running.name)]
    return plan


def _own_first(gifts: list[GiftRunning]) -> list[GiftRunning]:
    """The seller's own gift program comes before that of another issuer."""
    return sorted(gifts, key=lambda one: not one[0].own)
