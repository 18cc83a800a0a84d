"""The gateway's own connection to the ledger: one group, one commit.

Owned by one thread. A group that a single request poisons is taken apart, so
that its neighbours are answered.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import psycopg2
import psycopg2.errors

from ekarte_core.codes import Rc
from ekarte_core.errors import CommitInDoubt, EkarteError
from ekarte_core.keyring import Keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.migrate import check_schema
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.session import LedgerSession
from ekarte_core.network.compiled import Network
from ekarte_core.service import expiry, exposing, publishing, sealing, settling
from ekarte_core.service.clock import CLOCK_WORK, Counts, Work
from ekarte_core.service.execute import execute
from ekarte_core.service.job import Outcome
from ekarte_core.service.noticing import Notice, take_notices
from ekarte_core.service.parameters import ParametersBook
from ekarte_core.service.rotating import check_keys
from ekarte_core.service.versions import Versions
from ekarte_core.values import Answer, Request
from ekarte_core.wire import encode_answer

_logger = logging.getLogger(__name__)

RETRIES_MAX = 5
NONCE_KEPT = timedelta(minutes=10)
SEAL_WHOLE_EVERY = timedelta(hours=1)
SETTLE_WHOLE_EVERY = timedelta(hours=24)
# A commit warns of nothing else; what it says may be in any language.
HARMLESS_NOTICES = ("DEBUG", "LOG", "INFO", "NOTICE")
CONNECT_TIMEOUT_S = 5
ID_BLOCK = 4000
_RETRIED = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,  # a rival stored the same key: now it is there
)
_AWAY = (psycopg2.OperationalError, psycopg2.InterfaceError)

T = TypeVar("T")


class LedgerConnection:
    """A connection that executes groups of requests and commits them."""

    def __init__(self, dsn: str, keyring: Keyring, *, prepare: bool = True) -> None:
        """Remember where the ledger is; connects when first used.

        Without `prepare` nothing is kept at the server between transactions, as poolers
        by transaction need it.
        """
        self._dsn = dsn
        self._prepare = prepare
        self._keyring = keyring
        self._connection: LedgerSession | None = None
        self._ids = OperationIds(ID_BLOCK)
        self._versions = Versions()
        self._sealed_whole_at: datetime | None = None
        self._settled_whole_at: datetime | None = None
        self._keys_checked = False

    def __repr__(self) -> str:
        """Leave the DSN out: it may hold a password."""
        return "LedgerConnection()"

    def run(
        self,
        requests: Sequence[Request],
        network: Network,
        now: datetime,
        *,
        wait: bool = False,
    ) -> list[Outcome]:
        """Execute requests as one group and commit it.

        Raises:
            psycopg2.OperationalError: the ledger is away; nothing was answered.
            CommitInDoubt: the commit's fate is unknown; ask again by key.
        """
        try:
            return self._run_group(requests, network, now, wait=wait)
        except (*_AWAY, CommitInDoubt):
            raise
        except (psycopg2.Error, AssertionError, EkarteError, ValueError, KeyError):
            if len(requests) == 1:
                _logger.exception("request failed: %r", requests[0])
                return [_fault(requests[0], network)]
            return [
                outcome
                for request in requests
                for outcome in self.run([request], network, now, wait=wait)
            ]

    def _run_group(
        self,
        requests: Sequence[Request],
        network: Network,
        now: datetime,
        *,
        wait: bool,
    ) -> list[Outcome]:
        def work(cr: Cursor) -> list[Outcome]:
            return execute(
                cr,
                requests,
                network,
                self._keyring,
                now,
                wait=wait,
                ids=self._ids,
                versions=self._versions,
            )

        return self._transaction(work)

    def expire_holds(self, network: Network, now: datetime, limit: int = 500) -> int:
        """Release holds whose time is over; returns how many."""
        return self._transaction(
            lambda cr: expiry.expire_holds(cr, network, self._keyring, now, limit)
        )

    def expire_lots(self, network: Network, now: datetime, limit: int = 500) -> int:
        """Let lots past their end lapse; returns how many operations this made."""
        return self._transaction(
            lambda cr: expiry.expire_lots(cr, network, self._keyring, now, limit)
        )

    def clock(self, network: Network, now: datetime, limit: int = 500) -> Counts:
        """Do what the clock has to do, each work in a commit of its own."""

        def once(work: Work) -> int:
            return self._transaction(
                lambda cr: work(cr, network, self._keyring, now, limit)
            )

        return {name: once(work) for name, work in CLOCK_WORK.items()}

    def take_notices(
        self, network: Network, now: datetime, limit: int = 500
    ) -> list[Notice]:
        """Return what holders are to be told about value that ends, once each."""
        return self._transaction(lambda cr: take_notices(cr, network, now, limit))

    def network(self, known: Network | None) -> Network:
        """Return the current network; `known` itself while it is current.

        Where only the parameters of terminals have a newer version, the same network
        that tells it.
        """

        def read(cr: Cursor) -> Network:
            if known is not None and publishing.network_version(cr) == known.version:
                return publishing.with_told(cr, known)
            return publishing.current_network(cr)

        return self._transaction(read)

    def remember_nonces(
        self, pairs: Sequence[tuple[str, str]], now: datetime
    ) -> list[bool]:
        """Remember (terminal, nonce) pairs in one commit; False: seen before.

        Of a pair that stands twice in the list only the first is new.
        """
        wanted = sorted(set(pairs))

        def add(cr: Cursor) -> set[tuple[str, str]]:
            cr.execute(
                SQL["remember_nonces"],
                {
                    "terminals": [terminal for terminal, _ in wanted],
                    "nonces": [nonce for _, nonce in wanted],
                    "now": now,
                },
            )
            return {(terminal, nonce) for terminal, nonce in cr.fetchall()}

        fresh = self._transaction(add) if wanted else set()
        found = []
        for pair in pairs:
            found.append(pair in fresh)
            fresh.discard(pair)
        return found

    def remember_nonce(self, terminal: str, nonce: str, now: datetime) -> bool:
        """Remember one nonce; False when the terminal has used it before."""
        return self.remember_nonces([(terminal, nonce)], now)[0]

    def sweep(self, now: datetime) -> int:
        """Forget nonces that are too old to be accepted anyway."""

        def delete(cr: Cursor) -> int:
            cr.execute(SQL["sweep_nonces"], {"before": now - NONCE_KEPT})
            return int(cr.rowcount)

        return self._transaction(delete)

    def fold_exposure(self, now: datetime) -> int:
        """Fold what issuers came to owe others; returns for how many of them."""
        return self._transaction(lambda cr: exposing.fold_exposure(cr, now))

    def seal(self, now: datetime) -> int:
        """Put the next operations into the hash chain; returns how many.

        Looks at the whole ledger at first and then once an hour.
        """
        looked = self._sealed_whole_at
        whole = looked is None or not looked <= now < looked + SEAL_WHOLE_EVERY
        count = self._transaction(lambda cr: sealing.seal(cr, now, whole=whole))
        if whole and not count:
            self._sealed_whole_at = now
        return count

    def build_settlement(
        self, network: Network, now: datetime, cutoff: datetime
    ) -> int | None:
        """Build a settlement document of what is due; None when nothing is.

        Looks at the whole ledger at first and then once a day.
        """
        looked = self._settled_whole_at
        whole = looked is None or not looked <= now < looked + SETTLE_WHOLE_EVERY
        built = self._transaction(
            lambda cr: settling.build_settlement(cr, network, now, cutoff, whole=whole)
        )
        if whole:
            self._settled_whole_at = now
        return built

    def pending_settlements(self) -> list[tuple[int, bytes]]:
        """Return documents that nobody has accepted yet: (id, JSON)."""
        return self._transaction(settling.pending_settlements)

    def settlement_accepted(self, number: int, reply: str, now: datetime) -> None:
        """Note that accounting has taken a document over."""
        self._transaction(
            lambda cr: settling.settlement_accepted(cr, number, reply, now)
        )

    def settlement_failed(self, number: int, reason: str, now: datetime) -> None:
        """Note a delivery that did not work."""
        self._transaction(
            lambda cr: settling.settlement_failed(cr, number, reason, now)
        )

    def parameters(self, work: Callable[[ParametersBook], T]) -> T:
        """Work with stop list and versions of parameters, in one transaction."""

        def run(cr: Cursor) -> T:
            return work(ParametersBook(cr, self._keyring, self._versions))

        return self._transaction(run)

    def lend(self, work: Callable[[Cursor], T]) -> T:
        """Run work on a lent cursor, in a transaction of its own.

        It may run again, when a rival was faster.
        """
        return self._transaction(work)

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
            # Another server may answer next, which has not heard all of this one.
            self._ids = OperationIds(ID_BLOCK)

    def _transaction(self, work: Callable[[Any], T]) -> T:
        for attempt in range(1, RETRIES_MAX + 1):
            ours = self._connected()
            committed = False
            try:
                with ours.cursor() as cr:
                    result = work(cr)
                del ours.notices[:]
                ours.commit()
                check_commit(ours.notices)
                committed = True
            except CommitInDoubt:
                raise
            except _RETRIED:
                ours.rollback()
                if attempt == RETRIES_MAX:
                    raise
                continue
            except _AWAY:
                self.close()
                raise
            except BaseException as fault:
                if _is_lost(fault):
                    self.close()
                    raise psycopg2.OperationalError(str(fault)) from fault
                ours.rollback()
                raise
            finally:
                self._ids.settle(committed=committed)
            return result
        raise AssertionError("unreachable")

    def _connected(self) -> LedgerSession:
        if self._connection is None or self._connection.closed:
            fresh = psycopg2.connect(
                self._dsn,
                connect_timeout=CONNECT_TIMEOUT_S,
                connection_factory=LedgerSession,
            )
            fresh.prepares = self._prepare
            with fresh.cursor() as cr:
                check_schema(cr)
                if self._prepare:
                    cr.execute(SQL["use_one_plan"])
                if not self._keys_checked:
                    check_keys(cr, self._keyring)
            self._keys_checked = True
            fresh.commit()
            self._connection = fresh
        return self._connection


def _is_lost(fault: BaseException) -> bool:
    """Say whether the server is at fault, where psycopg2 does not call it so.

    Of a server that only reads (a standby: see target_session_attrs) another one may
    be asked. And where the server has ended while its last word lay unread, psycopg2
    raises its bare DatabaseError without a code, and takes the connection for open.
    """
    if isinstance(fault, psycopg2.errors.ReadOnlySqlTransaction):
        return True
    return type(fault) is psycopg2.DatabaseError and fault.pgcode is None


def check_commit(notices: Iterable[str]) -> None:
    """Look at what PostgreSQL said while it committed, `notices` of the connection.

    A cancelled wait for a synchronous standby is told as a success; the warning is the
    only sign that the commit is durable here and nowhere else.

    Raises:
        CommitInDoubt: no standby has confirmed it; ask again by key.
    """
    if not all(notice.startswith(HARMLESS_NOTICES) for notice in notices):
        raise CommitInDoubt("the standby has not confirmed this commit")


def _fault(request: Request, network: Network) -> Outcome:
    terminal = network.terminal(request.terminal)
    branch = None if terminal is None else network.branches[terminal.branch]
    answer = Answer(rc=Rc.FAULT.value, params_version=network.params_version(branch))
    return Outcome(
        request=request,
        rc=Rc.FAULT.value,
        answer=encode_answer(answer),
        status="transient",
    )
