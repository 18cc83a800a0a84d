"""The serial frame, from body to body: who sent it, what it asks, and its answer.

Everything here runs on the event loop and waits for nothing; the answer comes later,
by a call from the desk. Where the body came from, a line or a socket, makes one
difference only: a line belongs to one terminal, whose number is a setting.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Literal

from ekarte_auth_gateway.channel import (
    FrameRefused,
    Refused,
    TerminalKeys,
    check_certificate,
    first_of,
)
from ekarte_auth_gateway.codec import BINARY_2, CodecError, frames, keychange, tlv
from ekarte_auth_gateway.flow import Board, Counters, Desk, Device
from ekarte_auth_gateway.messages import Task, Verdict
from ekarte_core import (
    Answer,
    Rc,
    Request,
    RequestInvalid,
    check_request,
    decode_answer,
)

log = logging.getLogger(__name__)

Send = Callable[[bytes], None]
_FAULT = Answer(rc=Rc.FAULT.value, message="the answer cannot be written")


class FrameService:
    """Answers frames, of lines (transport serial) or over TCP (frame)."""

    length = BINARY_2

    def __init__(
        self,
        desk: Desk,
        board: Board,
        counters: Counters,
        transport: Literal["serial", "frame"],
    ) -> None:
        """Take the desk for commands and the board for terminals."""
        self.label: str = transport
        self._transport = transport
        self._desk = desk
        self._board = board
        self._counters = counters
        self._keys = TerminalKeys(board)

    def take(self, frame: bytes, send: Send, certificate: str = "") -> None:
        """Take one body; `send` gets the answer's, now or later.

        Raises:
            FrameRefused: it cannot even be answered.
        """
        self._take(frame, send, "", certificate)

    def take_from(self, terminal: str, body: bytes, send: Send) -> None:
        """Take one body from the line of a terminal; it is always answered."""
        self._take(body, send, terminal)

    def _take(self, body: bytes, send: Send, line: str, certificate: str = "") -> None:
        born_s = time.monotonic()
        try:
            frame = frames.unpack(body)
        except CodecError as fault:
            self._answer_broken(fault, line, send)
            return
        told = frames.echo(frame)
        number = frame.first("TI") or line
        if not (line or (number and frame.first("ON"))):
            raise FrameRefused("no terminal in TI, or no operation in ON")
        device = self._device(number)
        try:
            sender = self._sender(frame, device, line, certificate)
            if frame.first("CM") == frames.KEY_NUMBER:
                answer = self._answer_key(told, sender, line)
            else:
                request = self._accept(frame, sender, line)
                answer = None
        except Refused as refused:
            self._refuse(told, device, refused.answer, send)
            return
        if answer is None:
            self._submit(request, told, sender, born_s, send)
        else:
            send(answer)

    def _device(self, number: str) -> Device | None:
        """Return the terminal, if it is one that may come by this door."""
        device = self._board.device(number)
        if device is None or device.terminal.protocol != "serial":
            return None
        return device

    def _sender(
        self, frame: frames.Frame, device: Device | None, line: str, certificate: str
    ) -> Device:
        """Return who sent a body, once that is certain."""
        if device is None:
            if self._board.network is None:
                raise Refused(Rc.SILENT, "the gateway has no network yet")
            raise Refused(Rc.TERMINAL, "TI: no serial terminal of this network", "TI")
        if not self._keys.is_authentic(
            device, lambda mac: frames.mac_is_right(frame, mac)
        ):
            log.warning("MAC refused", extra={"terminal": device.terminal.id})
            raise Refused(Rc.MAC, "MAC is missing or wrong", frames.MAC_TAG)
        if not line:  # a line has no certificates; who holds it is at the counter
            check_certificate(device, certificate, "TI")
        return device

    def _answer_key(self, told: list[tlv.Pair], device: Device, line: str) -> bytes:
        """Return the body that brings a terminal its next key."""
        faults = list(_sender_faults(device, line))
        if faults:
            raise first_of(faults)
        _keep_pace(device)
        key = keychange.pairs_of(self._keys.told(device))
        self._counters.answered("key", Rc.OK.value, self._transport, 0.0)
        pairs = [*told, ("RC", Rc.OK.value), *key]
        return frames.pack(pairs, self._keys.of(device).mac)

    def _accept(self, frame: frames.Frame, device: Device, line: str) -> Request:
        """Return the request of a body that may go to the ledger."""
        faults = list(_sender_faults(device, line))
        try:
            request = self._read(frame, device)
        except Refused as refused:
            faults.append(refused)
        except CodecError as fault:
            faults.append(Refused(Rc.FORMAT, str(fault), fault.field))
        if faults:
            raise first_of(faults)
        _keep_pace(device)
        return request

    def _read(self, frame: frames.Frame, device: Device) -> Request:
        command = frames.command_of(frame)
        if command is None:
            raise Refused(Rc.COMMAND, "CM: no such command here", "CM")
        codes = self._keys.of(device).codes
        request = frames.read_request(frame, command, device.zone, codes)
        try:
            check_request(request)
        except RequestInvalid as fault:
            place = frames.place_of(fault.field)
            raise Refused(Rc(fault.rc), f"{place} {fault}", place) from None
        return request

    def _submit(
        self,
        request: Request,
        told: list[tlv.Pair],
        device: Device | None,
        born_s: float,
        send: Send,
    ) -> None:
        def done(verdict: Verdict) -> None:
            send(self._write(decode_answer(verdict.answer), told, device))

        self._desk.submit(Task(request, self._transport, done, born_s))

    def _refuse(
        self, told: list[tlv.Pair], device: Device | None, answer: Answer, send: Send
    ) -> None:
        self._counters.answered("refused", answer.rc, self._transport, 0.0)
        send(self._write(answer, told, device))

    def _write(
        self, answer: Answer, told: list[tlv.Pair], device: Device | None
    ) -> bytes:
        mac = None if device is None else self._keys.of(device).mac
        try:
            return frames.pack(frames.write_answer(answer, told), mac)
        except CodecError:
            # Our table is too small for what the core said: our bug, loudly, but the
            # terminal must hear something, and it must not sound like approval.
            log.exception("answer cannot be written")
            return frames.pack(frames.write_answer(_FAULT, told), mac)

    def _answer_broken(self, fault: CodecError, line: str, send: Send) -> None:
        """Answer 30 when the terminal and the operation could be read."""
        told = frames.echo(frames.Frame(list(fault.fields.items()), b"", b""))
        number = fault.fields.get("TI", line)
        if not (line or (number and "ON" in fault.fields)):
            raise FrameRefused(str(fault)) from fault
        log.warning("message cannot be read", extra={"reason": str(fault)})
        answer = Answer(rc=Rc.FORMAT.value, message=str(fault), field=fault.field)
        self._refuse(told, self._device(number), answer, send)


def _keep_pace(device: Device) -> None:
    if not device.may_send(time.monotonic()):
        raise Refused(Rc.TOO_OFTEN, "too many messages a second")


def _sender_faults(device: Device, line: str) -> Iterator[Refused]:
    if device.terminal.state != "active":
        yield Refused(Rc.TERMINAL, "TI: this terminal is blocked", "TI")
    if line and line != device.terminal.id:
        yield Refused(Rc.TERMINAL, "TI: this is another terminal's line", "TI")
