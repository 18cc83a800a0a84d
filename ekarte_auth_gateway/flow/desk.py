"""The desk: where the channels hand in tasks and where their answers come out.

A task goes to the fast lane. If another session holds its card locked, it comes
back 'busy' and waits in the slow lane, so that it stalls nobody else; there it is
tried again until its time is over.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ekarte_auth_gateway.flow.board import Board
from ekarte_auth_gateway.flow.counters import Counters
from ekarte_auth_gateway.flow.guesses import Guesses
from ekarte_auth_gateway.flow.lane import FastLane, Settled
from ekarte_auth_gateway.flow.threads import LedgerAway, LedgerThread
from ekarte_auth_gateway.messages import (
    AWAY,
    FAULT,
    LATE,
    NO_ACQUIRER,
    OVERLOADED,
    STOPPING,
    Task,
    Verdict,
    advised_too_often,
    slowed,
)
from ekarte_auth_gateway.ports import Clock, OpenLedger
from ekarte_core import APPROVED, READ_ONLY, Network, Original, Outcome, Request

log = logging.getLogger(__name__)

_LOOK_S = 0.25
_APPROVED = frozenset(str(rc) for rc in APPROVED)


Aside = Callable[[Task, Callable[[Task, Verdict], None]], None]
"""Takes a task and answers it by the call it is given: commands that book nothing."""


@dataclass(frozen=True)
class Limits:
    """Bounds of the flow.

    Attributes:
        queue_max: tasks that may wait; more are refused at once (91).
        queue_s: how long a task may take, as it looks; more are refused as well.
        group_max: tasks in one ledger transaction.
        wait_s: how long a task may wait for its card or for the ledger.
        retry_s: pause between two attempts of the slow lane.
    """

    queue_max: int = 1024
    queue_s: float = 1.0
    group_max: int = 128
    wait_s: float = 4.0
    retry_s: float = 0.05


class Desk:
    """Takes tasks, answers each exactly once. Lives on the event loop."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        side: LedgerThread,
        board: Board,
        clock: Clock,
        counters: Counters,
        limits: Limits,
    ) -> None:
        """Make the fast lane and use `side` for the slow one; start nothing yet."""
        self._board = board
        self._clock = clock
        self._counters = counters
        self._limits = limits
        self._side = side
        self._slow: list[Task] = []
        self._slow_run: asyncio.Task[None] | None = None
        self._stopping = False
        self._watch: asyncio.Task[None] | None = None
        self.on_close: Callable[[], None] | None = None
        self.guesses = Guesses()
        self.aside: dict[str, Aside] = {}
        self.banks: Callable[[Task], bool] | None = None
        self.refuse: Callable[[Request], Verdict | None] | None = None
        self.on_answer: Callable[[Task, Verdict], Verdict] | None = None
        self._fast = FastLane(
            open_ledger,
            board,
            clock,
            counters,
            self._settle,
            queue_max=limits.queue_max,
            queue_s=limits.queue_s,
            group_max=limits.group_max,
            wait_s=limits.wait_s,
        )
        counters.queue_depth.set_function(lambda: self._fast.depth)
        counters.queue_room.set_function(lambda: self._fast.room)
        counters.terminals_slowed.set_function(lambda: self.guesses.slowed(clock()))
        counters.slow_depth.set_function(lambda: len(self._slow))

    def start(self) -> None:
        """Open for business."""
        self._fast.start()
        self._watch = asyncio.get_running_loop().create_task(self._answer_overdue())

    @property
    def is_full(self) -> bool:
        """Whether a task for the ledger would be refused: too much to do."""
        return not self._fast.has_room

    @property
    def faults(self) -> list[str]:
        """Why the gateway cannot serve at the moment; empty: it can."""
        found = []
        if self._stopping:
            found.append("stopping")
        if self._fast.away:
            found.append("the ledger is away")
        elif self._fast.is_stuck:
            found.append("the ledger does not answer")
        if self._board.network is None:
            found.append("no network document has been published")
        return found

    def submit(self, task: Task) -> None:
        """Take a task; its `done` is called later, or now when it is refused.

        What a bank has a part in goes to `banks`, if there are any.
        """
        wait_s = self.guesses.wait_s(task.request, self._clock())
        if wait_s:
            self._slow_down(task, wait_s)
        else:
            self._take(task)

    def _slow_down(self, task: Task, wait_s: int) -> None:
        """Refuse who tries out cards; a repeat is no trial and hears what was done.

        Who repeats has had no answer: a refusal would read as one, though the first
        try was booked. The ledger is asked for the number, behind what is under way.
        """
        request = task.request
        if request.command == "advice":
            self.finish(task, advised_too_often(wait_s))
        elif request.command in READ_ONLY:
            self.finish(task, slowed(wait_s))
        else:
            terminal, batch, number = request.key
            known = Original(batch=batch, operation=number)
            state = Request(command="status", terminal=terminal, original=known)
            ask = partial(self._repeats, task, slowed(wait_s))
            self._take(Task(state, task.transport, ask, task.born_s))

    def _repeats(self, task: Task, refused: Verdict, state: Verdict) -> None:
        waits = any(one.request.key == task.request.key for one in self._slow)
        if state.status == "unavailable":
            self.finish(task, state)
        elif state.rc in _APPROVED or waits:
            self._take(task)
        else:
            self.finish(task, refused)

    def _take(self, task: Task) -> None:
        aside = self.aside.get(task.request.command)
        refused = self.refuse(task.request) if self.refuse is not None else None
        if refused is not None:
            self.finish(task, refused)
        elif aside is not None and not self._stopping:
            aside(task, self.finish)
        elif self.banks is not None and self.banks(task):
            return
        elif task.request.bank is not None:
            self.finish(task, NO_ACQUIRER)
        else:
            self.put(task)

    def put(self, task: Task) -> None:
        """Take a task that the ledger alone decides."""
        if self._stopping:
            self.finish(task, STOPPING)
        elif self._fast.away or self._board.network is None:
            self.finish(task, AWAY)
        elif not self._fast.put(task):
            self.finish(task, OVERLOADED)

    def has(self, key: tuple[str, int, int]) -> bool:
        """Whether a lane may still book an operation, also of who was told 91."""
        slow = any(task.request.key == key for task in self._slow)
        return slow or self._fast.has(key)

    def _settle(self, settled: Settled) -> None:
        for task, verdict in settled:
            if verdict.status != "busy" or task.answered:
                self.finish(task, verdict)
            elif len(self._slow) < self._limits.queue_max:
                self._slow.append(task)
            else:  # one card's crowd must not become everybody's
                self.finish(task, OVERLOADED)
        if self._slow and self._slow_run is None:
            self._slow_run = asyncio.get_running_loop().create_task(self._run_slow())

    def finish(self, task: Task, verdict: Verdict) -> None:
        """Answer a task, once."""
        request = task.request
        if verdict.status == "new":
            self.guesses.note(request, verdict.rc, self._clock())
        if request.command == "close" and verdict.rc in _APPROVED:
            self._note_close(verdict)
        if task.answered:
            return  # it was told 91; the ledger keeps the answer for who repeats
        task.answered = True
        took_s = time.monotonic() - task.born_s
        self._counters.answered(request.command, verdict.rc, task.transport, took_s)
        if self.on_answer is not None:
            verdict = self.on_answer(task, verdict)
        try:
            task.done(verdict)
        except Exception:
            # One broken connection must not keep its neighbours' answers back.
            log.exception("answer lost", extra={"operation": operation_of(task)})

    async def _answer_overdue(self) -> None:
        """Tell terminals to repeat while a commit takes longer than they may wait.

        The operation may be booked or not: the ledger's lanes go on with it.
        """
        while True:
            await asyncio.sleep(_LOOK_S)
            before_s = time.monotonic() - self._limits.wait_s
            slow = [task for task in self._slow if task.born_s < before_s - _LOOK_S]
            for task in (*self._fast.overdue(), *slow):
                self.finish(task, LATE)

    def _note_close(self, verdict: Verdict) -> None:
        if verdict.status == "new":
            self._counters.batches_closed.labels("terminal").inc()
        if self.on_close:
            self.on_close()

    async def _run_slow(self) -> None:
        """Try the busy tasks again and again; ends when none is left."""
        try:
            while self._slow:
                await asyncio.sleep(self._limits.retry_s)
                await self._retry_slow()
        finally:
            self._slow_run = None

    async def _retry_slow(self) -> None:
        group = self._slow[: self._limits.group_max]
        outcomes: list[Outcome] = []
        network = self._board.network
        try:
            if network is not None:
                outcomes = await self._side.call(
                    lambda ledger: self._rerun(ledger.run, group, network)
                )
        except LedgerAway:
            log.warning("slow lane waits for the ledger", extra={"group": len(group)})
        except Exception:
            log.exception("slow group failed", extra={"group": len(group)})
            self._slow = self._slow[len(group) :]
            for task in group:
                self.finish(task, FAULT)
            return
        self._sort_out(group, outcomes)

    def _rerun(
        self, run: Callable[..., list[Outcome]], group: list[Task], network: Network
    ) -> list[Outcome]:
        return run([task.request for task in group], network, self._clock())

    def _sort_out(self, group: list[Task], outcomes: list[Outcome]) -> None:
        """Answer what went through, give up what is too old, keep the rest."""
        over_s = time.monotonic() - self._limits.wait_s
        rest = self._slow[len(group) :]
        for number, task in enumerate(group):
            outcome = outcomes[number] if outcomes else None
            if outcome is not None and outcome.status != "busy":
                verdict = Verdict(outcome.status, outcome.rc, outcome.answer)
                self.finish(task, verdict)
            elif task.born_s < over_s:
                self.finish(task, LATE)
            else:
                rest.append(task)
        self._slow = rest

    async def stop(self) -> None:
        """Refuse new tasks, answer all that were taken."""
        self._stopping = True
        await self._fast.stop()
        await asyncio.sleep(0)  # what the lane's thread posted last comes first
        while self._slow_run is not None:
            await asyncio.wait({self._slow_run})
        if self._watch is not None:
            self._watch.cancel()


def operation_of(task: Task) -> str:
    """Name an operation in a log: terminal/batch/number."""
    return "/".join(str(part) for part in task.request.key)
