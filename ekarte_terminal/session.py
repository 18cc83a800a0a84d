"""One terminal at work: numbers, silence, what is in doubt, the day's end.

The five rules of docs/TERMINALS.md stand here and nowhere else. Blocks; one call at a
time.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from ekarte_auth_gateway.testing import CodecError, TerminalError
from ekarte_core import (
    APPROVED,
    REQUESTS,
    TRANSIENT,
    Answer,
    Original,
    Rc,
    Request,
    RequestInvalid,
    check_request,
)
from ekarte_terminal.alone import Alone, compared
from ekarte_terminal.cards import masked
from ekarte_terminal.journal import Entry, Journal
from ekarte_terminal.line import Line
from ekarte_terminal.outcome import READS, SILENCE, Outcome, found_of, outcome_of
from ekarte_terminal.settings import Settings
from ekarte_terminal.slot import ChipLine, Slot
from ekarte_terminal.vault import VaultBroken

_APPROVED = frozenset(str(rc) for rc in APPROVED)
# What says nothing of the message before it: not stored, or not even looked at.
_PROVES_NOTHING = frozenset(str(rc) for rc in TRANSIENT) | {Rc.TOO_OFTEN.value}
_SILENT = frozenset({"91", "96"})
_BATCH_OVER = "95"
_NOT_FOUND = "25"
_SENDER = frozenset({"63", "58", "03", "12"})  # of us, not of what is told
# Said before anybody looks whether the operation is known: its doubt stays.
_NOT_LOOKED_AT = frozenset({"63", "58", "03", Rc.TOO_OFTEN.value})
_NEVER_BOOKED = frozenset({"30", "13", "05", "14", "78"})  # whatever its number
_DEAD_FOR = timedelta(seconds=20)  # a line that was silent is not tried before
_STEPS_MAX = 500
_UNTOLD = "what was decided without a line cannot be told: is it the old key's?"


class Session:
    """A terminal between whoever operates it and the gateway."""

    def __init__(
        self,
        settings: Settings,
        line: Line,
        journal: Journal,
        now: Callable[[], datetime],
        pause: Callable[[float], None] = time.sleep,
        alone: Alone | None = None,
        slot: Slot | None = None,
    ) -> None:
        """Take the way to the gateway, the journal, the clock and how to wait.

        `alone`: what it may decide while nobody answers; None: nothing. `slot`: the
        reader of chip cards that keep their account; None: it has none.
        """
        self.slot = slot
        self.settings = settings
        self.journal = journal
        self.language = settings.language
        self._line = line if slot is None else ChipLine(line, slot, journal.waiting)
        self._now = now
        self._pause = pause
        self._alone = alone
        self._silent_at: datetime | None = None
        self._untellable = False

    def run(self, command: str, **fields: Any) -> Outcome:
        """Do one command; `fields` are those of a core Request."""
        try:
            request = REQUESTS.from_tree(
                {
                    "command": command,
                    "terminal": self.settings.number,
                    "currency": self.settings.currency,
                    "language": self.language,
                    "operation": 1,
                    **fields,
                },
                from_attributes=True,
            )
            check_request(request)
        except (msgspec.ValidationError, RequestInvalid) as fault:
            return Outcome("refused_here", command, fault=str(fault))
        if command in READS:
            return self._read(request)
        if command == "close":
            return self.close_batch()
        able = self.able(command)
        waits = None if able and self.dead else self._what_waits(command)
        if waits is not None and not (able and self.dead):
            return waits
        return self._book(request)

    def cancel(self, operation: int = 0) -> Outcome:
        """Reverse an operation of this batch; 0: the last that was approved."""
        done = [
            entry.operation
            for entry in self.journal.entries.values()
            if entry.approved and entry.command not in ("reverse", "close")
        ]
        if not operation and not done:
            return Outcome("refused_here", "reverse", fault="nothing to cancel")
        original = {"batch": self.journal.batch, "operation": operation or done[-1]}
        return self.run("reverse", original=original)

    def resolve(self) -> list[Outcome]:
        """Tell what was decided alone, find out about what has no answer.

        What stays is in doubt.
        """
        made = self.tell()
        for entry in self.journal.open_entries():
            silent = self.dead
            found = (
                found_of(entry, self.journal.batch, None)
                if silent
                else self._resolve(entry)
            )
            made.append(found)
        return made

    def close_batch(self) -> Outcome:
        """Compare the totals; on 00 the next batch begins.

        On 95 every operation of the batch is asked for, what the host knows is taken
        for right, and the totals are compared once more.
        """
        waits = self._what_waits("close")
        if waits is not None:
            return waits
        if self.journal.waiting():
            return Outcome("refused_here", "close", fault=_UNTOLD)
        outcome = self._book(self._close_request())
        if outcome.answer is not None and outcome.answer.rc == _BATCH_OVER:
            if not self._compare_with_host():
                return outcome
            outcome = self._book(self._close_request())
        if outcome.kind == "approved":
            self._next_batch()
        return outcome

    def reprint(self, operation: int = 0) -> Outcome:
        """Ask for the answer of an operation again; 0: the last one."""
        numbers = [e.operation for e in self.journal.entries.values() if e.rc]
        if not operation and not numbers:
            return Outcome("refused_here", "status", fault="there is no slip yet")
        entry = self.journal.entries.get(operation or numbers[-1])
        if entry is not None and entry.waits:  # nobody else knows of it yet
            answer = Answer(rc=entry.rc, original=entry.alone)
            return Outcome("approved", "status", answer=answer, alone=True)
        original = {"batch": self.journal.batch, "operation": operation or numbers[-1]}
        return self.run("status", original=original)

    # --- sending

    def _read(self, request: Request) -> Outcome:
        batch, operation = self.journal.number()
        request = msgspec.structs.replace(
            request,
            batch=batch,
            operation=operation,
            local_time=self._now().replace(microsecond=0),
        )
        guesses = request.command == "inquire" and self.able("sale")
        if request.card is not None and request.card.kind == "chip":
            self.tell()  # or the host's balance lacks what the card has spent
        try:
            answer = None if guesses and self.dead else self._send(request)
        except CodecError as fault:
            return Outcome("refused_here", request.command, fault=str(fault))
        if answer is None and guesses and request.amount:
            return self._guess(request)
        return outcome_of(request, answer)

    def _book(self, request: Request, *, moved: bool = False) -> Outcome:
        card = "" if request.card is None else masked(request.card)
        request = self.journal.begin(request, card)
        able = self.able(request.command)
        sent = not (able and self.dead)
        try:
            answer = self._send(request) if sent else None
        except CodecError as fault:  # it could not even be written: nothing went out
            self.journal.never(request.operation)
            return Outcome("refused_here", request.command, fault=str(fault))
        if answer is not None:
            self.journal.end(request.operation, answer)
            if answer.rc == _BATCH_OVER and request.command != "close" and not moved:
                return self._in_the_next_batch(request)
        if answer is None and able:
            return self._decide(request, sent=sent)
        return outcome_of(request, answer)

    def _in_the_next_batch(self, request: Request) -> Outcome:
        """The gateway has closed the batch: compare, then go on in the next one."""
        old = self.journal.batch
        self.close_batch()
        if self.journal.batch == old and self.journal.waiting():
            return Outcome("in_doubt", request.command, fault="not told yet")
        if self.journal.batch == old:
            self._next_batch()
        return self._book(request, moved=True)

    def _send(self, request: Request) -> Answer | None:
        """Send, and again with the same number; None: nobody knows.

        After a silence a refusal that is never stored proves nothing: the first
        message may have been booked. Nor does one that slows this terminal down.
        """
        silent = False
        # Who may decide alone lets nobody wait longer than for one answer.
        tries = 1 if self.able(request.command) else self.settings.tries
        for attempt in range(tries):
            if attempt:
                self._pause(self.settings.pause_s)
            try:
                answer = self._line.send(request, repeat=attempt > 0)
            except TerminalError:
                silent = True
                continue
            if answer.rc in _SILENT or (silent and answer.rc in _PROVES_NOTHING):
                silent = True
                continue
            self._silent_at = None
            if self._alone is not None:
                self._alone.heard(answer)
            return answer
        self._silent_at = self._now()
        return None

    # --- without a line

    @property
    def dead(self) -> bool:
        """True shortly after a silence, where the terminal may do without a line."""
        return (
            self._alone is not None
            and self._silent_at is not None
            and timedelta(0) <= self._now() - self._silent_at < _DEAD_FOR
        )

    @property
    def decides(self) -> bool:
        """True when it may decide at least sales by itself."""
        return self.able("sale")

    def try_again(self) -> None:
        """Somebody has seen to the line: the next message is sent."""
        self._silent_at = None

    def tell(self) -> list[Outcome]:
        """Tell what was decided alone, in its order, until nobody answers."""
        made: list[Outcome] = []
        for entry in [] if self.dead else self.journal.waiting():
            made.append(self._tell(entry))
            if made[-1].kind == "in_doubt":
                break
        return made

    def tend(self) -> list[Outcome]:
        """Do a piece of what can wait: tell, or load a chunk of parameters."""
        made = self.tell()
        wish = None if self._alone is None or self.dead else self._alone.wish
        if wish is not None and self._alone is not None:
            answer = self.run("parameters", parameters=wish).answer
            if answer is not None and answer.parameters is not None:
                self._alone.take(answer.parameters)
            elif answer is not None:
                self._alone.give_up()
        return made

    @property
    def tasks(self) -> bool:
        """True when `tend` has something to do."""
        if self._alone is None or self.dead:
            return False
        waiting = bool(self.journal.waiting()) and not self._untellable
        return waiting or self._alone.wish is not None

    def tend_all(self) -> list[Outcome]:
        """Do all that can wait, as far as somebody answers."""
        made: list[Outcome] = []
        for _ in range(_STEPS_MAX):
            if not self.tasks:
                break
            made += self.tend()
            if made and made[-1].kind == "in_doubt":
                break
        return made

    def able(self, command: str) -> bool:
        """Say whether a command may be decided without a line."""
        return self._alone is not None and self._alone.able(command)

    def _guess(self, request: Request) -> Outcome:
        """Say what a sale would come to; nothing is known of the card's balances."""
        assert self._alone is not None, "able"
        asked = msgspec.structs.replace(request, command="sale", slip="none")
        answer = self._alone.answer(asked, len(self.journal.waiting()))
        return replace(outcome_of(request, answer), alone=True)

    def _decide(self, request: Request, *, sent: bool) -> Outcome:
        """Nobody answers: decide, put it on the disk, and only then say so.

        It keeps its number: whoever has the message that was sent knows the advice
        for the same operation.
        """
        assert self._alone is not None, "able"
        answer = self._alone.answer(request, len(self.journal.waiting()))
        if answer.rc in _APPROVED:
            answer = self._alone.keep(request, answer)
        if answer.rc in _APPROVED:
            self.journal.decide(request.operation, answer)
        elif sent:
            return outcome_of(request, None)  # it may have been booked
        else:
            self.journal.never(request.operation)
        return replace(outcome_of(request, answer), alone=True)

    def _tell(self, entry: Entry) -> Outcome:
        assert self._alone is not None, "it has decided"
        batch = self.journal.batch
        try:
            advice = self._alone.vault.advice(batch, entry.operation)
            answer = self._send(advice)
        except (VaultBroken, CodecError) as fault:  # people have to see to it
            self._untellable = True
            found = found_of(entry, batch, None)
            return replace(found, kind="refused_here", alone=True, fault=str(fault))
        if answer is None or answer.rc in _SENDER | _NOT_LOOKED_AT:
            return replace(found_of(entry, batch, None), alone=True)
        booked = answer.rc in _APPROVED
        if not booked and answer.rc not in _NEVER_BOOKED and not entry.instead:
            return self._tell(self._under_another_number(entry, advice))
        assert entry.alone is not None, "it was decided alone"
        answer = compared(entry.alone, answer)
        self.journal.told(entry.operation, answer)
        return replace(found_of(entry, batch, answer), alone=True)

    def _under_another_number(self, entry: Entry, advice: Request) -> Entry:
        """The message had arrived, and was refused, before we decided otherwise.

        The goods are gone: under a number of its own it is booked all the same.
        """
        assert self._alone is not None, "it has decided"
        assert entry.alone is not None, "it was decided alone"
        sent = self.journal.begin(
            msgspec.structs.replace(advice, command=entry.command), entry.card
        )
        self._alone.vault.keep(
            msgspec.structs.replace(advice, operation=sent.operation)
        )
        self.journal.decide(sent.operation, entry.alone, instead=entry.operation)
        return self.journal.entries[sent.operation]

    def _next_batch(self) -> None:
        batch = self.journal.batch
        self.journal.next_batch()
        if self._alone is not None:
            self._alone.vault.forget(batch)

    # --- doubts

    def _what_waits(self, command: str) -> Outcome | None:
        """Resolve what is in doubt; return what stands in the way of a new command."""
        self.try_again()  # what waits is told before anything new
        for outcome in self.resolve():
            if outcome.kind == "in_doubt" and outcome.alone:
                return Outcome("refused_here", command, fault=SILENCE)
            if outcome.kind == "in_doubt":
                return Outcome(
                    "in_doubt",
                    command,
                    fault=f"operation {outcome.operation} has no answer yet",
                )
        return None

    def _resolve(self, entry: Entry) -> Outcome:
        if entry.request is not None:  # nothing secret in it: simply once more
            answer = self._send(entry.request)
            if answer is not None and answer.rc in _NOT_LOOKED_AT:
                answer = None
            if answer is not None:
                self.journal.end(entry.operation, answer)
                if entry.command == "close" and answer.rc in _APPROVED:
                    self._next_batch()
            return found_of(entry, self.journal.batch, answer)
        answer = self._asked(entry.operation)
        if answer is None or answer.rc != _NOT_FOUND:
            return found_of(entry, self.journal.batch, answer)
        # It never arrived, or is still on its way: the reversal keeps it out for good.
        undone = self._book(
            Request(
                command="reverse",
                terminal=self.settings.number,
                language=self.language,
                currency=self.settings.currency,
                original=Original(batch=self.journal.batch, operation=entry.operation),
            ),
            moved=True,
        )
        # 95: the gateway has closed the batch; what comes late is refused as well.
        over = undone.answer is not None and undone.answer.rc == _BATCH_OVER
        if undone.kind != "approved" and not over:
            return found_of(entry, self.journal.batch, None)
        answer = self._asked(entry.operation)  # it may have come just before
        if answer is not None and answer.rc == _NOT_FOUND:
            self.journal.never(entry.operation)
        return found_of(entry, self.journal.batch, answer)

    def _asked(self, operation: int) -> Answer | None:
        """Ask for an operation's answer and note it; rc 25: there is none."""
        original = Original(batch=self.journal.batch, operation=operation)
        told = self.run("status", original=original).answer
        if told is None or (told.original is None and told.rc != _NOT_FOUND):
            return None
        if told.original is None:
            return told
        self.journal.end(operation, told.original)
        return told.original

    # --- the day's end

    def _close_request(self) -> Request:
        return Request(
            command="close",
            terminal=self.settings.number,
            currency=self.settings.currency,
            language=self.language,
            totals=self.journal.totals(),
        )

    def _compare_with_host(self) -> bool:
        """Take the host's word for each operation; say whether all could be asked."""
        return all(
            self._tell(entry).answer is not None
            if entry.alone is not None and not entry.never
            else self._asked(entry.operation) is not None
            for entry in [*self.journal.entries.values()]
            if entry.command != "close"
        )
