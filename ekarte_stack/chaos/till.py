"""One terminal in trouble: it sells, waits in vain, asks again, takes back."""

import random
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ekarte_auth_gateway.testing import (
    CodecError,
    FrameTerminal,
    HttpTerminal,
    IsoTerminal,
    TerminalError,
)
from ekarte_core import Answer, CardRef, Command, Original, Request, Tender
from ekarte_stack.chaos import town
from ekarte_stack.chaos.journal import Journal, is_final
from ekarte_stack.ports import LOOPBACK

WAIT_S = 1.2  # for an answer: less than some faults last
PAUSE_S = 0.2  # before asking again
TRIES_MAX = 3  # before it goes on with something else; asked again at the end
KEPT = 12  # operations that may be followed by others
# What a terminal does next, of a hundred.
MIX = {"sale": 34, "authorize": 14, "follow": 34, "top_up": 10, "early": 4, "again": 4}


class Line(Protocol):
    """A way to the gateway."""

    last_raw: bytes

    def send(self, request: Request) -> Answer:
        """Send one command; return its answer."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


def dial(
    till: town.Till, key: bytes, ports: Mapping[str, int], wait_s: float = WAIT_S
) -> Line:
    """Return the terminal's own way to the gateway; connects when first used."""
    port = ports[till.door]
    if till.door == "http":
        return HttpTerminal(
            f"http://{LOOPBACK}:{port}", till.number, key, wait_s=wait_s
        )
    if till.door == "iso":
        return IsoTerminal(LOOPBACK, port, till.number, key, wait_s=wait_s)
    return FrameTerminal.over_tcp(LOOPBACK, port, till.number, key, wait_s=wait_s)


def exchange(line: Line, journal: Journal, request: Request) -> Answer | None:
    """Ask once, with a word in the journal before and after; None: no answer."""
    journal.ask(request)
    try:
        answer = line.send(request)
    except (TerminalError, CodecError, OSError) as fault:
        journal.silent(request, str(fault))
        line.close()  # a late answer must not be taken for the next one's
        return None
    journal.told(request, answer, line.last_raw)
    return answer


@dataclass
class Counter:
    """Operation numbers of one terminal in one batch, shared by nobody."""

    batch: int
    last: int = 0

    def next(self) -> dict[str, int]:
        """Return the next key's two numbers."""
        self.last += 1
        return {"batch": self.batch, "operation": self.last}


class Seller:
    """Makes up what a terminal does; everything follows from the dice."""

    def __init__(
        self,
        till: town.Till,
        dice: random.Random,
        counter: Counter,
        cards: Sequence[str],
    ) -> None:
        """Sell on these cards; the first few are this terminal's to activate."""
        self.till, self._dice, self._counter = till, dice, counter
        self._cards = list(cards)
        self._past: deque[Request] = deque(maxlen=KEPT)
        self._late: list[Request] = []
        self._make: dict[str, Callable[[], Request]] = {
            "sale": lambda: self._pay("sale"),
            "authorize": lambda: self._pay("authorize"),
            "follow": self._follow,
            "top_up": self._top_up,
            "early": self._early,
            "again": self._again,
        }

    def activate(self, card: str) -> Request:
        """Sell a card."""
        return self._new("activate", card=CardRef(value=card), amount=town.LOAD)

    def next(self) -> Request:
        """Return what comes next."""
        kind = self._dice.choices(list(MIX), list(MIX.values()))[0]
        request = self._make[kind]()
        self._past.append(request)
        return request

    def undo(self, request: Request) -> Request:
        """Take back what nobody has answered for."""
        return self._new("reverse", original=_original(request))

    def _new(self, command: Command, **fields: Any) -> Request:
        return Request(
            command=command,
            terminal=self.till.number,
            slip="none",
            **self._counter.next(),
            **fields,
        )

    def _pay(self, command: Command) -> Request:
        amount = self._dice.choice([1, 99, 700, 1000, 2500, 9000])
        gift = self._dice.choice([amount, amount, min(amount, 50)])
        return self._new(
            command,
            card=CardRef(value=self._dice.choice(self._cards)),
            amount=amount,
            tender=Tender(gift=gift),
            partial=self._dice.random() < 0.3,
        )

    def _top_up(self) -> Request:
        card = CardRef(value=self._dice.choice(self._cards))
        return self._new("top_up", card=card, amount=self._dice.choice([500, 3000]))

    def _follow(self) -> Request:
        if not self._past:
            return self._top_up()
        before = self._dice.choice(self._past)
        if before.command == "authorize" and self._dice.random() < 0.8:
            return self._new(
                "confirm", original=_original(before), amount=before.amount
            )
        if before.command in ("sale", "confirm") and self._dice.random() < 0.5:
            amount = self._dice.choice([1, 50, 99, 700])
            return self._new("refund", original=_original(before), amount=amount)
        return self.undo(before)

    def _early(self) -> Request:
        """A reversal now, its original later: as when the original was on the way."""
        if self._late and self._dice.random() < 0.6:
            return self._late.pop(0)
        late = self._pay("sale")
        self._late.append(late)
        return self.undo(late)

    def _again(self) -> Request:
        return self._dice.choice(self._past) if self._past else self._top_up()


def _original(request: Request) -> Original:
    return Original(batch=request.batch, operation=request.operation)


class TillRun:
    """One terminal at work until it is told to stop."""

    def __init__(
        self, seller: Seller, line: Line, journal: Journal, dice: random.Random
    ) -> None:
        """Take what it sells, the way to the gateway and the journal."""
        self._seller, self._line, self._journal = seller, line, journal
        self._dice = dice
        self.asked = 0

    def work(self, stop: threading.Event, own_cards: Sequence[str]) -> None:
        """Activate its cards, then sell until `stop`."""
        for card in own_cards:
            self._settle(self._seller.activate(card), stop)
        while not stop.is_set():
            self._settle(self._seller.next(), stop)
        self._line.close()
        self._journal.close()

    def _settle(self, request: Request, stop: threading.Event) -> None:
        """Ask until there is an answer, within reason; else take it back, or go on."""
        for _ in range(TRIES_MAX):
            self.asked += 1
            answer = exchange(self._line, self._journal, request)
            if answer is not None and is_final(answer.rc):
                return
            if stop.wait(PAUSE_S) or self._dice.random() < 0.3:
                break
        undone = request.command in ("sale", "authorize", "confirm", "top_up")
        if undone and not stop.is_set() and self._dice.random() < 0.5:
            self.asked += 1
            exchange(self._line, self._journal, self._seller.undo(request))
