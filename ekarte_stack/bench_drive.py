"""Cells of the ledger's bench: groups of requests, executed as fast as they go.

A cell has one or more writers, each with a connection and a share of the cards of its
own: threads of one process, or processes. Requests are made before the clock starts;
what is measured begins where a gateway hands a group over and ends with its answers.
"""

import gc
import multiprocessing
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any

from ekarte_core import LedgerConnection, load_keyring
from ekarte_stack import bench_town as town
from ekarte_stack.bench_server import cpu_seconds
from ekarte_stack.cluster import GATEWAY, Cluster

WARM_GROUPS = 20
SPAWN_TIMEOUT_S = 120


@dataclass(frozen=True)
class Cell:
    """One way to drive a ledger: `group` requests in one commit, several writers."""

    database: str
    cards: int
    group: int
    threads: int = 1
    processes: int = 1

    @property
    def writers(self) -> str:
        """The writers in words."""
        threads = "1 connection" if self.threads == 1 else f"{self.threads} threads"
        if self.processes == 1:
            return threads
        return f"{self.processes} processes"


@dataclass
class Tally:
    """What writers have done in a cell; times in seconds."""

    requests: int = 0
    wall: float = 0.0
    python_cpu: float = 0.0
    server_cpu: float = 0.0
    groups: list[float] = field(default_factory=list)  # each group's time
    outcomes: Counter[str] = field(default_factory=Counter)  # status and code

    @property
    def per_second(self) -> float:
        """Requests answered each second."""
        return self.requests / self.wall

    def group_ms(self, part: float) -> float:
        """The time of a group that this part of all groups does not exceed."""
        ranked = sorted(self.groups)
        return 1000 * ranked[min(int(part * len(ranked)), len(ranked) - 1)]

    def us(self, seconds: float) -> float:
        """Microseconds for each request."""
        return 1e6 * seconds / self.requests

    def add(self, other: "Tally") -> None:
        """Count another writer in; writers work at the same time."""
        self.requests += other.requests
        self.wall = max(self.wall, other.wall)
        self.python_cpu += other.python_cpu
        self.groups += other.groups
        self.outcomes += other.outcomes


@dataclass(frozen=True)
class Share:
    """One writer's part of a cell. Prints without the DSN, which has a password."""

    cell: Cell
    dsn: str = field(repr=False)
    keyring: Path
    batch: int
    seed: int
    seconds: float
    place: int
    expected: float  # requests a second: how many to make beforehand


def drive(
    server: Cluster,
    cell: Cell,
    *,
    keyring: Path,
    batch: int,
    seed: int,
    seconds: float,
    expected: float,
) -> Tally:
    """Run one cell and add its writers up. `batch` must be new to the ledger."""
    dsn = server.dsn(GATEWAY, cell.database)
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(cell.processes + 1)
    results: Any = context.Queue()
    workers = [
        context.Process(
            target=_process,
            args=(
                [
                    Share(cell, dsn, keyring, batch, seed, seconds, place, expected)
                    for place in range(first, first + cell.threads)
                ],
                barrier,
                results,
            ),
        )
        for first in range(0, cell.processes * cell.threads, cell.threads)
    ]
    for worker in workers:
        worker.start()
    total = Tally()
    barrier.wait(SPAWN_TIMEOUT_S)
    before = cpu_seconds(server)
    barrier.wait(SPAWN_TIMEOUT_S + seconds)  # all are done, all are still connected
    total.server_cpu = cpu_seconds(server) - before
    barrier.wait(SPAWN_TIMEOUT_S)
    for _ in workers:
        total.add(results.get(timeout=SPAWN_TIMEOUT_S))
    for worker in workers:
        worker.join()
    return total


def _process(shares: list[Share], barrier: Barrier, results: Any) -> None:
    """Drive the threads of one process."""
    writers = [Writer(share) for share in shares]
    gc.freeze()  # the requests are the terminals', not the ledger's
    barrier.wait(SPAWN_TIMEOUT_S)
    began = time.process_time()
    threads = [
        threading.Thread(target=writer.run, daemon=True) for writer in writers[1:]
    ]
    for thread in threads:
        thread.start()
    writers[0].run()
    for thread in threads:
        thread.join()
    total = Tally(python_cpu=time.process_time() - began)
    barrier.wait()
    barrier.wait()
    for writer in writers:
        writer.ledger.close()
        total.add(writer.tally)
    results.put(total)


class Writer:
    """One connection with its requests."""

    def __init__(self, share: Share) -> None:
        """Connect, make the requests, and send some groups to warm up."""
        self.share, self.cell = share, share.cell
        self.tally = Tally()
        self.ledger = LedgerConnection(share.dsn, load_keyring(share.keyring))
        self.network = self.ledger.network(None)
        self.crowd = town.Crowd(
            cards=self.cell.cards,
            batch=share.batch,
            seed=share.seed,
            share=share.place,
            shares=self.cell.threads * self.cell.processes,
        )
        for _ in range(WARM_GROUPS):
            self.group(self.crowd.requests(self.cell.group))
        self.tally = Tally()
        wanted = int(share.expected * share.seconds / self.cell.group) + WARM_GROUPS
        self._ready = [self.crowd.requests(self.cell.group) for _ in range(wanted)]
        self._ready.reverse()

    def run(self) -> None:
        """Execute groups until the time is over."""
        began = time.monotonic()
        end = began + self.share.seconds
        while time.monotonic() < end:
            ready = self._ready.pop() if self._ready else None
            self.group(ready or self.crowd.requests(self.cell.group))
        self.tally.wall = time.monotonic() - began

    def group(self, requests: list[Any]) -> None:
        """Execute one group, and again what another writer's lock held up."""
        began = time.monotonic()
        while requests:
            now = datetime.now(timezone.utc)
            outcomes = self.ledger.run(requests, self.network, now)
            for outcome in outcomes:
                self.tally.outcomes[f"{outcome.status} {outcome.rc}"] += 1
            busy = [row.request for row in outcomes if row.status == "busy"]
            self.tally.requests += len(requests) - len(busy)
            requests = busy
        self.tally.groups.append(time.monotonic() - began)
