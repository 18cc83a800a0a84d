"""A terminal that speaks HTTP/JSON and signs by RFC 9421."""

import http.client
import secrets
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import msgspec
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPSignatureKeyResolver,
    algorithms,
)

from ekarte_auth_gateway.codec import keychange
from ekarte_auth_gateway.testing.faults import ANSWER_WAIT_S, TerminalError
from ekarte_core import Answer, Request, decode_answer

COVERED = ("@method", "@path", "content-digest")


def body_of(request: Request) -> bytes:
    """Return the JSON body that POST /v1/<command> takes; defaults are left out."""
    body = msgspec.to_builtins(request)
    del body["command"]  # it stands in the path
    return msgspec.json.encode(body)


@dataclass
class SignedMessage:
    """The little of an HTTP request that a signature looks at."""

    method: str
    url: str
    headers: dict[str, str]


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: bytes) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> bytes:
        return self._key

    def resolve_public_key(self, key_id: str) -> bytes:
        return self._key


class HttpTerminal:
    """A terminal that speaks HTTP/JSON and signs by RFC 9421.

    Attributes:
        last_raw: body of the last answer, for comparing repeats byte by byte.
        last_status: its HTTP status.
        last_headers: its headers.
    """

    def __init__(
        self,
        base_url: str,
        terminal_id: str,
        key: bytes | None,
        context: ssl.SSLContext | None = None,
        *,
        wait_s: float = ANSWER_WAIT_S,
    ) -> None:
        """Take the gateway's base URL, the terminal's number and its 32-byte key.

        `context` is for https: whom to trust, and the client certificate. Without a
        key nothing is signed: the certificate says who it is.
        """
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"want a base URL like http://127.0.0.1:8470: {base_url}")
        self._secure = parts.scheme == "https"
        self._context = context
        self._wait_s = wait_s  # for an answer
        self.terminal_id = terminal_id
        self.last_raw = b""
        self.last_status = 0
        self.last_headers: dict[str, str] = {}
        self._base = base_url.rstrip("/")
        self._address = (parts.hostname, parts.port)
        self._lock = threading.Lock()
        self._connection: http.client.HTTPConnection | None = None
        self._signer: HTTPMessageSigner | None = None
        self._key = key
        if key is not None:
            self.use_key(key)

    def __repr__(self) -> str:
        """Show the number, never the key."""
        return f"HttpTerminal({self.terminal_id})"

    def use_key(self, key: bytes) -> None:
        """Sign with this key from now on."""
        self._key = key
        self._signer = HTTPMessageSigner(
            signature_algorithm=algorithms.HMAC_SHA256, key_resolver=_OneKey(key)
        )

    def ask_key(self) -> tuple[int, bytes]:
        """Return version and key that follow the present one; does not use it yet.

        Raises:
            TerminalError: silence, or the gateway tells none.
        """
        if self._key is None:
            raise TerminalError("without a key there is no next one")
        self.exchange("key", msgspec.json.encode({"terminal": self.terminal_id}))
        if self.last_status != 200:
            raise TerminalError(f"no key: {_answer(self.last_raw).message}")
        told = msgspec.json.decode(self.last_raw)
        wrapped = keychange.NextKey(told["version"], bytes.fromhex(told["wrapped"]))
        return wrapped.version, keychange.unwrap(self._key, wrapped)

    def send(self, request: Request) -> Answer:
        """Sign and send one command; return its answer, declines included.

        Raises:
            TerminalError: silence, or an answer that is not the gateway's.
        """
        return self.post(request.command, body_of(request))

    def post(self, command: str, body: bytes, **changes: Any) -> Answer:
        """Sign and send any body; for tests of what a gateway must refuse.

        Args:
            command: last part of the path.
            body: sent as it is.
            changes: `created` (aware datetime), `nonce`, and `headers` that are put
                on top after signing (None takes one away).
        """
        return _answer(self.exchange(command, body, **changes))

    def exchange(self, command: str, body: bytes, **changes: Any) -> bytes:
        """Sign and send any body, as `post` does; return the body of the answer."""
        path = f"/v1/{command}"
        headers = self.signed(path, body, **changes)
        headers["Content-Type"] = "application/json"
        for name, value in changes.get("headers", {}).items():
            headers.pop(name, None)
            if value is not None:
                headers[name] = value
        with self._lock:
            return self._exchange("POST", path, body, headers)

    def signed(self, path: str, body: bytes, **changes: Any) -> dict[str, str]:
        """Return the headers that sign a body; for those who send it themselves."""
        message = SignedMessage("POST", self._base + path, {"Host": "gateway"})
        if self._signer is not None:
            self._signer.sign(
                message,
                key_id=changes.get("key_id", self.terminal_id),
                created=changes.get("created", datetime.now(timezone.utc)),
                nonce=changes.get("nonce", secrets.token_urlsafe(16)),
                label="sig",
                covered_component_ids=changes.get("covered", COVERED[:2]),
                body=body,
            )
        del message.headers["Host"]
        return message.headers

    def get(self, path: str) -> bytes:
        """Fetch an unsigned page: /healthz, /metrics, /openapi.json."""
        with self._lock:
            return self._exchange("GET", path, None, {})

    def close(self) -> None:
        """Hang up."""
        with self._lock:
            self._hang_up()

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        # A kept connection may have been closed by the other side meanwhile; a
        # fresh one is tried once. The operation's key makes that safe.
        kept = self._connection is not None
        try:
            return self._try(method, path, body, headers)
        except (http.client.HTTPException, OSError) as fault:
            self._hang_up()
            if not kept or isinstance(fault, TimeoutError):
                raise TerminalError(f"no answer: {type(fault).__name__}") from fault
        try:
            return self._try(method, path, body, headers)
        except (http.client.HTTPException, OSError) as fault:
            self._hang_up()
            raise TerminalError(f"no answer: {type(fault).__name__}") from fault

    def _try(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> bytes:
        if self._connection is None:
            connection = self._new_connection()
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connection = connection
        self._connection.request(method, path, body=body, headers=headers)
        response = self._connection.getresponse()
        self.last_raw = response.read()
        self.last_status = response.status
        self.last_headers = dict(response.getheaders())
        return self.last_raw

    def _new_connection(self) -> http.client.HTTPConnection:
        host, port = self._address
        if not self._secure:
            return http.client.HTTPConnection(host, port, timeout=self._wait_s)
        return http.client.HTTPSConnection(
            host, port, timeout=self._wait_s, context=self._context
        )

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _answer(raw: bytes) -> Answer:
    try:
        return decode_answer(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise TerminalError(f"not an answer: {fault}") from fault
