"""Plays scenes in the order of their clocks and writes down what terminals send.

A scene is a generator: it yields steps and is sent back what the oracle said, so it
can act like a customer does: look at the balance, then decide. Many scenes run side
by side; each terminal serves one customer after the other.
"""

import heapq
import random
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from oracle import Oracle
from rules import with_check_digit
from said import Expected, Operation

SERVING_S = (4, 11)  # a terminal needs this long for each customer
FIRST_BATCH = 324  # the terminals close once a day: 20 November is day 324
# What the shop's own cash register prints a receipt for, with the receipt's number.
PRINTED = ("sale", "confirm", "refund", "activate", "top_up", "redeem")


@dataclass(frozen=True)
class Step:
    """What a scene wants done. `at`: not before, seconds since midnight."""

    at: int
    terminal: str
    command: str
    note: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    send: str = ""  # '', 'repeat' (same bytes again), 'conflict', 'late'
    key: tuple[str, int, int] | None = None  # if not the terminal's next one


@dataclass(frozen=True)
class Played:
    """One line of the day."""

    at: int
    step: Step
    operation: Operation
    expected: Expected

    @property
    def original(self) -> tuple[str, int, int]:
        """How a later operation names this one."""
        return self.operation.key


Scene = Generator[Step, Played, None]


def clock(text: str) -> int:
    """Seconds since midnight of `HH:MM` or `HH:MM:SS`."""
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return hours * 3600 + minutes * 60 + sum(seconds)


class Theatre:
    """The stage: terminals with their numbering, cards, and the oracle."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.oracle = Oracle()
        self.played: list[Played] = []
        self._queue: list[tuple[int, int, Scene, Step]] = []
        self._order = 0
        terminals = self.oracle.world.rules.terminals
        self._batch = dict.fromkeys(terminals, FIRST_BATCH)
        self._number = dict.fromkeys(terminals, 0)
        self._free_at = dict.fromkeys(terminals, 0)
        self._pace = random.Random(seed)
        self._serials: dict[str, Iterator[int]] = {}

    def rng(self, name: str) -> random.Random:
        """A random source of a scene's own: adding scenes does not move the others."""
        return random.Random(f"{self.seed}/{name}")

    def card(self, series: str) -> str:
        """A card number that nobody has used: `series` is its first seven digits."""
        serials = self._serials.setdefault(series, iter(range(1037, 10**8, 7919)))
        return with_check_digit(f"{series}{next(serials):08d}")

    def reserve(self, terminal: str) -> tuple[str, int, int]:
        """Take an operation number that the terminal counted but could not send."""
        self._number[terminal] += 1
        return (terminal, self._batch[terminal], self._number[terminal])

    def totals(self, terminal: str) -> tuple[tuple[str, int, int], ...]:
        """What the terminal has counted since its last close."""
        return self.oracle.host_totals(terminal, self._batch[terminal])

    def next_batch(self, terminal: str) -> None:
        """The batch is closed: number on."""
        self._batch[terminal] += 1

    def enter(self, scene: Scene) -> None:
        """Put a scene on the stage."""
        self._push(scene, next(scene))

    def run(self) -> list[Played]:
        """Play until every scene has ended."""
        while self._queue:
            at, _, scene, step = heapq.heappop(self._queue)
            free = self._free_at[step.terminal]
            if at < free:
                self._push(scene, replace(step, at=free))
                continue
            self._free_at[step.terminal] = at + self._pace.randint(*SERVING_S)
            played = self._play(at, step)
            try:
                self._push(scene, scene.send(played))
            except StopIteration:
                continue
        return self.played

    def _push(self, scene: Scene, step: Step) -> None:
        self._order += 1
        heapq.heappush(self._queue, (step.at, self._order, scene, step))

    def _play(self, at: int, step: Step) -> Played:
        _terminal, batch, number = step.key or self.reserve(step.terminal)
        fields = dict(step.fields)
        if step.command == "close":
            # Counted at the second of closing, not when the scene was written.
            count = fields.get("totals", tuple)
            fields["totals"] = count(self.totals(step.terminal))
        if step.command in PRINTED:
            fields["reference"] = f"čeks {step.terminal[-2:]}/{number:05}"
        operation = Operation(step.terminal, batch, number, step.command, **fields)
        now = f"{at // 3600:02}:{at // 60 % 60:02}"
        played = Played(at, step, operation, self.oracle.decide(operation, now))
        self.played.append(played)
        return played
