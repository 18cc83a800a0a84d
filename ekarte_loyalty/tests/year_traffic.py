"""Customers of a year: random, but the same for the same seed.

They buy, pay by card, bring goods back, swap points, visit, borrow and pay; some lose
their cards. What a terminal would refuse is refused here too, and counted.
"""

import random
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ekarte_core import (
    APPROVED,
    CardRef,
    Line,
    Original,
    Request,
    Tender,
    decode_answer,
    execute,
)

from .year_network import BRANCHES, number, till

GROUP = 24
# Refusals that a good day has: too little, too often, ended, over the limit, not his,
# and an issuer that owes others too much.
USUAL = {"05", "13", "14", "25", "51", "54", "57", "60", "61", "62", "65", "77", "78"}
CLUB, GIFT, PASS, FLEET, BOOK_GIFT, PRO, SPA_GIFT, REGULAR = (
    f"88600{digit}" for digit in range(1, 9)
)
GIFTS = (GIFT, GIFT, BOOK_GIFT, SPA_GIFT)
SELLERS = tuple(BRANCHES)


@dataclass
class Bought:
    """An approved operation that something may still happen to."""

    request: Request
    card: str
    amount: int


class Traffic:
    """Requests of a day, and what has become of them."""

    def __init__(self, seed, cards):
        self.dice = random.Random(seed)
        self.cards = cards  # of each sort
        self.numbers = Counter()
        self.codes = Counter()
        self.commands = Counter()
        self.sold = {}  # card: how often something was loaded on it
        self.bought, self.held, self.loaded = [], [], []
        self.vouchers = []  # (card, code)
        # What happens, and how often of a thousand.
        self.habits = (
            (self._buy, 330),
            (self._buy_with_bonus, 110),
            (self._buy_with_gift, 110),
            (self._load_gift, 60),
            (self._hold, 40),
            (self._end_hold, 40),
            (self._bring_back, 50),
            (self._undo, 15),
            (self._give_card_back, 8),
            (self._sell_pass, 12),
            (self._visit, 80),
            (self._borrow, 45),
            (self._pay_debt, 20),
            (self._buy_as_pro, 45),
            (self._swap, 12),
            (self._use_voucher, 8),
            (self._answer_questions, 5),
            (self._lose_card, 2),
        )

    # A day

    def day(self, cr, network, keyring, date, count):
        """Send a day's requests, from eight to ten at night."""
        moment = datetime(date.year, date.month, date.day, 6, tzinfo=timezone.utc)
        pace = timedelta(hours=13) * GROUP / count
        for start in range(0, count, GROUP):
            wanted = [self._next() for _ in range(min(GROUP, count - start))]
            self._send(cr, network, keyring, moment, [x for x in wanted if x])
            moment += pace

    def _next(self):
        (habit,) = self.dice.choices(
            [habit for habit, _often in self.habits],
            [often for _habit, often in self.habits],
        )
        return habit()

    def _send(self, cr, network, keyring, moment, requests):
        for request, outcome in zip(
            requests, execute(cr, requests, network, keyring, moment), strict=True
        ):
            answer = decode_answer(outcome.answer)
            self.codes[answer.rc] += 1
            assert answer.rc in APPROVED or answer.rc in USUAL, (request, answer)
            if answer.rc in APPROVED:
                self.commands[request.command] += 1
                self._remember(request, answer)

    def _remember(self, request, answer):
        card = request.card.value if request.card else ""
        done = Bought(request, card, answer.amount or request.amount or 0)
        if request.command == "sale":
            self.bought.append(done)
        elif request.command == "authorize":
            self.held.append(done)
        elif request.command in ("activate", "top_up"):
            self.sold[card] = self.sold.get(card, 0) + 1
            self.loaded.append(done)
        self.vouchers += [
            (card, voucher.code)
            for voucher in answer.vouchers
            if card and not voucher.product
        ]

    # Requests

    def _request(self, command, branch, card=None, amount=None, **more):
        terminal = till(branch)
        self.numbers[terminal] += 1
        return Request(
            command=command,
            terminal=terminal,
            batch=1,
            operation=self.numbers[terminal],
            card=CardRef(value=card) if card else None,
            amount=amount,
            slip="none",
            **more,
        )

    def _branch(self, *among):
        return self.dice.choice(among or SELLERS)

    def _card(self, prefix):
        # Some customers come often.
        return number(prefix, int(self.cards * self.dice.random() ** 2))

    def _used_card(self, prefix):
        known = [card for card in self.sold if card.startswith(prefix)]
        return self.dice.choice(known) if known else self._card(prefix)

    def _amount(self, most=6_000):
        return self.dice.randint(100, most)

    def _lines(self, amount):
        """A basket of food and other things, at two tax rates."""
        food = self.dice.randint(0, amount)
        parts = (("food", food), ("", amount - food))
        return tuple(Line(group=group, amount=part) for group, part in parts if part)

    def _buy(self):
        amount = self._amount()
        prefix = self.dice.choice((CLUB, CLUB, CLUB, PRO, REGULAR))
        lines = self._lines(amount) if self.dice.random() < 0.4 else ()
        more = {"lines": lines} if lines else {"amount": amount}
        return self._request("sale", self._branch(), self._card(prefix), **more)

    def _buy_as_pro(self):
        referrer = CardRef(value=self._card(PRO)) if self.dice.random() < 0.2 else None
        branch = self._branch("YG1", "YG2", "YF1")
        return self._request(
            "sale", branch, self._card(PRO), self._amount(12_000), referrer=referrer
        )

    def _buy_with_bonus(self):
        wanted = self.dice.choice((100, 100, 200, 300))
        return self._request(
            "sale",
            self._branch(),
            self._card(self.dice.choice((CLUB, CLUB, CLUB, REGULAR))),
            max(self._amount(), wanted * 2),
            tender=Tender(bonus=wanted),
            partial=self.dice.random() < 0.5,
        )

    def _buy_with_gift(self):
        amount = self._amount(4_000)
        card = self._used_card(self.dice.choice(GIFTS))
        paid = self.dice.randint(1, amount)
        return self._request(
            "sale",
            self._branch(),
            card,
            amount,
            tender=Tender(gift=paid),
            partial=self.dice.random() < 0.5,
        )

    def _load_gift(self):
        card = self._card(self.dice.choice(GIFTS))
        command = "top_up" if card in self.sold else "activate"
        return self._request(
            command, self._branch(), card, self.dice.randint(5, 80) * 100
        )

    def _hold(self):
        card = self._used_card(self.dice.choice(GIFTS))
        amount = self._amount(3_000)
        return self._request(
            "authorize",
            self._branch(),
            card,
            amount,
            tender=Tender(gift=amount),
            partial=True,
        )

    def _end_hold(self):
        if not self.held:
            return None
        held = self.held.pop(self.dice.randrange(len(self.held)))
        command = "confirm" if self.dice.random() < 0.8 else "reverse"
        branch = held.request.terminal[-3:]
        amount = None
        if command == "confirm" and self.dice.random() < 0.5:
            amount = self.dice.randint(1, held.amount)
        return self._request(
            command, branch, amount=amount, original=_original(held.request)
        )

    def _bring_back(self):
        if not self.bought:
            return None
        bought = self.bought.pop(-self.dice.randint(1, min(len(self.bought), 400)))
        part = self.dice.random() < 0.5 and not bought.request.lines
        amount = self.dice.randint(1, max(bought.amount, 1)) if part else None
        return self._back("refund", bought, amount)

    def _undo(self):
        if not self.bought:
            return None
        return self._back("reverse", self.bought.pop())

    def _give_card_back(self):
        if not self.loaded:
            return None
        place = -self.dice.randint(1, min(len(self.loaded), 50))
        return self._back("refund", self.loaded.pop(place))

    def _back(self, command, done, amount=None):
        branch = done.request.terminal[-3:]
        return self._request(
            command, branch, amount=amount, original=_original(done.request)
        )

    def _sell_pass(self):
        card = self._card(PASS)
        command = "top_up" if card in self.sold else "activate"
        return self._request(command, "YS1", card, 10_000)

    def _visit(self):
        prefix = self.dice.choice((PASS, PASS, REGULAR))
        branch = self._branch("YS1", "YS1", "YF1") if prefix == PASS else "YS1"
        return self._request("check_in", branch, self._used_card(prefix))

    def _borrow(self):
        card = self._card(FLEET)
        if card not in self.sold:
            return self._request("activate", "YF1", card)
        amount = self._amount()
        return self._request(
            "sale", self._branch(), card, amount, tender=Tender(credit=amount)
        )

    def _pay_debt(self):
        card = self._used_card(FLEET)
        branch = self._branch("YF1", "YF1", "YG1")
        return self._request("top_up", branch, card, self.dice.randint(1, 90) * 100)

    def _swap(self):
        litres = Line(sku="diesel", quantity=str(self.dice.randint(1, 4)), amount=0)
        branch = self._branch("YF1", "YG1")
        return self._request("redeem", branch, self._card(PRO), lines=(litres,))

    def _use_voucher(self):
        if not self.vouchers:
            return None
        card, code = self.vouchers.pop(self.dice.randrange(len(self.vouchers)))
        return self._request(
            "sale",
            self._branch("YG1", "YG2", "YF1"),
            card,
            self._amount(),
            tender=Tender(voucher=code),
        )

    def _answer_questions(self):
        return self._request("enroll", "YG1", self._card(PRO))

    def _lose_card(self):
        prefix = self.dice.choice((GIFT, CLUB, PRO))
        lost = self._used_card(prefix)
        fresh = number(prefix, 5_000_000 + sum(self.numbers.values()))
        return self._request("replace", "YG1", lost, other=CardRef(value=fresh))


def _original(request):
    return Original(
        batch=request.batch, operation=request.operation, terminal=request.terminal
    )
