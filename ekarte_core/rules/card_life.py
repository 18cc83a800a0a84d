"""Activate, top up, block, unblock: the life of a card."""

from ekarte_core.codes import Rc
from ekarte_core.rules.plan import Facts, Plan, refuse
from ekarte_core.rules.pricing import add_months
from ekarte_core.rules.programs import GiftCard
from ekarte_core.rules.purses import end_of_day
from ekarte_core.rules.running import RunningProgram

_LOAD_REFUSED = {"amount": Rc.AMOUNT, "limit": Rc.LIMIT, "reload": Rc.CARD_WRONG}


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
    """Put money on an active gift card."""
    return _load(facts)


def block(facts: Facts) -> Plan:
    """Stop a card; its purses stay as they are."""
    if facts.card.state == "blocked":
        return Plan(rc=Rc.OK)
    if facts.card.state == "new":
        return refuse(Rc.NOT_ACTIVE)
    if facts.card.state != "active":
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, new_state="blocked")


def unblock(facts: Facts) -> Plan:
    """Let a blocked card work again; wrong access codes are forgotten."""
    if facts.card.state not in ("blocked", "active"):
        return refuse(Rc.RULE)
    return Plan(rc=Rc.OK, new_state="active")


def _load(facts: Facts) -> Plan:
    if not facts.programs.gifts:
        return refuse(Rc.CARD_WRONG)
    running, parameters = _own_first(facts)
    amount = facts.request.amount or 0
    purse = facts.sheet.find(running.code, facts.request.currency)
    balance = purse.posted if purse else 0
    sold = facts.card.state != "new"  # an undone activation does not count
    loads = sum(1 for lot in purse.lots if lot.issued) if purse and sold else 0
    refusal = parameters.load_refusal(amount, balance, loads)
    if refusal:
        return refuse(_LOAD_REFUSED[refusal])
    purse = facts.sheet.open(running.code, running.issuer, facts.request.currency)
    end = None
    if parameters.valid_months:
        end = end_of_day(add_months(facts.today, parameters.valid_months), facts.zone)
    facts.sheet.credit(
        purse, "gift_load", "load", amount, carry=amount, valid_until=end
    )
    return Plan(rc=Rc.OK, amount=amount, amount_due=amount)


def _own_first(facts: Facts) -> tuple[RunningProgram, GiftCard]:
    """The seller's own gift program comes before that of another issuer."""
    own = [gift for gift in facts.programs.gifts if gift[0].own]
    return (own or facts.programs.gifts)[0]
