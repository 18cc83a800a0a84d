"""Who sent this request, and is it as they sent it: RFC 9421 and RFC 9530.

A terminal signs with hmac-sha256 and its own key; keyid is its number. `@method`,
`@path` and `content-digest` must be covered, `created` must be within two minutes of
now, and the nonce is remembered (by the ledger, in flow). Every fault has its own
sentence, so that who connects a terminal sees what to mend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp import web
from http_message_signatures import (
    ContentDigest,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    VerifyResult,
    algorithms,
)

from ekarte_auth_gateway.flow import Board, Device
from ekarte_auth_gateway.ports import Clock

WINDOW_S = 120
NONCE_CHARS_MAX = 64
COVERED = ("@method", "@path", "content-digest")
_REQUIRED = frozenset(f'"{name}"' for name in COVERED)


class SignatureFault(Exception):
    """Why a request is not taken for what it says; `rc` is 63, or 58: unknown."""

    def __init__(self, field: str, message: str, rc: str = "63") -> None:
        """Name the part of the signature that is at fault."""
        self.field = field
        self.rc = rc
        super().__init__(message)


class _Fault(InvalidSignature):
    """Carries our fault through the library, which wraps what it does not know."""

    def __init__(self, fault: SignatureFault) -> None:
        self.fault = fault
        super().__init__(str(fault))


@dataclass(frozen=True)
class Signed:
    """A request whose sender is certain; one with a certificate has no nonce."""

    device: Device
    nonce: str | None


class _Message:
    """What the library looks at of a request.

    The header is the multi-dict of aiohttp: several lines of one name all count.
    """

    __slots__ = ("headers", "method", "url")

    def __init__(self, request: web.BaseRequest) -> None:
        self.method = request.method
        # Encoded as it came over the wire; only @path must be covered, the rest of
        # the URL matters to those who sign more than they must.
        self.url = f"{request.scheme}://{request.host}{request.raw_path}"
        self.headers = request.headers


class _Keys(HTTPSignatureKeyResolver):
    def __init__(self, board: Board, key_of: Callable[[Device], bytes]) -> None:
        self._board = board
        self._key_of = key_of

    def resolve_public_key(self, key_id: str) -> bytes:
        device = self._board.device(key_id)
        if device is None or device.terminal.protocol != "http":
            raise _Fault(
                SignatureFault(
                    "keyid", "keyid names no HTTP terminal of this network", "58"
                )
            )
        return self._key_of(device)


class _Verifier(HTTPMessageVerifier):
    """The library's verifier with our clock, window and sentences."""

    def __init__(
        self, board: Board, clock: Clock, key_of: Callable[[Device], bytes]
    ) -> None:
        super().__init__(
            signature_algorithm=algorithms.HMAC_SHA256,
            key_resolver=_Keys(board, key_of),
        )
        self._clock = clock

    def validate_created_and_expires(
        self,
        sig_input: Any,  # noqa: ANN401 - an untyped library's
        max_age: timedelta | None = None,
    ) -> None:
        """Check times by our clock, with sentences of our own."""
        now_s = int(self._clock().timestamp())
        created = sig_input.params.get("created")
        if created is None:
            raise _Fault(SignatureFault("created", "the signature has no created time"))
        if abs(created - now_s) > WINDOW_S:
            raise _Fault(
                SignatureFault(
                    "created",
                    f"created is more than {WINDOW_S} s from the gateway's clock:"
                    " set the terminal's clock (echo tells the time) and sign anew",
                )
            )
        expires = sig_input.params.get("expires")
        if expires is not None and expires < now_s:
            raise _Fault(SignatureFault("expires", "the signature has expired"))


class SignatureGate:
    """Lets signed requests of known, active terminals through."""

    def __init__(self, board: Board, clock: Clock) -> None:
        """Take the board that knows the terminals and their keys."""
        self._board = board
        self._verifier = _Verifier(board, clock, lambda device: device.key)
        self._next_verifier = _Verifier(board, clock, _next_key)

    def check(self, request: web.BaseRequest, body: bytes) -> Signed:
        """Return who signed a request.

        Raises:
            SignatureFault: missing, malformed, wrong, stale, or body not as signed.
        """
        headers = request.headers
        for name in ("Signature-Input", "Signature"):
            if name not in headers:
                raise SignatureFault(
                    name.lower(), f"header {name} is missing: sign by RFC 9421"
                )
        self._check_digest(headers.getall("Content-Digest", ()), body)
        result, is_next = self._verify(request)
        key_id = str(result.parameters["keyid"])
        device = self._board.device(key_id)
        # The network may have changed since the key was looked up, a moment ago.
        if device is None:
            raise SignatureFault("keyid", "keyid names no terminal", "58")
        nonce = result.nonce
        if not nonce:
            raise SignatureFault("nonce", "the signature has no nonce")
        if len(nonce) > NONCE_CHARS_MAX:
            raise SignatureFault(
                "nonce", f"the nonce is longer than {NONCE_CHARS_MAX} characters"
            )
        if is_next:
            self._board.next_key_came(device)
        return Signed(device, nonce)

    def _check_digest(self, lines: "list[str] | tuple[()]", body: bytes) -> None:
        if not lines:
            raise SignatureFault("content-digest", "header Content-Digest is missing")
        value = ", ".join(lines)
        if value == ContentDigest.create(body):
            return  # the usual case: one digest, written in the one usual way
        if "sha-256=" not in value:
            raise SignatureFault("content-digest", "Content-Digest has no sha-256")
        try:
            ContentDigest.verify(value, body)
        except InvalidSignature:
            raise SignatureFault(
                "content-digest", "Content-Digest is not that of the body"
            ) from None

    def _verify(self, request: web.BaseRequest) -> tuple[VerifyResult, bool]:
        """Return what was signed, and whether with the terminal's next key."""
        message = _Message(request)
        try:
            return self._verify_by(self._verifier, message), False
        except SignatureFault as fault:
            if str(fault) != _WRONG:
                raise
        return self._verify_by(self._next_verifier, message), True

    def _verify_by(self, verifier: _Verifier, message: _Message) -> VerifyResult:
        try:
            results = verifier.verify(message, max_age=None)
        except _Fault as fault:
            raise fault.fault from None
        except InvalidSignature as fault:
            raise SignatureFault("signature", _sentence(fault)) from None
        result: VerifyResult = results[0]
        # By hand: the library would parse its own list and the message's anew.
        if not result.covered_components.keys() >= _REQUIRED:
            raise SignatureFault(
                "signature", f"the signature must cover {', '.join(COVERED)}"
            )
        return result


def _next_key(device: Device) -> bytes:
    if device.next_version is None:
        raise _Fault(SignatureFault("signature", _WRONG))
    return device.next_key


# The library's words for the faults that a builder of terminals meets; anything
# else is summed up, for its own words may quote a header.
_SENTENCES: tuple[tuple[str, str], ...] = (
    ("Malformed structured header", "the signature headers cannot be parsed"),
    ("Multiple signatures", "send one signature"),
    ("different labels", "Signature and Signature-Input have different labels"),
    ("No signatures found", "the signature headers are empty"),
    ('required "keyid"', "the signature has no keyid"),
    ("Unexpected algorithm", "alg must be hmac-sha256"),
    ("must be a Structured Field", "a signature parameter has a wrong type"),
    ("Unexpected signature metadata", "a signature parameter is not known"),
)
_WRONG = "the signature is wrong: other key, or not what was signed"


def _sentence(fault: InvalidSignature) -> str:
    words = str(fault)
    for part, sentence in _SENTENCES:
        if part in words:
            return sentence
    return _WRONG
