"""TCP with a length before each message, as the profile has it: frames and limits.

Protocols rather than streams: a message that is here is handled in the same call that
brought it, without a task. One round each second looks for connections that have
been still for too long, instead of a timer for each.
"""

import asyncio
import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, cast

from ekarte_auth_gateway.channel.refusing import FrameRefused
from ekarte_auth_gateway.codec import Length
from ekarte_auth_gateway.flow import Counters
from ekarte_auth_gateway.tls import HANDSHAKE_S, fingerprint

log = logging.getLogger(__name__)

FRAME_BYTES_MIN = 10  # message type and one bitmap
LOOK_EVERY_S = 1.0
STOP_WAIT_S = 10.0


@dataclass(frozen=True)
class ChannelLimits:
    """Bounds of connections.

    Attributes:
        frame_bytes_max: a longer frame closes the connection.
        frame_wait_s: how long a frame may be on its way.
        idle_s: a connection without a message is closed after so long.
        connections_max: more are closed at once.
        open_max: unanswered messages of one connection; then it is not read.
    """

    frame_bytes_max: int = 8192
    frame_wait_s: float = 10.0
    idle_s: float = 300.0
    connections_max: int = 4096
    open_max: int = 64


class FrameTaker(Protocol):
    """What the messages of a connection are handed to.

    Attributes:
        length: the prefix that stands before each message.
        label: names its connections in the figures.
    """

    length: Length
    label: str

    def take(
        self, frame: bytes, send: Callable[[bytes], None], certificate: str = ""
    ) -> None:
        """Take one message; `send` gets its answer, now or later.

        `certificate` is the fingerprint of the peer's; '' where it has none.

        Raises:
            FrameRefused: it cannot even be answered.
        """
        ...


class _Connection(asyncio.Protocol):
    """One terminal's connection."""

    def __init__(self, server: "TcpServer") -> None:
        self._server = server
        self._length = server.service.length
        self._buffer = bytearray()
        self._open = 0  # messages without an answer yet
        self._held_back = False
        self._choked = False  # the peer does not read its answers
        self._ending = False
        self._transport: asyncio.Transport | None = None
        self._certificate = ""
        self.last_frame_s = time.monotonic()
        self.frame_since_s: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._certificate = fingerprint(transport)
        self._server.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._buffer:
            self._log("frame cut short", bytes=len(self._buffer))
        self._transport = None
        self._server.closed(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._read_frames()

    def eof_received(self) -> bool:
        """Keep the way back open while answers are due."""
        self._ending = True
        return self._open > 0

    def pause_writing(self) -> None:
        self._choked = True
        self._hold_back()

    def resume_writing(self) -> None:
        self._choked = False
        self._go_on()

    def _read_frames(self) -> None:
        limits = self._server.limits
        buffer = self._buffer
        head_bytes = self._length.head_bytes
        while len(buffer) >= head_bytes and not self._held_back:
            length = self._length.read(buffer[:head_bytes])
            if not FRAME_BYTES_MIN <= length <= limits.frame_bytes_max:
                self.close("frame of a length that no message has", bytes=length)
                return
            end = head_bytes + length
            if len(buffer) < end:
                break
            frame = bytes(buffer[head_bytes:end])
            del buffer[:end]
            if not self._take(frame):
                return
        now_s = time.monotonic()
        if not buffer:
            self.frame_since_s = None
        elif self.frame_since_s is None:
            self.frame_since_s = now_s

    def _take(self, frame: bytes) -> bool:
        self.last_frame_s = time.monotonic()
        self.frame_since_s = None
        self._open += 1
        if self._open >= self._server.limits.open_max:
            self._hold_back()
        try:
            self._server.service.take(frame, self._answer, self._certificate)
        except FrameRefused as fault:
            self.close("message without an addressee", reason=str(fault))
            return False
        return True

    def _answer(self, message: bytes) -> None:
        self._open -= 1
        transport = self._transport
        if transport is None:
            log.info("answer without a connection: the terminal has hung up")
            return
        transport.write(self._length.write(len(message)) + message)
        if self._ending and not self._open:
            transport.close()
        elif self._held_back:
            self._go_on()

    def _hold_back(self) -> None:
        if not self._held_back and self._transport is not None:
            self._held_back = True
            self._transport.pause_reading()

    def _go_on(self) -> None:
        few = self._open < self._server.limits.open_max
        if self._held_back and few and not self._choked and self._transport:
            self._held_back = False
            self._transport.resume_reading()
            # Frames may be here already; later, so that answering stays shallow.
            asyncio.get_running_loop().call_soon(self._read_frames)

    def is_stale(self, now_s: float) -> str:
        """Say why the connection should go; empty: let it be."""
        limits = self._server.limits
        since_s = now_s if self.frame_since_s is None else self.frame_since_s
        if now_s - since_s > limits.frame_wait_s and not self._held_back:
            return "frame did not arrive in time"
        waits_for_us = self._open > 0 and not self._choked
        if now_s - self.last_frame_s > limits.idle_s and not waits_for_us:
            return "idle"
        return ""

    def close(self, why: str = "", **facts: object) -> None:
        """Hang up, with a log line when there is something to say."""
        if why:
            self._log(why, **facts)
        self._buffer.clear()
        if self._transport is not None:
            self._transport.close()

    def _log(self, event: str, **facts: object) -> None:
        peer = ""
        if self._transport is not None:
            peer = str(self._transport.get_extra_info("peername"))
        log.warning("connection: %s", event, extra={"peer": peer, **facts})


class TcpServer:
    """Listens for terminals and keeps their connections in bounds."""

    def __init__(
        self, service: FrameTaker, counters: Counters, limits: ChannelLimits
    ) -> None:
        """Take the service; `start` listens."""
        self.service = service
        self.limits = limits
        self._connections: set[_Connection] = set()
        self._listener: asyncio.Server | None = None
        self._looking: asyncio.Task[None] | None = None
        self._stopping: asyncio.Event | None = None
        gauge = counters.connections.labels(service.label)
        gauge.set_function(lambda: len(self._connections))

    async def start(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        *,
        shared: bool = False,
    ) -> int:
        """Listen, over TLS with `context`; return the port (for when 0 was asked).

        `shared`: other processes may listen there too; the kernel deals connections.
        """
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: _Connection(self),
            host,
            port,
            backlog=512,
            reuse_address=True,
            reuse_port=shared or None,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context else None,
        )
        self._looking = loop.create_task(self._look_forever())
        return int(self._listener.sockets[0].getsockname()[1])

    def opened(self, connection: _Connection) -> None:
        """Note a connection; close it when there are too many."""
        self._connections.add(connection)
        if len(self._connections) > self.limits.connections_max:
            connection.close("refused: too many connections")

    def closed(self, connection: _Connection) -> None:
        """Forget a connection."""
        self._connections.discard(connection)
        if self._stopping is not None and not self._connections:
            self._stopping.set()

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(min(LOOK_EVERY_S, self.limits.idle_s / 2))
            now_s = time.monotonic()
            for connection in list(self._connections):
                why = connection.is_stale(now_s)
                if why:
                    connection.close(why)

    async def refuse_new(self) -> None:
        """Stop listening; open connections go on."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def stop(self) -> None:
        """Close all connections; what was written goes out first."""
        await self.refuse_new()
        if self._looking is not None:
            self._looking.cancel()
        self._stopping = asyncio.Event()
        for connection in list(self._connections):
            connection.close()
        if self._connections:
            try:
                await asyncio.wait_for(self._stopping.wait(), STOP_WAIT_S)
            except asyncio.TimeoutError:
                log.warning("connections left", extra={"count": len(self._connections)})
