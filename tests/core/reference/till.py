"""Makes requests of steps: mostly what a till would send at this moment."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from ekarte_core import BatchTotal, CardRef, Line, Original, Request, Tender
from tests.core.reference import cards, tenders, visits, vouchers
from tests.core.reference.ledger import Reference
from tests.core.reference.network import Program
from tests.core.reference.state import FOREVER, Booked, Card
from tests.core.reference.strategies import BUYS, Step
from tests.core.shop import CLUB, number

NUMBERS = [number(CLUB, serial) for serial in range(3)]
LOADS = ("activate", "top_up")
CODE, WRONG_CODE = "4711", "1111"
FOLLOWED = {
    "confirm": ("authorize",),
    "refund": ("sale", "confirm", "authorize", "sale", "accrue", "top_up", "activate"),
    "reverse": (
        *("sale", "authorize", "confirm", "refund"),
        *("top_up", "activate", "check_in", "redeem", "accrue"),
    ),
}
ODD_FOLLOWED = ("sale", "authorize", "confirm", "refund", "reverse", "block")


class Till:
    """Numbers operations, and knows from the reference what there is to do."""

    def __init__(self, reference: Reference) -> None:
        self.reference = reference
        self.past: list[tuple[Request, Booked]] = []
        self.late: list[Request] = []
        self.batches: dict[str, int] = {}
        self.now = FOREVER

    def request(self, step: Step, now: datetime) -> Request:
        self.now = now
        past = [request for request, _ in reversed(self.past)]
        if step.command == "repeat" and past:
            return past[step.of % len(past)]
        if step.command == "conflict" and past:
            old = past[step.of % len(past)]
            return _sale(old.terminal, old.batch, old.operation, 12345)
        if step.command in ("repeat", "conflict"):
            step = replace(step, command="inquire")
        if step.command == "early":
            return self._early(step)
        return self._made(step)

    def _next(self, terminal: str, *, late: bool = False) -> tuple[int, int]:
        """Batch and number of the next operation; some come after the close."""
        batch = self.batches.setdefault(terminal, 1)
        if (terminal, batch) in self.reference.closed and not late:
            batch = self.batches[terminal] = batch + 1
        return batch, 1 + len(self.past) + len(self.late)

    def _early(self, step: Step) -> Request:
        """A reversal now, its original later."""
        batch, operation = self._next(step.terminal)
        if self.late and step.of:
            return self.late.pop()
        self.late.append(_sale(step.terminal, batch, operation, 100))
        return Request(
            command="reverse",
            terminal=step.terminal,
            batch=batch,
            operation=operation + 1000,
            original=Original(batch=batch, operation=operation),
        )

    def _made(self, step: Step) -> Request:
        step = self._sensible(step)
        original = self._original(step) if step.command in FOLLOWED else None
        terminal = step.terminal
        if original is not None and original.terminal and step.odd:
            # Mostly at the same till.
            terminal, original = original.terminal, _here(original)
        batch, operation = self._next(terminal, late=not step.odd)
        alone = original is not None or step.command == "close"
        fields: dict[str, Any] = {
            "card": None if alone else CardRef(value=NUMBERS[step.card]),
            "amount": step.amount,
            "lines": tuple(
                Line(group=group, amount=sum_) for group, sum_ in step.lines
            ),
            "original": original,
            "partial": step.partial,
        }
        if not alone:
            fields["access_code"] = self._code(step)
        if step.command in BUYS:
            fields["tender"] = self._tender(step)
        if step.command == "redeem":
            fields["lines"] = tuple(
                Line(sku=sku, quantity=step.quantity, amount=0) for sku in step.products
            )
        if step.command == "check_in":
            fields["amount"] = None
        if step.command in ("top_up", "activate"):
            self._name(step, fields)
        named = self._booked(original)
        if step.command == "confirm" and named and named.exact:
            # How a sum for the whole is rounded for a part is not said.
            fields |= {"amount": None, "lines": ()}
        if step.command == "refund" and named and named.request.command in LOADS:
            fields |= {"amount": step.amount if step.of < 2 else None, "lines": ()}
        if step.command == "close":
            fields["totals"] = self._totals(terminal, batch)
        return Request(
            command=step.command,  # type: ignore[arg-type]  # drawn from the commands
            terminal=terminal,
            batch=batch,
            operation=operation,
            **fields,
        )

    def _name(self, step: Step, fields: dict[str, Any]) -> None:
        """Which of its programs a load is for, and the price where it has one."""
        found = _loadable(self._programs(step))
        if step.named < len(found):
            fields["program"] = found[step.named].purse
            if found[step.named].kind == "visit_pass":
                fields["amount"] = found[step.named].price

    def _card(self, step: Step) -> Card:
        known = self.reference.cards.get(NUMBERS[step.card])
        return known or Card(NUMBERS[step.card])

    def _programs(self, step: Step) -> list[Program]:
        network = self.reference.network
        return network.running(
            step.terminal, NUMBERS[step.card], self.now, self._card(step).registered
        )

    def _sensible(self, step: Step) -> Step:
        card = self._card(step)
        if step.command in FOLLOWED and step.odd and not self._candidates(step):
            step = replace(step, command="sale", amount=700, lines=())
        if step.command in ("top_up", "activate"):
            if card.state != "new" and step.odd:
                step = replace(step, command="top_up")
            if not _loadable(self._programs(step)):
                step = replace(step, command="activate", amount=None)
        kinds = {program.kind for program in self._programs(step)}
        if step.command == "redeem" and "exchange" not in kinds and step.odd:
            return replace(step, command="sale", amount=1999)
        if step.command == "check_in" and not kinds & set(visits.KINDS) and step.odd:
            return replace(step, command="sale", amount=700)
        if step.command == "unblock" and card.state != "blocked" and step.odd:
            return replace(step, command="sale", amount=700)
        return step

    def _booked(self, original: Original | None) -> Booked | None:
        """What a request refers to."""
        if original is None:
            return None
        place = (original.batch, original.operation)
        return next((b for r, b in self.past if (r.batch, r.operation) == place), None)

    def _code(self, step: Step) -> str | None:
        """The card's code where it has one; for an activation what it shall be."""
        network = self.reference.network
        kinds = network.admitting(NUMBERS[step.card])
        policy = {kind.get("access_code", "none") for kind in kinds}
        if not step.odd:
            return WRONG_CODE
        if step.command == "activate":
            wanted = "required" in policy or ("optional" in policy and step.of)
            return CODE if wanted else None
        return CODE if self._card(step).code and step.odd > 1 else None

    def _tender(self, step: Step) -> Tender | None:
        card, programs = self._card(step), self._programs(step)
        gross = step.amount or sum(sum_ for _, sum_ in step.lines)
        sums = {
            name: self._sum(getattr(step, name), card, programs, name, gross)
            for name in tenders.PAYS
        }
        voucher = self._voucher(step, card)
        if not voucher and all(sum_ is None for sum_ in sums.values()):
            return None
        return Tender(
            **{name: sum_ or 0 for name, sum_ in sums.items()}, voucher=voucher
        )

    def _voucher(self, step: Step, card: Card) -> str:
        """A voucher of the card; now and then one that is used or unheard of."""
        if not step.voucher:
            return ""
        found = card.vouchers if step.odd < 2 else vouchers.usable(card, self.now)
        if not found:
            return "" if step.odd else "NONE-SUCH"
        return str(found[step.of % len(found)].code)

    def _sum(
        self, wish: str, card: Card, programs: list[Program], name: str, gross: int
    ) -> int | None:
        payers, currency = (
            tenders.payers(programs, name),
            self.reference.network.currency,
        )
        if not wish or (not payers and wish != "over"):
            return None
        there = sum(
            card.purses[key].usable(self.now)
            for key in {tenders.purse_of(p, name, currency) for p in payers}
            if key in card.purses
        )
        most = min(there, gross * 4 // 5)
        sums = {"all": most, "half": most // 2, "some": min(gross, 50)}
        return sums.get(wish, there + 1)

    def _original(self, step: Step) -> Original:
        """An operation of the past, mostly one that can be followed."""
        past = self._candidates(step)
        if not past:
            return Original(batch=1, operation=999)
        named = past[step.of % len(past)]
        return Original(
            batch=named.batch, operation=named.operation, terminal=named.terminal
        )

    def _candidates(self, step: Step) -> list[Request]:
        commands = FOLLOWED[step.command] if step.odd else ODD_FOLLOWED
        return [
            request
            for request, booked in reversed(self.past)
            if request.command in commands
            and (booked.reply.approved or not step.odd)
            and not (step.command == "confirm" and step.odd and booked.hold != "open")
        ]

    def _totals(self, terminal: str, batch: int) -> tuple[BatchTotal, ...]:
        sums = self.reference.totals(terminal, batch)
        return tuple(
            BatchTotal(command=command, count=count, amount=amount)
            for command, (count, amount) in sums.items()
        )


def _loadable(programs: list[Program]) -> list[Program]:
    return [program for program in programs if program.kind in cards.LOADS]


def _here(original: Original) -> Original:
    return Original(batch=original.batch, operation=original.operation)


def _sale(terminal: str, batch: int, operation: int, amount: int) -> Request:
    return Request(
        command="sale",
        terminal=terminal,
        batch=batch,
        operation=operation,
        card=CardRef(value=NUMBERS[0]),
        amount=amount,
    )
