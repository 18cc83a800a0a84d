"""What a terminal may decide while nobody answers: the rules, and floor limits.

Pure. Nothing is known of the card but its number, so the discount is that of a card
without a past, and what is taken from it may not be there: the limits bound that, and
`advising` books what is. The answer is the terminal's own, until the ledger has told
what became of it.
"""

from datetime import datetime, timedelta

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.ledger.store import CardRow
from ekarte_core.marks import STOP_KINDS
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import CardType, OfflineLimits, Terminal
from ekarte_core.rules.explain import Reason, language_of, tell
from ekarte_core.rules.identity import Identity, identify
from ekarte_core.rules.plan import Plan, refuse
from ekarte_core.rules.pricing import Goods, price
from ekarte_core.rules.purses import LotPart, Sheet
from ekarte_core.rules.running import Programs
from ekarte_core.rules.tendering import (
    BONUS,
    GIFT,
    Taken,
    lacks_program,
    wanted_tender,
)
from ekarte_core.rules.turnover import Clock
from ekarte_core.service.answering import message
from ekarte_core.service.facts import goods_of, programs_of
from ekarte_core.service.job import Job
from ekarte_core.service.slip import with_slip
from ekarte_core.values import Answer, LineAnswer, Request, Tender

ALONE = frozenset({"sale", "accrue", "check_in"})
"""Commands that a terminal decides alone. Others give value out, or need the past."""

AUTH_CODE = "Y1"  # EMV's word for approved offline


class SoFar(msgspec.Struct, frozen=True, kw_only=True):
    """What the terminal has to know of itself.

    Attributes:
        card_day: decided alone with this card on the branch's day, minor units.
        count: decided alone since somebody answered.
        list_age: how long ago somebody said that the parameters are the newest.
        stopped: what the stop list says of the card, '' nothing.
        left: what a chip card that keeps its account has left to spend alone; below
            zero: it cannot be read; None: it is no such card.
    """

    card_day: int
    count: int
    list_age: timedelta
    stopped: str = ""
    left: int | None = None


class _Case(msgspec.Struct, frozen=True):
    """One request with what the parameters say of it."""

    job: Job
    network: Network
    terminal: Terminal
    programs: Programs
    goods: list[Goods]
    now: datetime

    @property
    def amount(self) -> int:
        return sum(line.gross for line in self.goods)


def decide_alone(
    request: Request, network: Network, so_far: SoFar, now: datetime
) -> Answer:
    """Return what the terminal answers by itself; `request` has its number and card."""
    plan, case = _decided(request, network, so_far, now)
    terminal = network.terminals.get(request.terminal)
    branch = network.branches[terminal.branch] if terminal is not None else None
    usual = network.issuers[branch.issuer].language if branch is not None else "en"
    spoken = language_of(request.language, usual)
    approved = plan.rc is Rc.OK
    answer = Answer(
        rc=plan.rc.value,
        message=message(plan.rc, spoken),
        auth_code=AUTH_CODE if approved else "",
        amount=plan.amount,
        discount=plan.discount,
        amount_due=plan.amount_due,
        tendered=plan.tendered(),
        lines=plan.lines,
        explain=tuple([tell(reason, spoken) for reason in plan.reasons]),
        params_version=network.version,
        server_time=now,
    )
    if case is None or request.slip == "none":
        return answer
    return with_slip(case.job, network, plan, answer, spoken, now)


def _decided(
    request: Request, network: Network, so_far: SoFar, now: datetime
) -> tuple[Plan, _Case | None]:
    terminal = network.terminals.get(request.terminal)
    if terminal is None or terminal.state != "active":
        return refuse(Rc.TERMINAL), None
    identity = identify(request.card) if request.card is not None else None
    refused = _refused(request, terminal.offline, so_far, identity)
    admitted = network.admitting(identity) if identity is not None else ()
    if refused is not None or identity is None or not admitted:
        return refuse(refused or Rc.CARD_UNKNOWN), None
    case = _case_of(request, network, terminal, identity, admitted, now)
    if case.programs.none:
        return refuse(Rc.CARD_WRONG), case
    limits = terminal.offline or OfflineLimits()
    room = min(limits.amount_max, limits.card_day_max - so_far.card_day)
    if case.amount > room:
        return refuse(Rc.LIMIT), case
    plan = _by_command(case)
    if so_far.left is not None and sum(plan.tendered().values()) > so_far.left:
        return refuse(Rc.SHORT), case
    return plan, case


def _refused(
    request: Request,
    limits: OfflineLimits | None,
    so_far: SoFar,
    identity: Identity | None,
) -> Rc | None:
    """What stands in the way whatever the rules say."""
    if limits is None or request.command not in ALONE or request.bank is not None:
        return Rc.SILENT
    if so_far.list_age > timedelta(hours=limits.stop_list_age_h_max):
        return Rc.SILENT
    if so_far.count >= limits.count_max or (so_far.left or 0) < 0:
        return Rc.SILENT
    if identity is None:
        return Rc.CARD_UNKNOWN
    if identity.kind not in STOP_KINDS:
        return Rc.SILENT  # no list tells whether it is stopped
    return Rc(so_far.stopped) if so_far.stopped else None


def _case_of(
    request: Request,
    network: Network,
    terminal: Terminal,
    identity: Identity,
    admitted: tuple[CardType, ...],
    now: datetime,
) -> _Case:
    card = CardRow(
        id=0,
        token=b"",
        kind=identity.kind,
        first6=identity.first6,
        last4=identity.last4,
        state="active",
        access_code=None,
        access_tries=0,
    )
    branch = network.branches[terminal.branch]
    job = Job(
        place=0,
        request=request,
        terminal=terminal,
        branch=branch,
        identity=identity,
        admitted=admitted,
        card=card,
    )
    types = {kind.code for kind in admitted}
    programs = programs_of(network, branch, types, card, now)
    goods = goods_of(job, network)
    return _Case(job, network, terminal, programs, goods, now)


def _by_command(case: _Case) -> Plan:
    command = case.job.request.command
    told = [Reason(key="offline.alone")]
    if command == "check_in":
        visits = case.programs.attendances or case.programs.passes
        return Plan(rc=Rc.OK, reasons=told) if visits else refuse(Rc.CARD_WRONG)
    if not case.amount:
        return refuse(Rc.AMOUNT)
    if command == "accrue":
        return Plan(rc=Rc.OK, amount=case.amount, reasons=told)
    return _sale(case, told)


def _sale(case: _Case, told: list[Reason]) -> Plan:
    branch = case.job.branch
    assert branch is not None
    today = case.job.today(case.network, case.now)
    clock = Clock(case.now, today, case.network.zone(branch))
    sheet = Sheet((), case.now)
    pricing = price(case.programs, sheet, case.goods, clock)
    tender = wanted_tender(case.programs, case.job.request.tender, pricing.net)
    refused = _untakeable(case, tender, pricing.net)
    if refused is not None:
        return refuse(refused)
    return Plan(
        rc=Rc.OK,
        amount=pricing.gross,
        discount=pricing.discount,
        amount_due=pricing.net - tender.money,
        lines=tuple(
            LineAnswer(discount=line.discount, rate=line.rate_bp)
            for line in pricing.lines
        ),
        taken=tuple(
            Taken(name, ("", "", ""), own=False, parts=(LotPart(None, amount),))
            for name, amount in ((GIFT, tender.gift), (BONUS, tender.bonus))
            if amount
        ),
        reasons=[*pricing.reasons, *told],
    )


def _untakeable(case: _Case, tender: Tender, due: int) -> Rc | None:
    """Say why a tender cannot be taken unseen, None if it can."""
    if tender.voucher or tender.credit:
        return Rc.SILENT  # used once; owed: only the ledger knows
    if tender.money > due:
        return Rc.AMOUNT
    if lacks_program(case.programs, tender):
        return Rc.CARD_WRONG
    guarded = any(kind.access_code == "required" for kind in case.job.admitted)
    return Rc.SILENT if tender.money and guarded else None
