"""Carries reversals, completions and refunds to acquirers until they are acknowledged.

What is to be carried is written in the ledger with the step that asks for it; an
attempt is written before it is made. A message's first attempt is 0400 or 0220, all
others are its repeats, 0401 and 0221, with the same content.
"""

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from ekarte_auth_gateway.bank import messages
from ekarte_auth_gateway.bank.cards import CardLost, Vault
from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.link import Link, NotSent, Silent
from ekarte_auth_gateway.bank.runner import Banks
from ekarte_auth_gateway.flow import LedgerThread
from ekarte_auth_gateway.ports import Clock
from ekarte_core import (
    BankCourse,
    BankMessage,
    Delivered,
    bank_queues,
    begin_bank_attempt,
    due_bank_messages,
    end_bank_message,
    sealed_bank_card,
    wipe_bank_cards,
)

log = logging.getLogger(__name__)

LATE_AFTER = timedelta(minutes=15)
"""So long a message may wait before the log complains, and then again."""
AT_ONCE = 8


@dataclass(frozen=True)
class Patience:
    """Pauses between attempts, doubled each time, and the age at which to give up."""

    first_s: float
    max_s: float
    limit: timedelta


class Courier:
    """Delivers what waits; a round at a time."""

    def __init__(
        self,
        thread: LedgerThread,
        banks: Banks,
        vault: Vault,
        clock: Clock,
        figures: BankFigures,
        patience: Patience,
    ) -> None:
        """Take the ledger's thread and the links."""
        self._thread = thread
        self._banks = banks
        self._vault = vault
        self._clock = clock
        self._figures = figures
        self._patience = patience
        self._told_at: dict[str, datetime] = {}
        self._queues: set[str] = set()

    async def round(self) -> None:
        """Try everything that is due once, and tell how much waits."""
        listening = self._banks.listening()
        too_old = self._clock() - self._patience.limit
        waiting = await self._thread.call(
            lambda ledger: ledger.lend(
                lambda cr: due_bank_messages(cr, listening, too_old)
            )
        )
        due = [message for message in waiting if self._is_due(message)]
        for start in range(0, len(due), AT_ONCE):
            part = due[start : start + AT_ONCE]
            await asyncio.gather(*(self._deliver(message) for message in part))
        await self._tell()

    async def wipe(self) -> None:
        """Wipe numbers of bank cards whose time is over."""
        now = self._clock()
        await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: wipe_bank_cards(cr, now))
        )

    def _is_due(self, message: BankMessage) -> bool:
        if message.tried_at is None:
            return True
        doubled = self._patience.first_s * 2 ** min(message.attempts - 1, 30)
        pause_s = min(doubled, self._patience.max_s)
        return self._clock() >= message.tried_at + timedelta(seconds=pause_s)

    async def _deliver(self, message: BankMessage) -> None:
        age = self._clock() - message.step.at
        if age > self._patience.limit:
            log.error("bank message given up", extra=_told(message))
            await self._end(message, "given up", "")
            return
        link = self._banks.link(message.course.acquirer)
        if link is None or not link.ready or not await self._begin(message):
            return
        rc = await self._send(link, message)
        how = messages.end_of(message.step, rc)
        if how == "refused":
            log.error("bank refuses a refund", extra={**_told(message), "rc": rc})
        if how is not None:
            await self._end(message, how, rc)
        elif rc:
            log.warning("bank message refused", extra={**_told(message), "rc": rc})

    async def _send(self, link: Link, message: BankMessage) -> str:
        """Send it; return the host's answer code, '' for silence."""
        number = ""
        if link.acquirer.reversal_card:
            number = await self._number(message.course)
        refund = message.step.step in ("refunded", "unrefunded")
        write = messages.refund if refund else messages.follow_up
        fields = write(
            message.course,
            message.step,
            self._banks.sender(message.course),
            number,
            again=message.attempts > 0,
        )
        try:
            answer = await link.ask(fields)
        except (NotSent, Silent) as fault:
            log.info(
                "bank message not answered",
                extra={**_told(message), "reason": str(fault)},
            )
            return ""
        return answer.get("39", "")

    async def _number(self, course: BankCourse) -> str:
        sealed = await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: sealed_bank_card(cr, course))
        )
        if sealed is None:
            return ""
        try:
            return self._vault.open(course.key, *sealed)
        except CardLost as fault:
            log.error(  # noqa: TRY400 - the trace says less than the reason
                "bank card's number is lost: the message goes without",
                extra={"reason": str(fault)},
            )
            return ""

    async def _begin(self, message: BankMessage) -> bool:
        now = self._clock()
        return await self._thread.call(
            lambda ledger: ledger.lend(lambda cr: begin_bank_attempt(cr, message, now))
        )

    async def _end(self, message: BankMessage, how: Delivered, rc: str) -> None:
        now = self._clock()
        await self._thread.call(
            lambda ledger: ledger.lend(
                lambda cr: end_bank_message(cr, message, how, rc, now)
            )
        )
        self._figures.delivered.labels(message.course.acquirer, how).inc()

    async def _tell(self) -> None:
        now = self._clock()
        queues = await self._thread.call(lambda ledger: ledger.lend(bank_queues))
        for queue in queues:
            self._figures.waiting.labels(queue.acquirer).set(queue.count)
            age = now - queue.since
            oldest_s = max(age.total_seconds(), 0.0)
            self._figures.oldest_s.labels(queue.acquirer).set(oldest_s)
            told = self._told_at.get(queue.acquirer)
            if age > LATE_AFTER and (told is None or now - told > LATE_AFTER):
                self._told_at[queue.acquirer] = now
                log.error(
                    "bank messages are late",
                    extra={"acquirer": queue.acquirer, "oldest_s": round(oldest_s)},
                )
        names = {queue.acquirer for queue in queues}
        for name in self._queues - names:
            self._figures.waiting.labels(name).set(0)
            self._figures.oldest_s.labels(name).set(0)
        self._queues |= names


def _told(message: BankMessage) -> dict[str, object]:
    return {
        "operation": "/".join(str(part) for part in message.course.key),
        "acquirer": message.course.acquirer,
        "type": message.step.message,
        "stan": message.step.stan,
        "amount": message.step.amount,
        "attempts": message.attempts,
    }
