"""Eight writers on one hundred small cards: gift money, points, visits, credit."""

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from psycopg2.extensions import make_dsn

from ekarte_core import Answer, LedgerConnection, Request, Tender, decode_answer
from tests.core.rivals import together, until_answered
from tests.core.shop import CLUB, Shop, network_document, number

WRITERS = 8
GIFT, PASS_PRICE, VISITS, LIMIT, STEP = 1500, 3000, 12, 1000, 100
USUAL = {"00", "10", "51", "61", "77", "25", "13"}
TERMINALS = [f"0000010{n}" for n in range(WRITERS)]


def document() -> dict[str, Any]:
    """The test network with one card that does everything."""
    found = network_document()
    kinds: dict[str, dict[str, Any]] = {
        "gift_card": {"min_load": 1},
        "bonus_amount": {"step": STEP},
        "visit_pass": {"visits": VISITS, "price": PASS_PRICE},
        "credit_card": {"credit_limit": LIMIT},
    }
    found["programs"] = [
        {"code": kind.upper(), "issuer": "GROCER", "kind": kind, "name": kind}
        | {"parameters": parameters}
        for kind, parameters in kinds.items()
    ]
    found["card_types"] = [
        {
            "code": "ALL",
            "issuer": "GROCER",
            "name": "All",
            "programs": [kind.upper() for kind in kinds],
            "ranges": [{"kind": "number"}],
        }
    ]
    found["terminals"] += [{"id": terminal, "branch": "G1"} for terminal in TERMINALS]
    return found


def sell(shop: Shop, count: int) -> list[str]:
    """Cards with a little of everything on them."""
    shop.publish(document())
    cards = [number(CLUB, serial) for serial in range(count)]
    loads = [shop.request("activate", card, GIFT) for card in cards]
    loads += [
        shop.request("top_up", card, PASS_PRICE, program="VISIT_PASS") for card in cards
    ]
    for start in range(0, len(loads), 50):
        answers = shop.run(*loads[start : start + 50])
        assert {answer.rc for answer in answers} == {"00"}
    return cards


@dataclass
class Sums:
    """What the answers say has come to a card and left it."""

    gift: Counter[str] = field(default_factory=Counter)
    credit: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    visits: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def add(self, card: str, request: Request, answer: Answer) -> None:
        self.codes[answer.rc] += 1
        if answer.rc not in ("00", "10") or request.command == "authorize":
            return
        back = -1 if request.command == "refund" else 1
        self.gift[card] += back * answer.tendered.get("gift", 0)
        self.credit[card] += back * answer.tendered.get("credit", 0)
        self.points[card] += sum(row.points for row in answer.earned)
        self.visits[card] += request.command == "check_in"

    def balances(self, card: str) -> dict[str, int]:
        """What must be on a card now, but for what is zero."""
        found = {
            "EUR": GIFT - self.gift[card],
            "credit": -self.credit[card],
            "points": self.points[card],
            "visits": VISITS - self.visits[card],
            "visited": self.visits[card],
        }
        return {unit: value for unit, value in found.items() if value}


class Writer:
    """One gateway with one till, in a thread of its own."""

    def __init__(self, shop: Shop, cards: list[str], terminal: str, seed: int) -> None:
        self.shop, self.cards, self.terminal = shop, cards, terminal
        self.dice = random.Random(seed)
        dsn = make_dsn(shop.dsn, options="-c lock_timeout=10s")
        self.ledger = LedgerConnection(dsn, shop.keyring)
        self.bought: list[tuple[str, Request]] = []
        self.told: list[tuple[str, Request, Answer]] = []

    def work(self, groups: int) -> None:
        try:
            for _ in range(groups):
                group = [self.request() for _ in range(self.dice.choice([1, 4, 8]))]
                requests = [request for _, request in group]
                outcomes = until_answered(self.shop, self.ledger, requests)
                for (card, request), row in zip(group, outcomes, strict=True):
                    self.heard(card, request, decode_answer(row.answer))
        finally:
            self.ledger.close()

    def heard(self, card: str, request: Request, answer: Answer) -> None:
        self.told.append((card, request, answer))
        if answer.rc in ("00", "10") and request.command in ("sale", "authorize"):
            self.bought.append((card, request))

    def request(self) -> tuple[str, Request]:
        if self.bought and self.dice.random() < 0.35:
            place = self.dice.randrange(len(self.bought))
            card, bought = self.bought.pop(place)
            back = "confirm" if bought.command == "authorize" else "refund"
            amount = None if back == "confirm" else self.dice.randint(1, 150)
            return card, self._new(back, None, amount, original=bought)
        card = self.dice.choice(self.cards)
        if self.dice.random() < 0.2:
            return card, self._new("check_in", card)
        amount = self.dice.choice([150, 199, 250, 400])
        tender = self.dice.choice(
            [None, Tender(gift=150), Tender(credit=150), Tender(gift=50, credit=100)]
        )
        command = self.dice.choice(["sale", "sale", "authorize"])
        partial = self.dice.random() < 0.3
        return card, self._new(command, card, amount, tender=tender, partial=partial)

    def _new(self, command: str, card: str | None, amount: int | None = None, **more):
        tender = more.pop("tender", None)
        made = self.shop.request(command, card, amount, terminal=self.terminal, **more)
        return _with_tender(made, tender)


def _with_tender(request: Request, tender: Tender | None) -> Request:
    fields = {name: getattr(request, name) for name in Request.__struct_fields__}
    return Request(**(fields | {"tender": tender}))


def trade(shop: Shop, dice: random.Random, *, cards_: int, groups: int) -> Sums:
    """Eight writers on the same cards; then the ledger is held to its answers."""
    cards = sell(shop, cards_)
    writers = [
        Writer(shop, cards, terminal, dice.randrange(10**9)) for terminal in TERMINALS
    ]
    stuck = deadlocks(shop)
    together([lambda writer=writer: writer.work(groups) for writer in writers])
    assert deadlocks(shop) == stuck, "the writers have waited for each other"
    sums = Sums()
    for writer in writers:
        for row in writer.told:
            sums.add(*row)
    # A second line of defence answers 96 where two have worked on one purse.
    assert set(sums.codes) <= USUAL, sums.codes
    found = {
        card: {
            row.unit: row.value
            for row in shop.do("inquire", card).balances
            if row.value
        }
        for card in cards
    }
    expected = {card: sums.balances(card) for card in cards}
    wrong = {
        card[-4:]: (found[card], expected[card])
        for card in cards
        if found[card] != expected[card]
    }
    assert not wrong, f"on the card, and by the answers: {wrong}"
    assert shop.broken() == []
    return sums


def deadlocks(shop: Shop) -> int:
    rows = shop.sql(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    )
    return int(rows[0][0])
