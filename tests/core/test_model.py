"""The real ledger against a second one, over thousands of random operations."""

import random
from collections import Counter, deque

import msgspec
import pytest

from ekarte_core import BatchTotal, Offline, Request, decode_answer
from ekarte_stack.chaos.model import Booked, Model
from tests.core.shop import GIFT, Shop, number

OPERATIONS = 2500
TERMINALS = ["00000011", "00000012", "00000021", "00000031", "00000041"]
CARDS = [number(GIFT, serial) for serial in range(12)]


def test_the_ledger_answers_as_the_model_does(shop: Shop, dice: random.Random):
    run = _Run(shop, dice)
    run.until(OPERATIONS)
    run.compare_cards()
    assert shop.broken() == []
    assert run.codes["00"] > OPERATIONS // 10, run.codes
    usual = {"00", "51", "25", "77", "13", "94"}
    assert usual <= set(run.codes), run.codes


def _in_use(cards: dict[bytes, tuple]) -> dict[bytes, tuple]:
    """Leave out identifiers that were only seen, as by a refused activation."""
    return {token: card for token, card in cards.items() if card != ("new", 0, 0)}


class _Run:
    def __init__(self, shop: Shop, dice: random.Random) -> None:
        self.shop, self.dice, self.model = shop, dice, Model()
        self.batches = dict.fromkeys(TERMINALS, 1)
        self.past: deque[Request] = deque(maxlen=60)
        self.late: list[Request] = []
        self.codes: Counter = Counter()
        self.told: deque[str] = deque(maxlen=40)
        self.sent = 0
        for value in CARDS[:-2]:
            self.say([shop.request("activate", value, 4000)])

    def until(self, sent: int) -> None:
        while self.sent < sent:
            self.step()

    def step(self) -> None:
        terminal = self.dice.choice(TERMINALS)
        if (terminal, self.batches[terminal]) in self.model.closed:
            self.batches[terminal] += self.dice.random() < 0.8  # some come too late
        size = self.dice.choice([1, 2, 4, 8])
        self.say([self.request(terminal) for _ in range(size)])
        if self.dice.random() < 0.2:
            self.shop.later(seconds=self.dice.choice([1, 40, 200, 299, 300, 3600]))
        if self.dice.random() < 0.05:
            assert self.shop.expire() == self.model.expire(self.shop.now)
        if self.dice.random() < 0.2:
            self.compare_cards()

    def say(self, group: list[Request]) -> None:
        """Send a group to both, and compare."""
        self.model.file(group)
        expected = [self.model.answer(request, self.shop.now) for request in group]
        # What the model says now must not change when later requests work on it.
        expected = [(b.rc, b.taken, b.amount, b.unpaid, b.due) for b in expected]
        outcomes = self.shop.ledger.run(group, self.shop.network, self.shop.now)
        for request, want, outcome in zip(group, expected, outcomes, strict=True):
            self.compare(request, want, outcome)
        self.sent += len(group)

    def compare(self, request: Request, want: tuple, outcome) -> None:
        answer = decode_answer(outcome.answer)
        rc, taken, amount, unpaid, due = want
        self.codes[rc] += 1
        self.told.append(
            f"{request.command} {request.key} {_of(request)} -> {answer.rc}"
        )
        story = "\n".join(self.told)
        assert answer.rc == rc, f"{story}: want {rc}"
        if rc in ("00", "10") and request.command in ("sale", "authorize", "confirm"):
            assert sum(answer.tendered.values()) == taken, story
            assert answer.amount_due == amount - taken, story
        if rc == "00" and request.command == "refund":
            assert sum(answer.tendered.values()) == -taken, story
            assert answer.amount_due == due or not due, story
        if rc == "00" and request.command == "advice":
            assert sum(answer.tendered.values()) == taken, story
            assert answer.amount_due == amount - taken, story
            assert ("funds" in answer.exceptions) == bool(unpaid), story

    def compare_cards(self) -> None:
        rows = self.shop.sql(
            "SELECT c.token, c.state, coalesce(p.posted, 0), coalesce(p.held, 0) "
            "FROM ekarte.card AS c LEFT JOIN ekarte.purse AS p ON c.id = p.card_id"
        )
        found = {bytes(token): tuple(rest) for token, *rest in rows}
        expected = {
            self.shop.keyring.card_token("number", value): (
                card.state,
                card.balance,
                card.held,
            )
            for value, card in self.model.cards.items()
        }
        assert _in_use(found) == _in_use(expected), "\n".join(self.told)

    def request(self, terminal: str) -> Request:
        make = self.dice.choices(
            [
                self.purchase,
                self.follow,
                self.load,
                self.again,
                self.staff,
                self.early,
                self.close,
                self.told_later,
            ],
            weights=[34, 40, 9, 6, 4, 4, 3, 8],
        )[0]
        request = make(terminal)
        self.past.append(request)
        return request

    def _new(self, command: str, terminal: str, *args, **more) -> Request:
        return self.shop.request(
            command, *args, terminal=terminal, batch=self.batches[terminal], **more
        )

    def purchase(self, terminal: str) -> Request:
        return self._new(
            self.dice.choice(["sale", "authorize"]),
            terminal,
            self.dice.choice(CARDS),
            self.dice.choice([0, 1, 99, 700, 1000, 2500]),
            partial=self.dice.random() < 0.3,
            gift=self.dice.choice([None, None, 50, 700]),
        )

    def told_later(self, terminal: str) -> Request:
        """A sale made offline; or an online one that the terminal knows nothing of."""
        amount = self.dice.choice([1, 99, 700, 1000, 2500])
        taken = self.dice.choice([amount, amount // 2])
        offline = Offline(
            command="sale", amount_due=amount - taken, tendered={"gift": taken}
        )
        told = self._new(
            "advice",
            terminal,
            self.dice.choice(CARDS),
            amount,
            offline=offline,
            local_time=self.shop.now,
        )
        past = [r for r in self.past if r.terminal == terminal and r.command == "sale"]
        if past and self.dice.random() < 0.3:
            old = self.dice.choice(past)
            return msgspec.structs.replace(
                told, batch=old.batch, operation=old.operation
            )
        return told

    def load(self, terminal: str) -> Request:
        return self._new(
            self.dice.choice(["activate", "top_up"]),
            terminal,
            self.dice.choice(CARDS),
            self.dice.choice([499, 500, 2000, 20000]),
        )

    def follow(self, terminal: str) -> Request:
        past = [r for r in self.past if r.terminal == terminal]
        if not past:
            return self.load(terminal)
        command = self.dice.choice(["confirm", "reverse", "refund"])
        amount = None
        if command != "reverse":
            amount = self.dice.choice([None, 0, 1, 33, 50, 99, 500, 700, 2501])
        return self._new(
            command, terminal, amount=amount, original=self.dice.choice(past)
        )

    def again(self, terminal: str) -> Request:
        """The same once more, or the same key with other content."""
        past = [r for r in self.past if r.terminal == terminal]
        if not past:
            return self.load(terminal)
        old = self.dice.choice(past)
        if self.dice.random() < 0.7:
            return old
        return self.shop.request(
            "sale",
            CARDS[0],
            12,
            terminal=terminal,
            batch=old.batch,
            operation=old.operation,
        )

    def staff(self, terminal: str) -> Request:
        blocked = [v for v, card in self.model.cards.items() if card.state == "blocked"]
        if blocked and self.dice.random() < 0.8:
            return self._new("unblock", terminal, blocked[0])
        command = self.dice.choice(["block", "unblock"])
        known = [value for value, card in self.model.cards.items() if card.balance]
        return self._new(command, terminal, self.dice.choice(known or CARDS))

    def early(self, terminal: str) -> Request:
        """A reversal now, its original later."""
        mine = [r for r in self.late if r.terminal == terminal]
        if mine and self.dice.random() < 0.5:
            self.late.remove(mine[0])
            return mine[0]
        late = self._new("sale", terminal, self.dice.choice(CARDS), 100)
        self.late.append(late)
        return self._new("reverse", terminal, original=late)

    def close(self, terminal: str) -> Request:
        totals = self.model.totals(terminal, self.batches[terminal])
        rows = tuple(
            BatchTotal(command=command, count=count, amount=amount)
            for command, (count, amount) in totals.items()
        )
        return self._new("close", terminal, totals=rows)


def _of(request: Request) -> str:
    card = request.card.value[-4:] if request.card else ""
    original = request.original.operation if request.original else ""
    tender = request.tender.gift if request.tender else ""
    return f"card {card} amount {request.amount} gift {tender} of {original}"


@pytest.mark.parametrize("spoil", ["balance", "held", "rc"])
def test_the_comparison_notices_a_ledger_that_is_wrong(
    shop: Shop, dice: random.Random, spoil: str
):
    """The harness itself is shown a fault of the model: it must be seen."""
    run = _Run(shop, dice)
    plain = Model.answer

    def wrong(model: Model, request: Request, now) -> Booked:
        booked = plain(model, request, now)
        if run.sent > 100 and booked.rc == "00" and booked.card:
            if spoil == "rc":
                return Booked(request, "05")
            card = model.cards[booked.card]
            setattr(card, spoil, getattr(card, spoil) + 1)
        return booked

    run.model.answer = lambda request, now: wrong(run.model, request, now)
    with pytest.raises(AssertionError):
        run.until(1000)
