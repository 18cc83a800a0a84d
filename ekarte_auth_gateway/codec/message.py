"""Bytes to fields and back, with the MAC: the layer under requests and answers."""

import hmac
import re
from collections.abc import Mapping

import iso8583

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import MAC_HIGH, MAC_LOW
from ekarte_auth_gateway.codec.macs import MAC_BYTES, Mac
from ekarte_auth_gateway.codec.profiles import PROFILE_A, Profile

MAC_EMPTY = "00" * MAC_BYTES
_HIGH_BIT = b"\x80"
_BITMAP_BYTES = 8
_ABOVE_64 = frozenset(str(number) for number in range(65, 129))

# Track data: BCD has no sign for the separator, so D stands for it there.
_TRACKS = ("35", "36")
_PACKED_TRACK = re.compile(r"[0-9D]*F?")

# Fields that every answer repeats, so that a terminal can match it. Nothing secret:
# no card number, no track, no code block.
ECHOED = ("3", "7", "11", "12", "13", "37", "41", "42", "49", "60", "70", "90")

Fields = dict[str, str]


def unpack(raw: bytes, profile: Profile = PROFILE_A) -> Fields:
    """Read one message without its length prefix and TPDU.

    Raises:
        CodecError: not ISO 8583, or a field's content is not of its kind; `fields`
            holds what was read until then.
    """
    first = profile.type_bytes
    second = first + _BITMAP_BYTES
    if raw[first : first + 1] >= _HIGH_BIT and raw[second : second + 1] >= _HIGH_BIT:
        # Bit 65 announces a third bitmap, which the library follows and our table
        # does not.
        raise CodecError("DE65", "a third bitmap is not known here")
    try:
        fields, _ = iso8583.decode(raw, profile.spec)
    except iso8583.DecodeError as fault:
        name = f"DE{fault.field}" if fault.field.isdigit() else "MTI or bitmap"
        raise CodecError(name, f"cannot be read: {fault.msg}", fault.doc_dec) from None
    _check_content(fields, profile)
    if profile.packed:
        _unpack_tracks(fields)
    return fields


def _check_content(fields: Fields, profile: Profile) -> None:
    """The library checks lengths only; a number field may hold anything."""
    kinds = profile.kinds
    for name, value in fields.items():
        kind = kinds.get(name)
        if kind is None or kind in "bu":
            continue  # the bitmap; bytes; tlv.py looks inside the texts
        if kind == "n":
            fine = value.isdigit() and value.isascii()
        elif kind == "z" and profile.packed:
            fine = _PACKED_TRACK.fullmatch(value) is not None
        else:
            fine = value.isprintable()
        if not fine:
            told = profile.fields[int(name)].name
            raise CodecError(f"DE{name}", f"{told} is not of kind {kind}", fields)


def _unpack_tracks(fields: Fields) -> None:
    for name in _TRACKS:
        if name in fields:
            fields[name] = fields[name].rstrip("F").replace("D", "=")


def pack(
    fields: Mapping[str, str], mac: Mac | None = None, profile: Profile = PROFILE_A
) -> bytes:
    """Write one message; with `mac` it ends in DE64, or DE128 if it is long.

    Raises:
        CodecError: a field's content does not fit the table.
    """
    document = dict(fields)
    if mac is not None:
        document[mac_field(fields)] = MAC_EMPTY
    if profile.packed:
        for name in _TRACKS:
            if name in document:
                document[name] = document[name].replace("=", "D")
    try:
        raw, _ = iso8583.encode(document, profile.spec)
    except iso8583.EncodeError as fault:
        place = f"DE{fault.field}"
        raise CodecError(place, f"cannot be written: {fault.msg}") from None
    message = bytes(raw)
    if mac is None:
        return message
    body = message[:-MAC_BYTES]
    return body + mac(body)


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
