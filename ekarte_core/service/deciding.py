"""Which rule decides a request, and every refusal that comes before the rules.

The checks stand in the order of codes.Rc; the first that applies is the answer.
"""

from collections.abc import Callable
from datetime import datetime

import msgspec

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.store import CardRow
from ekarte_core.network.compiled import Network
from ekarte_core.rules import (
    accounts,
    accruing,
    back_office,
    card_life,
    correcting,
    enrolling,
    giving_back,
    purchase,
    redeeming,
    tendering,
    undoing,
    unloading,
    visiting,
    vouchers,
)
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import (
    CardFacts,
    Facts,
    Original,
    Plan,
    SaleLine,
    refuse,
)
from ekarte_core.rules.pricing import Goods, next_steps, price
from ekarte_core.rules.purses import Undone
from ekarte_core.service.facts import facts_of, facts_of_nothing, programs_of
from ekarte_core.service.job import (
    MAKES_CARD,
    OFFICE_VALUE,
    PURCHASE,
    Job,
    is_purchase,
    qualifies,
)
from ekarte_core.service.locking import qualify_missing

ACCESS_TRIES_MAX = 3
CLOSED_STATES = {
    "stolen": Rc.STOLEN,
    "lost": Rc.LOST,
    "expired": Rc.EXPIRED,
    "replaced": Rc.EXPIRED,
    "closed": Rc.EXPIRED,
    "blocked": Rc.BLOCKED,
}
# Commands that undo or finish: they work on a card whatever has become of it since.
FINISHES = frozenset({"confirm", "reverse", "refund", "charge_back", "restore"})
CARD_STAFF = frozenset({"block", "unblock", "replace", "write_off"})
LOADS = frozenset({"activate", "top_up"})
SALES = frozenset({"sale", "confirm", "voucher"})
RETURNABLE = LOADS | SALES | {"accrue"}
ASKS_CODE = PURCHASE | {"redeem", "voucher", "set_code", "replace"}
LOOKS_AT_CODE = ASKS_CODE | {"inquire", "check_in"}  # a wrong one is wrong
REVERSIBLE = frozenset(
    {
        "authorize",
        "confirm",
        "sale",
        "accrue",
        "voucher",
        "refund",
        "top_up",
        "activate",
        "check_in",
        "redeem",
        "buried",
        *OFFICE_VALUE,
    }
)


def inquire(facts: Facts) -> Plan:
    """State, balances, the discount that a purchase would get now; or a quote."""
    if facts.goods:
        return purchase.quote(facts)
    nothing = [Goods(group="", gross=0, tax_rate_bp=0)]
    pricing = price(facts.programs, facts.sheet, nothing, facts.clock)
    return Plan(
        rc=Rc.OK,
        moves=False,
        rate_bp=pricing.rate_bp,
        reasons=[
            *next_steps(facts.programs, facts.sheet, facts.goods, facts.clock),
            *purchase.tier_reasons(facts, facts.sheet),
            *purchase.idle_reasons(facts),
            *purchase.overdue_reasons(facts),
        ],
    )


def refund(facts: Facts) -> Plan:
    """Goods come back, or value that was sold."""
    assert facts.original is not None
    if facts.original.command in LOADS:
        return unloading.unload(facts)
    return giving_back.refund(facts)


RULES: dict[str, Callable[[Facts], Plan]] = {
    "inquire": inquire,
    "authorize": purchase.authorize,
    "confirm": purchase.confirm,
    "sale": purchase.sale,
    "accrue": accruing.accrue,
    "voucher": vouchers.use,
    "reverse": undoing.reverse,
    "refund": refund,
    "top_up": card_life.top_up,
    "activate": card_life.activate,
    "block": card_life.block,
    "unblock": card_life.unblock,
    "set_code": card_life.set_code,
    "replace": accounts.replace,
    "pool": accounts.pool,
    "enroll": enrolling.enroll,
    "check_in": visiting.check_in,
    "redeem": redeeming.redeem,
    "pay_out": back_office.pay_out,
    "charge_back": back_office.charge_back,
    "write_off": back_office.write_off,
    "restore": back_office.restore,
    "put_on": correcting.correct,
    "take_off": correcting.correct,
    "bring_in": correcting.correct,
}


class Undoing(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked up for a request that undoes another.

    `then`: the network of the original's version, None for the current one.
    """

    mirrors: tuple[Undone, ...] = ()
    lines: tuple[SaleLine, ...] = ()
    then: Network | None = None


def decide(
    job: Job, network: Network, keyring: Keyring, now: datetime, undoes: Undoing
) -> tuple[Plan, Facts | None]:
    """Return the plan for a request and the facts whose sheets have its moves."""
    original = original_refusal(job, now)
    if original is not None:
        return refuse(original), None
    if job.card is None:
        if job.request.command == "reverse":
            assert job.original is None or job.original.card_id is None
            return undoing.reverse(facts_of_nothing(job, network, now)), None
        return unknown_card(job), None
    facts = facts_of(job, job.card, network, keyring, now)
    facts.mirrors, facts.mirror_lines = undoes.mirrors, undoes.lines
    if undoes.then is not None:
        assert job.original is not None
        at = job.original.at or facts.now
        as_it_was(facts, job, job.card, undoes.then, at)
    refused = _card_refusal(job, facts)
    if refused is None and job.no_amount and not _unloads(job):
        refused = refuse(Rc.AMOUNT)
    if refused is not None:
        return refused, None
    return RULES[job.request.command](facts), facts


def _unloads(job: Job) -> bool:
    """A refund of sold value may leave the amount to us: what is left of it."""
    refunds = job.request.command == "refund" and not job.request.lines
    return refunds and job.original is not None and job.original.command in LOADS


def as_it_was(
    facts: Facts, job: Job, card: CardRow, then: Network, at: datetime
) -> None:
    """What goes back goes by the programs of the purchase's own moment and version."""
    assert job.branch is not None
    branch = then.branches.get(job.branch.code, job.branch)
    if branch.code not in then.branches:
        return
    types = set(facts.card.card_types)
    facts.programs = programs_of(then, branch, types, card, at)


def unknown_card(job: Job) -> Plan:
    """14, or 78 where a card of a known range waits to be given out."""
    if not job.admitted:
        return refuse(Rc.CARD_UNKNOWN)
    plan = refuse(Rc.NOT_ACTIVE)
    assert job.branch is not None
    missing = [
        (kind.name, qualify_missing(kind, job))
        for kind in job.admitted
        if kind.auto_register and kind.issuer == job.branch.issuer
    ]
    if missing and (qualifies(job.request) or job.request.command == "enroll"):
        name, amount = min(missing, key=lambda one: one[1])
        plan.reasons = [Reason(key="card.qualify", name=name, amount=amount)]
    return plan


def count_wrong_code(card: CardRow, plan: Plan, job: Job) -> None:
    """Remember a wrong access code, forget them after a right one or an unblock."""
    if plan.rc is Rc.CODE_WRONG and job.request.access_code:
        card.access_tries += 1
        card.touched = True
        return
    proven = job.request.access_code and job.request.command in ASKS_CODE
    freed = job.request.command == "unblock"
    if card.access_tries and plan.rc in APPROVED and (proven or freed):
        card.access_tries = 0
        card.touched = True


def original_refusal(job: Job, now: datetime) -> Rc | None:
    """Return why the original operation forbids this one, or None."""
    command, original = job.request.command, job.original
    if command not in FINISHES:
        return None
    if original is None:
        return None if command == "reverse" and own_terminal(job) else Rc.ORIGINAL
    if not own_terminal(job) and (command == "reverse" or not _own_issuer(job)):
        return Rc.ORIGINAL
    refused = _ORIGINAL_CHECKS[command](original, now)
    if refused is None and _names_another_card(job, original):
        return Rc.MISMATCH
    return refused


def _names_another_card(job: Job, original: Original) -> bool:
    """A request may leave the card out; if it names one, it is the original's."""
    if job.request.card is None or original.card_id is None:
        return False
    if job.card is None:
        return True
    # A card that took the account over stands for the one it replaced.
    return original.card_id not in (job.card.id, job.card.account_id)


def own_terminal(job: Job) -> bool:
    """A reversal undoes what its own terminal sent."""
    original = job.request.original
    return original is None or original.terminal in ("", job.request.terminal)


def _own_issuer(job: Job) -> bool:
    return (
        job.original is not None
        and job.branch is not None
        and job.original.issuer == job.branch.issuer
    )


def _reverse_refusal(original: Original, _now: datetime) -> Rc | None:
    return None if original.command in REVERSIBLE else Rc.MISMATCH


def _refund_refusal(original: Original, _now: datetime) -> Rc | None:
    if not original.approved:
        return Rc.ORIGINAL
    booked = original.command in RETURNABLE
    stands = not (original.reversed or original.restored)
    return None if booked and stands else Rc.MISMATCH


def _charge_back_refusal(original: Original, _now: datetime) -> Rc | None:
    if not original.approved:
        return Rc.ORIGINAL
    sold = original.command in LOADS and bool(original.decision.loaded)
    return None if sold and not original.reversed else Rc.MISMATCH


def _restore_refusal(original: Original, now: datetime) -> Rc | None:
    if original.approved and original.command not in SALES:
        return Rc.MISMATCH
    return _refund_refusal(original, now)


def _confirm_refusal(original: Original, now: datetime) -> Rc | None:
    if not original.approved:
        return Rc.ORIGINAL
    if not original.hold or original.hold_how == "captured":
        return Rc.MISMATCH
    expired = original.hold_expires_at is not None and now >= original.hold_expires_at
    return Rc.ORIGINAL if original.hold_how or expired else None


_ORIGINAL_CHECKS = {
    "reverse": _reverse_refusal,
    "refund": _refund_refusal,
    "confirm": _confirm_refusal,
    "charge_back": _charge_back_refusal,
    "restore": _restore_refusal,
}


def _card_refusal(job: Job, facts: Facts) -> Plan | None:
    """Return why the card, or its access code, cannot be used for this."""
    refused = card_refusal(job, facts)
    if refused is not None or job.request.command in FINISHES:
        return refused
    rc = _access_refusal(job, facts)
    return None if rc is None else refuse(rc)


def card_refusal(job: Job, facts: Facts) -> Plan | None:
    """Return why the card cannot be used for this, the first code that applies."""
    command, card = job.request.command, facts.card
    if command in FINISHES:
        return None
    if command not in CARD_STAFF and card.state in CLOSED_STATES:
        return refuse(CLOSED_STATES[card.state])
    if is_purchase(job.request) and purchase.buys_on_credit(facts):
        overdue = purchase.overdue_reasons(facts)
        if overdue:
            plan = refuse(Rc.BLOCKED)
            plan.reasons = overdue
            return plan
    if card.state == "new" and not _awaited(job, card):
        return unknown_card(job) if job.admitted else refuse(Rc.NOT_ACTIVE)
    # What a program that is over has left on a card is settled all the same.
    over = facts.programs.none and command not in OFFICE_VALUE
    if over or _asks_in_vain(facts):
        return refuse(Rc.CARD_WRONG)
    return None


def _awaited(job: Job, card: CardFacts) -> bool:
    """Say whether a card that is not in use may be put into use by this.

    A refused first purchase may have left the card's row behind: it is as unknown as
    one that the ledger has never seen.
    """
    command = job.request.command
    registers = card.auto_register and command in MAKES_CARD | {"inquire"}
    return command == "activate" or registers


def _asks_in_vain(facts: Facts) -> bool:
    """True when a tender is asked for that no program of the card can pay here."""
    tender = facts.request.tender
    pays = is_purchase(facts.request) or facts.request.command == "voucher"
    if tender is None or not pays:
        return False
    return tendering.lacks_program(facts.programs, tender)


def _access_refusal(job: Job, facts: Facts) -> Rc | None:
    card, request = facts.card, facts.request
    if not card.access_set or request.command not in LOOKS_AT_CODE:
        return None
    if not _takes_value(facts) and card.access_right is None:
        return None
    if request.command == "replace" and card.state in ("lost", "stolen"):
        return None  # an operator has seen to it: the code may be gone with the card
    if card.access_tries >= ACCESS_TRIES_MAX:
        return Rc.CODE_LOCKED
    return None if card.access_right else Rc.CODE_WRONG


def _takes_value(facts: Facts) -> bool:
    """Say whether the request takes something that the access code guards."""
    request = facts.request
    if request.command in PURCHASE:
        if request.tender is not None:
            return request.tender.any
        return bool(facts.programs.only_tender)
    return request.command in ASKS_CODE
