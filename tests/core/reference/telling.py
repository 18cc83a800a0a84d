"""Runs one example on both ledgers, and compares all that can be seen."""

import os
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

from msgspec.structs import replace as replace_

from ekarte_core import (
    Answer,
    Keyring,
    Outcome,
    Request,
    decode_answer,
)
from tests.core.reference.ledger import NOT_KEPT, Reference
from tests.core.reference.real import CARDS, LOTS, PURSES, VOUCHERS, Real
from tests.core.reference.state import Reply, by_end
from tests.core.reference.strategies import BUYS, Step
from tests.core.reference.till import NUMBERS, Till
from tests.core.reference.undoing import COUNTERS

NOON = datetime(2026, 11, 21, 10, tzinfo=timezone.utc)
OPENING = [Step("activate", card=card, amount=5000) for card in (0, 1)]


class Telling:
    """One example: the same requests to both ledgers."""

    def __init__(self, dsn: str, keyring: Keyring, document: dict[str, Any]) -> None:
        self.now = NOON
        self.keyring = keyring
        self.real = Real(dsn, keyring, document, self.now)
        self.reference = Reference(document)
        self.till = Till(self.reference)
        self.answers: dict[tuple, bytes] = {}
        self.codes: set[str] = set()
        self.story = [
            f"{p['code']} {p['kind']} {p['parameters']}"
            + "".join(
                f" {name}={p[name]}"
                for name in (
                    "branches",
                    "sequence",
                    "combine",
                    "weekdays",
                    "hours",
                    "min_age_of_card",
                )
                if p.get(name)
            )
            for p in document["programs"]
        ]
        self.tokens = {keyring.card_token("number", value): value for value in NUMBERS}

    def tell(self, steps: list[Step], *, every: int) -> None:
        """Do the steps; compare the state after each, invariants after every few."""
        try:
            for opening in OPENING:
                self.do(opening)
            for place, step in enumerate(steps):
                self.do(step)
                self.compare_state()
                if every and place % every == 0:
                    self.compare_invariants()
            self.compare_invariants()
        except AssertionError as fault:
            story = "\n".join(self.story)
            raise AssertionError(
                f"{fault}\nthe programs, and what happened:\n{story}"
            ) from None
        finally:
            self.real.end()

    def do(self, step: Step) -> None:
        if step.command == "wait":
            self.now += timedelta(seconds=step.amount or 0)
            self.story.append(f"-- {self.now:%Y-%m-%d %H:%M:%S}")
        elif step.command == "expire":
            both = self.real.expire(self.now), self.reference.expire(self.now)
            self.story.append(f"expire {both}")
            assert both[0] == both[1], f"holds expired: {both}"
        elif step.command == "lapse":
            both = self.real.lapse(self.now), self.reference.lapse(self.now)
            self.story.append(f"lapse {both}")
            assert both[0] == both[1], f"purses lapsed: {both}"
        else:
            request = self.till.request(step, self.now)
            if request.command in BUYS and request.key not in self.answers:
                self.ask(request)
            self.say(request)

    def ask(self, request: Request) -> None:
        """Ask both what a purchase would come to; the access code is not needed."""
        quote = replace_(request, command="inquire", access_code=None)
        outcome = self.real.run([quote], self.now)[0]
        booked = self.reference.answer(quote, self.now)
        answer = decode_answer(outcome.answer)
        self.story.append(f"{_written(quote)} -> {answer.rc} ({booked.reply.rc})")
        self.compare(quote, booked.reply, outcome, answer)

    def say(self, request: Request) -> None:
        """Ask both."""
        outcome = self.real.run([request], self.now)[0]
        answer = decode_answer(outcome.answer)
        self._learn_codes(answer)
        booked = self.reference.answer(request, self.now)
        self.story.append(f"{_written(request)} -> {answer.rc} ({booked.reply.rc})")
        self.compare(request, booked.reply, outcome, answer)
        self.till.past.append((request, booked))

    def _learn_codes(self, answer: Answer) -> None:
        """What the real ledger calls its new vouchers, in the order it made them."""
        if all(voucher.code in self.codes for voucher in answer.vouchers):
            return
        for code, program, unit in self.real.rows(VOUCHERS):
            if code not in self.codes:
                self.codes.add(code)
                kind = "money" if unit == "voucher" else "goods"
                self.reference.codes.append((code, program, kind))

    def compare(
        self, request: Request, want: Reply, outcome: Outcome, answer: Answer
    ) -> None:
        found = _reply(answer)
        if outcome.status in ("new", "repeat") and request.command not in NOT_KEPT:
            first = self.answers.setdefault(request.key, outcome.answer)
            assert outcome.answer == first, "a repeat got other bytes"
        if not want.approved:
            assert found.rc == want.rc, f"answer {found.rc}, expected {want.rc}"
            return
        # Rates of several lines are told by `explain`; here only where there is one.
        if want.discount_rate is None or request.command not in ("sale", "authorize"):
            found = replace(found, discount_rate=None)
            want = replace(want, discount_rate=None)
        if outcome.status == "repeat":
            return
        if request.command in ("confirm", "refund"):
            # These show what the seller's own programs hold.
            found, want = (self._own(reply, request) for reply in (found, want))
        if request.command == "reverse":
            # What it undoes was told by the purchase; the ledger itself is compared.
            found = Reply(found.rc, found.amount, card_state=found.card_state)
            want = Reply(want.rc, want.amount, card_state=want.card_state)
        assert found == want, f"answer   {found}\nexpected {want}"

    def _own(self, reply: Reply, request: Request) -> Reply:
        network = self.reference.network
        seller = network.issuer(request.terminal)

        def ours(program: str) -> bool:
            return bool(network.programs[program]["issuer"] == seller)

        return replace(
            reply,
            balances=[row for row in reply.balances if ours(row[0])],
            vouchers=[row for row in reply.vouchers if ours(row[1])],
        )

    def compare_state(self) -> None:
        lots, purses = self.reference.lots(), {}
        for key, (posted, held) in lots.items():
            before = purses.get(key[:4], (0, 0))
            purses[key[:4]] = (before[0] + posted, before[1] + held)
        found = self._purses()
        assert found == purses, f"purses   {found}\nexpected {purses}"
        found_lots = {
            (self.tokens[token], *key, by_end(end)): (posted, held)
            for token, *key, end, posted, held in self.real.rows(LOTS)
        }
        lots = {k: v for k, v in lots.items() if k[2] not in COUNTERS}
        assert found_lots == lots, f"lots     {found_lots}\nexpected {lots}"
        states = {self.tokens[token]: state for token, state in self.real.rows(CARDS)}
        cards = {
            card.number: card.state
            for card in self.reference.cards.values()
            if card.state != "new"
        }
        assert states == cards, f"cards {states}, expected {cards}"

    def _purses(self) -> dict[tuple, tuple[int, int]]:
        return {
            (self.tokens[token], *key): (posted, held)
            for token, *key, posted, held in self.real.rows(PURSES)
        }

    def compare_invariants(self) -> None:
        assert self.real.broken() == []


def _reply(answer: Answer) -> Reply:
    balances = sorted(
        (row.program, row.unit, row.value, row.available)
        for row in answer.balances
        if row.value
    )
    return Reply(
        rc=answer.rc,
        amount=answer.amount,
        discount=answer.discount,
        amount_due=answer.amount_due,
        tendered=answer.tendered,
        earned={row.program: row.points for row in answer.earned},
        converted=answer.converted,
        balances=balances,
        discount_rate=answer.discount_rate,
        vouchers=sorted(
            (v.code, v.program, v.kind, v.value, v.product) for v in answer.vouchers
        ),
        lines=[line.discount for line in answer.lines],
        reduction=answer.price_reduction,
        kept=answer.kept,
        card_state=answer.card_state,
        totals={row.command: (row.count, row.amount) for row in answer.totals},
    )


def _written(request: Request) -> str:
    """A request as a person tells it."""
    words = [
        request.command,
        f"{request.terminal[-2:]}/{request.batch}/{request.operation}",
    ]
    if request.card:
        words.append(f"card {request.card.value[-4:]}")
    for name in ("amount", "access_code", "program"):
        value = getattr(request, name)
        words += [f"{name} {value}"] if value not in (None, "") else []
    words += [f"{line.group or '-'}:{line.amount}" for line in request.lines]
    if request.tender:
        tender = request.tender
        words.append(f"gift {tender.gift} bonus {tender.bonus} credit {tender.credit}")
        words += [f"voucher {tender.voucher}"] if tender.voucher else []
    if request.original:
        words.append(f"of {request.original.terminal}/{request.original.operation}")
    return " ".join(words + (["partial"] if request.partial else []))


def examples(usual: int) -> int:
    """How many examples; EKARTE_TEST_EXAMPLES asks for more."""
    return int(os.environ.get("EKARTE_TEST_EXAMPLES") or usual)
