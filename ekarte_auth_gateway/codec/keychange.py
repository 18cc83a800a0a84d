"""The next key of a terminal on its way there: 0800 with DE70 = 101, and its answer.

It travels wrapped (AES key wrap, RFC 3394) under a key that is derived from the present
one, for that version alone: so a wrapped key cannot be passed off as another version,
and who does not have the present key learns nothing. The serial frame carries the
same two parts.
"""

from collections.abc import Mapping
from typing import NamedTuple

from cryptography.hazmat.primitives.keywrap import (
    InvalidUnwrap,
    aes_key_unwrap,
    aes_key_wrap,
)

from ekarte_auth_gateway.codec import keys, tlv
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.message import Fields

NETWORK_CODE = "101"
KEY_BYTES = 32
_WRAPPED_BYTES = KEY_BYTES + 8
_VERSION, _KEY = "KV", "KW"
_VERSION_DIGITS_MAX = 9


class NextKey(NamedTuple):
    """A key that waits to be used.

    Attributes:
        version: of the key; one more than the present one's.
        wrapped: 40 bytes.
    """

    version: int
    wrapped: bytes


def is_asked(fields: Mapping[str, str]) -> bool:
    """Say whether a message asks for the next key."""
    return fields["t"] in ("0800", "0801") and fields.get("70") == NETWORK_CODE


def wrap(present: bytes, version: int, key: bytes) -> NextKey:
    """Wrap the key of a version under the present one; both have 32 bytes."""
    assert len(key) == KEY_BYTES, "keys of terminals have 32 bytes"
    return NextKey(version, aes_key_wrap(keys.wrap_key(present, version), key))


def unwrap(present: bytes, told: NextKey) -> bytes:
    """Return the key; the terminal's side.

    Raises:
        CodecError: it was wrapped under another key or for another version.
    """
    try:
        return aes_key_unwrap(keys.wrap_key(present, told.version), told.wrapped)
    except InvalidUnwrap:
        raise CodecError("DE48.KW", "was not wrapped under the present key") from None


def pairs_of(told: NextKey) -> list[tlv.Pair]:
    """Return the sub-fields of a key."""
    return [(_VERSION, str(told.version)), (_KEY, told.wrapped.hex().upper())]


def key_in(pairs: list[tlv.Pair]) -> NextKey:
    """Return the key that sub-fields tell of.

    Raises:
        CodecError: a part is missing or is none.
    """
    parts = dict(pairs)
    version, text = parts.get(_VERSION, ""), parts.get(_KEY, "")
    short = len(version) <= _VERSION_DIGITS_MAX
    if not (version.isascii() and version.isdigit() and short):
        raise CodecError("DE48.KV", "is not a version")
    try:
        wrapped = bytes.fromhex(text)
    except ValueError:
        wrapped = b""
    if len(wrapped) != _WRAPPED_BYTES:
        raise CodecError("DE48.KW", f"is not {2 * _WRAPPED_BYTES} hex digits")
    return NextKey(int(version), wrapped)


def write(told: NextKey, echo: Mapping[str, str]) -> Fields:
    """Return the fields of the answer to the message whose echo is given."""
    spread, _ = tlv.spread(pairs_of(told), ("48",))
    return {**echo, "39": "00", **spread}


def read(fields: Mapping[str, str]) -> NextKey:
    """Return the key that an answer brings; the terminal's side.

    Raises:
        CodecError: it brings none.
    """
    return key_in(tlv.split(fields.get("48", ""), "DE48"))
