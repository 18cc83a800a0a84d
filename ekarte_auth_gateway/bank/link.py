"""One connection to one acquirer: signed on, kept, and many messages at a time.

Answers come in any order and are matched by type and number (DE11). When the host
falls silent nothing is asked of it until it has answered an echo, or, on a new
connection, a sign-on: that is the circuit breaker, and what tries it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.messages import (
    APPROVED,
    ECHO,
    SIGN_ON,
    belongs,
    network_message,
)
from ekarte_auth_gateway.codec import (
    PROFILES,
    CodecError,
    Fields,
    Mac,
    answer_type,
    mac_is_right,
    pack,
    split_tpdu,
    tpdu,
    unpack,
)
from ekarte_auth_gateway.flow import LedgerAway
from ekarte_auth_gateway.ports import Clock
from ekarte_core import Acquirer

log = logging.getLogger(__name__)

FRAME_BYTES_MAX = 8192
SILENCES_MAX = 3
"""So many messages without an answer, one after the other: is anybody there?"""
PAUSE_FIRST_S, PAUSE_MAX_S = 0.2, 15.0
HOST, OURS = "0001", "0000"
"""Of the TPDU, where the profile has one."""

Stan = Callable[[], Awaitable[int]]


class NotSent(Exception):
    """The host cannot have heard of it: nothing was written to the line."""


class Silent(Exception):
    """No answer in time; the host may have heard of it, and may have done it."""


@dataclass(frozen=True)
class LinkRhythm:
    """Seconds.

    Attributes:
        wait_s: for an answer.
        echo_s: of quiet, after which the line is tried.
    """

    wait_s: float = 6.0
    echo_s: float = 60.0


@dataclass(eq=False)
class _Asked:
    fields: Fields
    answer: "asyncio.Future[Fields]" = field(repr=False)


class Link:
    """Keeps the line to one acquirer; lives on the event loop."""

    def __init__(
        self,
        acquirer: Acquirer,
        mac: Mac | None,
        stan: Stan,
        clock: Clock,
        figures: BankFigures,
        rhythm: LinkRhythm,
    ) -> None:
        """Take the host's address and its MAC; connect nothing yet."""
        self.acquirer = acquirer
        self._mac = mac
        self._stan = stan
        self._clock = clock
        self._figures = figures
        self._rhythm = rhythm
        self._profile = PROFILES[acquirer.profile]
        self._waiting: dict[tuple[str, str], _Asked] = {}
        self._writer: asyncio.StreamWriter | None = None
        self._silences = 0
        self._used_s = 0.0
        self._doubt = asyncio.Event()
        self._run: asyncio.Task[None] | None = None
        self.ready = False
        figures.up.labels(acquirer.code).set(0)

    def start(self) -> None:
        """Begin to connect, and to stay connected."""
        self._run = asyncio.get_running_loop().create_task(self._forever())

    async def stop(self) -> None:
        """Hang up."""
        if self._run is not None:
            self._run.cancel()
            await asyncio.gather(self._run, return_exceptions=True)
        self._hang_up()

    async def ask(self, fields: Fields) -> Fields:
        """Send a message and return its answer.

        Raises:
            NotSent: there is no line at the moment.
            Silent: no answer in time.
        """
        if not self.ready:
            raise NotSent("not signed on")
        return await self._exchange(fields)

    async def _exchange(self, fields: Fields) -> Fields:
        writer = self._writer
        if writer is None or writer.is_closing():
            raise NotSent("no connection")
        frame = self._frame(fields)
        loop = asyncio.get_running_loop()
        place = (answer_type(fields["t"]) or "", fields["11"])
        asked = self._waiting[place] = _Asked(fields, loop.create_future())
        self._used_s = loop.time()
        try:
            writer.write(frame)
            answer = await asyncio.wait_for(asked.answer, self._rhythm.wait_s)
        except asyncio.TimeoutError:
            self._silent()
            raise Silent("no answer in time") from None
        finally:
            if self._waiting.get(place) is asked:
                del self._waiting[place]
        self._silences = 0
        return answer

    def _frame(self, fields: Fields) -> bytes:
        message = pack(fields, self._mac, self._profile)
        if self._profile.tpdu:
            message = tpdu(HOST, OURS) + message
        return self._profile.length.write(len(message)) + message

    def _silent(self) -> None:
        self._silences += 1
        if self._silences >= SILENCES_MAX and not self._doubt.is_set():
            log.warning("bank silent", extra={"acquirer": self.acquirer.code})
            self._set_ready(ready=False)
            self._doubt.set()

    async def _forever(self) -> None:
        pause_s = PAUSE_FIRST_S
        while True:
            try:
                if await self._session():
                    pause_s = PAUSE_FIRST_S
            except (OSError, asyncio.TimeoutError, LedgerAway) as fault:
                log.warning(
                    "bank away",
                    extra={"acquirer": self.acquirer.code, "reason": str(fault)},
                )
            except Exception:
                # A line that ended for good would leave the terminals without a bank.
                log.exception("line failed", extra={"acquirer": self.acquirer.code})
            finally:
                self._hang_up()
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_MAX_S)

    async def _session(self) -> bool:
        """Connect, sign on, serve until the line breaks; whether the host took us."""
        reader, self._writer = await asyncio.wait_for(
            asyncio.open_connection(self.acquirer.host, self.acquirer.port),
            self._rhythm.wait_s,
        )
        self._silences = 0
        self._doubt.clear()
        listening = asyncio.get_running_loop().create_task(self._listen(reader))
        try:
            if not await self._network(SIGN_ON):
                return False
            self._set_ready(ready=True)
            await self._watch(listening)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
        return True

    async def _watch(self, listening: "asyncio.Task[None]") -> None:
        """Try the line when it was quiet for long, or when nobody answers."""
        loop = asyncio.get_running_loop()
        while not listening.done():
            doubt = loop.create_task(self._doubt.wait())
            await asyncio.wait(
                {listening, doubt},
                timeout=self._rhythm.echo_s / 4,
                return_when=asyncio.FIRST_COMPLETED,
            )
            doubt.cancel()
            quiet = loop.time() - self._used_s >= self._rhythm.echo_s
            if listening.done() or not (quiet or self._doubt.is_set()):
                continue
            if not await self._network(ECHO):
                return
            self._silences = 0
            self._doubt.clear()
            self._set_ready(ready=True)

    async def _network(self, code: str) -> bool:
        """Exchange a sign-on or an echo."""
        fields = network_message(
            code, await self._stan(), self._clock(), self.acquirer.institution
        )
        try:
            answer = await self._exchange(fields)
        except (NotSent, Silent):
            log.warning(
                "bank does not answer",
                extra={"acquirer": self.acquirer.code, "code": code},
            )
            self._hang_up()
            return False
        if answer.get("39") != APPROVED:
            log.warning(
                "bank refuses us",
                extra={"acquirer": self.acquirer.code, "rc": answer.get("39")},
            )
            return False
        return True

    async def _listen(self, reader: asyncio.StreamReader) -> None:
        length = self._profile.length
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readexactly(length.head_bytes)
                count = length.read(head)
                if not 0 < count <= FRAME_BYTES_MAX:
                    self._stray("unreadable")
                    return
                self._take(await reader.readexactly(count))

    def _take(self, frame: bytes) -> None:
        """Hand an answer to who waits for it; anything else is counted, no more."""
        try:
            if self._profile.tpdu:
                _address, frame = split_tpdu(frame)
            answer = unpack(frame, self._profile)
        except CodecError:
            self._stray("unreadable")
            return
        if self._mac is not None and not mac_is_right(frame, answer, self._mac):
            self._stray("mac")
            return
        asked = self._waiting.get((answer["t"], answer.get("11", "")))
        if asked is None or asked.answer.done() or not belongs(asked.fields, answer):
            self._stray("late")
            return
        asked.answer.set_result(answer)

    def _stray(self, kind: str) -> None:
        self._figures.strays.labels(self.acquirer.code, kind).inc()
        log.warning(
            "stray from the bank", extra={"acquirer": self.acquirer.code, "kind": kind}
        )

    def _set_ready(self, *, ready: bool) -> None:
        if ready != self.ready:
            log.info(
                "bank signed on" if ready else "bank lost",
                extra={"acquirer": self.acquirer.code},
            )
        self.ready = ready
        self._figures.up.labels(self.acquirer.code).set(int(ready))

    def _hang_up(self) -> None:
        """Close; whoever waits for an answer will wait in vain until his time is up."""
        self._set_ready(ready=False)
        writer, self._writer = self._writer, None
        if writer is not None:
            writer.close()
        for asked in self._waiting.values():
            if not asked.answer.done():
                asked.answer.set_exception(Silent("the line broke"))
