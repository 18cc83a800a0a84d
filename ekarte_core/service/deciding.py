"""Which rule decides a request, and every refusal that comes before the rules.

The checks stand in the order of codes.Rc; the first that applies is the answer.
"""

from collections.abc import Callable, Iterable
from datetime import datetime

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.store import CardRow
from ekarte_core.network.compiled import Network
from ekarte_core.rules import card_life, giving_back, purchase, undoing
from ekarte_core.rules.plan import (
    CardFacts,
    Facts,
    Original,
    Plan,
    SaleLine,
    refuse,
)
from ekarte_core.rules.pricing import next_steps, price
from ekarte_core.rules.purses import Sheet, Undone
from ekarte_core.rules.running import Programs
from ekarte_core.service.job import PURCHASE, Job
from ekarte_core.service.rotating import proves_code

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
FINISHES = frozenset({"confirm", "reverse", "refund"})
CARD_STAFF = frozenset({"block", "unblock"})


def inquire(facts: Facts) -> Plan:
    """State, balances, the discount that a purchase would get now."""
    goods = facts.goods or [("", 0, 0)]
    pricing = price(facts.programs, facts.sheet, goods, facts.today)
    return Plan(
        rc=Rc.OK,
        moves=False,
        rate_bp=pricing.rate_bp,
        reasons=next_steps(facts.programs, facts.sheet, facts.today),
    )


RULES: dict[str, Callable[[Facts], Plan]] = {
    "inquire": inquire,
    "authorize": purchase.authorize,
    "confirm": purchase.confirm,
    "sale": purchase.sale,
    "reverse": undoing.reverse,
    "refund": giving_back.refund,
    "top_up": card_life.top_up,
    "activate": card_life.activate,
    "block": card_life.block,
    "unblock": card_life.unblock,
}


def decide(
    job: Job,
    network: Network,
    keyring: Keyring,
    now: datetime,
    mirrors: tuple[Undone, ...],
    mirror_lines: tuple[SaleLine, ...],
) -> tuple[Plan, Sheet | None]:
    """Return the plan for a request and the sheet with its moves.

    A wrong access code is counted on the card here, refused or not.
    """
    original = _original_refusal(job, now)
    if original is not None:
        return refuse(original), None
    if job.card is None:
        if job.request.command == "reverse":
            assert job.original is None or job.original.card_id is None
            return undoing.reverse(_facts_of_nothing(job, network, now)), None
        return refuse(Rc.CARD_UNKNOWN if not job.admitted else Rc.NOT_ACTIVE), None
    facts = _facts(job, job.card, network, keyring, now)
    facts.mirrors, facts.mirror_lines = mirrors, mirror_lines
    refused = _card_refusal(job, facts) or (Rc.AMOUNT if job.no_amount else None)
    if refused is not None:
        return refuse(refused), None
    return RULES[job.request.command](facts), facts.sheet


def count_wrong_code(card: CardRow, plan: Plan, job: Job) -> None:
    """Remember a wrong access code, forget them after a right one or an unblock."""
    if plan.rc is Rc.CODE_WRONG and job.request.access_code:
        card.access_tries += 1
        card.touched = True
        return
    proven = job.request.access_code and job.request.command in PURCHASE
    freed = job.request.command == "unblock"
    if card.access_tries and plan.rc in APPROVED and (proven or freed):
        card.access_tries = 0
        card.touched = True


def _original_refusal(job: Job, now: datetime) -> Rc | None:
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
    return job.card is None or job.card.id != original.card_id


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
    reversible = RULES.keys() - {"inquire", "reverse", "block", "unblock"} | {"buried"}
    return None if original.command in reversible else Rc.MISMATCH


def _refund_refusal(original: Original, _now: datetime) -> Rc | None:
    if not original.approved:
        return Rc.ORIGINAL
    booked = original.command in ("sale", "confirm") and not original.reversed
    return None if booked else Rc.MISMATCH


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
}


def _card_refusal(job: Job, facts: Facts) -> Rc | None:
    command, card = job.request.command, facts.card
    if command in FINISHES:
        return None
    if command not in CARD_STAFF and card.state in CLOSED_STATES:
        return CLOSED_STATES[card.state]
    awaited = command in CARD_STAFF | {"activate"} or card.auto_register
    if card.state == "new" and not awaited:
        return Rc.NOT_ACTIVE
    if facts.programs.none or _asks_in_vain(facts):
        return Rc.CARD_WRONG
    return _access_refusal(job, facts)


def _asks_in_vain(facts: Facts) -> bool:
    """True when a tender is asked for that no program of the card can pay here."""
    tender = facts.request.tender
    if tender is None or facts.request.command not in PURCHASE:
        return False
    spendable = any(
        parameters.convert_at for _, parameters in facts.programs.bonus_money
    )
    return bool(tender.gift and not facts.programs.gifts) or bool(
        tender.bonus and not spendable
    )


def _access_refusal(job: Job, facts: Facts) -> Rc | None:
    card, request = facts.card, facts.request
    if not card.access_set or request.command not in PURCHASE | {"inquire"}:
        return None
    tender = request.tender
    takes = (tender is not None and tender.gift + tender.bonus > 0) or (
        tender is None and facts.programs.only_gift
    )
    needed = takes and request.command in PURCHASE
    if not needed and card.access_right is None:
        return None
    if card.access_tries >= ACCESS_TRIES_MAX:
        return Rc.CODE_LOCKED
    return None if card.access_right else Rc.CODE_WRONG


def _facts(
    job: Job, card: CardRow, network: Network, keyring: Keyring, now: datetime
) -> Facts:
    assert job.branch is not None
    assert job.terminal is not None
    types = {card_type.code for card_type in job.admitted} | card.card_types
    here = [network.card_types[code] for code in types if code in network.card_types]
    given = job.request.access_code
    right = None
    if given and card.access_code is not None:
        right = proves_code(keyring, card, given)
    return Facts(
        request=job.request,
        issuer=job.branch.issuer,
        now=now,
        today=job.today(network, now),
        zone=network.zone(job.branch),
        hold_s=job.terminal.hold_s,
        programs=Programs(network.running(job.branch, types), now),
        sheet=Sheet(card.purses.values(), now),
        card=CardFacts(
            id=card.id,
            state=card.state,
            auto_register=any(
                kind.auto_register and kind.issuer == job.branch.issuer for kind in here
            ),
            access_policy=_strictest(kind.access_code for kind in here),
            access_set=card.access_code is not None,
            access_tries=card.access_tries,
            access_right=right,
        ),
        goods=_goods(job, network),
        original=job.original,
    )


def _facts_of_nothing(job: Job, network: Network, now: datetime) -> Facts:
    """Facts for the reversal of an operation that never came."""
    assert job.terminal is not None
    assert job.branch is not None
    return Facts(
        request=job.request,
        issuer=job.branch.issuer,
        now=now,
        today=job.today(network, now),
        zone=network.zone(job.branch),
        hold_s=job.terminal.hold_s,
        programs=Programs((), now),
        sheet=Sheet((), now),
        card=CardFacts(
            id=0,
            state="",
            auto_register=False,
            access_policy="none",
            access_set=False,
            access_tries=0,
            access_right=None,
        ),
        goods=[],
        original=job.original,
    )


def _strictest(policies: Iterable[str]) -> str:
    order = ("none", "optional", "required")
    return max(policies, key=order.index, default="none")


def _goods(job: Job, network: Network) -> list[tuple[str, int, int]]:
    assert job.branch is not None
    request, branch = job.request, job.branch
    if not request.lines:
        if not request.amount:
            return []
        return [("", request.amount, network.tax_rate_bp(branch, ""))]
    return [
        (line.group, line.amount, network.tax_rate_bp(branch, line.group))
        for line in request.lines
    ]
