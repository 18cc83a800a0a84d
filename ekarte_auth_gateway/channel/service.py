"""ISO 8583, from frame to frame: who sent it, what it asks, and its answer.

Everything here runs on the event loop and waits for nothing; the answer comes later,
by a call from the desk.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping

from ekarte_auth_gateway.channel.keys import TerminalKeys
from ekarte_auth_gateway.channel.refusing import (
    FrameRefused,
    Refused,
    check_certificate,
    first_of,
)
from ekarte_auth_gateway.codec import (
    PROFILE_A,
    CodecError,
    Context,
    Fields,
    Profile,
    answer_to_fields,
    answer_tpdu,
    answer_type,
    command_of,
    echo,
    keychange,
    mac_is_right,
    pack,
    place_of,
    request_from_fields,
    split_tpdu,
    unpack,
)
from ekarte_auth_gateway.flow import Board, Counters, Desk, Device
from ekarte_auth_gateway.messages import TOO_MUCH, Task, Verdict
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


class IsoService:
    """Answers ISO 8583 messages of one profile."""

    def __init__(
        self,
        desk: Desk,
        board: Board,
        clock: Clock,
        counters: Counters,
        profile: Profile = PROFILE_A,
    ) -> None:
        """Take the desk for commands and the board for terminals.

        A message can only be read when its profile is known, and its terminal only
        when it has been read: so each profile has a port of its own.
        """
        self.profile = profile
        self.length = profile.length
        self.label = "iso8583" + ("" if profile is PROFILE_A else f"-{profile.name}")
        self._desk = desk
        self._board = board
        self._clock = clock
        self._counters = counters
        self._keys = TerminalKeys(board, old_blocks=profile.packed)

    def take(self, frame: bytes, send: Send, certificate: str = "") -> None:
        """Take one message; `send` gets its answer, now or later.

        Raises:
            FrameRefused: it cannot even be answered.
        """
        born_s = time.monotonic()
        if self.profile.tpdu:
            frame, send = _without_tpdu(frame, send)
        try:
            fields = unpack(frame, self.profile)
        except CodecError as fault:
            self._answer_broken(fault, send)
            return
        if "41" not in fields or answer_type(fields["t"]) is None:
            raise FrameRefused("no request, or no terminal in DE41")
        device = self._device(fields["41"])
        try:
            sender = self._sender(frame, fields, device, certificate)
            if keychange.is_asked(fields):
                answer = self._answer_key(fields, sender)
            else:
                request = self._accept(fields, sender)
                answer = None
        except Refused as refused:
            self._refuse(fields, device, refused.answer, send)
            return
        if answer is None:
            self._submit(request, fields, sender, born_s, send)
        else:
            send(answer)

    def _device(self, number: str) -> Device | None:
        """Return the terminal, if it is one that may come by this door."""
        device = self._board.device(number)
        if device is None:
            return None
        terminal = device.terminal
        here = (terminal.protocol, terminal.profile) == ("iso8583", self.profile.name)
        return device if here else None

    def _sender(
        self, frame: bytes, fields: Fields, device: Device | None, certificate: str
    ) -> Device:
        """Return who sent a message, once that is certain."""
        if device is None:
            if self._board.network is None:
                raise Refused(Rc.SILENT, "the gateway has no network yet")
            told = f"DE41: no ISO 8583 terminal of profile {self.profile.name}"
            raise Refused(Rc.TERMINAL, told, "DE41")
        if not self._keys.is_authentic(
            device, lambda mac: mac_is_right(frame, fields, mac)
        ):
            log.warning("MAC refused", extra={"terminal": device.terminal.id})
            raise Refused(Rc.MAC, "MAC is missing or wrong", "DE64")
        check_certificate(device, certificate, "DE41")
        return device

    def _answer_key(self, fields: Fields, device: Device) -> bytes:
        """Return the answer that brings a terminal its next key."""
        faults = list(_sender_faults(fields, device))
        if faults:
            raise first_of(faults)
        _keep_pace(device)
        told = keychange.write(self._keys.told(device), echo(fields))
        self._counters.answered("key", Rc.OK.value, "iso8583", 0.0)
        return pack(told, self._keys.of(device).mac, self.profile)

    def _accept(self, fields: Fields, device: Device) -> Request:
        """Return the request of a message that may go to the ledger."""
        if self._desk.is_full:
            # Before it is read: who refuses much must refuse quickly.
            raise Refused(Rc.SILENT, TOO_MUCH)
        faults = list(_sender_faults(fields, device))
        try:
            request = self._read(fields, device)
        except Refused as refused:
            faults.append(refused)
        except CodecError as fault:
            faults.append(Refused(Rc.FORMAT, str(fault), fault.field))
        if faults:
            raise first_of(faults)
        _keep_pace(device)
        return request

    def _read(self, fields: Fields, device: Device) -> Request:
        command = command_of(fields)
        if command is None:
            raise Refused(Rc.COMMAND, "no such command here", _type_place(fields))
        codes = self._keys.of(device).codes
        context = Context(device.zone, self._clock().date(), codes)
        request = request_from_fields(fields, command, context)
        try:
            check_request(request)
        except RequestInvalid as fault:
            place = place_of(fault.field)
            raise Refused(Rc(fault.rc), f"{place} {fault}", place) from None
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
        mac = None if device is None else self._keys.of(device).mac
        told = echo(fields)
        try:
            return pack(answer_to_fields(answer, told), mac, self.profile)
        except CodecError:
            # Our table is too small for what the core said: our bug, loudly, but the
            # terminal must hear something, and it must not sound like approval.
            log.exception("answer cannot be written")
            return pack(answer_to_fields(_FAULT, told), mac, self.profile)

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
        device = self._device(fields["41"])
        answer = Answer(rc=Rc.FORMAT.value, message=str(fault), field=fault.field)
        self._refuse(_sound(fields), device, answer, send)


def _keep_pace(device: Device) -> None:
    if not device.may_send(time.monotonic()):
        raise Refused(Rc.TOO_OFTEN, "too many messages a second")


def _without_tpdu(frame: bytes, send: Send) -> tuple[bytes, Send]:
    """Take the TPDU off a message; the answer gets it back, turned round."""
    try:
        asked, message = split_tpdu(frame)
    except CodecError as fault:
        raise FrameRefused(str(fault)) from fault
    way_back = answer_tpdu(asked)
    return message, lambda answer: send(way_back + answer)


def _sound(fields: Mapping[str, str]) -> Fields:
    """Only what can be echoed without being read: a broken field may break again."""
    return {name: fields[name] for name in ("t", "3", "11", "41") if name in fields}


def _sender_faults(fields: Fields, device: Device) -> Iterator[Refused]:
    if device.terminal.state != "active":
        yield Refused(Rc.TERMINAL, "DE41: this terminal is blocked", "DE41")
    branch = fields.get("42", "").strip()
    if branch and branch != device.branch.code:
        yield Refused(Rc.BRANCH, "DE42: not this terminal's branch", "DE42")


def _type_place(fields: Mapping[str, str]) -> str:
    return "DE70" if "70" in fields else "DE3" if "3" in fields else "MTI"
