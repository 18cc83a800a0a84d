"""Terminals for the gateway's bench: many connections, messages made beforehand.

A process of its own, so that its work is not the gateway's. Messages are packed, signed
and dealt to the connections before the clock starts; answers are kept as they came and
read after it. What is left in between is a write and a read for each.

A connection either sends its next message when it has its answer, or, with a pace, when
the message is due, whatever has become of those before it.
"""

import asyncio
import gc
import multiprocessing
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, cast

from ekarte_core import load_keyring
from ekarte_stack import bench_town as town
from ekarte_stack.bench_messages import ENDS, TOLD, Message, deal
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.steps import StackError

START_S, END_S = 180, 120
TICK_S = 0.002
SILENCE = float("inf")
DRAIN_S = 10.0  # after the last message was due: an answer later than that is none


@dataclass(frozen=True)
class Phase:
    """Some seconds at one pace; 0: a rest, or, in all, as fast as answers come."""

    seconds: float
    rate: float = 0.0


@dataclass(frozen=True)
class Load:
    """Who sends what to whom.

    Attributes:
        ports: one for each gateway; connections are dealt among them.
        count: messages to make; fewer than can be sent end the run early.
        mix: shares of requests, as in bench_town.MIX.
    """

    protocol: town.Protocol
    ports: tuple[int, ...]
    connections: int
    keyring: Path
    cards: int
    batch: int
    seed: int
    count: int
    phases: tuple[Phase, ...]
    mix: Mapping[str, int] = field(default_factory=lambda: town.MIX)

    @property
    def is_paced(self) -> bool:
        """Whether messages go out when they are due, not when there is an answer."""
        return any(phase.rate for phase in self.phases)


@dataclass
class Reply:
    """One message and what became of it; seconds since the start."""

    due: float
    waited: float  # infinite: never answered
    rc: str


@dataclass
class Replies:
    """What came of a load."""

    rows: list[Reply] = field(default_factory=list)
    wall: float = 0.0
    cpu: float = 0.0  # of the client

    @property
    def codes(self) -> Counter[str]:
        """How often each answer code came; '' is silence."""
        return Counter(row.rc for row in self.rows)

    @property
    def per_second(self) -> float:
        """Messages answered each second."""
        return sum(1 for row in self.rows if row.rc) / self.wall

    def waited_ms(self, *codes: str) -> list[float]:
        """Return how long the answers with these codes took, ranked."""
        return sorted(1000 * row.waited for row in self.rows if row.rc in codes)


class _Line(asyncio.Protocol):
    """One connection: writes, collects, notes when."""

    def __init__(self, run: "_Run", todo: deque[Message]) -> None:
        self.todo = todo
        self.sent: list[tuple[float, Message]] = []
        self.answers: list[tuple[float, bytes]] = []
        self._run = run
        self._end_of = run.end_of
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None

    def itself(self) -> "_Line":
        """Return itself: what asyncio asks for a protocol."""
        return self

    def send(self, due_s: float) -> bool:
        """Send the next message; False when there is none, or nobody to send it to."""
        if not self.todo or self._transport is None:
            return False
        message = self.todo.popleft()
        self.sent.append((due_s, message))
        self._transport.write(message.raw)
        return True

    def data_received(self, data: bytes) -> None:
        now_s = time.monotonic()
        buffer = self._buffer + data if self._buffer else data
        while (end := self._end_of(buffer)) > 0:
            self.answers.append((now_s, buffer[:end]))
            buffer = buffer[end:]
            self._run.answered(self, now_s)
        self._buffer = buffer

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class _Run:
    """All connections of a load."""

    def __init__(self, load: Load, made: list[deque[Message]]) -> None:
        self.load = load
        self.end_of = ENDS[load.protocol]
        self._lines = [_Line(self, todo) for todo in made]
        self._end_s = float("inf")
        self._done = asyncio.Event()

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        ports = self.load.ports
        for place, line in enumerate(self._lines):
            port = ports[place % len(ports)]
            await loop.create_connection(line.itself, LOOPBACK, port)

    async def go(self) -> tuple[float, float]:
        """Send all; return when it began and ended."""
        began_s = time.monotonic()
        if self.load.is_paced:
            for phase in self.load.phases:
                await self._pace(phase)
            await self._drain()
            return began_s, time.monotonic()
        self._end_s = began_s + sum(phase.seconds for phase in self.load.phases)
        for line in self._lines:
            line.send(time.monotonic())
        try:
            await asyncio.wait_for(self._done.wait(), self._end_s - began_s)
        except asyncio.TimeoutError:  # the usual end: the time is over
            ended_s = self._end_s
        else:
            ended_s = time.monotonic()
        await self._drain()  # the next run is to find a gateway at rest
        return began_s, ended_s

    def answered(self, line: _Line, now_s: float) -> None:
        """Let a connection go on; the first that has nothing left ends the run."""
        if self.load.is_paced or now_s >= self._end_s or self._done.is_set():
            return
        if not line.send(now_s):
            self._done.set()

    async def _pace(self, phase: Phase) -> None:
        began_s, sent = time.monotonic(), 0
        places = 0
        while True:
            passed = time.monotonic() - began_s
            due = int(min(passed, phase.seconds) * phase.rate)
            for number in range(sent, due):
                line = self._lines[places % len(self._lines)]
                places += 1
                line.send(began_s + number / phase.rate)
            sent = due
            if passed >= phase.seconds:
                return
            await asyncio.sleep(TICK_S)

    async def _drain(self) -> None:
        end_s = time.monotonic() + DRAIN_S
        while time.monotonic() < end_s:
            if all(len(line.answers) >= len(line.sent) for line in self._lines):
                return
            await asyncio.sleep(0.05)

    def close(self) -> None:
        for line in self._lines:
            line.close()

    def replies(self, began_s: float, ended_s: float) -> list[Reply]:
        """Join messages with their answers; what came after the end does not count."""
        rows: list[Reply] = []
        for line in self._lines:
            for due_s, got_s, rc in self._joined(line):
                if got_s <= ended_s:
                    rows.append(Reply(due_s - began_s, got_s - due_s, rc))
                elif self.load.is_paced:
                    rows.append(Reply(due_s - began_s, SILENCE, ""))
        return rows

    def _joined(self, line: _Line) -> Iterator[tuple[float, float, str]]:
        """Yield when each message was due and answered, and the answer's code.

        Refusals overtake what waits: then an answer is that of the oldest open message
        of its number.
        """
        told = TOLD[self.load.protocol]
        open_: dict[str, deque[float]] = defaultdict(deque)
        for due_s, message in line.sent:
            open_[message.key].append(due_s)
        for got_s, raw in line.answers:
            key, rc = told(raw)
            yield open_[key].popleft(), got_s, rc
        for rest in open_.values():
            yield from ((due_s, SILENCE, "") for due_s in rest)


@contextmanager
def client(load: Load) -> Iterator["Client"]:
    """Have a process with these terminals, connected; it ends with the block."""
    process = Client(load)
    try:
        yield process
    finally:
        process.abandon()


class Client:
    """The process of the terminals, from outside."""

    def __init__(self, load: Load) -> None:
        """Start it and wait until its messages are made and its lines are open."""
        context = multiprocessing.get_context("spawn")
        self._ready, self._go = context.Event(), context.Event()
        self._load = load
        self._results: Any = context.Queue()
        self._process = context.Process(
            target=_terminals, args=(load, self._ready, self._go, self._results)
        )
        self._process.start()
        if not self._ready.wait(START_S):
            self.abandon()
            raise StackError("the terminals of the bench are not ready")

    def start(self) -> None:
        """Let them send."""
        self._go.set()

    def result(self) -> Replies:
        """Wait for the end and return what came of it."""
        wait_s = END_S + sum(p.seconds for p in self._load.phases)
        found: Replies = self._results.get(timeout=wait_s)
        self._process.join()
        return found

    def abandon(self) -> None:
        """Leave no process behind, whatever happened."""
        self._process.terminate()
        self._process.join()


def _terminals(load: Load, ready: Event, go: Event, results: Any) -> None:
    crowd = town.Crowd(
        cards=load.cards,
        batch=load.batch,
        seed=load.seed,
        protocol=load.protocol,
        mix=load.mix,
    )
    requests = crowd.requests(load.count)
    keyring = load_keyring(load.keyring)
    dealt = deal(requests, keyring, load.protocol, load.connections)
    gc.freeze()  # what was made beforehand is no work of the run
    results.put(asyncio.run(_drive(_Run(load, dealt), ready, go)))


async def _drive(run: _Run, ready: Event, go: Event) -> Replies:
    await run.connect()
    ready.set()
    await asyncio.get_running_loop().run_in_executor(None, go.wait)
    used_s = time.process_time()
    began_s, ended_s = await run.go()
    cpu_s = time.process_time() - used_s
    rows = run.replies(began_s, ended_s)
    run.close()
    return Replies(rows, ended_s - began_s, cpu_s)
