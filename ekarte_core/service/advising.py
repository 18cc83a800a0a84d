"""Advices: what a terminal did on its own is booked; what does not fit is flagged."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from ekarte_core.codes import APPROVED, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.arrays import integers, moments, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.rows import Rows
from ekarte_core.ledger.statements import run
from ekarte_core.ledger.store import CardRow
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch, OfflineLimits
from ekarte_core.rules import advising
from ekarte_core.rules.plan import Excess, Facts, Plan, refuse
from ekarte_core.service.deciding import (
    Undoing,
    as_it_was,
    card_refusal,
    original_refusal,
    unknown_card,
)
from ekarte_core.service.facts import facts_of
from ekarte_core.service.job import Before, Job
from ekarte_core.values import Offline, Request

AHEAD_MAX = timedelta(minutes=5)
"""A clock may differ by so much before it is worth a word."""


def read_before(cr: Cursor, jobs: list[Job], network: Network) -> None:
    """Look up what advices follow; none of a group without them asks anything."""
    advices = [job for job in jobs if job.advice is not None]
    if not advices:
        return
    requests = [job.request for job in advices]
    told = [job.offline for job in advices if job.offline is not None]
    values = {
        "terminals": words([one.terminal for one in requests]),
        "batches": integers(one.batch for one in requests),
        "numbers": integers(one.operation for one in requests),
        "cards": integers(job.card.id if job.card else None for job in advices),
        "days": moments([_day(job, network) for job in advices]),
        "counters": integers(one.counter for one in told),
        "moments": moments([one.local_time for one in requests]),
    }
    run(cr, "offline_before", values)
    for place, card_day, in_a_row, went_back in cr.fetchall():
        advices[place - 1].before = Before(card_day, in_a_row, went_back)


def network_told(cr: Cursor, branch: Branch, params_version: int) -> int:
    """Return the version of the network that parameters of a branch were made from."""
    run(cr, "network_told", {"branch": branch.code, "version": params_version})
    return int(cr.fetchone()[0])


def advise(
    job: Job, network: Network, keyring: Keyring, now: datetime, undoes: Undoing
) -> tuple[Plan, Facts | None]:
    """Return the plan for an advice and the facts whose sheets have its moves."""
    offline = job.offline
    assert offline is not None
    noticed = [*_of_time(job, now), *_of_limits(job)]
    if job.card is None:
        return _told(_unknown(job, unknown_card(job)), noticed), None
    job.moment = job.moment or as_of(job, job.card, now)
    facts = facts_of(job, job.card, network, keyring, job.moment)
    if undoes.then is not None:
        at = job.original.at if job.original is not None else None
        as_it_was(facts, job, job.card, undoes.then, at or job.moment)
    plan = _decided(job, facts, offline, now)
    if job.before is not None and job.before.went_back and job.card.state == "active":
        plan.new_state = "blocked"  # there are two of it: neither is trusted any more
    return _told(plan, noticed), facts if plan.moves else None


def _decided(job: Job, facts: Facts, offline: Offline, now: datetime) -> Plan:
    """Book it whatever the card is; say what would have been answered."""
    original = original_refusal(job, now)
    if original is not None:
        job.original = None  # it does not follow from that one
        return advising.not_booked(facts, offline, refuse(original), "not_booked")
    refused = card_refusal(job, facts)
    if refused is not None and refused.rc is Rc.NOT_ACTIVE:
        return _unknown(job, refused)  # never given out: as good as unknown
    plan = advising.advise(facts, offline)
    if refused is not None:
        excess = Excess("card_refused", facts.amount, refused.rc.value)
        plan.exceptions = (excess, *plan.exceptions)
    if not plan.moves:
        job.original = None
    return plan


def _unknown(job: Job, plan: Plan) -> Plan:
    excess = Excess("card_unknown", _amount(job.request), plan.rc.value)
    plan.exceptions = (excess,)
    return plan


def as_of(job: Job, card: CardRow, now: datetime) -> datetime:
    """Return the moment as of which an advice is booked.

    When it was done, as if it had come in time; but now where something has been
    counted on the card since, for what is counted cannot be put in order again.
    """
    at = job.request.local_time
    assert at is not None, "refused before"
    if at > now:
        return now
    assert card.account is not None
    counted = (purse.last_at for purse in card.account.purses.values())
    since = any(last is not None and last > at for last in counted)
    return now if since else at.astimezone(now.tzinfo)


def _told(plan: Plan, noticed: list[Excess]) -> Plan:
    plan.exceptions = (*noticed, *plan.exceptions)
    plan.reasons = [*plan.reasons, *map(advising.told, plan.exceptions)]
    return plan


def _of_time(job: Job, now: datetime) -> Iterator[Excess]:
    at = job.request.local_time
    assert at is not None, "refused before"
    limits = _limits(job)
    if now - at > timedelta(hours=limits.age_h_max):
        yield Excess("late")
    if at - now > AHEAD_MAX:
        yield Excess("clock")
    if job.known is not None and job.known.closed:
        yield Excess("batch_closed")


def _of_limits(job: Job) -> Iterator[Excess]:
    """Floor limits: the terminal should have asked."""
    assert job.terminal is not None
    assert job.offline is not None
    amount, before = _amount(job.request), job.before or Before()
    if before.went_back:
        yield Excess("counter")
    if job.terminal.offline is None:
        yield Excess("not_allowed", amount)
        return
    limits = _limits(job)
    if amount > limits.amount_max:
        yield Excess("over_amount", amount - limits.amount_max)
    over = before.card_day + amount - limits.card_day_max
    if over > 0:
        yield Excess("over_card_day", min(over, amount))
    if before.in_a_row >= limits.count_max:
        yield Excess("over_count")


def _limits(job: Job) -> OfflineLimits:
    assert job.terminal is not None
    return job.terminal.offline or OfflineLimits()


def _amount(request: Request) -> int:
    """What it was about, minor units."""
    return request.amount or sum(line.amount for line in request.lines)


def _day(job: Job, network: Network) -> date:
    """The branch's day on which it was done."""
    assert job.branch is not None
    assert job.request.local_time is not None
    return network.business_day(job.branch, job.request.local_time)


def add_rows(job: Job, plan: Plan, network: Network, rows: Rows, txn: int) -> None:
    """Write down that an operation was done offline, and what is to be looked at."""
    offline, request = job.offline, job.request
    assert offline is not None
    rows.offline.append(
        (
            txn,
            request.terminal,
            request.batch,
            request.operation,
            job.card.id if job.card is not None else None,
            _day(job, network),
            _amount(request) if plan.rc in APPROVED else 0,
            offline.counter,
            offline.params_version,
        )
    )
    rows.exceptions += [
        (txn, line, one.kind, one.amount, one.rc)
        for line, one in enumerate(plan.exceptions, start=1)
    ]
