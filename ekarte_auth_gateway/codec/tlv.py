"""Sub-fields inside one field: tag of two letters, length of three digits, value.

Lengths count the value's bytes in UTF-8. Inside the codec a sub-field text is kept
as Latin-1, one character a byte, which is how fields.py hands it over.
"""

from collections.abc import Sequence

from ekarte_auth_gateway.codec.errors import CodecError

HEAD_BYTES = 5
FIELD_BYTES_MAX = 999
VALUE_BYTES_MAX = FIELD_BYTES_MAX - HEAD_BYTES
PIECE_BYTES = 244
"""Of a long text: four such pieces, with their heads, fill a field."""

_LENGTHS = [f"{count:03d}" for count in range(VALUE_BYTES_MAX + 1)]
_TOO_LONG = f"longer than {VALUE_BYTES_MAX} bytes"

Pair = tuple[str, str]
"""A tag and its value as text."""


def split(text: str, place: str) -> list[Pair]:
    """Read a sub-field text.

    Args:
        text: one character a byte (Latin-1).
        place: the field's name for errors, ``DE48``.

    Raises:
        CodecError: broken tag or length, or a value that is not UTF-8.
    """
    pairs = []
    position = 0
    while position < len(text):
        pair, position = take(text, position, place)
        pairs.append(pair)
    return pairs


def take(text: str, position: int, place: str) -> tuple[Pair, int]:
    """Read one sub-field; return it and where the next begins.

    Raises:
        CodecError: as `split`.
    """
    tag = text[position : position + 2]
    if not (len(tag) == 2 and tag.isascii() and tag.isalnum() and tag.isupper()):
        raise CodecError(place, f"no tag of two capitals at byte {position}")
    digits = text[position + 2 : position + HEAD_BYTES]
    if not (len(digits) == 3 and digits.isascii() and digits.isdigit()):
        raise CodecError(at(place, tag), "no length of three digits")
    start = position + HEAD_BYTES
    end = start + int(digits)
    if end > len(text):
        raise CodecError(at(place, tag), "longer than its field")
    return (tag, _text(text[start:end], at(place, tag))), end


def at(place: str, tag: str) -> str:
    """Name a sub-field in an error; of a frame, whose TLVs lie in no field, by tag."""
    return f"{place}.{tag}" if place else tag


def _text(value: str, place: str) -> str:
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise CodecError(place, "is not UTF-8") from None


def text_of(value: str, place: str) -> str:
    """Turn a whole field, one character a byte, into text."""
    return _text(value, place)


def bytes_of(value: str) -> str:
    """Turn a text into one character a byte, as fields.py wants it."""
    return value if value.isascii() else value.encode().decode("latin-1")


def join(pair: Pair, place: str) -> str:
    """Write one sub-field, one character a byte.

    Raises:
        CodecError: the value is longer than 999 bytes.
    """
    tag, value = pair
    raw = value if value.isascii() else bytes_of(value)
    if len(raw) > VALUE_BYTES_MAX:
        raise CodecError(at(place, tag), _TOO_LONG)
    return f"{tag}{len(raw):03d}{raw}"


def spread(
    pairs: Sequence[Pair], names: Sequence[str]
) -> tuple[dict[str, str], list[Pair]]:
    """Lay sub-fields into fields, in order, each whole.

    Args:
        pairs: sub-fields, the most important first.
        names: fields to fill, in order.

    Returns:
        The fields, and the sub-fields for which there was no room.
    """
    fields: dict[str, str] = {}
    filled: list[str] = []
    room, position = FIELD_BYTES_MAX, 0
    for number, pair in enumerate(pairs):
        tag, value = pair
        raw = value if value.isascii() else bytes_of(value)
        count = len(raw)
        if count > VALUE_BYTES_MAX:
            raise CodecError(f"DE{names[0]}.{tag}", _TOO_LONG)
        room -= count + HEAD_BYTES
        if room < 0:
            fields[names[position]] = "".join(filled)
            position += 1
            if position == len(names):
                return fields, list(pairs[number:])
            filled = []
            room = VALUE_BYTES_MAX - count
        filled.append(tag + _LENGTHS[count] + raw)
    if filled:
        fields[names[position]] = "".join(filled)
    return fields, []


def shorten(value: str, bytes_max: int = VALUE_BYTES_MAX) -> str:
    """Cut a text so that it fits a sub-field; whole characters only."""
    raw = value.encode()
    if len(raw) <= bytes_max:
        return value
    return raw[:bytes_max].decode(errors="ignore")


def pieces(value: str, size: int = PIECE_BYTES) -> list[str]:
    """Cut a long ASCII text into values."""
    return [value[start : start + size] for start in range(0, len(value), size)]
