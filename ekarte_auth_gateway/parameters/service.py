"""The command `parameters`, answered beside the ledger's lanes.

It books nothing, so it does not stand in the queue of those who pay: the event loop
answers from what it has, and a thread with a connection of its own makes what it has
not. The same thread follows the cards and makes new versions.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from ekarte_auth_gateway.flow import (
    Board,
    Counters,
    LedgerAway,
    LedgerThread,
    forever,
)
from ekarte_auth_gateway.messages import AWAY, FAULT, Task, Verdict, refusal
from ekarte_auth_gateway.parameters.made import Kind, Maker, in_base64
from ekarte_auth_gateway.parameters.signing import Signer
from ekarte_auth_gateway.ports import Clock, Ledger
from ekarte_core import (
    Answer,
    Branch,
    Parameters,
    ParametersBook,
    ParametersWish,
    Rc,
    Request,
    encode_answer,
)

log = logging.getLogger(__name__)

Finish = Callable[[Task, Verdict], None]

CHUNK_BYTES = {"http": 32_768}
CHUNK_BYTES_USUAL = 600  # what a message of ISO 8583 and a frame have room for
CACHED_MAX = 64

NOT_YET = refusal(Rc.SILENT, "the parameters are being made: ask again", "unavailable")
NO_CHUNK = refusal(Rc.FORMAT, "no such chunk", "transient", "parameters.chunk")


class Parcel(NamedTuple):
    """A download, signed and ready to be cut."""

    version: int
    kind: Kind
    content: bytes
    signature: str


class ParametersService:
    """Answers downloads and keeps documents up to date. Lives on the event loop."""

    def __init__(
        self,
        thread: LedgerThread,
        board: Board,
        clock: Clock,
        signer: Signer,
        every_s: float,
        counters: Counters,
    ) -> None:
        """Take a thread of its own, and the keys; `every_s`: seconds between looks."""
        self._thread = thread
        self._board = board
        self._clock = clock
        self._signer = signer
        self._every_s = every_s
        self._counters = counters
        self._maker = Maker(signer.announced)
        self._cached: OrderedDict[tuple[str, int, int], Parcel] = OrderedDict()
        self._loaded: dict[str, int] = {}
        self._under_way: set[asyncio.Task[None]] = set()
        self._chore: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look for what changed."""
        loop = asyncio.get_running_loop()
        self._hold(loop.create_task(self._tell_unlisted()))
        self._chore = loop.create_task(forever(self.renew, self._every_s))

    async def stop(self) -> None:
        """Answer what is under way and end the thread."""
        if self._chore is not None:
            self._chore.cancel()
            await asyncio.gather(self._chore, return_exceptions=True)
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self._thread.stop()

    async def renew(self) -> None:
        """Bring the stop list after the cards, and the documents after everything."""
        while await self._thread.call(self._follow):
            pass
        branches = await self._thread.call(self._renew)
        if branches:
            self._counters.parameters_made.inc(len(branches))
            log.info("parameters have changed", extra={"branches": branches[:20]})

    def _follow(self, ledger: Ledger) -> int:
        network, now = self._board.network, self._clock()
        if network is None:
            return 0
        return ledger.parameters(lambda book: self._maker.follow(book, network, now))

    def _renew(self, ledger: Ledger) -> list[str]:
        network, now = self._board.network, self._clock()
        if network is None:
            return []
        return ledger.parameters(lambda book: self._maker.renew(book, network, now))

    def take(self, task: Task, finish: Finish) -> None:
        """Answer a task, now or later."""
        loop = asyncio.get_running_loop()
        self._hold(loop.create_task(self._serve(task, finish)))

    def _hold(self, work: asyncio.Task[None]) -> None:
        self._under_way.add(work)
        work.add_done_callback(self._under_way.discard)

    async def _serve(self, task: Task, finish: Finish) -> None:
        device = self._board.device(task.request.terminal)
        if device is None:  # the network has changed since the channel looked
            finish(task, AWAY)
            return
        try:
            verdict = await self._verdict(task, device.branch)
        except LedgerAway:
            verdict = AWAY
        except Exception:
            log.exception("parameters failed")
            verdict = FAULT
        finish(task, verdict)
        await self._note(task.request, device.branch)

    async def _verdict(self, task: Task, branch: Branch) -> Verdict:
        wish = task.request.parameters or ParametersWish()
        newest = self._board.newest(branch.code)
        wanted = wish.version or newest
        key = (branch.code, wish.known, wanted)
        parcel = self._cached.get(key)
        if parcel is None:
            parcel = await self._make(*key)
            if parcel is None:
                return NOT_YET
            self._cache(key, parcel)
        size = CHUNK_BYTES.get(task.transport, CHUNK_BYTES_USUAL)
        chunks = -(-len(parcel.content) // size)
        # Of another version than it asked for it is told the beginning.
        chunk = wish.chunk if wanted in (parcel.version, 0) else 0
        if chunk >= max(chunks, 1):
            return NO_CHUNK
        part = Parameters(
            version=parcel.version,
            kind=parcel.kind,
            chunks=chunks,
            chunk=chunk,
            data=in_base64(parcel.content[chunk * size : (chunk + 1) * size]),
            signature=parcel.signature,
            key_id=self._signer.key_id,
        )
        answer = Answer(
            rc=Rc.OK.value,
            parameters=part,
            params_version=max(newest, parcel.version),
            server_time=self._clock(),
        )
        return Verdict("new", Rc.OK.value, encode_answer(answer))

    async def _make(self, branch: str, known: int, wanted: int) -> Parcel | None:
        def work(book: ParametersBook) -> Parcel | None:
            made = self._maker.payload(book, branch, known, wanted)
            if made is None:
                return None
            signature = in_base64(self._signer.sign(made.text))
            return Parcel(made.version, made.kind, made.content, signature)

        return await self._thread.call(lambda ledger: ledger.parameters(work))

    def _cache(self, key: tuple[str, int, int], parcel: Parcel) -> None:
        if parcel.version == key[2]:  # else there may be another one in a moment
            self._cached[key] = parcel
            self._cached.move_to_end(key)
        while len(self._cached) > CACHED_MAX:
            self._cached.popitem(last=False)

    async def _note(self, request: Request, branch: Branch) -> None:
        """Note what a terminal has, when it says something new."""
        wish = request.parameters or ParametersWish()
        terminal, known = request.terminal, wish.known
        if not known or self._loaded.get(terminal) == known:
            return
        now = self._clock()

        def work(book: ParametersBook) -> bool:
            return book.note_loaded(terminal, branch.code, known, now)

        try:
            news = await self._thread.call(lambda ledger: ledger.parameters(work))
        except LedgerAway:
            return  # it will say so again
        self._loaded[terminal] = known
        if news:
            self._counters.parameters_loaded.inc()
            log.info(
                "parameters loaded", extra={"terminal": terminal, "version": known}
            )

    async def _tell_unlisted(self) -> None:
        """Say once how many cards a terminal cannot know to be stopped."""
        try:
            count = await self._thread.call(
                lambda ledger: ledger.parameters(ParametersBook.without_token)
            )
        except LedgerAway:
            return
        if count:
            log.warning(
                "stopped cards that nobody has shown since are on no stop list",
                extra={"count": count},
            )
