"""A terminal that speaks the serial frame, on a line or over TCP."""

import os
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import serial

from ekarte_auth_gateway.codec import (
    BINARY_2,
    MAC_KINDS,
    RANDOM_BYTES,
    CodecError,
    CodeKeys,
    Mac,
    code_keys,
    frames,
    keychange,
    mac_of,
    tlv,
)
from ekarte_auth_gateway.serial import Event, Link, LinkLimits
from ekarte_auth_gateway.testing.faults import ANSWER_WAIT_S, TerminalError
from ekarte_core import Answer, Request

LINE_WAIT_S = 15.0
_BITS_OF_A_BYTE = 10
_READ_BYTES = 4096


class Carrier(Protocol):
    """What carries bodies to the gateway and back."""

    def exchange(self, body: bytes, wanted: Callable[[bytes], bool]) -> bytes:
        """Send a body; return the first one that is `wanted`.

        Raises:
            OSError: the way is broken, or nothing came in time.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class SerialCarrier:
    """A line: opened when it is first used, and again after a fault."""

    def __init__(
        self, path: str, speed: int = 9600, wait_s: float = LINE_WAIT_S
    ) -> None:
        """Take the device, its speed and how long an answer may take."""
        self._path = path
        self._speed = speed
        self._wait_s = wait_s
        self._port: serial.Serial | None = None
        self._link = Link(LinkLimits(byte_s=_BITS_OF_A_BYTE / speed), gives_way=False)

    def exchange(self, body: bytes, wanted: Callable[[bytes], bool]) -> bytes:
        """Send a body and wait for the answer."""
        if self._port is None:
            self._port = serial.Serial(
                self._path, self._speed, timeout=0, exclusive=True
            )
            self._link.reset()
        try:
            return self._exchange(body, wanted)
        except OSError:
            self.close()
            raise

    def _exchange(self, body: bytes, wanted: Callable[[bytes], bool]) -> bytes:
        self._link.send(body, time.monotonic())
        until_s = time.monotonic() + self._wait_s
        while True:
            for event in self._turn(until_s):
                if event.kind == "given_up":
                    raise ConnectionError("nobody takes it from the line")
                if event.kind == "sent":
                    until_s = time.monotonic() + self._wait_s
                if event.kind == "message" and wanted(event.body):
                    return event.body
            if time.monotonic() > until_s:
                raise TimeoutError("no answer on the line")

    def _turn(self, until_s: float) -> list[Event]:
        """Write what there is, wait for what comes or for the clock."""
        assert self._port is not None
        out = self._link.take_out()
        if out:
            self._port.write(out)
        now_s = time.monotonic()
        next_s = min(until_s, self._link.deadline_s or until_s)
        handle = self._port.fileno()
        readable, _, _ = select.select([handle], [], [], max(next_s - now_s, 0))
        now_s = time.monotonic()
        if not readable:
            return self._link.tick(now_s)
        data = os.read(handle, _READ_BYTES)
        if not data:
            raise ConnectionResetError("the line is gone")
        return self._link.receive(data, now_s)

    def close(self) -> None:
        """Close the line; what the link still has to say goes out first."""
        port, self._port = self._port, None
        if port is not None:
            with suppress(OSError):  # it may be gone
                port.write(self._link.take_out())
                port.close()


class TcpCarrier:
    """A socket, with a length of two bytes before each body."""

    def __init__(self, host: str, port: int, wait_s: float = ANSWER_WAIT_S) -> None:
        """Take the gateway's address and how long an answer may take."""
        self._address = (host, port)
        self._wait_s = wait_s
        self._socket: socket.socket | None = None

    def exchange(self, body: bytes, wanted: Callable[[bytes], bool]) -> bytes:
        """Send a body and wait for the answer.

        A kept connection may have been closed by the gateway meanwhile; a fresh one
        is tried once. The operation's key makes that safe.
        """
        kept = self._socket is not None
        try:
            return self._exchange(body, wanted)
        except OSError as fault:
            self.close()
            if not kept or isinstance(fault, TimeoutError):
                raise
        try:
            return self._exchange(body, wanted)
        except OSError:
            self.close()
            raise

    def _exchange(self, body: bytes, wanted: Callable[[bytes], bool]) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._wait_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(BINARY_2.write(len(body)) + body)
        while True:
            head = self._take(self._socket, BINARY_2.head_bytes)
            answer = self._take(self._socket, BINARY_2.read(head))
            if wanted(answer):
                return answer

    @staticmethod
    def _take(line: socket.socket, count: int) -> bytes:
        pieces = bytearray()
        while len(pieces) < count:
            piece = line.recv(count - len(pieces))
            if not piece:
                raise ConnectionResetError("closed by the gateway")
            pieces += piece
        return bytes(pieces)

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class FrameTerminal:
    """A terminal that speaks the serial frame.

        FrameTerminal.on_line("/dev/ttyUSB0", "00000031", key)
        FrameTerminal.over_tcp("127.0.0.1", 8471, "00000031", key)

    Attributes:
        last_raw: the last answer's body, for repeats.
    """

    def __init__(
        self,
        carrier: Carrier,
        terminal_id: str,
        key: bytes | None,
        mac: str = "hmac-sha256",
    ) -> None:
        """Take the way to the gateway, the terminal's number, its key and MAC."""
        if mac not in MAC_KINDS:
            raise ValueError(f"no such MAC: {mac}")
        if mac != "none" and key is None:
            raise ValueError("a MAC needs a key")
        self.terminal_id = terminal_id
        self.last_raw = b""
        self._carrier = carrier
        self._mac_kind = mac
        self._key = key
        self._mac: Mac | None = None
        self._codes: CodeKeys | None = None
        if key is not None:
            self.use_key(key)
        self._lock = threading.Lock()

    @classmethod
    def on_line(
        cls,
        path: str,
        terminal_id: str,
        key: bytes | None,
        mac: str = "hmac-sha256",
        speed: int = 9600,
        wait_s: float = LINE_WAIT_S,
    ) -> "FrameTerminal":
        """Make a terminal at the other end of a serial line."""
        return cls(SerialCarrier(path, speed, wait_s), terminal_id, key, mac)

    @classmethod
    def over_tcp(
        cls,
        host: str,
        port: int,
        terminal_id: str,
        key: bytes | None,
        mac: str = "hmac-sha256",
        wait_s: float = ANSWER_WAIT_S,
    ) -> "FrameTerminal":
        """Make a terminal that sends the same bodies over TCP."""
        return cls(TcpCarrier(host, port, wait_s), terminal_id, key, mac)

    def __repr__(self) -> str:
        """Show the number, never the key."""
        return f"FrameTerminal({self.terminal_id})"

    def use_key(self, key: bytes) -> None:
        """Use this key from now on."""
        self._key = key
        self._mac = mac_of(self._mac_kind, key)
        self._codes = code_keys(key)

    def ask_key(self, operation: int = 1) -> tuple[int, bytes]:
        """Return version and key that follow the present one; does not use it yet.

        Raises:
            TerminalError: silence, or the gateway tells none.
        """
        if self._key is None:
            raise TerminalError("without a key there is no next one")
        pairs = [("CM", frames.KEY_NUMBER), ("TI", self.terminal_id)]
        pairs += [("BN", "1"), ("ON", str(operation))]
        frame = self._exchange_pairs(pairs)
        if frame.first("RC") != "00":
            raise TerminalError(f"no key: {frame.first('RC')}")
        told = keychange.key_in(frame.pairs)
        return told.version, keychange.unwrap(self._key, told)

    def send(self, request: Request) -> Answer:
        """Send one command; return its answer, declines included.

        Args:
            request: `local_time` goes out to the second.

        Raises:
            TerminalError: silence, or an answer that does not belong to the request.
            CodecError: the request says something that a frame cannot carry.
        """
        pairs = frames.write_request(
            request, codes=self._codes, random=lambda: os.urandom(RANDOM_BYTES)
        )
        try:
            return frames.read_answer(self._exchange_pairs(pairs))
        except CodecError as fault:
            raise TerminalError(f"not an answer: {fault}") from fault

    def _exchange_pairs(self, pairs: list[tlv.Pair]) -> frames.Frame:
        """Send parts; return the answer, which belongs to them and has its MAC."""
        number = dict(pairs)["ON"]
        body = frames.pack(pairs, self._mac)
        raw = self.exchange(body, lambda body: _number_in(body) == number)
        try:
            return self._answer(raw)
        except TerminalError:
            self.close()  # what comes next may be no better
            raise

    def _answer(self, raw: bytes) -> frames.Frame:
        try:
            frame = frames.unpack(raw)
        except CodecError as fault:
            raise TerminalError(f"not an answer: {fault}") from fault
        if self._mac is not None and not frames.mac_is_right(frame, self._mac):
            raise TerminalError("an answer with a wrong MAC")
        if not frame.first("RC"):
            raise TerminalError("not an answer: it has no answer code")
        return frame

    def exchange(
        self, body: bytes, wanted: Callable[[bytes], bool] = lambda _: True
    ) -> bytes:
        """Send any bytes as one body and return the next body that is `wanted`.

        An answer that is late is one to another operation: it is passed over.
        """
        with self._lock:
            try:
                self.last_raw = self._carrier.exchange(body, wanted)
            except OSError as fault:
                raise TerminalError(f"no answer: {type(fault).__name__}") from fault
            return self.last_raw

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._carrier.close()


def _number_in(body: bytes) -> str:
    """Return the operation that an answer is to; empty when it tells none."""
    try:
        return frames.unpack(body).first("ON")
    except CodecError:
        return ""
