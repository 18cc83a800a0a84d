"""One slip to one printer: reach it, ask how it is, send, make sure. Blocks.

A slip that did not get out whole may be sent again; one that did may not, for nobody
could tell the second from the first. Between the two lies the moment when all is sent
and the line breaks: then the slip is in doubt, and people are told.
"""

import contextlib
import socket
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol
from urllib.parse import parse_qs, urlsplit

import serial

from ekarte_auth_gateway.slips.library import (
    RT_MASK_NOPAPER,
    RT_MASK_ONLINE,
    RT_STATUS_ONLINE,
    RT_STATUS_PAPER,
    EscposError,
    Network,
    Serial,
)

TCP_PORT = 9100
BAUD = 9600
# GS r 1, which python-escpos lacks: its reply comes when all before it is printed.
_WHEN_DONE = b"\x1dr\x01"
# Fixed bits tell the two kinds of reply apart (Epson's description of DLE EOT, GS r).
_REAL_TIME_BITS, _REAL_TIME = 0x93, 0x12
_IN_TURN_BITS = 0x90
_FLOW = ("none", "xonxoff", "rtscts", "dsrdtr")

State = Literal["ready", "offline", "paper out", "does not say"]


class PrinterAway(Exception):
    """It cannot be reached or does not print now. Nothing whole was printed."""


class SlipInDoubt(Exception):
    """All of the slip was sent, but whether it was printed cannot be known."""


@dataclass(frozen=True)
class Patience:
    """How long to wait for a printer, in seconds.

    Attributes:
        reach_s: for a connection, and for room to send.
        reply_s: for the reply to a question; a printer that never replies is believed.
        done_s: until all that was sent is printed.
    """

    reach_s: float = 5.0
    reply_s: float = 1.0
    done_s: float = 30.0


class Printer(Protocol):
    """What is needed of a printer that has been reached."""

    def _raw(self, msg: bytes) -> None: ...

    def replies(self, wait_s: float) -> bytes:
        """Return what it has said; nothing: it said nothing so long."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class _Tcp(Network):  # type: ignore[misc]  # the library has no types
    """A printer with a socket; in place of theirs, which knows no IPv6 and logs."""

    _device: Any

    def reach(self) -> None:
        self._device = socket.create_connection((self.host, self.port), self.timeout)
        self._device.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    def replies(self, wait_s: float) -> bytes:
        self._device.settimeout(max(wait_s, 0.01))
        try:
            got: bytes = self._device.recv(16)
        except TimeoutError:
            return b""
        finally:
            self._device.settimeout(self.timeout)
        if not got:
            raise ConnectionResetError("the printer hung up")
        return got

    def close(self) -> None:
        """Let the rest get out; to close while a reply is unread would drop it."""
        device, self._device = self._device, False
        if not device:
            return
        with contextlib.suppress(OSError), device:
            device.shutdown(socket.SHUT_WR)
            device.settimeout(0.5)
            while device.recv(16):
                continue


class _Line(Serial):  # type: ignore[misc]  # the library has no types
    """A printer on a serial line; theirs would wait for ever for room to write."""

    _device: Any
    flow = "none"

    def reach(self) -> None:
        self._device = serial.Serial(
            self.devfile,
            self.baudrate,
            timeout=self.timeout,
            write_timeout=self.timeout,
            exclusive=True,
            xonxoff=self.flow == "xonxoff",
            rtscts=self.flow == "rtscts",
            dsrdtr=self.flow == "dsrdtr",
        )
        self._device.reset_input_buffer()

    def replies(self, wait_s: float) -> bytes:
        self._device.timeout = wait_s
        return bytes(self._device.read(1))

    def close(self) -> None:
        device, self._device = self._device, False
        if device:
            device.close()


def connect(address: str, patience: Patience) -> Printer:
    """Open ``tcp://host:port`` or ``serial:///dev/ttyX?baud=9600&flow=none``.

    Raises:
        ValueError: the address is neither.
        PrinterAway: nobody is there.
    """
    parts = urlsplit(address)
    if parts.scheme == "tcp" and parts.hostname:
        port = parts.port or TCP_PORT
        printer: _Tcp | _Line = _Tcp(parts.hostname, port, patience.reach_s)
    elif parts.scheme == "serial" and parts.path.startswith("/"):
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        flow = options.get("flow", "none")
        if flow not in _FLOW:
            raise ValueError(f"flow is one of {', '.join(_FLOW)}")
        baud = int(options.get("baud", BAUD))
        printer = _Line(parts.path, baud, timeout=patience.reach_s)
        printer.flow = flow
    else:
        raise ValueError("a printer's address is tcp://host:port or serial:///dev/…")
    try:
        printer.reach()
    except (OSError, serial.SerialException, EscposError) as fault:
        raise PrinterAway(f"cannot be reached: {_reason(fault)}") from fault
    return printer


def print_slip(address: str, data: bytes, patience: Patience) -> None:
    """Print once.

    Raises:
        ValueError: the address is none.
        PrinterAway: not printed; try again later.
        SlipInDoubt: perhaps printed; do not try again.
    """
    printer = connect(address, patience)
    try:
        state = _send(printer, data, patience)
        if state != "does not say":
            _wait_until_done(printer, patience)
    finally:
        printer.close()


def _send(printer: Printer, data: bytes, patience: Patience) -> State:
    try:
        state = state_of(printer, patience)
        if state in ("offline", "paper out"):
            raise PrinterAway(state)
        printer._raw(data)
        if state != "does not say":
            printer._raw(_WHEN_DONE)
    except (OSError, serial.SerialException) as fault:
        raise PrinterAway(f"broke off: {_reason(fault)}") from fault
    return state


def state_of(printer: Printer, patience: Patience) -> State:
    """Ask a printer how it is; many say nothing at all."""
    paper = _ask(printer, RT_STATUS_PAPER, patience.reply_s)
    if paper is None:
        return "does not say"
    if paper & RT_MASK_NOPAPER == RT_MASK_NOPAPER:
        return "paper out"
    online = _ask(printer, RT_STATUS_ONLINE, patience.reply_s)
    if online is not None and online & RT_MASK_ONLINE:
        return "offline"
    return "ready"


def _ask(printer: Printer, question: bytes, wait_s: float) -> int | None:
    printer._raw(question)
    deadline = time.monotonic() + wait_s
    while (left_s := deadline - time.monotonic()) > 0:
        for byte in printer.replies(left_s):
            if byte & _REAL_TIME_BITS == _REAL_TIME:
                return int(byte)
    return None


def _wait_until_done(printer: Printer, patience: Patience) -> None:
    """Wait for the reply that comes after the slip's last dot."""
    deadline = time.monotonic() + patience.done_s
    try:
        while (left_s := deadline - time.monotonic()) > 0:
            if any(not byte & _IN_TURN_BITS for byte in printer.replies(left_s)):
                return
        state = state_of(printer, patience)
    except (OSError, serial.SerialException) as fault:
        raise SlipInDoubt(f"broke off after the slip: {_reason(fault)}") from fault
    if state in ("offline", "paper out"):
        raise SlipInDoubt(f"{state} while printing")
    # It replies at once and does not know this question: many plain printers do not.


def _reason(fault: BaseException) -> str:
    return f"{type(fault).__name__}: {fault}".splitlines()[0]
