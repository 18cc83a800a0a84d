"""Execute a group of requests in the caller's transaction: lock, decide, write.

One group is one transaction of the caller. Inside it, requests that depend on each
other run in waves; each wave locks its cards once, in sorted order, reads them,
decides request by request in order of arrival, and writes with set-based statements.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ekarte_core.codes import APPROVED, TRANSIENT, Rc
from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.purses import read_purses
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.rows import Rows
from ekarte_core.ledger.statements import send
from ekarte_core.network.compiled import Network
from ekarte_core.rules.plan import Facts, Plan
from ekarte_core.rules.purses import Purse
from ekarte_core.service.advising import advise, network_told, read_before
from ekarte_core.service.answering import answer_of, refusal
from ekarte_core.service.closing import close
from ekarte_core.service.deciding import (
    Undoing,
    count_wrong_code,
    decide,
    own_terminal,
)
from ekarte_core.service.effects import Effects, asked
from ekarte_core.service.exposing import rooms_of
from ekarte_core.service.job import (
    GOES_BACK,
    NAMES_OTHER,
    READ_ONLY,
    UNDOES,
    Job,
    Outcome,
    Status,
    prepare,
    waves,
)
from ekarte_core.service.locking import lock_jobs, may_register
from ekarte_core.service.versions import Versions
from ekarte_core.values import Answer, Request
from ekarte_core.wire import body_of, decode_answer, encode_answer


def execute(
    cr: Cursor,
    requests: Sequence[Request],
    network: Network,
    keyring: Keyring,
    now: datetime,
    *,
    wait: bool = True,
    ids: OperationIds | None = None,
    versions: Versions | None = None,
) -> list[Outcome]:
    """Execute requests on a lent cursor, in order of arrival. Never commits.

    Args:
        cr: DB-API cursor of psycopg2 (Odoo's ``env.cr`` after a flush, or a plain one).
        requests: checked requests; at most some hundred.
        network: the version to decide by.
        keyring: keys for tokens and access codes.
        now: the server's clock, with time zone.
        wait: False leaves requests on cards that others hold locked as ``busy``.
        ids: operation ids kept between groups, by who executes many.
        versions: earlier networks kept between groups, by the same.

    Returns:
        One outcome for each request, in the same order.

    Raises:
        psycopg2 errors, serialization failures among them: the caller retries.
    """
    assert now.tzinfo is not None
    jobs = [prepare(n, request, network, keyring) for n, request in enumerate(requests)]
    group = _Group(
        cr,
        network,
        keyring,
        now,
        wait=wait,
        ids=ids or OperationIds(1),
        versions=versions or Versions(),
    )
    outcomes: dict[int, Outcome] = {}
    left = waves(jobs)
    while left:
        for job, outcome in group.run(left.pop(0)):
            outcomes[job.place] = outcome
        if group.deferred:
            left.insert(0, group.deferred)
    if any(map(_tells_of_the_past, outcomes.values())):
        cr.execute(SQL["wait_for_standby"])
    return [outcomes[place] for place in range(len(jobs))]


def _tells_of_the_past(outcome: Outcome) -> bool:
    """Whether the answer promises what an earlier commit did, which may be in doubt."""
    return outcome.status == "repeat" or outcome.request.command == "status"


class _Group:
    """What all waves of one group share."""

    def __init__(
        self,
        cr: Cursor,
        network: Network,
        keyring: Keyring,
        now: datetime,
        *,
        wait: bool,
        ids: OperationIds,
        versions: Versions,
    ) -> None:
        self.cr, self.network, self.keyring = cr, network, keyring
        self.now, self.wait, self.ids = now, wait, ids
        self.versions = versions
        self.effects = Effects(cr, network, keyring, now, ids)
        self.deferred: list[Job] = []

    def run(self, wave: list[Job]) -> list[tuple[Job, Outcome]]:
        """Run one wave; no job in it depends on another."""
        early = [job for job in wave if job.refused is not None]
        jobs = [job for job in wave if job.refused is None]
        done = [(job, self._refused(job)) for job in early]
        cards = lock_jobs(
            self.cr, jobs, self.network, self.keyring, self.now, wait=self.wait
        )
        owed = read_purses(self.cr, cards, self.network.limited)
        rooms = rooms_of(self.network, owed)
        for job in jobs:
            job.rooms = rooms
        store.read_rights(self.cr, cards.values())
        store.mark_shared(self.cr, _joining(jobs))
        store.mark_heirs(self.cr, _leaving(jobs))
        self._read_keys(jobs)
        read_before(self.cr, jobs, self.network)
        rows = Rows()
        writing = sum(1 for job in jobs if self._must_write(job))
        ids = self.ids.take(self.cr, writing)
        jobs = self._defer(jobs)
        for job in jobs:
            done.append((job, self._one(job, rows, ids)))
        store.open_purses(self.cr, cards.values(), self.ids)
        statements = store.card_updates(cards.values(), self.now)
        statements += rows.statements(self.now, self.network.version)
        send(self.cr, statements)
        return done

    def _defer(self, jobs: list[Job]) -> list[Job]:
        """Put off jobs whose original another job of this wave works on too.

        Keys alone do not show it: a refund may name the authorization or its
        confirmation, and a reversal of a refund changes what may be refunded.
        """
        taken: set[int] = set()
        now: list[Job] = []
        self.deferred = []
        for job in jobs:
            ids = _family(job)
            (self.deferred if ids & taken else now).append(job)
            taken |= ids
        return now

    def _read_keys(self, jobs: list[Job]) -> None:
        """Read after the lock: the card's other writers have committed by now."""
        stored = [job for job in jobs if job.request.command not in READ_ONLY]
        store.share_batches(self.cr, [job.request.key[:2] for job in stored])
        known = store.known_keys(self.cr, [job.request.key for job in stored])
        for job, key in zip(stored, known, strict=True):
            job.known = key
        named = [job for job in jobs if job.original_key is not None]
        keys = [job.original_key for job in named if job.original_key]
        for job, found in zip(named, store.originals(self.cr, keys), strict=True):
            if found is not None:
                job.original, job.original_answer = found
                # Booked by another gateway after this one looked for its card: the
                # card is not locked here, so the request has to come again.
                job.busy = job.busy or self._came_meanwhile(job)
                self._prepare_refund(job)

    def _came_meanwhile(self, job: Job) -> bool:
        """Say whether the original's card came up after this job looked for it."""
        original = job.original
        if original is None or job.request.command == "status":
            return False
        if original.other_card_id is not None and job.second is None:
            return True
        if original.card_id is None or job.card is not None:
            return False
        if job.request.card is None:
            return True
        known = store.card_ids(self.cr, list(job.tokens.values()))
        return original.card_id in known.values()

    def _prepare_refund(self, job: Job) -> None:
        """What gives back may name the authorization of the purchase."""
        original = job.original
        if original is None or job.request.command not in GOES_BACK:
            return
        if original.hold_how == "captured" and original.hold_ended_by is not None:
            key = store.key_of(self.cr, original.hold_ended_by)
            found = store.originals(self.cr, [key])[0]
            assert found is not None
            job.original, job.original_answer = found
        assert job.original is not None
        if job.original.refunded:
            job.original.refunded_groups = store.refunded_groups(
                self.cr, job.original.id
            )

    def _must_write(self, job: Job) -> bool:
        if job.busy or job.request.command in READ_ONLY:
            return False
        return job.known is None or job.known.digest is None

    def _one(self, job: Job, rows: Rows, ids: Iterator[int]) -> Outcome:
        if job.busy:
            return self._outcome(job, refusal(job, self.network, Rc.SILENT), "busy")
        known = job.known
        if known is not None and known.digest is not None:
            if not (known.buried or self._same(job, known)):
                answer = refusal(job, self.network, Rc.DUPLICATE, "operation")
                return self._outcome(job, answer, "conflict")
            return Outcome(
                request=job.sent,
                rc=known.rc,
                answer=known.answer.encode(),
                status="repeat",
            )
        if job.request.command in ("echo", "status"):
            return self._read_only(job)
        if job.request.command == "inquire" and job.card is None:
            job.card = self._card_to_come(job)
        txn = None if job.request.command in READ_ONLY else next(ids)
        plan, facts, answer = self._decide(job, txn)
        if job.card is not None:
            count_wrong_code(job.card, plan, job)
        if txn is None or plan.rc in TRANSIENT:
            return self._outcome(job, answer, "new" if txn is None else "transient")
        body = encode_answer(answer)
        self.effects.take(job, plan, facts, rows, txn, body)
        return Outcome(request=job.sent, rc=plan.rc.value, answer=body, status="new")

    def _same(self, job: Job, known: store.KnownKey) -> bool:
        """Say whether it is a repeat, also of before the keys changed.

        An advice is one of the operation itself, which its terminal believes unknown.
        """
        assert known.digest is not None
        if known.digest == job.digest:
            return True
        if job.advice is not None and known.command == job.request.command:
            return known.amount == asked(job.request) and not _other_card(job, known)
        return self.keyring.same_body(body_of(job.sent), known.digest)

    def _card_to_come(self, job: Job) -> store.CardRow | None:
        """What an identifier would be if its first purchase registered it now."""
        if job.identity is None or not may_register(job):
            return None
        card = store.CardRow(
            id=0,
            token=job.token,
            kind=job.identity.kind,
            first6=job.identity.first6,
            last4=job.identity.last4,
            state="new",
            access_code=None,
            access_tries=0,
            registered_at=self.now,
        )
        card.account = card
        return card

    def _read_only(self, job: Job) -> Outcome:
        if job.request.command == "echo":
            answer = Answer(
                rc="00",
                server_time=self.now,
                params_version=self.network.params_version(job.branch),
            )
            return self._outcome(job, answer, "new")
        if job.original is None or not own_terminal(job):
            return self._outcome(
                job, refusal(job, self.network, Rc.ORIGINAL, "original"), "new"
            )
        answer = Answer(
            rc="00",
            original=decode_answer(job.original_answer),
            params_version=self.network.params_version(job.branch),
        )
        return self._outcome(job, answer, "new")

    def _decide(self, job: Job, txn: int | None) -> tuple[Plan, Facts | None, Answer]:
        if job.request.command == "close":
            rc, answer = close(self.cr, job, self.network, txn, self.now)
            return Plan(rc=rc, moves=False), None, answer
        if job.known is not None and job.known.closed and job.advice is None:
            plan, facts = Plan(rc=Rc.BATCH, moves=False), None
        else:
            decides = decide if job.advice is None else advise
            plan, facts = decides(
                job, self.network, self.keyring, self.now, self._undoing(job)
            )
        account = _account_after(job, plan)
        purses: list[Purse] = []
        if facts is not None and plan.moves:
            sheet = facts.sheet
            if plan.joins == "first" and facts.second is not None:
                sheet = facts.second.sheet
            purses = sheet.all()
        elif account is not None:
            purses = list(account.purses.values())
        vouchers = account.vouchers if account is not None else {}
        answer = answer_of(
            job, self.network, plan, purses, vouchers, txn=txn, now=self.now
        )
        return plan, facts, answer

    def _undoing(self, job: Job) -> Undoing:
        """Look up what the original did, for who undoes it."""
        original = job.original
        if original is None or job.request.command not in UNDOES:
            return self._told_by(job)
        then = self.versions.get(self.cr, original.network_version, self.network)
        if job.request.command != "reverse":
            return Undoing(then=then)
        return Undoing(
            mirrors=store.moves_of(self.cr, original.id),
            lines=store.sale_lines(self.cr, original.id),
        )

    def _told_by(self, job: Job) -> Undoing:
        """An advice was decided by the parameters that its terminal had."""
        if job.offline is None or not job.offline.params_version:
            return Undoing()
        assert job.branch is not None
        version = network_told(self.cr, job.branch, job.offline.params_version)
        if version == self.network.version:
            return Undoing()
        return Undoing(then=self.versions.find(self.cr, version))

    def _refused(self, job: Job) -> Outcome:
        assert job.refused is not None
        answer = refusal(job, self.network, job.refused, job.field)
        return self._outcome(job, answer, "transient")

    def _outcome(self, job: Job, answer: Answer, status: Status) -> Outcome:
        return Outcome(
            request=job.sent,
            rc=answer.rc,
            answer=encode_answer(answer),
            status=status,
        )


def _joining(jobs: list[Job]) -> list[store.CardRow]:
    """The cards of jobs for which it matters whether others share their account."""
    found = []
    for job in jobs:
        if job.request.command in NAMES_OTHER and job.second is not None:
            found += [card for card in (job.card, job.second.card) if card is not None]
    return found


def _leaving(jobs: list[Job]) -> list[store.CardRow]:
    """The cards that ask for purses of their own."""
    leaves = [job for job in jobs if job.request.command == "pool" and not job.second]
    return [job.card for job in leaves if job.card is not None]


def _account_after(job: Job, plan: Plan) -> store.CardRow | None:
    """The account whose purses the answer shows."""
    card = job.card
    if plan.joins == "first" and job.second is not None:
        card = job.second.card
    return card.account if card is not None and plan.joins != "leaves" else None


def _family(job: Job) -> set[int]:
    """The operations that a job's effect depends on."""
    original = job.original
    if original is None:
        return set()
    return {original.id, original.original_id or original.id}


def _other_card(job: Job, known: store.KnownKey) -> bool:
    """Say whether an advice names another card than the operation of its number had.

    Of a refused one it may not be known, as the card may not have been.
    """
    card_id = job.card.id if job.card is not None else None
    sure = known.rc in APPROVED or None not in (card_id, known.card_id)
    return sure and known.card_id != card_id
