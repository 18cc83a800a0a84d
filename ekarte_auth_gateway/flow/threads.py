"""A thread that owns one ledger connection and does one job after the other.

psycopg2 blocks; the event loop must not. So every connection lives in a thread of
its own, and the loop hands it jobs. When the database is away the connection is
dropped and opened anew with the next job, after a pause that grows.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg2

from ekarte_auth_gateway.ports import Ledger, OpenLedger
from ekarte_core import CommitInDoubt, EkarteError

T = TypeVar("T")
log = logging.getLogger(__name__)

LEDGER_FAULTS = (psycopg2.OperationalError, psycopg2.InterfaceError, CommitInDoubt)
"""The connection or the server is at fault, not the request: try again later."""

PAUSE_FIRST_S = 0.1
PAUSE_MAX_S = 2.0
STOP_WAIT_S = 15.0


class LedgerAway(Exception):
    """The database cannot be reached at the moment."""


class Connector:
    """Opens a ledger connection and reopens it, not too often. For one thread."""

    def __init__(self, open_ledger: OpenLedger, name: str) -> None:
        """Open nothing yet."""
        self._open = open_ledger
        self._name = name
        self._ledger: Ledger | None = None
        self._pause_s = 0.0
        self._retry_at_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the last attempt to reach the database went well."""
        return self._ledger is not None

    @property
    def wait_s(self) -> float:
        """How long until the next attempt makes sense."""
        return max(0.0, self._retry_at_s - time.monotonic())

    def get(self) -> Ledger:
        """Return the connection, opening it when needed.

        Raises:
            LedgerAway: it cannot be opened, or it is too early to try again.
        """
        if self._ledger is not None:
            return self._ledger
        if self.wait_s:
            raise LedgerAway("waiting before the next attempt")
        try:
            self._ledger = self._open()
        # Whatever it is (server down, schema not migrated, no rights): say it, wait,
        # and be there when somebody has mended it.
        except (psycopg2.Error, EkarteError) as fault:
            self._pause_s = min(max(PAUSE_FIRST_S, self._pause_s * 2), PAUSE_MAX_S)
            self._retry_at_s = time.monotonic() + self._pause_s
            log.warning(
                "ledger away",
                extra={"lane": self._name, "reason": first_line(fault)},
            )
            raise LedgerAway(first_line(fault)) from fault
        if self._pause_s:
            log.info("ledger back", extra={"lane": self._name})
        self._pause_s = 0.0
        return self._ledger

    def drop(self) -> None:
        """Hang up; the next `get` opens anew at once."""
        ledger, self._ledger = self._ledger, None
        if ledger is not None:
            try:
                ledger.close()
            except LEDGER_FAULTS as fault:
                # It was broken already: that is why it is dropped.
                log.debug("close failed", extra={"reason": first_line(fault)})


class LedgerThread:
    """Runs jobs on its own connection, in order, and hands their results back."""

    def __init__(self, open_ledger: OpenLedger, name: str) -> None:
        """Start the thread; it opens its connection with the first job."""
        self._connector = Connector(open_ledger, name)
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(
            target=self._run, name=f"ledger-{name}", daemon=True
        )
        self._thread.start()

    async def call(self, job: Callable[[Ledger], T]) -> T:
        """Run a job in the thread and return what it returns.

        Raises:
            LedgerAway: the database was not there, before or during the job.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                result = self._do(job)
            except BaseException as fault:  # noqa: BLE001 - the caller gets it
                _post(loop, _fail, future, fault)
            else:
                _post(loop, _succeed, future, result)

        self._jobs.put(work)
        return await future

    def _do(self, job: Callable[[Ledger], T]) -> T:
        ledger = self._connector.get()
        try:
            return job(ledger)
        except LEDGER_FAULTS as fault:
            self._connector.drop()
            raise LedgerAway(first_line(fault)) from fault

    def _run(self) -> None:
        while (work := self._jobs.get()) is not None:
            work()
        self._connector.drop()

    async def stop(self) -> None:
        """Finish the jobs that wait, hang up, end the thread."""
        self._jobs.put(None)
        await join(self._thread)


async def join(thread: threading.Thread) -> None:
    """Wait for a thread without blocking the loop, but not for ever.

    A database that does not answer must not keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, thread.join, STOP_WAIT_S)
    if thread.is_alive():
        log.warning("thread left behind", extra={"lane": thread.name})


def _post(
    loop: asyncio.AbstractEventLoop, call: Callable[..., None], *args: object
) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(call, *args)


def _succeed(future: "asyncio.Future[T]", result: T) -> None:
    if not future.done():
        future.set_result(result)


def _fail(future: "asyncio.Future[Any]", fault: BaseException) -> None:
    if not future.done():
        future.set_exception(fault)


def first_line(fault: BaseException) -> str:
    """Say what happened in one line; PostgreSQL's further lines may quote data."""
    lines = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {lines[0] if lines else ''}".rstrip(": ")
