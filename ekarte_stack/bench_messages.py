"""What the terminals of the gateway's bench send, packed, and how answers are read."""

import secrets
from collections import deque
from collections.abc import Callable
from datetime import datetime, timezone
from typing import NamedTuple

import msgspec
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from ekarte_auth_gateway.codec import (
    PROFILE_A,
    mac_of,
    pack,
    request_to_fields,
    unpack,
)
from ekarte_auth_gateway.testing import COVERED, SignedMessage, body_of
from ekarte_core import Keyring, Parser, Request
from ekarte_stack import bench_town as town

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


class Message(NamedTuple):
    """Bytes to send, and the number by which an answer is known to be theirs."""

    raw: bytes
    key: str


class _Code(msgspec.Struct):
    """All that the bench reads of an answer in JSON."""

    rc: str


_codes = Parser(_Code)


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def resolve_private_key(self, key_id: str) -> bytes:
        return self._keyring.terminal_key(key_id, 1)

    def resolve_public_key(self, key_id: str) -> bytes:
        return self._keyring.terminal_key(key_id, 1)


def _iso(keyring: Keyring) -> Callable[[Request], Message]:
    macs = {
        name: mac_of("hmac-sha256", keyring.terminal_key(name, 1))
        for name in town.terminals(protocol="iso8583")
    }

    def make(request: Request) -> Message:
        fields = request_to_fields(request)
        raw = pack(fields, macs[request.terminal], PROFILE_A)
        head = PROFILE_A.length.write(len(raw))
        return Message(head + raw, fields["41"] + fields["11"])

    return make


def _http(keyring: Keyring) -> Callable[[Request], Message]:
    signer = HTTPMessageSigner(
        signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_Keys(keyring)
    )

    def make(request: Request) -> Message:
        body = body_of(request)
        path = f"/v1/{request.command}"
        signed = SignedMessage("POST", f"http://gateway{path}", {"Host": "gateway"})
        signer.sign(
            signed,
            key_id=request.terminal,
            created=datetime.now(timezone.utc),
            nonce=secrets.token_urlsafe(16),
            label="sig",
            covered_component_ids=COVERED[:2],
            body=body,
        )
        rows = [f"POST {path} HTTP/1.1"]
        rows += [f"{name}: {value}" for name, value in signed.headers.items()]
        rows += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        return Message("\r\n".join(rows).encode() + HEAD_END + body, "")

    return make


MAKERS = {"iso8583": _iso, "http": _http}


def deal(
    requests: list[Request],
    keyring: Keyring,
    protocol: town.Protocol,
    connections: int,
) -> list[deque[Message]]:
    """Pack requests and give each connection those of its own terminals, in order.

    With more connections than terminals, some speak for one terminal in turn.
    """
    make = MAKERS[protocol](keyring)
    places = {name: n for n, name in enumerate(town.terminals(protocol=protocol))}
    shares = max(1, connections // len(places))
    dealt: list[deque[Message]] = [deque() for _ in range(connections)]
    for number, request in enumerate(requests):
        place = places[request.terminal]
        if shares > 1:
            place += len(places) * (number // len(places) % shares)
        dealt[place % connections].append(make(request))
    return dealt


def iso_end(buffer: bytes) -> int:
    """Return where the first answer ends, 0 while it is not all here."""
    length = PROFILE_A.length
    if len(buffer) < length.head_bytes:
        return 0
    end = length.head_bytes + length.read(buffer[: length.head_bytes])
    return end if len(buffer) >= end else 0


def http_end(buffer: bytes) -> int:
    """Return where the first answer ends, 0 while it is not all here."""
    head = buffer.find(HEAD_END)
    if head < 0:
        return 0
    told = buffer[:head].lower().partition(LENGTH)[2]
    end = head + len(HEAD_END) + int(told.partition(b"\r\n")[0])
    return end if len(buffer) >= end else 0


ENDS = {"iso8583": iso_end, "http": http_end}


def iso_told(raw: bytes) -> tuple[str, str]:
    """Return whose answer it is, and its code."""
    fields = unpack(raw[PROFILE_A.length.head_bytes :], PROFILE_A)
    return fields["41"] + fields["11"], fields["39"]


def http_told(raw: bytes) -> tuple[str, str]:
    """Return the answer's code; over HTTP answers come in the order of requests."""
    body = raw[raw.index(HEAD_END) + len(HEAD_END) :]
    return "", _codes.from_json(body).rc


TOLD = {"iso8583": iso_told, "http": http_told}
