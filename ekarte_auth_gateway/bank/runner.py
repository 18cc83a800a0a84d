"""Takes an operation with a bank part from step to step until nothing is left to do.

The same loop serves a terminal that waits and an operation that somebody left half
done: only who has the request can ask the bank. Each step is written before it is
taken; when a rival has written it, we go on from his.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

from ekarte_auth_gateway.bank import answers, messages
from ekarte_auth_gateway.bank.cards import BankNumber, Vault
from ekarte_auth_gateway.bank.course import Todo, asked, next_todo
from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.link import Link, NotSent, Silent
from ekarte_auth_gateway.bank.requests import (
    Key,
    bury_request,
    hold_request,
    key_named,
    name_of,
    release_request,
    undo_request,
)
from ekarte_auth_gateway.flow import LedgerThread
from ekarte_auth_gateway.messages import LATE, Verdict
from ekarte_auth_gateway.ports import Clock
from ekarte_core import (
    APPROVED,
    REQUESTS,
    BankCourse,
    BankRefund,
    BankStep,
    BankStepName,
    Cursor,
    Request,
    SealedCard,
    decode_answer,
    is_at_rest,
    ledger_id_of,
    ledger_key_of,
    next_bank_refund,
    take_bank_step,
)

log = logging.getLogger(__name__)

_APPROVED = frozenset(str(rc) for rc in APPROVED)
_SURE = frozenset({"new", "repeat", "transient", "conflict"})
_REVERSAL, _COMPLETION = "0400", "0220"
_TELLS = {"refunded": "0220", "unrefunded": "0400"}

Ask = Callable[[Request], Awaitable[Verdict]]
"""Sends a request to the ledger and returns what became of it."""


class Unsure(Exception):
    """The ledger gave no certain answer: somebody has to go on later."""

    def __init__(self, verdict: Verdict) -> None:
        """Keep what the ledger's side said."""
        self.verdict = verdict
        super().__init__(verdict.rc)


@dataclass
class Order:
    """What only the process that the terminal spoke to has: its request and card.

    Attributes:
        held: the ledger's answer to the hold, once it is there.
    """

    request: Request
    card: BankNumber = field(repr=False)
    pin_block: str = field(repr=False)
    held: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Banks:
    """What a runner needs to know of the banks at this moment."""

    link: Callable[[str], Link | None]
    sender: Callable[[BankCourse], messages.Sender]
    network_version: Callable[[], int]
    listening: Callable[[], list[str]]


class Runner:
    """Runs operations; one for a gateway."""

    def __init__(
        self,
        thread: LedgerThread,
        ask: Ask,
        asked_for: Callable[[Key], bool],
        banks: Banks,
        vault: Vault,
        clock: Clock,
        figures: BankFigures,
        *,
        owner: int,
        kept: timedelta,
    ) -> None:
        """Take the parts.

        Args:
            thread: the ledger's, for steps.
            ask: the ledger, for the loyalty side.
            asked_for: whether it may still book an operation, asked some time ago.
            banks: lines, and what is said of us over them.
            vault: for card numbers that a reversal may have to name.
            clock: now.
            figures: the banks' answers are counted.
            owner: this gateway's number.
            kept: how long a sealed card number may stay.
        """
        self._thread = thread
        self._ask_ledger = ask
        self._asked_for = asked_for
        self._banks = banks
        self._vault = vault
        self._clock = clock
        self._figures = figures
        self._owner = owner
        self._kept = kept
        self._does: dict[Todo, Callable[..., Awaitable[BankCourse]]] = {
            "hold": self._hold,
            "ask": self._ask,
            "give up": self._give_up,
            "book": self._book,
            "release": self._release,
            "undo": self._undo,
            "refund": self._refund,
        }

    async def run(self, course: BankCourse, order: Order | None) -> BankCourse:
        """Do what is left to do; return the operation at rest.

        Raises:
            Unsure: the ledger gave no certain answer.
            LedgerAway: the database is not there.
        """
        while True:
            todo = next_todo(course, live=order is not None)
            if todo == "rest":
                return course
            course = await self._does[todo](course, order)

    async def take(
        self,
        course: BankCourse,
        name: BankStepName,
        *,
        message: str = "",
        amount: int = 0,
        said: messages.Reply | None = None,
        reason: str = "",
        booked_as: int | None = None,
        answer: str | None = None,
        card: SealedCard | None = None,
    ) -> BankCourse:
        """Write the next step; return the operation with it, or with a rival's."""
        step = BankStep(
            number=len(course.steps) + 1,
            at=self._clock(),
            step=name,
            message=message,
            amount=amount,
            rc=said.rc if said else "",
            auth_code=said.auth_code if said else "",
            rrn=said.rrn if said else "",
            reason=reason,
            booked_as=booked_as,
            answer=answer,
        )

        def write(cr: Cursor) -> BankCourse:
            return take_bank_step(cr, course, step, owner=self._owner, card=card)

        return await self._thread.call(lambda ledger: ledger.lend(write))

    async def _certain(self, request: Request) -> Verdict:
        verdict = await self._ask_ledger(request)
        if verdict.status not in _SURE:
            raise Unsure(verdict)
        return verdict

    async def _hold(self, course: BankCourse, order: Order) -> BankCourse:
        """Ask the ledger for the discount, and to hold what the card pays."""
        verdict = await self._ask_ledger(hold_request(order.request))
        if verdict.status not in _SURE:
            return await self._cancel(course, "the ledger gave no answer")
        if verdict.rc not in _APPROVED:
            told = verdict.answer.decode()
            return await self.take(course, "refused", answer=told)
        order.held = verdict.answer
        due = decode_answer(verdict.answer).amount_due
        if not due:
            return await self._nothing_due(course, verdict)
        link = self._banks.link(course.acquirer)
        if link is None:
            return await self._cancel(course, "no such acquirer any more")
        financial = course.command == "sale"
        message = link.acquirer.message if financial else "0100"
        card = None
        if link.acquirer.reversal_card and self._vault.usable:
            wipe_at = self._clock() + self._kept
            card = self._vault.seal(course.key, order.card.number, wipe_at)
        return await self.take(course, "sent", message=message, amount=due, card=card)

    async def _nothing_due(self, course: BankCourse, verdict: Verdict) -> BankCourse:
        if course.command == "sale":
            return await self.take(course, "approved", reason="nothing is due")
        told = verdict.answer.decode()
        return await self.take(course, "held", answer=told, reason="nothing is due")

    async def _ask(self, course: BankCourse, order: Order) -> BankCourse:
        """Ask the bank for what is due."""
        sent = course.find("sent")
        assert sent is not None
        fields = messages.purchase(
            course, sent, order.card, order.pin_block, self._banks.sender(course)
        )
        link = self._banks.link(course.acquirer)
        if link is None:
            return await self._cancel(course, "no such acquirer any more", heard=False)
        try:
            answer = await link.ask(fields)
        except NotSent as fault:
            self._count(course, "not sent")
            return await self._cancel(course, str(fault), heard=False)
        except Silent as fault:
            self._count(course, "silent")
            return await self._cancel(course, str(fault))
        reply = messages.read_reply(fields, answer)
        return await self._answered(course, order, sent, reply)

    async def _answered(
        self, course: BankCourse, order: Order, sent: BankStep, reply: messages.Reply
    ) -> BankCourse:
        """Write what the bank said; what is unclear is undone."""
        self._count(course, reply.rc)
        if reply.what == "unclear":
            return await self._cancel(course, f"unclear: {reply.rc}")
        if reply.what == "declined":
            return await self.take(course, "declined", said=reply)
        if course.command == "sale":
            return await self.take(course, "approved", amount=sent.amount, said=reply)
        told = answers.with_bank(course, order.held, reply, sent.amount).decode()
        return await self.take(
            course, "held", amount=sent.amount, said=reply, answer=told
        )

    async def _give_up(self, course: BankCourse, _order: object) -> BankCourse:
        """Nobody can ask the bank any more, or hear its answer."""
        return await self._cancel(course, "left half done")

    async def _cancel(
        self, course: BankCourse, reason: str, *, heard: bool = True
    ) -> BankCourse:
        """Decide that it shall stand nowhere; a reversal if the bank may have heard."""
        log.warning(
            "bank operation cancelled",
            extra={"operation": _named(course), "reason": reason},
        )
        sent = course.find("sent")
        if sent is None or not heard:
            return await self.take(course, "cancelled", reason=reason)
        return await self.take(
            course, "cancelled", message=_REVERSAL, amount=sent.amount, reason=reason
        )

    async def _book(self, course: BankCourse, _order: object) -> BankCourse:
        """The bank has approved: the ledger books, or all is undone."""
        request = REQUESTS.from_json(course.confirmation)
        verdict = await self._certain(request)
        if verdict.rc not in _APPROVED or verdict.status == "conflict":
            return await self._cancel(course, f"the ledger refuses: {verdict.rc}")
        booked_as = await self.ledger_id(course.key)
        told = answers.told_of(course, verdict.answer).decode()
        return await self.take(course, "booked", answer=told, booked_as=booked_as)

    async def _release(self, course: BankCourse, _order: object) -> BankCourse:
        """The ledger gives back what it held; its number is never booked again."""
        for request in (bury_request(course), release_request(course)):
            if request is not None:
                verdict = await self._certain(request)
                if verdict.rc not in _APPROVED:
                    log.warning(
                        "hold not released: it ends by itself",
                        extra={"operation": _named(course), "rc": verdict.rc},
                    )
        told = answers.released(course, self._banks.network_version()).decode()
        already = course.answer is not None
        return await self.take(course, "released", answer=None if already else told)

    async def _undo(self, course: BankCourse, _order: object) -> BankCourse:
        """The terminal wanted it reversed, and nobody is left who asked for it."""
        key = course.key
        booked = course.find("booked")
        if booked is not None and booked.booked_as is not None:
            number = booked.booked_as
            key = await self._thread.call(
                lambda ledger: ledger.lend(lambda cr: ledger_key_of(cr, number))
            )
        verdict = await self._certain(undo_request(key))
        return await self.undone(course, verdict.rc in _APPROVED)

    async def undone(self, course: BankCourse, done: bool) -> BankCourse:  # noqa: FBT001 - it is the outcome itself
        """Write what became of a reversal; the bank's follows the ledger's."""
        if not done:
            return await self.take(course, "kept")
        return await self._follow(course, "released", _REVERSAL, None)

    async def _refund(self, course: BankCourse, _order: object) -> BankCourse:
        """Somebody has begun a refund and does not know what came of it.

        It may still be on its way: told "late", its commit waits for a standby.
        """
        key = key_named(course.steps[-1].reason)
        if self._asked_for(key) or not await self._is_at_rest(key):
            raise Unsure(LATE)
        return await self.tell_refunds(course)

    async def _is_at_rest(self, key: Key) -> bool:
        """Look whether no session, of a dead gateway neither, is about to book it."""
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: is_at_rest(cr, key))
        )

    async def tell_refunds(self, course: BankCourse) -> BankCourse:
        """Tell the bank of what the ledger has given back, or taken back again."""
        refund = await self.next_refund(course)
        if refund is None:
            return await self.take(course, "kept")
        while refund is not None:
            course = await self.take(
                course,
                refund.step,
                message=_TELLS[refund.step],
                amount=refund.amount,
                reason=refund.of_step,
                booked_as=refund.operation,
            )
            refund = await self.next_refund(course)
        return course

    async def next_refund(self, course: BankCourse) -> BankRefund | None:
        """Return what the bank does not know yet of refunds."""
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: next_bank_refund(cr, course))
        )

    async def hold_ended(
        self, course: BankCourse, booked_as: int | None, amount_due: int
    ) -> BankCourse:
        """The ledger's hold has ended: the bank's authorization ends the same way."""
        if booked_as is None:
            return await self._follow(course, "released", _REVERSAL, None)
        if not amount_due:
            return await self._follow(course, "booked", _REVERSAL, booked_as)
        return await self._follow(course, "booked", _COMPLETION, booked_as, amount_due)

    async def _follow(
        self,
        course: BankCourse,
        name: BankStepName,
        message: str,
        booked_as: int | None,
        amount: int | None = None,
    ) -> BankCourse:
        sent = course.find("sent")
        if sent is None or not asked(course) or _reversed(course):
            return await self.take(course, name, booked_as=booked_as)
        return await self.take(
            course,
            name,
            message=message,
            amount=sent.amount if amount is None else amount,
            booked_as=booked_as,
        )

    async def ledger_id(self, key: tuple[str, int, int]) -> int | None:
        """Return the ledger's id of an operation."""
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: ledger_id_of(cr, key))
        )

    def _count(self, course: BankCourse, rc: str) -> None:
        self._figures.answers.labels(course.acquirer, rc).inc()


def _reversed(course: BankCourse) -> bool:
    return any(
        step.message == _REVERSAL and step.step != "unrefunded" for step in course.steps
    )


def _named(course: BankCourse) -> str:
    return name_of(course.key)
