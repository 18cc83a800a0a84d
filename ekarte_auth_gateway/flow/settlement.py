"""Settlement: documents are built on a schedule and delivered until Odoo has them.

It runs beside the authorizations, on a connection of its own, and nothing in it can
hold them up. Odoo accepts a document's id once, so delivering again is safe.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

import msgspec

from ekarte_auth_gateway.flow.board import Board
from ekarte_auth_gateway.flow.counters import Counters
from ekarte_auth_gateway.flow.threads import LedgerAway, LedgerThread
from ekarte_auth_gateway.ports import (
    Clock,
    Ledger,
    Office,
    OfficeRefused,
    OfficeSilent,
)
from ekarte_core import Parser

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Schedule:
    """When to settle, and how patiently to try again.

    Attributes:
        every_s: seconds between two documents without a batch close.
        settle_after_close_s: a close waits so long for others to join it.
        retry_first_s: pause after the first failure; it doubles.
        retry_max_s: the longest pause.
    """

    every_s: float = 900.0
    settle_after_close_s: float = 1.0
    retry_first_s: float = 2.0
    retry_max_s: float = 300.0


class _Head(msgspec.Struct):
    """All that is looked at of a document; the rest is Odoo's."""

    created_at: datetime


_heads = Parser(_Head)


class Settlement:
    """Builds documents and carries them to Odoo."""

    def __init__(
        self,
        back: LedgerThread,
        office: Office,
        board: Board,
        clock: Clock,
        counters: Counters,
        schedule: Schedule,
    ) -> None:
        """Take the parts; start nothing yet."""
        self._back = back
        self._office = office
        self._board = board
        self._clock = clock
        self._counters = counters
        self._schedule = schedule
        self._closed = asyncio.Event()
        self._runs: list[asyncio.Task[None]] = []
        self._new = asyncio.Event()
        self._oldest: datetime | None = None
        counters.settlement_oldest_s.set_function(self._oldest_s)

    def _oldest_s(self) -> float:
        """Return how long the oldest document has waited; 0: none waits."""
        oldest = self._oldest
        return 0.0 if oldest is None else (self._clock() - oldest).total_seconds()

    def start(self) -> None:
        """Begin to build and to deliver."""
        loop = asyncio.get_running_loop()
        self._runs = [
            loop.create_task(self._build_forever()),
            loop.create_task(self._deliver_forever()),
        ]

    def batch_closed(self) -> None:
        """A terminal closed a batch: settle soon."""
        self._closed.set()

    async def stop(self) -> None:
        """End both; a delivery that is cut short is repeated after the next start."""
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)

    async def _build_forever(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._closed.wait(), self._schedule.every_s)
            except asyncio.TimeoutError:
                log.debug("settlement on schedule")
            else:
                await asyncio.sleep(self._schedule.settle_after_close_s)
            self._closed.clear()
            try:
                built = await self._back.call(self._build)
            except LedgerAway:
                log.warning("settlement waits for the ledger")
                self._closed.set()  # it was due: soon again
                await asyncio.sleep(self._schedule.retry_first_s)
            except Exception:
                log.exception("settlement document could not be built")
            else:
                if built is not None:
                    log.info("settlement built", extra={"settlement": built})
                    self._new.set()

    def _build(self, ledger: Ledger) -> int | None:
        network = self._board.network
        if network is None:
            return None
        now = self._clock()
        return ledger.build_settlement(network, now, now)

    async def _deliver_forever(self) -> None:
        pause_s = 0.0
        while True:
            try:
                tried, waiting = await self._deliver_pending()
            except LedgerAway:
                tried = waiting = 1
            except Exception:
                log.exception("settlement delivery failed")
                tried = waiting = 1
            if waiting:
                first_s, longest_s = (
                    self._schedule.retry_first_s,
                    self._schedule.retry_max_s,
                )
                pause_s = min(max(first_s, pause_s * 2), longest_s)
                await asyncio.sleep(pause_s)
            else:
                pause_s = 0.0
                if not tried:  # else there may be more than one round's worth
                    await self._wait_for_documents()

    async def _wait_for_documents(self) -> None:
        """Wait for our own, and look from time to time for those of others.

        Another gateway on this ledger may have built one and died.
        """
        try:
            await asyncio.wait_for(self._new.wait(), self._schedule.every_s)
        except asyncio.TimeoutError:
            log.debug("looking for documents of others")

    async def _deliver_pending(self) -> tuple[int, int]:
        """Try pending documents once each; return how many, and how many still wait."""
        self._new.clear()
        pending = await self._back.call(lambda ledger: ledger.pending_settlements())
        waiting = len(pending)
        self._counters.settlements_pending.set(waiting)
        left = {number: _created_at(document) for number, document in pending}
        self._oldest = min(left.values(), default=None)
        for settlement, document in pending:
            try:
                reply = await self._office.deliver(document)
            except OfficeRefused as fault:
                await self._note_failure(settlement, str(fault))
            except OfficeSilent as fault:
                await self._note_failure(settlement, str(fault))
                break  # the others would meet the same silence
            else:
                await self._note_accepted(settlement, reply)
                waiting -= 1
                del left[settlement]
                self._oldest = min(left.values(), default=None)
                self._counters.settlements_pending.set(waiting)
        return len(pending), waiting

    async def _note_accepted(self, settlement: int, reply: str) -> None:
        await self._back.call(
            lambda ledger: ledger.settlement_accepted(settlement, reply, self._clock())
        )
        self._counters.settlements_accepted.inc()
        log.info("settlement accepted", extra={"settlement": settlement})

    async def _note_failure(self, settlement: int, reason: str) -> None:
        log.warning(
            "settlement not accepted",
            extra={"settlement": settlement, "reason": reason},
        )
        await self._back.call(
            lambda ledger: ledger.settlement_failed(settlement, reason, self._clock())
        )


def _created_at(document: bytes) -> datetime:
    """Return when a document was made."""
    return _heads.from_json(document).created_at
