"""The tills of the town: they number operations, send them, and close batches."""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from ekarte_core import (
    APPROVED,
    Answer,
    BatchTotal,
    CardRef,
    Command,
    Keyring,
    Network,
    Original,
    Request,
    decode_answer,
    execute,
)
from ekarte_stack.showcase.town import Card

OF_BRANCH = {
    "G1": ("00000011", "00000011", "00000012"),
    "G2": ("00000021", "00000022"),
    "G3": ("00000051",),
    "F1": ("00000031", "00000032", "00000032"),
    "F2": ("00000061",),
    "B1": ("00000041", "00000041", "00000042"),
}
FIRST_BATCH = 1_000  # above those of the trading day
GROUP = 100
Heard = Callable[[Request, Answer], None]


@dataclass(frozen=True)
class Wish:
    """What somebody wants at a till; `heard` is called with what came of it."""

    branch: str
    command: Command
    card: Card | None
    parts: dict[str, Any]
    heard: Heard | None = None
    terminal: str = ""  # '' any of the branch
    at: datetime | None = None  # by the terminal's clock, where it tells later


class Tills:
    """All tills of the coalition, over one lent cursor."""

    def __init__(
        self, dice: random.Random, cursor: Any, network: Network, keyring: Keyring
    ) -> None:
        self._dice = dice
        self._cursor, self._keyring = cursor, keyring
        self.network = network
        self._batch: Counter[str] = Counter()
        self._number: Counter[str] = Counter()
        self._sums: dict[str, Counter[str]] = {}
        self._counts: dict[str, Counter[str]] = {}
        self.codes: Counter[str] = Counter()
        self.count = 0

    def serve(self, wishes: Sequence[Wish], now: datetime) -> None:
        """Send all of them at one moment; each hears its answer."""
        for first in range(0, len(wishes), GROUP):
            part = wishes[first : first + GROUP]
            requests = [self._request(wish, now) for wish in part]
            outcomes = execute(self._cursor, requests, self.network, self._keyring, now)
            for wish, request, outcome in zip(part, requests, outcomes, strict=True):
                self._hear(wish, request, decode_answer(outcome.answer))

    def close(self, now: datetime) -> None:
        """Close all batches; one till in fifty has miscounted, and is told so."""
        for terminal in sorted(self._counts):
            totals = self._totals(terminal)
            if totals and self._dice.random() < 0.02:
                wrong = msgspec.structs.replace(totals[0], count=totals[0].count + 1)
                self._close(terminal, (wrong, *totals[1:]), now)
            self._close(terminal, totals, now)
            self._batch[terminal] += 1
            self._number[terminal] = 0
        self._sums.clear()
        self._counts.clear()

    def _close(
        self, terminal: str, totals: tuple[BatchTotal, ...], now: datetime
    ) -> None:
        self._number[terminal] += 1
        request = Request(
            command="close",
            terminal=terminal,
            batch=FIRST_BATCH + self._batch[terminal],
            operation=self._number[terminal],
            totals=totals,
            slip="none",
            local_time=now,
        )
        [outcome] = execute(self._cursor, [request], self.network, self._keyring, now)
        self.codes[f"close {decode_answer(outcome.answer).rc}"] += 1

    def _totals(self, terminal: str) -> tuple[BatchTotal, ...]:
        sums = self._sums[terminal]
        return tuple(
            BatchTotal(command=command, count=count, amount=sums[command])
            for command, count in sorted(self._counts[terminal].items())
        )

    def _request(self, wish: Wish, now: datetime) -> Request:
        terminal = wish.terminal or self._dice.choice(OF_BRANCH[wish.branch])
        self._number[terminal] += 1
        return Request(
            command=wish.command,
            terminal=terminal,
            batch=FIRST_BATCH + self._batch[terminal],
            operation=self._number[terminal],
            card=CardRef(value=wish.card.number) if wish.card else None,
            local_time=wish.at or now,
            slip="none",
            **wish.parts,
        )

    def _hear(self, wish: Wish, request: Request, answer: Answer) -> None:
        self.codes[answer.rc] += 1
        self.count += 1
        if answer.rc in APPROVED:
            terminal = request.terminal
            self._counts.setdefault(terminal, Counter())[request.command] += 1
            self._sums.setdefault(terminal, Counter())[request.command] += answer.amount
            if wish.card is not None:
                remember(wish.card, answer)
        if wish.heard is not None:
            wish.heard(request, answer)


def remember(card: Card, answer: Answer) -> None:
    """Keep what the slip says of the card's balances and vouchers."""
    card.opened = True
    for balance in answer.balances:
        if balance.unit == "EUR" and balance.kind == "gift_card":
            card.gift = balance.available
        elif balance.unit == "EUR":
            card.bonus = balance.available
        elif balance.unit == "visit":
            card.visits = balance.available
        elif balance.unit == "points" and balance.kind == "bonus_prize":
            card.points = balance.available
        elif balance.unit == "credit":
            card.owed = -balance.value
    card.vouchers += [one.code for one in answer.vouchers if one.kind == "money"]


def original(request: Request) -> Original:
    """How another request names this one."""
    return Original(
        terminal=request.terminal, batch=request.batch, operation=request.operation
    )
