"""V1: over any days, what the books owe is what lies on the cards, to the cent."""

import random
from collections import Counter
from datetime import timedelta

from ekarte_core import Answer, Request, postings, read_settlement
from tests.core.shop import Shop, network_document, number

ROUNDS = 12
GROUPS = ("food", "fuel", "books")


def test_random_days_leave_books_and_cards_equal(shop: Shop, dice: random.Random):
    shop.publish(_everything())
    day = _Day(shop, dice)
    ledger: Counter = Counter()
    clearing: Counter = Counter()
    tender: Counter = Counter()
    for _ in range(ROUNDS):
        for _ in range(25):
            day.act()
        shop.later(days=dice.choice([0, 1, 8, 20]), minutes=1)
        shop.expire()
        shop.ledger.expire_lots(shop.network, shop.now)
        for item in _settled(shop):
            if item.account in ("LGC", "LBN"):
                ledger[item.company, item.account] += item.amount
            if item.account == "CLR":
                clearing[frozenset((item.company, item.partner))] += item.amount
            if item.account == "TND":
                tender[item.company] += item.amount
        owed = _carried(shop)
        assert {key: -sum_ for key, sum_ in ledger.items() if sum_} == owed
        assert set(clearing.values()) <= {0}
        assert set(tender.values()) <= {0}
        assert _odd_lots(shop) == []
        assert shop.broken() == []
    assert day.done["00"] > 30, day.done  # the days were not all refusals


def _settled(shop: Shop):
    number_ = shop.ledger.build_settlement(
        shop.network, shop.now, shop.now + timedelta(seconds=1)
    )
    if number_ is None:
        return []
    body = dict(shop.ledger.pending_settlements())[number_]
    shop.ledger.settlement_accepted(number_, "{}", shop.now)
    return postings(read_settlement(body))


def _carried(shop: Shop) -> dict[tuple[str, str], int]:
    rows = shop.sql(
        "SELECT issuer, program, unit, sum(carry)::bigint FROM ekarte.purse "
        "GROUP BY issuer, program, unit"
    )
    found: Counter = Counter()
    for issuer, program, _unit, carry in rows:
        kind = shop.network.programs[program].kind
        found[issuer, "LGC" if kind == "gift_card" else "LBN"] += carry
    return {key: carry for key, carry in found.items() if carry}


def _odd_lots(shop: Shop) -> list:
    """V7: nothing is carried below zero, and what is empty carries nothing."""
    return shop.sql(
        "SELECT id, posted, carry FROM ekarte.lot "
        "WHERE carry < 0 OR (posted = 0 AND carry <> 0)"
    )


class _Day:
    """Terminals of all issuers doing what they may, and some of what they may not."""

    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice = shop, dice
        self.clubs = [number("999000100000", n) for n in range(5)]
        self.gifts = [number("999000200000", n) for n in range(5)]
        self.sales: list[Request] = []
        self.holds: list[Request] = []
        self.done: Counter = Counter()
        self.paid: Counter = Counter()
        self.back: Counter = Counter()
        self.refund_of: dict[tuple, tuple] = {}

    def act(self) -> None:
        deed = self.dice.choice(
            [self.buy] * 6
            + [self.load] * 2
            + [self.refund] * 3
            + [self.reverse, self.hold, self.confirm]
        )
        request = deed()
        if request is None:
            return
        answer = self.shop.send(request)
        self.done[answer.rc] += 1
        assert answer.rc not in ("30", "96", "91"), (request, answer)
        assert answer.amount_due >= 0, (request, answer)
        if answer.rc in ("00", "10"):
            self._remember(request, answer)

    def _remember(self, request: Request, answer: Answer) -> None:
        """Nobody gets back more than was paid, by whatever means."""
        value = answer.amount_due + sum(answer.tendered.values())
        if request.command == "sale":
            self.paid[request.key] = value
        if request.command == "refund":
            original = request.original
            key = (request.terminal, original.batch, original.operation)
            self.back[key] += value
            self.refund_of[request.key] = (key, value)
            assert self.back[key] <= self.paid[key], (request, answer)
        if request.command == "reverse":
            original = request.original
            key = (request.terminal, original.batch, original.operation)
            bought, undone = self.refund_of.pop(key, (None, 0))
            if bought is not None:
                self.back[bought] -= undone

    def _terminal(self) -> str:
        return self.dice.choice(["00000011", "00000021", "00000031", "00000041"])

    def _goods(self) -> list[tuple[str, int]]:
        return [
            (self.dice.choice(GROUPS), self.dice.randint(1, 9000))
            for _ in range(self.dice.randint(1, 3))
        ]

    def buy(self) -> Request:
        card = self.dice.choice(self.clubs + self.gifts)
        lines = self._goods()
        pays = min(sum(a for _, a in lines) // 2, self.dice.choice([0, 37, 100, 250]))
        kind = "bonus" if card in self.clubs else "gift"
        request = self.shop.request(
            "sale",
            card,
            lines=lines,
            terminal=self._terminal(),
            partial=True,
            **{kind: pays},
        )
        self.sales.append(request)
        return request

    def load(self) -> Request:
        command = self.dice.choice(["activate", "top_up"])
        request = self.shop.request(
            command,
            self.dice.choice(self.gifts),
            self.dice.randint(500, 3000),
            terminal=self._terminal(),
        )
        self.sales.append(request)
        return request

    def refund(self) -> Request | None:
        sale = self._past(self.sales)
        if sale is None or sale.command != "sale":
            return None
        amount = self.dice.randint(1, sum(line.amount for line in sale.lines))
        request = self.shop.request(
            "refund", amount=amount, original=sale, terminal=sale.terminal
        )
        self.sales.append(request)
        return request

    def reverse(self) -> Request | None:
        past = self._past(self.sales + self.holds)
        return past and self.shop.request(
            "reverse", original=past, terminal=past.terminal
        )

    def hold(self) -> Request:
        request = self.shop.request(
            "authorize",
            self.dice.choice(self.gifts),
            self.dice.randint(1, 2000),
            terminal=self._terminal(),
            partial=True,
        )
        self.holds.append(request)
        return request

    def confirm(self) -> Request | None:
        hold = self._past(self.holds)
        return hold and self.shop.request(
            "confirm",
            amount=self.dice.choice([None, self.dice.randint(0, 2000)]),
            original=hold,
            terminal=hold.terminal,
        )

    def _past(self, requests: list[Request]) -> Request | None:
        return self.dice.choice(requests[-12:]) if requests else None


def _everything() -> dict:
    """Every kind of program, with ends of lots and odd figures that must round."""
    document = network_document()
    parameters = {
        program["code"]: program["parameters"] for program in document["programs"]
    }
    parameters["GIFT"] |= {"min_load": 1, "valid_months": 1}
    parameters["BONUS"] |= {
        "step": 300,
        "convert_at": 7,
        "convert_to": 53,
        "expire_days": 25,
    }
    document["programs"].append(
        {
            "code": "FUEL-BONUS",
            "issuer": "FUEL",
            "kind": "bonus_amount",
            "name": "Fuel bonus",
            "parameters": {"step": 700, "convert_at": 5, "convert_to": 41},
        }
    )
    document["card_types"][2]["programs"].append("FUEL-BONUS")
    for issuer in document["issuers"]:
        issuer["in_odoo"] = True
    return document


def test_an_empty_lot_carries_nothing_whatever_was_undone(shop: Shop):
    """V7: two purchases at other tax rates, one refunded, the other reversed."""
    document = network_document()
    document["card_types"][0]["programs"] = ["BONUS"]
    shop.publish(document)
    card = number("999000100000")
    books = shop.request("sale", card, lines=[("books", 2500)])
    food = shop.request("sale", card, lines=[("food", 2000)])
    shop.run(books, food)
    assert shop.balance(card, "BONUS", "points") == 9
    assert shop.do("refund", amount=2500, original=books).rc == "00"
    assert shop.do("reverse", original=food).rc == "00"
    assert shop.balance(card, "BONUS", "points") == 0
    assert _odd_lots(shop) == []


def test_no_lot_carries_less_than_nothing_whatever_was_undone(shop: Shop):
    document = network_document()
    document["card_types"][0]["programs"] = ["BONUS"]
    shop.publish(document)
    card = number("999000100000")
    books = shop.request("sale", card, lines=[("books", 2500)])
    food = shop.request("sale", card, lines=[("food", 2000)])
    shop.run(books, food)
    assert shop.do("refund", amount=2000, original=food).rc == "00"
    assert shop.do("reverse", original=books).rc == "00"
    assert _odd_lots(shop) == []
