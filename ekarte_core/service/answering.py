"""From a plan to the answer that is said and stored: figures, sentences, slip."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.ledger.store import VoucherRow
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Program
from ekarte_core.rules.explain import language_of, tell, text
from ekarte_core.rules.plan import NewVoucher, Plan
from ekarte_core.rules.purses import (
    COUNTERS,
    CREDIT,
    FOR_BOOKS,
    ITEM,
    POINTS,
    VOUCHER,
    Purse,
)
from ekarte_core.service.deciding import ACCESS_TRIES_MAX
from ekarte_core.service.job import Job
from ekarte_core.service.slip import wants_slip, with_slip
from ekarte_core.values import Answer, Balance, Voucher

AUTH_CODE_DIGITS = 6
AHEAD = frozenset({"discount.next", "tier.next", "card.qualify"})
_IN_VOUCHERS = frozenset({VOUCHER, ITEM})  # shown as vouchers, not as balances
_NO_BALANCE = _IN_VOUCHERS | FOR_BOOKS
_NO_MONEY = COUNTERS | {POINTS}
_BY_KEY = attrgetter("program", "unit", "goods_group")


def language(job: Job, network: Network) -> str:
    """The language of an answer: the request's wish, else the issuer's."""
    issuer = network.issuers[job.branch.issuer].language if job.branch else "en"
    return language_of(job.request.language, issuer)


def message(rc: Rc, spoken: str) -> str:
    """The sentence of an answer code; nothing to say when approved."""
    return "" if rc is Rc.OK else text(f"rc.{rc.value}", spoken)


def refusal(job: Job, network: Network, rc: Rc, field: str = "") -> Answer:
    """The answer to a request that never reached the rules."""
    return Answer(
        rc=rc.value,
        message=message(rc, language(job, network)),
        field=field,
        params_version=network.params_version(job.branch),
    )


def answer_of(
    job: Job,
    network: Network,
    plan: Plan,
    purses: Iterable[Purse],
    vouchers: Mapping[str, VoucherRow],
    *,
    txn: int | None,
    now: datetime,
) -> Answer:
    """The answer to a decided request, as it will be stored."""
    spoken = language(job, network)
    shown = _shown(job, network, purses)
    answer = Answer(
        rc=plan.rc.value,
        message=message(plan.rc, spoken),
        auth_code=auth_code(txn) if txn and plan.rc in APPROVED else "",
        txn=str(txn) if txn else "",
        hold_until=plan.hold_until,
        amount=plan.amount,
        discount=plan.discount,
        amount_due=plan.amount_due,
        tendered=plan.tendered(),
        earned=plan.earned,
        converted=plan.converted,
        balances=tuple(
            [
                balance(x, network, now, _room(job, x))
                for x in shown
                if x.unit not in _NO_BALANCE
            ]
        ),
        discount_rate=plan.rate_bp,
        lines=plan.lines,
        price_reduction=plan.price_reduction,
        kept=plan.kept,
        code_asked=_code_asked(job, plan),
        tries_left=_tries_left(job, plan),
        card_state=plan.new_state or (job.card.state if job.card else ""),
        vouchers=_vouchers(job, plan, shown, vouchers, now),
        explain=tuple([tell(reason, spoken) for reason in plan.reasons]),
        next=_ahead(job, plan, spoken),
        exceptions=tuple([one.kind for one in plan.exceptions]),
        params_version=network.params_version(job.branch),
    )
    if not wants_slip(job.sent.command, job.request.slip):
        return answer
    return with_slip(job, network, plan, answer, spoken, now)


def _ahead(job: Job, plan: Plan, spoken: str) -> tuple[str, ...]:
    """What is missing to next steps, apart: Odoo's tills show it in another place."""
    if job.terminal is None or job.terminal.protocol != "odoo":
        return ()
    return tuple([tell(one, spoken) for one in plan.reasons if one.key in AHEAD])


def _code_asked(job: Job, plan: Plan) -> bool:
    """Say whether taking value from the card needs its access code.

    A code is asked for where one is set, whatever the card type says: `required` sees
    to it that the card gets one.
    """
    if plan.rc in (Rc.CODE_WRONG, Rc.CODE_LOCKED):
        return True
    card = job.card
    return (
        job.request.command == "inquire"
        and card is not None
        and card.access_code is not None
    )


def _tries_left(job: Job, plan: Plan) -> int:
    """Say how many codes may still be tried. This one is counted after the answer."""
    if plan.rc is not Rc.CODE_WRONG or job.card is None:
        return 0
    tries = job.card.access_tries + bool(job.request.access_code)
    return max(ACCESS_TRIES_MAX - tries, 0)


def _shown(job: Job, network: Network, purses: Iterable[Purse]) -> list[Purse]:
    """The purses this branch may see: its issuer's, and money that it accepts."""
    if job.branch is None or job.card is None:
        return []
    found = [purse for purse in purses if purse.version]
    if any(purse.issuer != job.branch.issuer for purse in found):
        types = {kind.code for kind in job.admitted} | job.card.card_types
        accepted = {program.code for program in network.running(job.branch, types)}
        found = [
            purse
            for purse in found
            if purse.issuer == job.branch.issuer
            or (purse.program in accepted and purse.unit not in _NO_MONEY)
        ]
    return sorted(found, key=_BY_KEY)


def _room(job: Job, purse: Purse) -> int | None:
    """What may still be used here of another issuer's value; None: no limit."""
    own = job.branch is not None and job.branch.issuer == purse.issuer
    return None if own else job.rooms.get(purse.issuer)


def _vouchers(
    job: Job,
    plan: Plan,
    purses: Iterable[Purse],
    known: Mapping[str, VoucherRow],
    now: datetime,
) -> tuple[Voucher, ...]:
    """The vouchers that may be used, those just issued among them."""
    purses = [purse for purse in purses if purse.unit in _IN_VOUCHERS]
    if not purses:
        return ()
    rows: dict[str, VoucherRow | NewVoucher] = {**known}
    rows |= {new.code: new for new in plan.new_vouchers}
    found = []
    for purse in purses:
        row = rows.get(purse.goods_group)
        usable = purse.usable(now)
        if row is None or not usable or _room(job, purse) == 0:
            continue
        found.append(
            Voucher(
                code=row.code,
                program=row.program,
                kind=row.kind,
                value=usable if purse.unit == VOUCHER else 0,
                product=row.product,
                valid_until=row.valid_until,
            )
        )
    return tuple(found)


def auth_code(txn: int) -> str:
    """Six digits that people read out; the operation is found by `txn`."""
    return f"{txn % 10**AUTH_CODE_DIGITS:0{AUTH_CODE_DIGITS}d}"


def balance(
    purse: Purse, network: Network, now: datetime, room: int | None = None
) -> Balance:
    """A purse as the answer shows it; `room`: no more of it may be taken here."""
    program = network.programs.get(purse.program)
    available = _available(purse, program, now)
    return Balance(
        program=purse.program,
        kind=program.kind if program else "",
        unit=purse.unit,
        value=purse.posted,
        available=available if room is None else min(available, room),
        goods_group=purse.goods_group,
    )


def _available(purse: Purse, program: Program | None, now: datetime) -> int:
    """What may be taken; a limit is today's, the purse has that of its last move."""
    if purse.unit == CREDIT and program is not None:
        limit = int(program.parameters["credit_limit"])
        return max(purse.posted - purse.held + limit, 0)
    return purse.usable(now) if purse.lots else purse.available
