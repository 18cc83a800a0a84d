"""Bytes to fields and back, with the MAC: the layer under requests and answers."""

import hmac
from collections.abc import Mapping

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import MAC_HIGH, MAC_LOW
from ekarte_auth_gateway.codec.layout import Raw
from ekarte_auth_gateway.codec.macs import MAC_BYTES, Mac
from ekarte_auth_gateway.codec.profiles import PROFILE_A, Profile

_TYPE_DIGITS = 4
_HIGH_BIT = b"\x80"
_BITMAP_BYTES = 8
_FIRST_BIT = 1 << 127
_SECOND_BITMAP = (1 << 64) - 1
_ABOVE_64 = frozenset(str(number) for number in range(65, 129))


def _names_in(byte: int, value: int) -> tuple[str, ...]:
    """Return the fields of a byte of the bitmap; bit 1 tells of the second one."""
    numbers = [8 * byte + bit for bit in range(1, 9) if value & (0x100 >> bit)]
    return tuple(str(number) for number in numbers if number != 1)


_NAMES_OF = [[_names_in(byte, value) for value in range(256)] for byte in range(16)]

# Fields that every answer repeats, so that a terminal can match it. Nothing secret:
# no card number, no track, no code block.
ECHOED = ("3", "7", "11", "12", "13", "37", "41", "42", "49", "60", "70", "90")

Fields = dict[str, str]


def unpack(raw: bytes, profile: Profile = PROFILE_A) -> Fields:
    """Read one message without its length prefix and TPDU.

    Raises:
        CodecError: not ISO 8583, or a field's content is not of its kind; `fields`
            holds what could be read.
    """
    message = _message(raw, profile)
    kind = raw[:2].hex().upper() if profile.packed else message.text[:_TYPE_DIGITS]
    names, at = _bitmaps(raw, profile.type_bytes)
    if not kind.isascii():
        raise CodecError("MTI or bitmap", "is none")
    fields = {"t": kind}
    broken = _read_fields(message, names, at, profile, fields)
    if broken:
        row = profile.fields[int(broken)]
        told = f"{row.name} is not of kind {row.kind}"
        raise CodecError(f"DE{broken}", told, fields)
    return fields


def _message(raw: bytes, profile: Profile) -> Raw:
    plain = raw.decode("latin-1")
    same = profile.characters == "ascii"
    return Raw(raw, plain if same else raw.decode(profile.characters), plain)


def _read_fields(
    message: Raw, names: list[str], at: int, profile: Profile, fields: Fields
) -> str:
    """Fill the fields; return the first whose content is not of its kind.

    The others are read all the same: they tell whom to answer.
    """
    broken, name, end = "", "", len(message.raw)
    readers = profile.readers
    try:
        for name in names:
            value, at = readers[name](message, at)
            if at > end:
                break
            if value is not None:
                fields[name] = value
            elif not broken:
                broken = name
    except CodecError as fault:
        raise CodecError(fault.field, fault.reason, fields) from None
    except KeyError:
        raise CodecError(f"DE{name}", "is not known here", fields) from None
    if at > end:
        raise CodecError(f"DE{name}", "cannot be read: the message ends in it", fields)
    if at < end:
        raise CodecError("", "bytes after the last field", fields)
    return broken


def _bitmaps(raw: bytes, at: int) -> tuple[list[str], int]:
    """Return the names of the fields that are there, and where the first begins."""
    middle = at + _BITMAP_BYTES
    end = middle + _BITMAP_BYTES if raw[at:middle] >= _HIGH_BIT else middle
    if len(raw) < end:
        raise CodecError("MTI or bitmap", "cannot be read: the message ends in it")
    names = [
        name
        for names_of, byte in zip(_NAMES_OF, raw[at:end], strict=False)
        for name in names_of[byte]
    ]
    return names, end


def pack(
    fields: Mapping[str, str], mac: Mac | None = None, profile: Profile = PROFILE_A
) -> bytes:
    """Write one message; with `mac` it ends in DE64, or DE128 if it is long.

    Raises:
        CodecError: a field's content does not fit the table.
    """
    last = "" if mac is None else mac_field(fields)
    numbers = sorted(int(name) for name in fields if name not in ("t", last))
    pieces = [_type_bytes(fields.get("t", ""), profile), b""]
    bits = 1 << (128 - int(last)) if last else 0
    writers = profile.writers
    for number in numbers:
        write = writers.get(str(number))
        if write is None:
            raise CodecError(f"DE{number}", "is not known here")
        pieces.append(write(fields[str(number)]))
        bits |= 1 << (128 - number)
    if bits & _SECOND_BITMAP:
        pieces[1] = (bits | _FIRST_BIT).to_bytes(2 * _BITMAP_BYTES, "big")
    else:
        pieces[1] = (bits >> 64).to_bytes(_BITMAP_BYTES, "big")
    body = b"".join(pieces)
    return body if mac is None else body + mac(body)


def _type_bytes(kind: str, profile: Profile) -> bytes:
    if not (len(kind) == _TYPE_DIGITS and kind.isascii() and kind.isalnum()):
        raise CodecError("MTI", "has not four signs")
    if not profile.packed:
        return kind.encode(profile.characters)
    try:
        return bytes.fromhex(kind)
    except ValueError:
        raise CodecError("MTI", "has not four digits") from None


def mac_field(fields: Mapping[str, str]) -> str:
    """The MAC is the last field: DE64, or DE128 when anything lies above 64."""
    return MAC_LOW if _ABOVE_64.isdisjoint(fields) else MAC_HIGH


def mac_is_right(raw: bytes, fields: Mapping[str, str], mac: Mac) -> bool:
    """Say whether the message ends in a MAC field and the MAC is right.

    DE64 and DE128 are both taken, since some peers always send a second bitmap;
    but it must be the last field, or what follows it would not be covered.
    """
    low = MAC_LOW in fields and _ABOVE_64.isdisjoint(fields)
    if not low and MAC_HIGH not in fields:
        return False
    return hmac.compare_digest(mac(raw[:-MAC_BYTES]), raw[-MAC_BYTES:])


def answer_type(message_type: str) -> str | None:
    """MTI of the answer, or None when the message is no request.

    A repeat (last digit 1) gets the answer type of the first message, so that its
    answer is the same to the byte.
    """
    digits = message_type.isascii() and message_type.isdigit()
    if len(message_type) != 4 or not digits:
        return None
    if int(message_type[2]) % 2:
        return None
    return f"{message_type[:2]}{int(message_type[2]) + 1}0"


def echo(fields: Mapping[str, str]) -> Fields:
    """The part of a request that its answer repeats, with the answer's MTI."""
    answer = {name: fields[name] for name in ECHOED if name in fields}
    answer["t"] = answer_type(fields["t"]) or ""
    return answer
