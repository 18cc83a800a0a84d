"""Authorizations beside other work: a process that does what a gateway does.

Requests come at a steady pace, whatever happens to those before them. Who comes while a
group is under way waits for the next one; the time of a request runs from when it came
until its group is answered.
"""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from ekarte_core import LedgerConnection, load_keyring
from ekarte_stack.bench_customers import Crowd
from ekarte_stack.steps import StackError

GROUP_MAX = 128
START_S, END_S = 120, 120
LOOK_S = 0.05


@dataclass(frozen=True)
class Traffic:
    """Who asks, and how often. Prints without the DSN, which has a password."""

    dsn: str = field(repr=False)
    keyring: Path
    copies: int
    per_second: int
    seed: int = 1


@dataclass
class Served:
    """Requests that were answered: when each came, and how long it waited."""

    came: list[float] = field(default_factory=list)  # by time.monotonic
    waited: list[float] = field(default_factory=list)  # seconds
    codes: Counter[str] = field(default_factory=Counter)

    def between(self, first: float, last: float) -> list[float]:
        """Return how long those waited who came then, in milliseconds, ranked."""
        rows = zip(self.came, self.waited, strict=True)
        return sorted(1000 * waited for came, waited in rows if first <= came < last)


class Gateway:
    """The process, from outside."""

    def __init__(self, traffic: Traffic) -> None:
        context = multiprocessing.get_context("spawn")
        self._ready, self._stop = context.Event(), context.Event()
        self._results: Any = context.Queue()
        self._process = context.Process(
            target=_serve, args=(traffic, self._ready, self._stop, self._results)
        )
        self._process.start()
        if not self._ready.wait(START_S):
            self.abandon()
            raise StackError("no request was answered", advice=repr(traffic))

    def end(self) -> Served:
        """Stop the traffic and return what came of it."""
        self._stop.set()
        served: Served = self._results.get(timeout=END_S)
        self._process.join()
        return served

    def abandon(self) -> None:
        """Leave no process behind, whatever happened."""
        self._process.terminate()
        self._process.join()


@contextmanager
def gateway(traffic: Traffic) -> Iterator[Gateway]:
    """Have traffic for a while."""
    process = Gateway(traffic)
    try:
        yield process
    finally:
        process.abandon()


def _serve(traffic: Traffic, ready: Event, stop: Event, results: Any) -> None:
    ledger = LedgerConnection(traffic.dsn, load_keyring(traffic.keyring))
    network = ledger.network(None)
    crowd, served = Crowd(traffic.copies, traffic.seed), Served()
    asked = 0
    began = time.monotonic()
    while not stop.is_set():
        wanted = int((time.monotonic() - began) * traffic.per_second)
        count = min(wanted - asked, GROUP_MAX)
        if not count:
            time.sleep(1 / traffic.per_second)
            continue
        came = [began + place / traffic.per_second for place in range(asked, wanted)]
        asked += count
        requests = crowd.requests(count)
        outcomes = ledger.run(requests, network, datetime.now(timezone.utc), wait=True)
        now = time.monotonic()
        served.codes.update(outcome.rc for outcome in outcomes)
        served.came += came[:count]
        served.waited += [now - at for at in came[:count]]
        ready.set()
    ledger.close()
    results.put(served)
