"""A terminal that speaks ISO 8583 over TCP."""

import os
import socket
import ssl
import threading

from ekarte_auth_gateway.codec import (
    MAC_KINDS,
    PROFILES,
    RANDOM_BYTES,
    CodecError,
    CodeKeys,
    Fields,
    Mac,
    answer_from_fields,
    answer_tpdu,
    answer_type,
    code_keys,
    keychange,
    mac_is_right,
    mac_of,
    pack,
    request_to_fields,
    split_tpdu,
    tpdu,
    unpack,
)
from ekarte_auth_gateway.testing.faults import ANSWER_WAIT_S, TerminalError
from ekarte_core import Answer, Request

_TPDU = tpdu("0001", "0042")


class IsoTerminal:
    """A terminal that speaks ISO 8583 over TCP.

    Attributes:
        last_raw: the last answer's message (without length and TPDU), for repeats.
    """

    def __init__(
        self,
        host: str,
        port: int,
        terminal_id: str,
        key: bytes | None,
        mac: str = "hmac-sha256",
        profile: str = "A",
        *,
        old_blocks: bool = False,
        context: ssl.SSLContext | None = None,
        wait_s: float = ANSWER_WAIT_S,
    ) -> None:
        """Take the address, the terminal's number, its key, MAC and profile.

        `context`: speak TLS, trust whom it trusts, with the certificate it has.

        `old_blocks`: access codes go out in format 0 of ISO 9564, in DE52.
        """
        if mac not in MAC_KINDS:
            raise ValueError(f"no such MAC: {mac}")
        if mac != "none" and key is None:
            raise ValueError("a MAC needs a key")
        self.terminal_id = terminal_id
        self.last_raw = b""
        self._address = (host, port)
        self._profile = PROFILES[profile]
        self._mac_kind = mac
        self._old_blocks = old_blocks
        self._key = key
        self._mac: Mac | None = None
        self._codes: CodeKeys | None = None
        if key is not None:
            self.use_key(key)
        self._context = context
        self._wait_s = wait_s  # for an answer
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def __repr__(self) -> str:
        """Show the number, never the key."""
        return f"IsoTerminal({self.terminal_id})"

    def use_key(self, key: bytes) -> None:
        """Use this key from now on."""
        self._key = key
        self._mac = mac_of(self._mac_kind, key)
        self._codes = code_keys(key, old=self._old_blocks)

    def ask_key(self, operation: int = 1) -> tuple[int, bytes]:
        """Return version and key that follow the present one; does not use it yet.

        Raises:
            TerminalError: silence, or the gateway tells none.
        """
        if self._key is None:
            raise TerminalError("without a key there is no next one")
        fields = {"t": "0800", "11": f"{operation % 1_000_000:06d}"}
        fields |= {"41": self.terminal_id, "70": keychange.NETWORK_CODE}
        answer = self._exchange_fields(fields)
        if answer["39"] != "00":
            raise TerminalError(f"no key: {answer['39']}")
        told = keychange.read(answer)
        return told.version, keychange.unwrap(self._key, told)

    def send(self, request: Request, *, repeat: bool = False) -> Answer:
        """Send one command; return its answer, declines included.

        Args:
            request: `local_time` goes out to the second.
            repeat: mark the message as a repeat (0201 for 0200); the content is the
                same either way.

        Raises:
            TerminalError: silence, or an answer that does not belong to the request.
            CodecError: the request says something that ISO 8583 cannot carry.
        """
        fields = request_to_fields(
            request,
            codes=self._codes,
            random=lambda: os.urandom(RANDOM_BYTES),
            repeat=repeat,
        )
        try:
            return answer_from_fields(self._exchange_fields(fields))
        except CodecError as fault:
            raise TerminalError(f"not an answer: {fault}") from fault

    def _exchange_fields(self, fields: Fields) -> Fields:
        """Send a message; return its answer, which belongs to it and has its MAC."""
        raw = self.exchange(pack(fields, self._mac, self._profile))
        try:
            return self._answer_to(fields, raw)
        except TerminalError:
            self.close()  # what comes next on this connection may be no better
            raise

    def _answer_to(self, fields: Fields, raw: bytes) -> Fields:
        try:
            answer = unpack(raw, self._profile)
        except CodecError as fault:
            raise TerminalError(f"not an answer: {fault}") from fault
        if answer["t"] != answer_type(fields["t"]) or "39" not in answer:
            raise TerminalError("not an answer: no answer code, or of another type")
        if answer.get("11") != fields["11"]:
            raise TerminalError("an answer to another operation")
        if self._mac is not None and not mac_is_right(raw, answer, self._mac):
            raise TerminalError("an answer with a wrong MAC")
        return answer

    def exchange(self, message: bytes) -> bytes:
        """Send any bytes as one message and return the next message.

        A kept connection may have been closed by the gateway meanwhile; a fresh one
        is tried once. The operation's key makes that safe.
        """
        with self._lock:
            kept = self._socket is not None
            try:
                return self._exchange(message)
            except OSError as fault:
                self._hang_up()
                if not kept or isinstance(fault, TimeoutError):
                    raise TerminalError(f"no answer: {type(fault).__name__}") from fault
            try:
                return self._exchange(message)
            except OSError as fault:
                self._hang_up()
                raise TerminalError(f"no answer: {type(fault).__name__}") from fault

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._hang_up()

    def _exchange(self, message: bytes) -> bytes:
        if self._socket is None:
            self._socket = socket.create_connection(self._address, self._wait_s)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._context is not None:
                self._socket = self._context.wrap_socket(
                    self._socket, server_hostname=self._address[0]
                )
        length = self._profile.length
        if self._profile.tpdu:
            message = _TPDU + message
        self._socket.sendall(length.write(len(message)) + message)
        raw = self._take(length.read(self._take(length.head_bytes)))
        if self._profile.tpdu:
            raw = _way_back(raw)
        self.last_raw = raw
        return raw

    def _take(self, count: int) -> bytes:
        assert self._socket is not None
        pieces = bytearray()
        while len(pieces) < count:
            piece = self._socket.recv(count - len(pieces))
            if not piece:
                raise ConnectionResetError("closed by the gateway")
            pieces += piece
        return bytes(pieces)

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def _way_back(frame: bytes) -> bytes:
    """Return the message behind a TPDU that must be ours, turned round."""
    try:
        told, message = split_tpdu(frame)
    except CodecError as fault:
        raise TerminalError(f"not an answer: {fault}") from fault
    if told != answer_tpdu(_TPDU):
        raise TerminalError("an answer to somebody else")
    return message
