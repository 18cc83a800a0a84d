"""Bytes to fields and back, with the MAC: the layer under requests and answers."""

import hmac
from collections.abc import Mapping

import iso8583

from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.fields import FIELDS, MAC_HIGH, MAC_LOW, SPEC

MAC_BYTES = 8
MAC_EMPTY = "00" * MAC_BYTES
_HIGH_BIT = b"\x80"

# Fields that every answer repeats, so that a terminal can match it. Nothing secret:
# no card number, no track, no code block.
ECHOED = ("3", "7", "11", "12", "13", "37", "41", "42", "49", "60", "70", "90")

Fields = dict[str, str]


def unpack(raw: bytes) -> Fields:
    """Read one message without its length prefix.

    Raises:
        CodecError: not ISO 8583, or a field's content is not of its kind; `fields`
            holds what was read until then.
    """
    if raw[4:5] >= _HIGH_BIT and raw[12:13] >= _HIGH_BIT:
        # Bit 65 announces a third bitmap, which the library follows and our table
        # does not.
        raise CodecError("DE65", "a third bitmap is not known here")
    try:
        fields, _ = iso8583.decode(raw, SPEC)
    except iso8583.DecodeError as fault:
        name = f"DE{fault.field}" if fault.field.isdigit() else "MTI or bitmap"
        raise CodecError(name, f"cannot be read: {fault.msg}", fault.doc_dec) from None
    _check_content(fields)
    return fields


def _check_content(fields: Fields) -> None:
    """The library checks lengths only; a number field may hold anything."""
    for name, value in fields.items():
        if not name.isdigit() or name == "1":
            continue
        kind = FIELDS[int(name)].kind
        if kind == "n":
            fine = value.isdigit() and value.isascii()
        elif kind == "b":
            fine = True
        elif kind == "u":
            fine = True  # tlv.py looks inside
        else:
            fine = value.isprintable()
        if not fine:
            raise CodecError(
                f"DE{name}", f"{FIELDS[int(name)].name} is not of kind {kind}", fields
            )


def pack(fields: Mapping[str, str], key: bytes | None = None) -> bytes:
    """Write one message; with `key` it gets a MAC in DE64, or DE128 if it is long.

    Raises:
        CodecError: a field's content does not fit the table.
    """
    document = dict(fields)
    if key is not None:
        document[mac_field(fields)] = MAC_EMPTY
    try:
        raw, _ = iso8583.encode(document, SPEC)
    except iso8583.EncodeError as fault:
        place = f"DE{fault.field}"
        raise CodecError(place, f"cannot be written: {fault.msg}") from None
    message = bytes(raw)
    if key is None:
        return message
    body = message[:-MAC_BYTES]
    return body + mac(key, body)


def mac_field(fields: Mapping[str, str]) -> str:
    """The MAC is the last field: DE64, or DE128 when anything lies above 64."""
    long = any(name.isdigit() and int(name) > int(MAC_LOW) for name in fields)
    return MAC_HIGH if long else MAC_LOW


def mac(key: bytes, body: bytes) -> bytes:
    """First 8 bytes of HMAC-SHA256 over the message before its MAC field."""
    return hmac.digest(key, body, "sha256")[:MAC_BYTES]


def mac_is_right(raw: bytes, fields: Mapping[str, str], key: bytes) -> bool:
    """Say whether the message ends in a MAC field and the MAC is right.

    DE64 and DE128 are both taken, since some peers always send a second bitmap;
    but it must be the last field, or what follows it would not be covered.
    """
    last = max((int(name) for name in fields if name.isdigit()), default=0)
    if str(last) not in (MAC_LOW, MAC_HIGH):
        return False
    return hmac.compare_digest(mac(key, raw[:-MAC_BYTES]), raw[-MAC_BYTES:])


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
