"""Raw ISO 8583 lines for tests: frames as bytes, whole, cut or mangled."""

import socket
from typing import Any

from ekarte_auth_gateway.codec import (
    Fields,
    answer_from_fields,
    code_keys,
    mac_of,
    pack,
    request_to_fields,
    unpack,
)
from ekarte_core import Answer, Request


def frame(message: bytes) -> bytes:
    return len(message).to_bytes(2, "big") + message


class Line:
    """One TCP connection to the gateway's ISO 8583 port."""

    def __init__(self, gateway: Any, terminal: str, *, mac: bool = True) -> None:
        self.terminal_id = terminal
        self.key = gateway.key(terminal)
        self.mac = mac_of("hmac-sha256", self.key) if mac else None
        self._socket = socket.create_connection(("127.0.0.1", gateway.iso_port), 10)

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def fields(self, request: Request, **changes: str | None) -> Fields:
        """The fields of a request, some changed, some (None) taken away."""
        fields = request_to_fields(
            request, codes=code_keys(self.key), random=lambda: b"r" * 8
        )
        for label, value in changes.items():
            name = label.removeprefix("f")
            fields.pop(name, None)
            if value is not None:
                fields[name] = value
        return fields

    def message(self, fields: Fields) -> bytes:
        return pack(fields, self.mac)

    def send(self, raw: bytes) -> None:
        self._socket.sendall(raw)

    def take(self) -> bytes:
        """The next frame's message; b"" when the gateway has hung up."""
        head = self._exactly(2)
        return self._exactly(int.from_bytes(head, "big")) if head else b""

    def _exactly(self, count: int) -> bytes:
        got = b""
        while len(got) < count:
            try:
                piece = self._socket.recv(count - len(got))
            except ConnectionResetError:
                return b""
            if not piece:
                return b""
            got += piece
        return got

    def ask(self, fields: Fields) -> Answer:
        """Send fields and read the answer's meaning."""
        return answer_from_fields(self.ask_fields(fields))

    def ask_fields(self, fields: Fields) -> Fields:
        self.send(frame(self.message(fields)))
        raw = self.take()
        assert raw, "the gateway hung up"
        return unpack(raw)
