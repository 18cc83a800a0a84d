"""A wire that can be bent: a TCP proxy between terminals and gateways.

It knows where messages begin and end, no more: enough to cut between two of them, to
deliver one twice, late, in pieces, or not at all. The kernel's own means (netem) are
not on every machine.
"""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress

from ekarte_stack.ports import LOOPBACK

HEAD_END = b"\r\n\r\n"
LENGTH_BYTES = 2
LATE_S = (0.4, 1.8)
PIECE_S = 0.002
FLIPS = 4

Pipe = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_Bend = Callable[["_Call", bytes], Awaitable[None]]


class Cut(Exception):
    """The connection is to end here."""


async def read_message(door: str, reader: asyncio.StreamReader) -> bytes:
    """Read one whole message of a door's protocol."""
    if door != "http":
        head = await reader.readexactly(LENGTH_BYTES)
        return head + await reader.readexactly(int.from_bytes(head, "big"))
    head = await reader.readuntil(HEAD_END)
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return head + await reader.readexactly(int(line.split(b":")[1]))
    return head


class Proxy:
    """Doors for terminals, and behind each the gateways' ones.

    Attributes:
        ports: where each door is, for the terminals.
        targets: the ports of the gateways behind each door; may change at any time.
        bend: what happens to messages, one of `BENDS`; empty: nothing.
        share: of how many of them.
    """

    def __init__(self, dice: random.Random) -> None:
        """Open the doors, with nothing behind them."""
        self.ports: dict[str, int] = {}
        self.targets: Mapping[str, Sequence[int]] = {}
        self.bend, self.share = "", 0.0
        self.dice = dice
        self.bent = 0  # messages that something happened to
        self._calls: set[_Call] = set()
        self._servers: list[asyncio.AbstractServer] = []
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self.loop).result()

    async def _open(self) -> None:
        for door in ("http", "iso", "frame"):
            server = await asyncio.start_server(
                lambda reader, writer, door=door: self._call(door, (reader, writer)),
                LOOPBACK,
                0,
            )
            self._servers.append(server)
            self.ports[door] = server.sockets[0].getsockname()[1]

    async def _call(self, door: str, terminal: Pipe) -> None:
        call = _Call(self, door, terminal)
        self._calls.add(call)
        try:
            await call.serve()
        finally:
            self._calls.discard(call)

    def hang_up(self) -> None:
        """Cut every connection that there is."""

        def cut() -> None:
            for call in self._calls:
                call.cut()

        self.loop.call_soon_threadsafe(cut)

    def close(self) -> None:
        """Cut everything and end."""
        self.targets = {}
        asyncio.run_coroutine_threadsafe(self._end(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _end(self) -> None:
        """Close the doors, cut what goes on, and wait until nothing does."""
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def bends(self) -> bool:
        """Draw whether something happens to a message now."""
        drawn = bool(self.bend) and self.dice.random() < self.share
        self.bent += drawn
        return drawn


class _Call:
    """One connection of a terminal, and the one to a gateway that belongs to it."""

    def __init__(self, proxy: Proxy, door: str, terminal: Pipe) -> None:
        self.proxy, self.door, self.dice = proxy, door, proxy.dice
        self.terminal = terminal
        self.gateway: Pipe | None = None

    async def serve(self) -> None:
        """Carry messages until one side hangs up, or somebody cuts."""
        try:
            self.gateway = await self.dial()
        except (OSError, IndexError):
            self.cut()
            return
        down = asyncio.ensure_future(self._down(self.gateway[0]))
        try:
            while True:
                message = await read_message(self.door, self.terminal[0])
                await self._up(message)
        except (OSError, asyncio.IncompleteReadError, Cut):
            self.cut()
        await down

    async def dial(self) -> Pipe:
        """Connect to one of the gateways behind the door."""
        ports = list(self.proxy.targets.get(self.door, ()))
        return await asyncio.open_connection(LOOPBACK, self.dice.choice(ports))

    def cut(self) -> None:
        """End both connections."""
        for pipe in (self.terminal, self.gateway):
            if pipe is not None:
                pipe[1].close()

    async def send(self, message: bytes) -> None:
        """Pass something on to the gateway."""
        assert self.gateway is not None
        self.gateway[1].write(message)
        await self.gateway[1].drain()

    async def _up(self, message: bytes) -> None:
        if self.proxy.bends():
            await BENDS[self.proxy.bend](self, message)
        else:
            await self.send(message)

    async def _down(self, gateway: asyncio.StreamReader) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, Cut):
            while True:
                message = await read_message(self.door, gateway)
                if self.proxy.bends():
                    message = await _bend_answer(self, message)
                self.terminal[1].write(message)
                await self.terminal[1].drain()
        self.cut()

    def aside(self, message: bytes, after_s: float = 0.0) -> None:
        """Deliver a message over a connection of its own; nobody hears the answer."""

        async def deliver() -> None:
            await asyncio.sleep(after_s)
            with suppress(OSError, asyncio.IncompleteReadError, IndexError):
                reader, writer = await self.dial()
                writer.write(message)
                await writer.drain()
                await asyncio.wait_for(reader.read(1), LATE_S[1])
                writer.close()

        task = asyncio.ensure_future(deliver())
        _UNDER_WAY.add(task)
        task.add_done_callback(_UNDER_WAY.discard)


_UNDER_WAY: set[asyncio.Future[None]] = set()  # else they might be collected


async def _bend_answer(call: _Call, message: bytes) -> bytes:
    """What becomes of an answer: lost, late, cut short, or what it was."""
    bend = call.proxy.bend
    if bend == "cut":
        raise Cut
    if bend == "delay":
        await asyncio.sleep(call.dice.uniform(*LATE_S))
    if bend == "truncate":
        call.terminal[1].write(message[: call.dice.randrange(1, len(message))])
        raise Cut
    if bend == "duplicate" and call.door != "http":
        return message * 2  # the second is an answer to nothing
    return message


async def _cut(call: _Call, message: bytes) -> None:
    """The line breaks, before the message or after it."""
    if call.dice.random() < 0.5:
        await call.send(message)
    raise Cut


async def _delay(call: _Call, message: bytes) -> None:
    await asyncio.sleep(call.dice.uniform(*LATE_S))
    await call.send(message)


async def _duplicate(call: _Call, message: bytes) -> None:
    """Twice at once, in the same connection or in two."""
    same = call.door != "http" and call.dice.random() < 0.5
    if not same:
        call.aside(message)
    await call.send(message * 2 if same else message)


async def _reorder(call: _Call, message: bytes) -> None:
    """It comes late, after what the terminal says next: a reversal, for example."""
    call.aside(message, call.dice.uniform(*LATE_S))
    raise Cut


async def _truncate(call: _Call, message: bytes) -> None:
    await call.send(message[: call.dice.randrange(1, len(message))])
    raise Cut


async def _merge(call: _Call, message: bytes) -> None:
    """In pieces that begin and end anywhere; or two in one piece."""
    if call.door != "http" and call.dice.random() < 0.5:
        await call.send(message + message)
        return
    while message:
        size = call.dice.choice([1, 3, 20, 200])
        await call.send(message[:size])
        message = message[size:]
        await asyncio.sleep(PIECE_S)


async def _hostile(call: _Call, message: bytes) -> None:
    """A good one, and beside it some that look much like it."""
    for _ in range(2):
        changed = bytearray(message)
        for _ in range(call.dice.randrange(1, FLIPS)):
            changed[call.dice.randrange(len(changed))] ^= call.dice.randrange(1, 256)
        if call.dice.random() < 0.3:
            changed = bytearray(call.dice.randbytes(call.dice.randrange(1, 600)))
        call.aside(bytes(changed))
    await call.send(message)


BENDS: dict[str, _Bend] = {
    "cut": _cut,
    "delay": _delay,
    "duplicate": _duplicate,
    "reorder": _reorder,
    "truncate": _truncate,
    "merge": _merge,
    "hostile": _hostile,
}
