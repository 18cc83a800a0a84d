"""Printers that the gateway drives: a queue for each, patient, and never twice.

The loop only puts slips into queues; printing blocks, and so does it in a few threads
that all printers share. A printer that is away keeps its own queue waiting and nobody
else: it is tried again after a pause that grows, and a slip that has become too old is
given up and told about.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

from ekarte_auth_gateway.flow import Counters
from ekarte_auth_gateway.slips.devices import (
    Patience,
    PrinterAway,
    SlipInDoubt,
    print_slip,
)

log = logging.getLogger(__name__)

Fate = Literal["waiting", "printed", "in doubt", "given up"]


@dataclass(frozen=True)
class PrinterLimits:
    """Bounds of all printers together and of each.

    Attributes:
        queue_max: slips that may wait for one printer; more are given up at once.
        give_up_s: a slip that waited longer is given up.
        retry_first_s: pause after a printer was found away; it doubles.
        retry_max_s: the longest pause.
        stop_wait_s: how long a stop waits for slips that are still to be printed.
        at_once: printers that may print at the same time.
    """

    queue_max: int = 100
    give_up_s: float = 600.0
    retry_first_s: float = 1.0
    retry_max_s: float = 15.0
    stop_wait_s: float = 5.0
    at_once: int = 8


@dataclass(eq=False)
class Job:
    """One slip on its way to paper.

    Attributes:
        name: of the operation, for the log.
        make: returns the printer's bytes; called in the printing thread.
        ended: called once on the loop with what became of it.
    """

    name: str
    make: Callable[[], bytes]
    ended: Callable[[Fate], None]
    born_s: float


class _Queue:
    """The slips of one printer, and the task that prints them while there are any."""

    def __init__(self, address: str, printers: "Printers") -> None:
        self.address = address
        self.waiting: deque[Job] = deque()
        self.run: asyncio.Task[None] | None = None
        self.away = ""
        self._printers = printers
        self._limits = printers.limits

    async def print_all(self) -> None:
        pause_s = 0.0
        while self.waiting:
            job = self.waiting[0]
            if time.monotonic() - job.born_s > self._limits.give_up_s:
                self._end(job, "given up", self.away or "too old")
                continue
            try:
                await self._printers.print_one(self.address, job)
            except PrinterAway as fault:
                self._note_away(str(fault))
                first_s, most_s = self._limits.retry_first_s, self._limits.retry_max_s
                pause_s = min(max(first_s, pause_s * 2), most_s)
                await asyncio.sleep(pause_s)
            except SlipInDoubt as fault:
                self._end(job, "in doubt", str(fault))
            except Exception as fault:
                # A wrong address, a bug: this slip cannot be printed, the next may be.
                log.exception("slip cannot be printed", extra={"printer": self.address})
                self._end(job, "given up", type(fault).__name__)
            else:
                pause_s = 0.0
                self._note_back()
                self._end(job, "printed", "")
        self.run = None

    def _end(self, job: Job, fate: Fate, why: str) -> None:
        self.waiting.popleft()
        self._printers.tell(job, fate, self.address, why)

    def _note_away(self, why: str) -> None:
        if why != self.away:
            log.warning(
                "printer does not print", extra={"printer": self.address, "reason": why}
            )
        self.away = why

    def _note_back(self) -> None:
        if self.away:
            log.info("printer prints again", extra={"printer": self.address})
        self.away = ""


class Printers:
    """All printers of the network. Lives on the event loop."""

    def __init__(
        self,
        counters: Counters,
        limits: PrinterLimits,
        patience: Patience | None = None,
    ) -> None:
        """Reach for nothing yet."""
        self.limits = limits
        self._patience = patience or Patience()
        self._counters = counters
        self._queues: dict[str, _Queue] = {}
        self._threads = ThreadPoolExecutor(limits.at_once, "printer")
        self._stopping = False
        counters.slips_waiting.set_function(lambda: self.depth)
        counters.printers_away.set_function(
            lambda: sum(1 for queue in self._queues.values() if queue.away)
        )

    @property
    def depth(self) -> int:
        """Slips that wait."""
        return sum(len(queue.waiting) for queue in self._queues.values())

    def put(self, address: str, job: Job) -> None:
        """Take a slip; returns at once."""
        queue = self._queues.get(address)
        if queue is None:
            queue = self._queues[address] = _Queue(address, self)
        if self._stopping or len(queue.waiting) >= self.limits.queue_max:
            why = "stopping" if self._stopping else "too many slips wait"
            self.tell(job, "given up", address, why)
            return
        queue.waiting.append(job)
        if queue.run is None:
            queue.run = asyncio.get_running_loop().create_task(queue.print_all())

    async def print_one(self, address: str, job: Job) -> None:
        """Print in a thread; raises what `print_slip` raises."""
        patience = self._patience
        await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: print_slip(address, job.make(), patience)
        )

    def tell(self, job: Job, fate: Fate, address: str, why: str) -> None:
        """Count a slip's end; say it aloud where paper is missing."""
        self._counters.slips.labels(fate.replace(" ", "_")).inc()
        if fate != "printed":
            log.error(
                "slip not printed" if fate == "given up" else "slip in doubt",
                extra={"operation": job.name, "printer": address, "reason": why},
            )
        job.ended(fate)

    async def stop(self) -> None:
        """Print what can be printed soon; name what is left."""
        self._stopping = True
        runs = [queue.run for queue in self._queues.values() if queue.run is not None]
        if runs:
            await asyncio.wait(runs, timeout=self.limits.stop_wait_s)
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
        for queue in self._queues.values():
            for job in list(queue.waiting):
                self.tell(job, "given up", queue.address, queue.away or "stopping")
            queue.waiting.clear()
        self._threads.shutdown(wait=False, cancel_futures=True)
