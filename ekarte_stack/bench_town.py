"""The town of the ledger's bench: its network, its cards, and what terminals send.

Everything follows from a seed. The network is the demo's, with more terminals and with
points that burn, so that points lie in lots with an end. Shares of `MIX` are of a
thousand requests; docs/PERFORMANCE.md says why.
"""

import json
import random
from collections import deque
from collections.abc import Mapping
from typing import Any, Literal

from ekarte_core import CardRef, Line, Original, Request, Tender
from ekarte_stack.day_file import NETWORK

CLUB_PREFIX, GIFT_PREFIX = "9990001", "9990002"
CLUB_SHARE = 7  # of ten cards, the others are gift cards
CLUB_SAMPLES = 5
TERMINALS = 256  # of each protocol
Protocol = Literal["http", "iso8583"]
PREFIX: dict[Protocol, str] = {"http": "BE", "iso8583": "BI"}
POINTS_BURN_DAYS = 730
GIFT_PAYMENT_MAX = 12_00
# A million payments: on no machine is a run so long that it empties a card.
GIFT_LOAD = 1_000_000 * GIFT_PAYMENT_MAX
# club sale, sale paid by a gift card, authorize, confirm, repeat of an earlier one
MIX = {"club": 592, "gift": 250, "authorize": 100, "confirm": 50, "repeat": 8}
WAIT_BEFORE_CONFIRM = 300  # requests: a terminal answers what it has been answered
REPEAT_AFTER = 600


def network_document() -> dict[str, Any]:
    """Return the demo's network with the bench's terminals, points and gift cards."""
    document: dict[str, Any] = json.loads(NETWORK.read_text())
    for program in document["programs"]:
        if program["kind"] == "bonus_amount":
            program["parameters"] |= {
                "expire_days": POINTS_BURN_DAYS,
                "expire_at": "month",  # else each day of purchases is a lot
            }
        if program["kind"] == "gift_card":
            program["parameters"] |= {"max_balance": GIFT_LOAD}
    document["terminals"] = [
        {
            "id": name,
            "branch": "G2" if place % 4 == 3 else "G1",
            "name": f"Kase {place}",
            "protocol": protocol,
        }
        for protocol in PREFIX
        for place, name in enumerate(terminals(protocol=protocol))
    ]
    return document


def terminals(
    share: int = 0, shares: int = 1, protocol: Protocol = "http"
) -> list[str]:
    """Return the terminals of one share of the town."""
    prefix = PREFIX[protocol]
    return [f"{prefix}{place:06d}" for place in range(TERMINALS)][share::shares]


def club_card(serial: int) -> str:
    """Return the number of a club card."""
    return with_check_digit(f"{CLUB_PREFIX}{serial:08d}")


def gift_card(serial: int) -> str:
    """Return the number of a gift card."""
    return with_check_digit(f"{GIFT_PREFIX}{serial:08d}")


_TWICE = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # the sum of the digits of twice the digit


def with_check_digit(body: str) -> str:
    """Return a card number: these digits and the one that checks them."""
    digits = [int(digit) for digit in body]
    total = sum(_TWICE[digit] for digit in digits[::-2]) + sum(digits[-2::-2])
    return f"{body}{-total % 10}"


class Crowd:
    """Customers at the terminals of one share of the town.

    Several shares work side by side on cards and terminals of their own, as gateways
    do that split the cards among their connections.
    """

    def __init__(
        self,
        *,
        cards: int,
        batch: int,
        seed: int,
        share: int = 0,
        shares: int = 1,
        protocol: Protocol = "http",
        mix: Mapping[str, int] = MIX,
    ) -> None:
        """Send in this batch; batches must differ from cell to cell."""
        self._dice = random.Random(f"{seed}/{batch}/{share}")  # noqa: S311 - picks a workload, guards nothing
        self._batch, self._share, self._shares = batch, share, shares
        self._clubs = cards * CLUB_SHARE // 10
        self._gifts = cards - self._clubs
        self._terminals = terminals(share, shares, protocol)
        self._sent = 0
        self._held: deque[tuple[int, Request]] = deque()
        self._past: deque[Request] = deque(maxlen=REPEAT_AFTER)
        self._kinds, self._weights = list(mix), list(mix.values())

    def requests(self, count: int) -> list[Request]:
        """Return the next requests in the order in which they come."""
        kinds = self._dice.choices(self._kinds, self._weights, k=count)
        return [self._request(kind) for kind in kinds]

    def _request(self, kind: str) -> Request:
        if kind == "repeat" and len(self._past) == REPEAT_AFTER:
            return self._past[0]
        if kind == "confirm" and self._held:
            since, authorized = self._held[0]
            if self._sent - since > WAIT_BEFORE_CONFIRM:
                self._held.popleft()
                return self._keep(self._confirm(authorized))
        if kind == "club":
            return self._keep(self._club_sale())
        if kind == "authorize":
            request = self._gift_payment("authorize")
            self._held.append((self._sent, request))
            return self._keep(request)
        return self._keep(self._gift_payment("sale"))

    def _keep(self, request: Request) -> Request:
        self._past.append(request)
        return request

    def _next_key(self) -> dict[str, Any]:
        place = self._sent % len(self._terminals)
        self._sent += 1
        return {
            "terminal": self._terminals[place],
            "batch": self._batch,
            "operation": self._sent // len(self._terminals) + 1,
            "reference": f"čeks {self._sent}",
        }

    def _mine(self, cards: int) -> int:
        """Choose one of the cards of this share."""
        return self._dice.randrange(cards // self._shares) * self._shares + self._share

    def _club_sale(self) -> Request:
        """Half of the sales name their goods, in two groups."""
        amount = self._dice.randrange(300, 40_00)
        lines: tuple[Line, ...] = ()
        if self._dice.random() < 0.5:
            food = amount * 3 // 4
            lines = (
                Line(sku="47501234", group="food", amount=food),
                Line(sku="97899841", group="books", amount=amount - food),
            )
        card = CardRef(value=club_card(self._mine(self._clubs)))
        return Request(
            command="sale", card=card, amount=amount, lines=lines, **self._next_key()
        )

    def _gift_payment(self, command: Any) -> Request:
        amount = self._dice.randrange(200, GIFT_PAYMENT_MAX)
        card = CardRef(value=gift_card(self._mine(self._gifts)))
        tender = Tender(gift=amount)
        return Request(
            command=command,
            card=card,
            amount=amount,
            tender=tender,
            **self._next_key(),
        )

    def _confirm(self, authorized: Request) -> Request:
        # Not the terminal whose turn it is: so a number that no turn gives.
        key = self._next_key() | {"terminal": authorized.terminal}
        key["operation"] = 1_000_000 + self._sent
        assert authorized.amount is not None
        return Request(
            command="confirm",
            card=authorized.card,
            amount=authorized.amount - self._dice.randrange(100),
            original=Original(batch=authorized.batch, operation=authorized.operation),
            **key,
        )


def first_purchases(day: int, batch: int) -> list[Request]:
    """Return what the sample cards do on one day of the history.

    All other cards of the town are made in their image: see bench_load. The samples
    spend differently, so that their points are not all about to turn into money.
    """
    return [
        _first_purchase(card, day, batch, place)
        for place, card in enumerate([*range(CLUB_SAMPLES), None])
    ]


def _first_purchase(club: int | None, day: int, batch: int, place: int) -> Request:
    key: dict[str, Any] = {
        "terminal": terminals()[0],
        "batch": batch,
        "operation": (CLUB_SAMPLES + 1) * day + place + 1,
    }
    if club is not None:
        card = CardRef(value=club_card(club))
        amount = 21_00 + 5_00 * club
        return Request(command="sale", card=card, amount=amount, **key)
    card = CardRef(value=gift_card(0))
    if day:
        tender = Tender(gift=5_00)
        return Request(command="sale", card=card, amount=5_00, tender=tender, **key)
    return Request(command="activate", card=card, amount=GIFT_LOAD, **key)
