"""Customers of a coalition for the settlement's bench: some weeks of their lives.

Each sample card lives day by day through the engine; bench_load gives its history to as
many cards as are wanted. They buy at every branch of the demo network: club cards earn
at three issuers and pay with bonus money at two, gift cards and fuel credit are used
where others sold them, goods come back now and then.
"""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from ekarte_core import CardRef, Keyring, LedgerConnection, Line, Original, Request
from ekarte_core import Tender as Paid
from ekarte_stack.bench_load import Kind
from ekarte_stack.bench_town import club_card, gift_card, with_check_digit
from ekarte_stack.steps import StackError

CLUBS, GIFTS, FLEETS = 6, 3, 2  # sample cards of each kind
SAMPLES = CLUBS + GIFTS + FLEETS
SERIAL_FIRST = 700_000  # above those of the demo and of other benches
GROCER, GROCER_2, FUEL, BOOKS = "00000011", "00000021", "00000031", "00000041"
ROUND_TRIP = (GROCER, FUEL, BOOKS, GROCER, GROCER_2)
HISTORY_BATCH, LIVE_BATCH = 900_001, 900_002
GIFT_LOAD, GIFT_PAYMENT = 500_00, 7_00
BONUS_FROM_DAY, BONUS_EVERY = 6, 3
REFUND_EVERY = 7
GIFT_DAYS = 50  # by then the load is used up, but for what the bench authorizes
LIVE_MINOR = 10  # what the bench authorizes on a gift card


def _serial(number: Callable[[int], str]) -> Callable[[int], str]:
    return lambda serial: number(SERIAL_FIRST + serial)


def fleet_card(serial: int) -> str:
    """Return the number of a fuel card on credit."""
    return with_check_digit(f"9990012{serial:08d}")


CLUB, GIFT, FLEET = map(_serial, (club_card, gift_card, fleet_card))


def kinds(copies: int) -> tuple[Kind, ...]:
    """Return the cards to be: so many for each sample, the samples among them."""
    return (
        Kind(CLUB, CLUBS, CLUBS * copies),
        Kind(GIFT, GIFTS, GIFTS * copies),
        Kind(FLEET, FLEETS, FLEETS * copies),
    )


class Life:
    """What the sample cards do, day by day."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._bought: dict[str, Request] = {}

    def day(self, day: int) -> Iterator[Request]:
        """Yield the requests of one day."""
        for place in range(CLUBS):
            yield from self._club(CLUB(place), day + place, day)
        for place in range(GIFTS):
            yield from self._gift(GIFT(place), day + place, day)
        for place in range(FLEETS):
            yield from self._fleet(FLEET(place), day + place, day)

    def _club(self, card: str, turn: int, day: int) -> Iterator[Request]:
        terminal = ROUND_TRIP[turn % len(ROUND_TRIP)]
        amount = 21_00 + 3_00 * (turn % 7)
        pays = day >= BONUS_FROM_DAY and turn % BONUS_EVERY == 0
        lines: tuple[Line, ...] = ()
        if turn % 2 and not pays:
            food = amount * 3 // 4
            lines = (
                Line(sku="47501234", group="food", amount=food),
                Line(sku="97899841", group="books", amount=amount - food),
            )
        yield self._send(
            "sale",
            card,
            terminal,
            amount=amount,
            lines=lines,
            tender=Paid(bonus=1_00) if pays else None,
            partial=pays,  # what is on the card, where it is less
        )

    def _gift(self, card: str, turn: int, day: int) -> Iterator[Request]:
        if not day:
            yield self._send("activate", card, GROCER, amount=GIFT_LOAD)
            return
        before = self._bought.get(card)
        if before and turn % REFUND_EVERY == 0:
            where = Original(batch=before.batch, operation=before.operation)
            yield self._send(
                "refund", card, before.terminal, amount=2_00, original=where
            )
        self._bought[card] = request = self._send(
            "sale",
            card,
            ROUND_TRIP[turn % len(ROUND_TRIP)],
            amount=GIFT_PAYMENT,
            tender=Paid(gift=GIFT_PAYMENT),
        )
        yield request

    def _fleet(self, card: str, turn: int, day: int) -> Iterator[Request]:
        if not day:
            yield self._send("activate", card, FUEL)
            return
        amount = 5_00 + turn % 3 * 1_00
        terminal = (FUEL, FUEL, GROCER)[turn % 3]
        yield self._send(
            "sale", card, terminal, amount=amount, tender=Paid(credit=amount)
        )

    def _send(self, command: Any, card: str, terminal: str, **rest: Any) -> Request:
        number = next(self._numbers)
        return Request(
            command=command,
            card=CardRef(value=card),
            terminal=terminal,
            batch=HISTORY_BATCH,
            operation=number,
            reference=f"čeks {number}",
            **rest,
        )


def live(dsn: str, keyring: Keyring, days: int) -> None:
    """Let the sample cards live so many days, the last of them yesterday."""
    assert days <= GIFT_DAYS
    ledger, life = LedgerConnection(dsn, keyring), Life()
    today = datetime.now(timezone.utc)
    network = ledger.network(None)
    for day in range(days):
        now = today - timedelta(days=days - day)
        for request in life.day(day):
            (outcome,) = ledger.run([request], network, now)
            # Who has no bonus money yet, and would pay with it, is refused: as in life.
            if outcome.rc not in (("00", "10", "51") if request.partial else ("00",)):
                raise StackError(
                    f"{request!r} on {request.card!r} was answered {outcome.rc}",
                    advice=outcome.answer.decode(),
                )
    ledger.close()


class Crowd:
    """Customers who come while accounting is at work."""

    def __init__(self, copies: int, seed: int) -> None:
        """Choose among the cards that were made of the samples."""
        self._dice = random.Random(seed)  # noqa: S311 - picks a workload, guards nothing
        self._copies = copies
        self._numbers = itertools.count(1)

    def requests(self, count: int) -> list[Request]:
        """Return the next requests: authorizations and sales on club cards."""
        return [self._request() for _ in range(count)]

    def _request(self) -> Request:
        number = next(self._numbers)
        common: dict[str, Any] = {
            "terminal": ROUND_TRIP[number % len(ROUND_TRIP)],
            "batch": LIVE_BATCH,
            "operation": number,
        }
        if number % 2:
            serial = self._dice.randrange(CLUBS * self._copies)
            amount = self._dice.randrange(300, 40_00)
            card = CardRef(value=CLUB(serial))
            return Request(command="sale", card=card, amount=amount, **common)
        card = CardRef(value=GIFT(self._dice.randrange(GIFTS * self._copies)))
        return Request(
            command="authorize",
            card=card,
            amount=LIVE_MINOR,
            tender=Paid(gift=LIVE_MINOR),
            **common,
        )
