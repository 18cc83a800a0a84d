"""Changes that a fuzzer makes to bytes: of any language, and of JSON."""

import json
import random
from collections.abc import Callable, Sequence
from typing import Any

_SIGNS = b"\x00\x01\x02\x03\x1f 09;=A^|~\x7f\x80\xff"
_COPIES_MAX = 64

Change = Callable[[bytearray, random.Random, Sequence[bytes]], None]


def change(
    raw: bytes, dice: random.Random, corpus: Sequence[bytes], words: Sequence[bytes]
) -> bytes:
    """Return bytes with one to four changes."""
    changed = bytearray(raw)
    for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 4))):
        pieces = words if words and dice.random() < 0.6 else corpus
        dice.choice(_CHANGES)(changed, dice, pieces)
    return bytes(changed)


def _spot(raw: bytearray, dice: random.Random) -> int:
    return dice.randrange(len(raw) + 1)


def _flip(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    if raw:
        raw[dice.randrange(len(raw))] ^= 1 << dice.randrange(8)


def _sign(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    if raw:
        any_ = dice.random() < 0.3
        sign = dice.randrange(256) if any_ else dice.choice(_SIGNS)
        raw[dice.randrange(len(raw))] = sign


def _cut(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    spot = _spot(raw, dice)
    del raw[spot : spot + dice.choice((1, 1, 2, 5, 20, len(raw)))]


def _insert(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    spot = _spot(raw, dice)
    raw[spot:spot] = dice.randbytes(dice.randint(1, 9))


def _repeat(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    spot = _spot(raw, dice)
    piece = raw[spot : spot + dice.choice((1, 2, 5, 20, 100))]
    raw[spot:spot] = piece * dice.choice((1, 1, 2, _COPIES_MAX))


def _word(raw: bytearray, dice: random.Random, pieces: Sequence[bytes]) -> None:
    """Put a word in, or in place of as many bytes."""
    if pieces:
        spot, word = _spot(raw, dice), dice.choice(pieces)
        over = dice.choice((0, len(word)))
        raw[spot : spot + over] = word


def _splice(raw: bytearray, dice: random.Random, pieces: Sequence[bytes]) -> None:
    """Go on as another input does."""
    if pieces:
        other = dice.choice(pieces)
        raw[_spot(raw, dice) :] = other[dice.randrange(len(other) + 1) :]


def _digits(raw: bytearray, dice: random.Random, _pieces: Sequence[bytes]) -> None:
    """Another digit in place of one."""
    found = [place for place, sign in enumerate(raw) if 48 <= sign <= 57]
    if found:
        raw[dice.choice(found)] = dice.randrange(48, 58)


_CHANGES: tuple[Change, ...] = (
    _flip,
    _sign,
    _cut,
    _insert,
    _repeat,
    _word,
    _splice,
    _digits,
)

_VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**12,
    2**63,
    1e300,
    "",
    "0",
    "-1",
    "1e9",
    "x" * 300,
    "\x00",
    "\U0001f600",
    "2026-11-22T10:00:00+02:00",
    "0001-01-01T00:00:00Z",
    "99:99",
    "../x",
    [],
    [[]],
    {},
    {"": None},
)


def change_json(raw: bytes, dice: random.Random) -> bytes:
    """Change a value somewhere in a JSON text.

    Raises:
        ValueError: it is none.
    """
    value = json.loads(raw)
    holders = list(_holders(value))
    if not holders:
        return json.dumps(dice.choice(_VALUES)).encode()
    for _ in range(dice.randint(1, 2)):
        _change_in(dice.choice(holders), dice, holders)
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode(
        errors="surrogatepass"
    )


def _holders(value: Any) -> list[Any]:
    """Return all objects and lists that hold something, from the outside in."""
    found, open_ = [], [value]
    while open_:
        one = open_.pop()
        if isinstance(one, (dict, list)) and one:
            found.append(one)
            open_ += one.values() if isinstance(one, dict) else one
    return found


def _change_in(holder: Any, dice: random.Random, holders: Sequence[Any]) -> None:
    if not holder:
        return  # emptied by the change before
    keys = list(holder) if isinstance(holder, dict) else range(len(holder))
    key = dice.choice(keys)
    kind = dice.randrange(7)
    if kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder, list):
        holder *= dice.choice((2, 2, _COPIES_MAX))
    elif kind == 2:
        other = dice.choice(holders)
        # A copy: what holds itself cannot be written.
        holder[key] = json.loads(json.dumps(other))
    elif kind > 3 and isinstance(holder[key], str):
        text = bytearray(holder[key].encode(errors="surrogatepass"))
        dice.choice(_CHANGES)(text, dice, ())
        holder[key] = text.decode("utf-8", "replace")
    elif kind > 3 and isinstance(holder[key], int):
        holder[key] = holder[key] * dice.choice((-1, 1, 2, 10**9)) + dice.choice((0, 1))
    else:
        holder[key] = dice.choice(_VALUES)
