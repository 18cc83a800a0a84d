"""The bank desk: takes from the ordinary desk what a bank has a part in.

A purchase with a bank part, its repeats, and what is asked about it afterwards:
confirm, reverse, refund, status. Everything else passes untouched; so does everything
of terminals that have no acquirer.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec

from ekarte_auth_gateway.bank import answers
from ekarte_auth_gateway.bank.cards import read_card
from ekarte_auth_gateway.bank.course import UNSETTLED, asked, stands
from ekarte_auth_gateway.bank.link import Link
from ekarte_auth_gateway.bank.requests import (
    Key,
    confirmation_of,
    content_of,
    name_of,
    probe_request,
)
from ekarte_auth_gateway.bank.runner import Order, Runner, Unsure
from ekarte_auth_gateway.flow import Board, LedgerAway, LedgerThread
from ekarte_auth_gateway.messages import (
    AWAY,
    FAULT,
    LATE,
    NO_ACQUIRER,
    NONCE_SEEN,
    STOPPING,
    Task,
    Verdict,
    refusal,
)
from ekarte_auth_gateway.ports import Clock
from ekarte_core import (
    APPROVED,
    BankCourse,
    Keyring,
    NewBankCourse,
    Rc,
    Request,
    decode_answer,
    encode_answer,
    ended_bank_holds,
    find_bank_course,
    find_bank_refund,
    language_of,
    left_bank_work,
    open_bank_course,
)

log = logging.getLogger(__name__)

AFTERWARDS = frozenset({"confirm", "reverse", "refund", "status"})
OTHERS_WAIT_S = 10.0
"""So long a repeat waits for another gateway that is at the same operation."""
_OTHERS_PAUSE_S = 0.2
STOP_WAIT_S = 20.0
UNCERTAIN = frozenset({"unavailable", "busy", "nonce"})
_APPROVED = frozenset(str(rc) for rc in APPROVED)

BANK_AWAY = refusal(Rc.SILENT, "the bank is away: ask again", "unavailable", "bank")
OTHER_CONTENT = refusal(
    Rc.DUPLICATE, "this number is used with other content", "conflict", "operation"
)

Finish = Callable[[Task, Verdict], None]
AskLedger = Callable[[Request], Awaitable[Verdict]]


class BankDesk:
    """Takes tasks with a bank part; lives on the event loop."""

    def __init__(
        self,
        runner: Runner,
        thread: LedgerThread,
        board: Board,
        keyring: Keyring,
        clock: Clock,
        *,
        owner: int,
        link: Callable[[str], Link | None],
        finish: Finish,
        ask_ledger: AskLedger,
    ) -> None:
        """Take the parts.

        Args:
            runner: takes operations from step to step.
            thread: the ledger's, for looking operations up.
            board: terminals and their acquirers.
            keyring: for the digest that tells a repeat.
            clock: now.
            owner: this gateway's number.
            link: the line to an acquirer.
            finish: answers a task.
            ask_ledger: sends a task to the ledger, past this desk.
        """
        self._runner = runner
        self._thread = thread
        self._board = board
        self._keyring = keyring
        self._clock = clock
        self._owner = owner
        self._link = link
        self._finish = finish
        self._ask_ledger = ask_ledger
        self._running: dict[int, asyncio.Task[BankCourse]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def takes(self, task: Task) -> bool:
        """Take a task if a bank may have a part in it; `finish` is called later."""
        request = task.request
        if request.bank is None and not self._looks_back(request):
            return False
        if self._stopping:
            self._finish(task, STOPPING)
        else:
            work = self._purchase if request.bank is not None else self._afterwards
            run = asyncio.get_running_loop().create_task(self._serve(task, work))
            self._tasks.add(run)
            run.add_done_callback(self._tasks.discard)
        return True

    def _looks_back(self, request: Request) -> bool:
        if request.command not in AFTERWARDS or request.original is None:
            return False
        network = self._board.network
        terminal = request.original.terminal or request.terminal
        known = None if network is None else network.terminals.get(terminal)
        return known is not None and bool(known.bank)

    async def _serve(
        self, task: Task, work: Callable[[Task], Awaitable[Verdict]]
    ) -> None:
        try:
            verdict = await self._nonce_refusal(task) or await work(task)
        except Unsure as unsure:
            verdict = unsure.verdict
        except LedgerAway:
            verdict = AWAY
        except Exception:
            # Nobody is told "approved"; what was begun is ended by `tidy`.
            log.exception("bank operation failed")
            verdict = FAULT
        self._finish(task, verdict)

    async def _nonce_refusal(self, task: Task) -> Verdict | None:
        """The signature's nonce counts once, here as in the ledger's lane."""
        if task.nonce is None:
            return None
        pair = (task.request.terminal, task.nonce)
        now = self._clock()
        task.nonce = None
        fresh = await self._thread.call(
            lambda ledger: ledger.remember_nonces([pair], now)
        )
        return None if fresh[0] else NONCE_SEEN

    # --- the purchase

    async def _purchase(self, task: Task) -> Verdict:
        request = task.request
        assert request.bank is not None
        card = read_card(request.bank)
        digest = self._keyring.body_digest(content_of(request, card))
        course = await self._find(request.key)
        if course is not None:
            return await self._repeat(course, content_of(request, card))
        network = self._board.network
        known = None if network is None else network.terminals.get(request.terminal)
        if network is None or known is None or known.bank not in network.acquirers:
            return NO_ACQUIRER
        link = self._link(known.bank)
        if link is None or not link.ready:
            return BANK_AWAY
        branch = network.branches[known.branch]
        issuer = network.issuers[branch.issuer]
        new = NewBankCourse(
            key=request.key,
            command="sale" if request.command == "sale" else "authorize",
            acquirer=known.bank,
            bank_terminal=known.bank_terminal,
            bank_acceptor=known.bank_acceptor,
            currency=request.currency,
            last4=card.last4,
            language=language_of(request.language, issuer.language),
            digest=digest,
            confirmation=confirmation_of(request),
        )
        course = await self._open(new)
        if course is None:
            return await self._used(task, content_of(request, card))
        order = Order(request, card, request.bank.pin_block)
        return self._told(await self._run(course, order), "new")

    async def _open(self, new: NewBankCourse) -> BankCourse | None:
        now, owner = self._clock(), self._owner
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: open_bank_course(cr, new, owner, now))
        )

    async def _used(self, task: Task, content: bytes) -> Verdict:
        """The number is used: by a repeat that was faster, or without a bank part."""
        course = await self._find(task.request.key)
        if course is not None:
            return await self._repeat(course, content)
        # Buried by an earlier reversal, or another operation: the ledger says which.
        return await self._ask_ledger(probe_request(task.request))

    async def _repeat(self, course: BankCourse, content: bytes) -> Verdict:
        if not self._keyring.same_body(content, course.digest):
            return OTHER_CONTENT
        return self._told(await self._at_rest(course), "repeat")

    def _told(self, course: BankCourse, status: str) -> Verdict:
        answer = course.answer
        if answer is None:
            return LATE
        rc = decode_answer(answer).rc
        return Verdict("new" if status == "new" else "repeat", rc, answer)

    # --- running

    async def _run(self, course: BankCourse, order: Order | None) -> BankCourse:
        return await self._alone(course, self._runner.run(course, order))

    async def _alone(
        self, course: BankCourse, work: Coroutine[Any, Any, BankCourse]
    ) -> BankCourse:
        """Work on an operation, one at a time in this process.

        A terminal that hangs up does not stop what was begun.
        """
        running = self._running.get(course.id)
        if running is None:
            running = asyncio.get_running_loop().create_task(work)
            self._running[course.id] = running
            running.add_done_callback(lambda _: self._running.pop(course.id, None))
        else:
            work.close()
        return await asyncio.shield(running)

    async def _at_rest(self, course: BankCourse) -> BankCourse:
        """Return the operation when nobody has anything to do with it."""
        over_s = time.monotonic() + OTHERS_WAIT_S
        while course.answer is None or course.last in UNSETTLED:
            running = self._running.get(course.id)
            if running is not None:
                return await asyncio.shield(running)
            if any(one.id == course.id for one in await self._left()):
                return await self._run(course, None)
            if time.monotonic() > over_s:
                return course
            await asyncio.sleep(_OTHERS_PAUSE_S)
            course = await self._find(course.key) or course
        return course

    async def _find(self, key: Key) -> BankCourse | None:
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: find_bank_course(cr, key))
        )

    async def _left(self) -> list[BankCourse]:
        """Operations that nobody living is at; now they are ours."""
        busy, owner = frozenset(self._running), self._owner
        left = await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: left_bank_work(cr, owner, busy))
        )
        return [course for course in left if course.id not in self._running]

    async def tidy(self) -> None:
        """End what was left half done; follow holds that have ended."""
        for course in await self._left():
            log.info("bank operation taken up", extra={"operation": named(course)})
            try:
                await self._run(course, None)
            except Unsure as unsure:
                log.info("taken up later", extra={"rc": unsure.verdict.rc})
        await self._follow_holds()

    async def _follow_holds(self) -> None:
        """What the ledger has ended, by whomever, ends at the bank."""
        ended = await self._thread.call(lambda ledger: ledger.lend(ended_bank_holds))
        for hold in ended:
            captured = hold.how == "captured"
            booked_as = hold.operation if captured else None
            work = self._runner.hold_ended(hold.course, booked_as, hold.amount_due)
            await self._alone(hold.course, work)

    async def stop(self) -> None:
        """Take nothing more; finish what is under way."""
        self._stopping = True
        under_way = {*self._tasks, *self._running.values()}
        if under_way:
            await asyncio.wait(under_way, timeout=STOP_WAIT_S)

    # --- what is asked afterwards

    async def _afterwards(self, task: Task) -> Verdict:
        request = task.request
        original = request.original
        assert original is not None
        key = (
            original.terminal or request.terminal,
            original.batch,
            original.operation,
        )
        course = await self._find(key)
        if course is None:
            return await self._about_refund(key, request)
        course = await self._at_rest(course)
        if request.command == "status":
            return await self._status(course, key, request)
        if request.command == "confirm":
            return await self._confirm(course, request)
        if request.command == "refund":
            return await self._refund(course, request)
        return await self._reverse(course, request)

    async def _about_refund(self, key: Key, request: Request) -> Verdict:
        """What is asked about a refund: its reversal goes to the bank, too."""
        course = await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: find_bank_refund(cr, key))
        )
        if course is None:
            return await self._ask_ledger(request)
        if request.command == "reverse":
            return await self._change_refunds(course, request)
        verdict = await self._ask_ledger(request)
        answer = decode_answer(verdict.answer)
        if answer.original is None:
            return verdict
        told = answers.with_refund(course, encode_answer(answer.original))
        answer = msgspec.structs.replace(answer, original=decode_answer(told))
        return Verdict(verdict.status, verdict.rc, encode_answer(answer))

    async def _status(self, course: BankCourse, key: Key, request: Request) -> Verdict:
        """The stored answer, with what the bank said."""
        if course.answer is None:
            return LATE
        verdict = await self._ask_ledger(request)
        if key != course.key or key[0] != request.terminal:
            return verdict
        answer = decode_answer(verdict.answer)
        told = msgspec.structs.replace(
            answer, rc=Rc.OK.value, field="", original=decode_answer(course.answer)
        )
        return Verdict(verdict.status, told.rc, encode_answer(told))

    async def _confirm(self, course: BankCourse, request: Request) -> Verdict:
        """The ledger books an authorization; the bank is told what was delivered."""
        verdict = await self._ask_ledger(request)
        if verdict.rc not in _APPROVED:
            return verdict
        await self._soon(self._follow_holds())
        due = decode_answer(verdict.answer).amount_due
        told = answers.told_of(course, verdict.answer, due)
        return Verdict(verdict.status, verdict.rc, told)

    async def _reverse(self, course: BankCourse, request: Request) -> Verdict:
        """The ledger undoes it, and then the bank."""
        if not stands(course):
            verdict = await self._ask_ledger(request)
            if verdict.rc in _APPROVED:
                await self._soon(self._follow_holds())
            return verdict
        verdicts: list[Verdict] = []
        await self._alone(course, self._undo(course, request, verdicts))
        # Somebody else was at it: the ledger knows what has become of it.
        return verdicts[0] if verdicts else await self._ask_ledger(request)

    async def _refund(self, course: BankCourse, request: Request) -> Verdict:
        """The ledger gives back; the bank is told of what its card had paid."""
        verdict = await self._change_refunds(course, request)
        if not (stands(course) and asked(course)):
            return verdict
        told = answers.with_refund(course, verdict.answer)
        return Verdict(verdict.status, verdict.rc, told)

    async def _change_refunds(self, course: BankCourse, request: Request) -> Verdict:
        """Ask the ledger for a refund, or for the reversal of one; the bank follows."""
        verdicts: list[Verdict] = []
        while not verdicts:
            course = await self._at_rest(course)
            if not (stands(course) and asked(course)):
                return await self._ask_ledger(request)
            if course.last in UNSETTLED:
                return LATE  # another gateway is at it: ask again
            if await self._is_told(course, request):
                return await self._ask_ledger(request)
            await self._alone(course, self._give_back(course, request, verdicts))
            course = await self._find(course.key) or course
        return verdicts[0]

    async def _is_told(self, course: BankCourse, request: Request) -> bool:
        """Say whether it is a repeat of what the bank knows already."""
        known = await self._runner.ledger_id(request.key)
        return known is not None and await self._runner.next_refund(course) is None

    async def _give_back(
        self, course: BankCourse, request: Request, verdicts: list[Verdict]
    ) -> BankCourse:
        """Write that it is begun, so that whoever finds it so ends it; then do it."""
        name = name_of(request.key)
        course = await self._runner.take(course, "refunding", reason=name)
        if course.last != "refunding" or course.steps[-1].reason != name:
            return course  # a rival's: this one waits its turn
        verdict = await self._ask_ledger(request)
        verdicts.append(verdict)
        if verdict.status in UNCERTAIN:
            return course
        return await self._runner.tell_refunds(course)

    async def _undo(
        self, course: BankCourse, request: Request, verdicts: list[Verdict]
    ) -> BankCourse:
        course = await self._runner.take(course, "undoing")
        if course.last != "undoing":
            return course
        verdict = await self._ask_ledger(request)
        verdicts.append(verdict)
        if verdict.status in UNCERTAIN:
            return course
        return await self._runner.undone(course, verdict.rc in _APPROVED)

    async def _soon(self, work: Awaitable[None]) -> None:
        """Do at once what `tidy` would do in a second; the answer is there already."""
        try:
            await work
        except LedgerAway:
            log.info("left to the next round")


def named(course: BankCourse) -> str:
    """Name an operation in a log: terminal/batch/number."""
    return name_of(course.key)
