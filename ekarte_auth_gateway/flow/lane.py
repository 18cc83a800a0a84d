"""The fast lane: one thread, one connection, and everything that waits is a group.

While one group commits, the next one gathers, so groups grow with the load by
themselves. A group is one transaction of the ledger, and half of what a small one costs
is the same for a large one: so after a group the lane lets those whom it has answered
come again, a few milliseconds at most, and never for a single one.
"""

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable

from ekarte_auth_gateway.flow.board import Board
from ekarte_auth_gateway.flow.counters import Counters
from ekarte_auth_gateway.flow.threads import (
    LEDGER_FAULTS,
    Connector,
    LedgerAway,
    first_line,
    join,
)
from ekarte_auth_gateway.messages import AWAY, FAULT, LATE, NONCE_SEEN, Task, Verdict
from ekarte_auth_gateway.ports import Clock, Ledger, OpenLedger

log = logging.getLogger(__name__)

Settled = list[tuple[Task, Verdict]]
_PAUSE_MIN_S = 0.01
_SLEEP_MAX_S = 0.5
_GATHER_S = 0.01
_START = 8  # a group costs as much as so many tasks before the first of them
_ROOM_MIN = 16


class FastLane:
    """Takes tasks on the event loop, executes them in its thread, answers in groups."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        board: Board,
        clock: Clock,
        counters: Counters,
        deliver: Callable[[Settled], None],
        *,
        queue_max: int,
        group_max: int,
        queue_s: float,
        wait_s: float,
    ) -> None:
        """Bind to the running loop; `deliver` is called there with each group.

        Args:
            open_ledger: opens the lane's own connection.
            board: the network to decide by.
            clock: now, for the ledger.
            counters: figures.
            deliver: takes (task, verdict) pairs; verdicts may be 'busy'.
            queue_max: tasks that may wait.
            queue_s: how long a task may take, as far as the last groups tell.
            group_max: tasks in one transaction.
            wait_s: a task that is older is answered 91 instead of executed.
        """
        self._connector = Connector(open_ledger, "fast")
        self._board = board
        self._clock = clock
        self._counters = counters
        self._deliver = deliver
        self._queue_max = queue_max
        self._queue_s = queue_s
        self._room = queue_max
        self._pace_s = 0.0  # what a task takes
        self._lag_s = 0.0  # how far the loop is behind
        self._group_max = group_max
        self._wait_s = wait_s
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Task] = deque()
        self._some = threading.Condition()
        self._wanted = 1  # so many are worth waking the lane for
        self._served = 0  # tasks in the last group
        self._group: list[Task] = []  # under way
        self._began_s = 0.0  # when; 0.0: there is none
        self._stopping = False
        self.away = True
        self._thread = threading.Thread(
            target=self._run, name="ledger-fast", daemon=True
        )

    def start(self) -> None:
        """Begin to connect and to work."""
        self._thread.start()

    def put(self, task: Task) -> bool:
        """Queue a task; False when the queue is full. Called on the event loop."""
        with self._some:
            if not self.has_room:
                return False
            self._waiting.append(task)
            if len(self._waiting) >= self._wanted:
                self._some.notify()
        return True

    @property
    def room(self) -> int:
        """How many tasks may wait at the moment."""
        return self._room

    @property
    def has_room(self) -> bool:
        """Whether one more task may wait."""
        return len(self._waiting) < self._room

    @property
    def depth(self) -> int:
        """Tasks that wait."""
        return len(self._waiting)

    @property
    def is_stuck(self) -> bool:
        """Whether the group under way takes longer than a task may wait.

        So it is where the commit waits for a standby that is away.
        """
        began_s = self._began_s
        return began_s > 0.0 and time.monotonic() - began_s > self._wait_s

    def overdue(self) -> list[Task]:
        """Return the tasks, under way or not yet, that have waited long enough."""
        before_s = time.monotonic() - self._wait_s
        with self._some:
            held = [*self._group, *self._waiting]
        return [task for task in held if task.born_s < before_s]

    def has(self, key: tuple[str, int, int]) -> bool:
        """Whether an operation is under way here, or waits."""
        with self._some:
            held = [*self._group, *self._waiting]
        return any(task.request.key == key for task in held)

    async def stop(self) -> None:
        """Execute what waits, hang up, end the thread."""
        with self._some:
            self._stopping = True
            self._some.notify()
        await join(self._thread)

    def _run(self) -> None:
        while self._turn():
            pass
        self._connector.drop()

    def _turn(self) -> bool:
        """Serve one group; False when the lane is to end."""
        try:
            group = self._take()
            if group:
                self._began_s = began_s = time.monotonic()
                try:
                    self._serve(group)
                finally:
                    self._began_s, self._group = 0.0, []
                self._measure(len(group), time.monotonic() - began_s)
                return True
        except Exception:
            # A lane that died silently would leave a gateway that answers nobody.
            log.exception("the lane stumbled")
            time.sleep(_SLEEP_MAX_S)
            return True
        return not self._stopping

    def _take(self) -> list[Task]:
        """Wait for tasks, and meanwhile for the database if it is away."""
        if self.away:
            self._connect()
        with self._some:
            if self._served > 1 and not self._stopping:
                self._gather()
            if not self._waiting and not self._stopping:
                pause_s = self._connector.wait_s + _PAUSE_MIN_S
                self._some.wait(pause_s if self.away else None)
            count = min(len(self._waiting), self._group_max)
            self._served = count
            self._group = [self._waiting.popleft() for _ in range(count)]
            return self._group

    def _gather(self) -> None:
        """Wait a little for those of the last group to come again."""
        self._wanted = min(len(self._waiting) + self._served, self._group_max)
        if len(self._waiting) < self._wanted:
            self._some.wait(_GATHER_S)
        self._wanted = 1

    def _measure(self, count: int, took_s: float) -> None:
        """Learn from a group how many tasks may wait.

        A task waits for the loop to read it, for the group before it and those that
        came first, and for the loop again, to be answered.
        """
        self._counters.lane_busy_s.inc(took_s)
        pace_s = took_s / (count + _START)
        self._pace_s += (pace_s - self._pace_s) / 4 if self._pace_s else pace_s
        left_s = self._queue_s - 2 * self._lag_s - count * self._pace_s
        room = int(left_s / self._pace_s)
        self._room = min(max(room, _ROOM_MIN), self._queue_max)

    def _connect(self) -> None:
        try:
            self._connector.get()
        except LedgerAway:
            self._note_away()
        else:
            self._note_back()

    def _note_away(self) -> None:
        self.away = True
        self._counters.ledger_up.set(0)

    def _note_back(self) -> None:
        self.away = False
        self._counters.ledger_up.set(1)

    def _serve(self, group: list[Task]) -> None:
        """Execute a group, trying again while the database comes back in time.

        Trying again is safe even when the commit's fate is unknown: an operation
        that went through is answered from its stored answer.
        """
        while group := self._drop_late(group):
            try:
                self._execute(self._connector.get(), group)
            except LedgerAway:
                self._note_away()
                time.sleep(min(self._connector.wait_s, _SLEEP_MAX_S))
            except LEDGER_FAULTS as fault:
                log.warning(
                    "ledger lost",
                    extra={"reason": first_line(fault), "group": len(group)},
                )
                self._connector.drop()
            except Exception:
                # Our own bug must not end the lane. Nobody is told "approved".
                log.exception("group failed", extra={"group": len(group)})
                self._connector.drop()
                self._post([(task, FAULT) for task in group])
                return
            else:
                self._note_back()
                return

    def _drop_late(self, group: list[Task]) -> list[Task]:
        oldest_s = time.monotonic() - self._wait_s
        late = [task for task in group if task.born_s < oldest_s]
        if not late:
            return group
        verdict = AWAY if self.away else LATE
        self._post([(task, verdict) for task in late])
        return [task for task in group if task.born_s >= oldest_s]

    def _execute(self, ledger: Ledger, group: list[Task]) -> None:
        network = self._board.network
        if network is None:
            self._post([(task, AWAY) for task in group])
            return
        now = self._clock()
        fresh, replayed = self._screen(ledger, group)
        outcomes = ledger.run([task.request for task in fresh], network, now)
        self._counters.group_size.observe(len(fresh))
        settled: Settled = [(task, NONCE_SEEN) for task in replayed]
        for task, outcome in zip(fresh, outcomes, strict=True):
            verdict = Verdict(outcome.status, outcome.rc, outcome.answer)
            settled.append((task, verdict))
        self._post(settled)

    def _screen(
        self, ledger: Ledger, group: list[Task]
    ) -> tuple[list[Task], list[Task]]:
        """Divide a group by its nonces into fresh tasks and replayed ones.

        A nonce that was offered before a connection broke may be remembered because
        of that very offer; finding it then proves nothing.
        """
        signed = [task for task in group if task.nonce is not None]
        if not signed:
            return group, []
        offered_before = [task.nonce_tried for task in signed]
        for task in signed:
            task.nonce_tried = True
        pairs = [(task.request.terminal, task.nonce or "") for task in signed]
        new = ledger.remember_nonces(pairs, self._clock())
        replayed: set[Task] = set()
        met: set[tuple[str, str]] = set()
        for task, pair, first, again in zip(
            signed, pairs, new, offered_before, strict=True
        ):
            if pair in met or not (first or again):
                replayed.add(task)
            met.add(pair)
        return (
            [task for task in group if task not in replayed],
            [task for task in group if task in replayed],
        )

    def _post(self, settled: Settled) -> None:
        self._loop.call_soon_threadsafe(self._hand_over, settled, time.monotonic())

    def _hand_over(self, settled: Settled, posted_s: float) -> None:
        self._lag_s += (time.monotonic() - posted_s - self._lag_s) / 4
        self._deliver(settled)
