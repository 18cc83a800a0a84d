"""ISO 8583, from frame to frame: who sent it, what it asks, and its answer.

Everything here runs on the event loop and waits for nothing; the answer comes later,
by a call from the desk.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping

from ekarte_auth_gateway.codec import (
    CodecError,
    Context,
    Fields,
    answer_to_fields,
    answer_type,
    block_key,
    command_of,
    echo,
    mac_is_right,
    pack,
    place_of,
    request_from_fields,
    unpack,
)
from ekarte_auth_gateway.flow import Board, Counters, Desk, Device
from ekarte_auth_gateway.messages import Task, Verdict
from ekarte_auth_gateway.ports import Clock
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


class FrameRefused(Exception):
    """Nothing in the frame tells where an answer should go: hang up."""


class _Refused(Exception):
    """The message gets an answer at once, without the ledger."""

    def __init__(self, rc: Rc, message: str, place: str = "") -> None:
        self.rc = rc
        self.answer = Answer(rc=rc.value, message=message, field=place)
        super().__init__(message)


# If several refusals apply, the first in the order of the codes is the answer.
_PRECEDENCE = {rc: place for place, rc in enumerate(Rc)}


class IsoService:
    """Answers ISO 8583 messages."""

    def __init__(
        self, desk: Desk, board: Board, clock: Clock, counters: Counters
    ) -> None:
        """Take the desk for commands and the board for terminals."""
        self._desk = desk
        self._board = board
        self._clock = clock
        self._counters = counters
        self._block_keys: dict[bytes, bytes] = {}

    def take(self, frame: bytes, send: Send) -> None:
        """Take one message; `send` gets its answer, now or later.

        Raises:
            FrameRefused: it cannot even be answered.
        """
        born_s = time.monotonic()
        try:
            fields = unpack(frame)
        except CodecError as fault:
            self._answer_broken(fault, send)
            return
        device = self._sender(fields)
        try:
            request = self._accept(frame, fields, device)
        except _Refused as refused:
            self._refuse(fields, device, refused.answer, send)
        else:
            self._submit(request, fields, device, born_s, send)

    def _sender(self, fields: Fields) -> Device | None:
        if "41" not in fields or answer_type(fields["t"]) is None:
            raise FrameRefused("no request, or no terminal in DE41")
        device = self._board.device(fields["41"])
        if device is not None and device.terminal.protocol != "iso8583":
            return None
        return device

    def _accept(self, frame: bytes, fields: Fields, device: Device | None) -> Request:
        """Return the request of a message that may go to the ledger."""
        if device is None:
            if self._board.network is None:
                raise _Refused(Rc.SILENT, "the gateway has no network yet")
            raise _Refused(
                Rc.TERMINAL, "DE41: no ISO 8583 terminal of this network", "DE41"
            )
        terminal = device.terminal
        if terminal.mac != "none" and not mac_is_right(frame, fields, device.key):
            log.warning("MAC refused", extra={"terminal": terminal.id})
            raise _Refused(Rc.MAC, "MAC is missing or wrong", "DE64")
        faults = list(_sender_faults(fields, device))
        try:
            request = self._read(fields, device)
        except _Refused as refused:
            faults.append(refused)
        except CodecError as fault:
            faults.append(_Refused(Rc.FORMAT, str(fault), fault.field))
        if faults:
            raise min(faults, key=lambda refused: _PRECEDENCE[refused.rc])
        if not device.may_send(time.monotonic()):
            raise _Refused(Rc.TOO_OFTEN, "too many messages a second")
        return request

    def _read(self, fields: Fields, device: Device) -> Request:
        command = command_of(fields)
        if command is None:
            raise _Refused(Rc.COMMAND, "no such command here", _type_place(fields))
        key = self._block_keys.get(device.key)
        if key is None:
            key = self._block_keys[device.key] = block_key(device.key)
        context = Context(device.zone, self._clock().date(), key)
        request = request_from_fields(fields, command, context)
        try:
            check_request(request)
        except RequestInvalid as fault:
            place = place_of(fault.field)
            raise _Refused(Rc(fault.rc), f"{place} {fault}", place) from None
        return request

    def _submit(
        self,
        request: Request,
        fields: Fields,
        device: Device | None,
        born_s: float,
        send: Send,
    ) -> None:
        def done(verdict: Verdict) -> None:
            answer = decode_answer(verdict.answer)
            send(self._write(answer, fields, device))

        self._desk.submit(Task(request, "iso8583", done, born_s))

    def _refuse(
        self,
        fields: Mapping[str, str],
        device: Device | None,
        answer: Answer,
        send: Send,
    ) -> None:
        self._counters.answered("refused", answer.rc, "iso8583", 0.0)
        send(self._write(answer, fields, device))

    def _write(
        self, answer: Answer, fields: Mapping[str, str], device: Device | None
    ) -> bytes:
        key = None
        if device is not None and device.terminal.mac != "none":
            key = device.key
        told = echo(fields)
        try:
            return pack(answer_to_fields(answer, told), key)
        except CodecError:
            # Our table is too small for what the core said: our bug, loudly, but the
            # terminal must hear something, and it must not sound like approval.
            log.exception("answer cannot be written")
            return pack(answer_to_fields(_FAULT, told), key)

    def _answer_broken(self, fault: CodecError, send: Send) -> None:
        """Answer 30 when the type, the number and the terminal could be read."""
        fields = {
            name: value
            for name, value in fault.fields.items()
            if f"DE{name}" != fault.field
        }
        kind = answer_type(fields.get("t", ""))
        if kind is None or "11" not in fields or "41" not in fields:
            raise FrameRefused(str(fault)) from fault
        if not fields["11"].isdigit():
            raise FrameRefused("the operation number is no number") from fault
        log.warning("message cannot be read", extra={"reason": str(fault)})
        device = self._board.device(fields["41"])
        if device is not None and device.terminal.protocol != "iso8583":
            device = None
        answer = Answer(rc=Rc.FORMAT.value, message=str(fault), field=fault.field)
        self._refuse(_sound(fields), device, answer, send)


def _sound(fields: Mapping[str, str]) -> Fields:
    """Only what can be echoed without being read: a broken field may break again."""
    return {name: fields[name] for name in ("t", "3", "11", "41") if name in fields}


def _sender_faults(fields: Fields, device: Device) -> Iterator[_Refused]:
    if device.terminal.state != "active":
        yield _Refused(Rc.TERMINAL, "DE41: this terminal is blocked", "DE41")
    branch = fields.get("42", "").strip()
    if branch and branch != device.branch.code:
        yield _Refused(Rc.BRANCH, "DE42: not this terminal's branch", "DE42")


def _type_place(fields: Mapping[str, str]) -> str:
    return "DE70" if "70" in fields else "DE3" if "3" in fields else "MTI"
