"""How the fields of a table lie in bytes: one reader and one writer for each field.

Made once for each profile, so that a message costs one call a field and no look-ups.
(pyiso8583 does the same from a table of its own at each message, in twice the time;
it is what the tests hold this against, byte for byte.)
"""

import re
from collections.abc import Callable
from typing import NamedTuple

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import Field


class Raw(NamedTuple):
    """One message in the three shapes that readers need.

    Attributes:
        raw: the bytes.
        text: the same in the profile's characters, one a byte.
        plain: the same in Latin-1, for our UTF-8 texts (tlv.py decodes them).
    """

    raw: bytes
    text: str
    plain: str


Read = Callable[[Raw, int], tuple[str | None, int]]
"""Takes a message and where the field begins; returns its content, None: not of its
kind, and where it ends, which may be past the end of the message."""
Write = Callable[[str], bytes]

_Length = Callable[[Raw, int], tuple[int, int]]
_PACKED_TRACK = re.compile(r"[0-9D]*F?")


class Coding(NamedTuple):
    """What a profile says of digits and letters (profiles.py)."""

    packed: bool
    characters: str
    pad_front: bool


def reader(number: int, row: Field, coding: Coding) -> Read:
    """Return what reads one field."""
    length = _length_reader(number, row, coding)
    if row.kind in "nz" and coding.packed:
        return _packed_reader(row.kind, length, coding.pad_front)
    if row.kind == "b":
        return _bytes_reader(length)
    if row.kind == "u":
        return _own_reader(length)
    return _text_reader(row.kind, length)


def writer(number: int, row: Field, coding: Coding) -> Write:
    """Return what writes one field; it raises CodecError for what does not fit."""
    place = f"DE{number}"
    if row.kind in "nz" and coding.packed:
        encode: Write = _packed_encoder(coding.pad_front)
        half = False
    else:
        codec = {"u": "latin-1"}.get(row.kind, coding.characters)
        half = row.kind == "b"
        encode = bytes.fromhex if half else lambda value: value.encode(codec)
    prefix, size = _prefix_writer(row, coding), row.size

    def write(value: str) -> bytes:
        count = len(value) // 2 if half else len(value)
        if count > size or (count != size and prefix is None):
            raise CodecError(place, f"cannot be written: has {count}, not {size} signs")
        try:
            content = encode(value)
        except ValueError:
            raise CodecError(place, "cannot be written: not of its kind") from None
        return content if prefix is None else prefix(count) + content

    return write


def _length_reader(number: int, row: Field, coding: Coding) -> _Length:
    """Return what tells how long a field is and where its content begins."""
    size, digits = row.size, row.prefix
    if not digits:
        return lambda message, at: (size, at)
    packed = coding.packed
    width = (digits + 1) // 2 if packed else digits

    def read(message: Raw, at: int) -> tuple[int, int]:
        start = at + width
        head = message.raw[at:start].hex() if packed else message.text[at:start]
        if not (head.isdecimal() and len(head) == (2 * width if packed else width)):
            raise CodecError(f"DE{number}", "cannot be read: its length is no number")
        count = int(head)
        if count > size:
            raise CodecError(f"DE{number}", f"cannot be read: longer than {size}")
        return count, start

    return read


def _text_reader(kind: str, length: _Length) -> Read:
    if kind == "n":

        def read_digits(message: Raw, at: int) -> tuple[str | None, int]:
            count, start = length(message, at)
            value = message.text[start : start + count]
            # Of one-byte characters only 0-9 are decimal.
            return value if value.isdecimal() else None, start + count

        return read_digits

    def read(message: Raw, at: int) -> tuple[str | None, int]:
        count, start = length(message, at)
        value = message.text[start : start + count]
        fine = value.isascii() and value.isprintable()
        return value if fine else None, start + count

    return read


def _own_reader(length: _Length) -> Read:
    def read(message: Raw, at: int) -> tuple[str | None, int]:
        count, start = length(message, at)
        return message.plain[start : start + count], start + count

    return read


def _bytes_reader(length: _Length) -> Read:
    def read(message: Raw, at: int) -> tuple[str | None, int]:
        count, start = length(message, at)
        return message.raw[start : start + count].hex().upper(), start + count

    return read


def _packed_reader(kind: str, length: _Length, pad_front: bool) -> Read:  # noqa: FBT001 - made once, from a Coding
    def read(message: Raw, at: int) -> tuple[str | None, int]:
        count, start = length(message, at)
        end = start + (count + 1) // 2
        value = message.raw[start:end].hex().upper()
        if count % 2:
            pad, value = (
                (value[:1], value[1:]) if pad_front else (value[-1:], value[:-1])
            )
            if pad != ("0" if pad_front else "F"):
                return None, end
        if kind == "n":
            return value if value.isdecimal() else None, end
        # BCD has no sign for the separator of track data, so D stands for it there.
        fine = _PACKED_TRACK.fullmatch(value) is not None
        return value.rstrip("F").replace("D", "=") if fine else None, end

    return read


def _packed_encoder(pad_front: bool) -> Write:  # noqa: FBT001 - made once, from a Coding
    def encode(value: str) -> bytes:
        digits = value.replace("=", "D")
        if len(digits) % 2:
            digits = f"0{digits}" if pad_front else f"{digits}F"
        return bytes.fromhex(digits)

    return encode


def _prefix_writer(row: Field, coding: Coding) -> Callable[[int], bytes] | None:
    if not row.prefix:
        return None
    if coding.packed:
        width = 2 * ((row.prefix + 1) // 2)
        return lambda count: bytes.fromhex(f"{count:0{width}d}")
    digits, characters = row.prefix, coding.characters
    return lambda count: f"{count:0{digits}d}".encode(characters)
