"""The frame's body: TLVs to a Request or an Answer, and back; both directions.

A TLV is a tag of two capitals, a length of three decimal digits and a value of that
many bytes: UTF-8 without control bytes, so that none of the line's signs is in it. The
same body goes over a serial line and over TCP (docs/TERMINALS.md). Parts that both
the frame and ISO 8583 carry are in tags.py; here are those that ISO has fields for.
"""

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta, timezone, tzinfo
from typing import NamedTuple

import msgspec

from ekarte_auth_gateway.codec import cards, pinblock, tags, tlv
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.macs import MAC_BYTES, Mac
from ekarte_auth_gateway.codec.parts import (
    SPOKEN,
    TEXT,
    WHOLE,
    Part,
    Table,
    Tree,
    fault_in,
)
from ekarte_auth_gateway.codec.pinblock import CodeKeys
from ekarte_core import ANSWERS, REQUESTS, Answer, CardRef, Command, Request

BODY_BYTES_MAX = 8192
MAC_TAG = "MC"
_MAC_TLV_BYTES = tlv.HEAD_BYTES + 2 * MAC_BYTES
_CONTROL_BYTE = re.compile(rb"[\x00-\x1f\x7f]")

COMMAND_NUMBERS: dict[Command, str] = {
    "inquire": "01",
    "authorize": "02",
    "confirm": "03",
    "reverse": "04",
    "sale": "05",
    "refund": "06",
    "top_up": "07",
    "activate": "08",
    "accrue": "09",
    "redeem": "10",
    "check_in": "11",
    "voucher": "12",
    "advice": "13",
    "parameters": "14",
    "close": "15",
    "echo": "16",
    "status": "17",
    "block": "19",
    "unblock": "20",
    "replace": "21",
    "set_code": "22",
    "enroll": "23",
}
"""Back office commands have none."""
KEY_NUMBER = "18"
"""CM of the change of the key, which is no command of the ledger's."""
_COMMAND_OF = {number: command for command, number in COMMAND_NUMBERS.items()}

REQUEST = Table(
    Request,
    Part("TI", "terminal", TEXT, always=True),
    Part("BN", "batch", WHOLE, always=True),
    Part("ON", "operation", WHOLE, always=True),
    Part("AM", "amount", WHOLE),
    Part("CU", "currency", TEXT),
    Part("ER", "reference", TEXT),
    *tags.REQUEST.parts,
)
ANSWER = Table(
    Answer,
    Part("RC", "rc", TEXT, always=True),
    Part("MT", "message", SPOKEN),
    Part("AC", "auth_code", TEXT),
    Part("AM", "amount", WHOLE),
    *tags.ANSWER.parts,
)
_LONG = Table(Answer, *tags.SLIP.parts, *tags.EXPLANATION.parts, *tags.SLIP_BYTES.parts)
# `status` tells of another operation: its answer stands in the usual tags, and these
# keep the two answers' own values apart.
_STATUS = {"OC": "rc", "OM": "message", "OV": "params_version"}
_CUT = "TR"
_ECHOED = ("CM", "TI", "BN", "ON")
_NEEDED = ("TI", "ON")

_CODES = {"PB": "access_code", "NB": "new_access_code"}
_CARD = ("CN", "EM", "T2")
_TIME = ("DT", "TM", "TZ")
_BY_HAND = frozenset({"CM", *_CODES, *_CARD, *_TIME})
_PLACES = {"command": "CM", "local_time": "DT", "card": "CN", "card.kind": "EM"} | {
    name: tag for tag, name in _CODES.items()
}


class Frame(NamedTuple):
    """A body taken apart.

    Attributes:
        pairs: tags and values, without the MAC.
        covered: the bytes that the MAC is made over: all before it.
        mac: as it came, 16 hexadecimal digits; empty: none.
    """

    pairs: list[tlv.Pair]
    covered: bytes
    mac: bytes

    def first(self, tag: str) -> str:
        """Return the value of a tag; empty when it is not there."""
        return next((value for name, value in self.pairs if name == tag), "")


def unpack(body: bytes) -> Frame:
    """Take a body apart.

    Raises:
        CodecError: not TLVs; `fields` holds what was read until then.
    """
    if _CONTROL_BYTE.search(body):
        raise CodecError("", "a control byte is in it")
    pairs: list[tlv.Pair] = []
    text, position = body.decode("latin-1"), 0
    while position < len(text):
        try:
            pair, position = tlv.take(text, position, "")
        except CodecError as fault:
            raise CodecError(fault.field, fault.reason, dict(pairs)) from None
        pairs.append(pair)
    return _apart(body, pairs)


def _apart(body: bytes, pairs: list[tlv.Pair]) -> Frame:
    """Tell the MAC from the rest: it is the last TLV, or it covers nothing."""
    if any(tag == MAC_TAG for tag, _ in pairs[:-1]):
        raise CodecError(MAC_TAG, "is not the last", dict(pairs))
    if not pairs or pairs[-1][0] != MAC_TAG:
        return Frame(pairs, body, b"")
    value = pairs.pop()[1].encode()
    return Frame(pairs, body[: -tlv.HEAD_BYTES - len(value)], value)


def pack(pairs: Iterable[tlv.Pair], mac: Mac | None = None) -> bytes:
    """Put a body together, with a MAC at its end where there is a key for one.

    Raises:
        CodecError: a value that is too long or holds a control byte, or all together
            are too long.
    """
    covered = "".join(tlv.join(pair, "") for pair in pairs).encode("latin-1")
    if _CONTROL_BYTE.search(covered):
        raise CodecError("", "a control byte is in it")
    if len(covered) + _MAC_TLV_BYTES > BODY_BYTES_MAX:
        raise CodecError("", f"longer than {BODY_BYTES_MAX} bytes")
    if mac is None:
        return covered
    digits = mac(covered).hex().upper()
    return covered + f"{MAC_TAG}{len(digits):03d}{digits}".encode()


def mac_is_right(frame: Frame, mac: Mac) -> bool:
    """Say whether a body ends in the right MAC, in capital or small letters."""
    digits = mac(frame.covered).hex().upper().encode()
    return hmac.compare_digest(digits, frame.mac.upper())


def echo(frame: Frame) -> list[tlv.Pair]:
    """Return the part of a request that its answer repeats; nothing secret."""
    return [(tag, text) for tag in _ECHOED if (text := frame.first(tag))]


def place_of(field: str) -> str:
    """Return the tag of a request's field, ``AM`` for ``amount``; else its name."""
    name = re.sub(r"\[\d+\]", "", field)
    outer = name.partition(".")[0]
    for one in (name, outer):
        if tag := _PLACES.get(one) or REQUEST.place_of(one):
            return tag
    inside = [part.tag for part in REQUEST.parts if part.name.startswith(f"{outer}.")]
    return inside[0] if inside else field


# --- requests


def command_of(frame: Frame) -> Command | None:
    """Return the command of a frame, or None when this gateway has none such.

    Raises:
        CodecError: nothing tells the command.
    """
    number = frame.first("CM")
    if not number:
        raise CodecError("CM", "is missing")
    return _COMMAND_OF.get(number)


def read_request(
    frame: Frame, command: Command, zone: tzinfo, codes: CodeKeys | None
) -> Request:
    """Return the request that a frame carries.

    Args:
        frame: from `unpack`, its MAC found right.
        command: from `command_of`.
        zone: of the terminal's branch, for times without an offset.
        codes: for access code blocks; None: this terminal has none.

    Raises:
        CodecError: a part contradicts the table or another part.
    """
    tree: Tree = {}
    single: dict[str, str] = {}
    for tag, text in frame.pairs:
        if tag in _BY_HAND:
            if tag in single:
                raise CodecError(tag, "is given twice")
            single[tag] = text
        elif not REQUEST.read((tag, text), tag, tree):
            raise CodecError(tag, "is not a part of requests")
    tree["command"] = command
    for tag in _NEEDED:
        if not frame.first(tag):
            raise CodecError(tag, "is missing")
    if (card := _read_card(single)) is not None:
        tree["card"] = card
    if (moment := _read_time(single, zone)) is not None:
        tree["local_time"] = moment
    request = _build_request(tree)
    opened = {
        name: _open(single[tag], tag, request.card, codes)
        for tag, name in _CODES.items()
        if tag in single
    }
    return msgspec.structs.replace(request, **opened) if opened else request


def _build_request(tree: Tree) -> Request:
    try:
        return REQUESTS.from_tree(tree)
    except msgspec.ValidationError as fault:
        tag = next((place_of(name) for name in fault_in(fault)), "")
        raise CodecError(tag, "is not one of the values it may have") from None


def _read_card(single: Mapping[str, str]) -> Tree | None:
    number, track = single.get("CN"), single.get("T2")
    if track is not None:
        read = cards.number_of(CardRef(kind="track2", value=track))
        if number is not None and number != read:
            raise CodecError("T2", "names another card than CN")
        return {"kind": "track2", "value": track}
    if number is None:
        return None
    return {"kind": single.get("EM", "pan"), "value": number}


def _read_time(single: Mapping[str, str], zone: tzinfo) -> datetime | None:
    day, clock, offset = (single.get(tag) for tag in _TIME)
    if day is None and clock is None:
        return None
    if day is None or clock is None:
        raise CodecError("DT" if day is None else "TM", "date and time go together")
    at = _offset(offset) if offset is not None else zone
    if not (_is_digits(day, 8) and _is_digits(clock, 6)):
        raise CodecError("DT", "want CCYYMMDD and hhmmss")
    try:
        wall = datetime.combine(
            date(int(day[:4]), int(day[4:6]), int(day[6:])),
            time(int(clock[:2]), int(clock[2:4]), int(clock[4:])),
            tzinfo=at,
        )
    except ValueError:
        raise CodecError("DT", "date and time do not exist") from None
    # From here on the offset is fixed, as JSON would have brought it.
    return wall.replace(tzinfo=timezone(wall.utcoffset() or timedelta()))


def _is_digits(text: str, count: int) -> bool:
    return len(text) == count and text.isascii() and text.isdigit()


def _offset(text: str) -> timezone:
    if text[:1] not in ("+", "-") or not _is_digits(text[1:], 4):
        raise CodecError("TZ", "want +hhmm or -hhmm")
    span = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
    if span >= timedelta(days=1):
        raise CodecError("TZ", "is not an offset from UTC")
    return timezone(span if text[0] == "+" else -span)


def _open(block: str, tag: str, card: CardRef | None, codes: CodeKeys | None) -> str:
    if card is None:
        raise CodecError(tag, "an access code needs a card")
    if codes is None:
        raise CodecError(tag, "this terminal has no key")
    return pinblock.decipher(block, cards.number_of(card), codes, tag)


def write_request(
    request: Request,
    *,
    codes: CodeKeys | None = None,
    random: Callable[[], bytes] = bytes,
) -> list[tlv.Pair]:
    """Return the parts of a request; what a terminal does.

    Args:
        request: `local_time` is written to the second.
        codes: for access code blocks.
        random: makes 8 random bytes for each block.

    Raises:
        CodecError: the request says something that a frame cannot carry.
    """
    number = COMMAND_NUMBERS.get(request.command)
    if number is None:
        raise CodecError("CM", "a command of the back office only")
    pairs = [("CM", number), *REQUEST.write(request)]
    pairs += _write_time(request.local_time)
    if request.card is not None:
        pairs += _write_card(request.card)
    for tag, name in _CODES.items():
        if (code := getattr(request, name)) is not None:
            pairs.append((tag, _seal(code, tag, request.card, codes, random)))
    return pairs


def _write_time(moment: datetime | None) -> list[tlv.Pair]:
    if moment is None:
        return []
    texts = [moment.strftime("%Y%m%d"), moment.strftime("%H%M%S")]
    if moment.utcoffset() is not None:
        texts.append(moment.strftime("%z"))
    return list(zip(_TIME, texts, strict=False))


def _write_card(card: CardRef) -> list[tlv.Pair]:
    if card.kind == "track2":
        return [("T2", card.value)]
    kind = [] if card.kind == "pan" else [("EM", card.kind)]
    return [("CN", card.value), *kind]


def _seal(
    code: str,
    tag: str,
    card: CardRef | None,
    codes: CodeKeys | None,
    random: Callable[[], bytes],
) -> str:
    if card is None:
        raise CodecError(tag, "an access code needs a card")
    if codes is None:
        raise CodecError(tag, "an access code needs the terminal's key")
    return pinblock.encipher(code, cards.number_of(card), codes.block, random())


# --- answers


def write_answer(answer: Answer, told: list[tlv.Pair]) -> list[tlv.Pair]:
    """Return the parts of an answer.

    It sees the stored answer and the echo of the request, nothing else and no clock:
    so the answer to a repeat is the same to the byte.

    Args:
        answer: as the ledger stored it. Where its texts do not fit, lines of the
            explanation stay away first, then those of the slip; ``TR`` counts them.
        told: from `echo`.
    """
    shown = answer if answer.original is None else answer.original
    pairs = [*told, *ANSWER.write(shown)]
    if answer.original is not None:
        pairs = _both(answer, answer.original, told, pairs)
    return _fit(pairs, tags.SLIP_BYTES.write(shown), _lines(shown))


def _lines(answer: Answer) -> list[tlv.Pair]:
    return tags.SLIP.write(answer) + tags.EXPLANATION.write(answer)


def _both(
    answer: Answer, original: Answer, told: list[tlv.Pair], pairs: list[tlv.Pair]
) -> list[tlv.Pair]:
    """The status' own code and message stand first; the original's have other tags."""
    own = Answer(rc=answer.rc, message=answer.message)
    rest = [pair for pair in pairs[len(told) :] if pair[0] not in ("RC", "MT")]
    theirs = [("OC", original.rc)]
    if original.message:
        theirs.append(("OM", SPOKEN.write(original.message)))
    if answer.params_version:
        theirs.append(("OV", str(answer.params_version)))
    return [*told, *ANSWER.write(own), *theirs, *rest]


def _fit(
    pairs: list[tlv.Pair], printed: list[tlv.Pair], lines: list[tlv.Pair]
) -> list[tlv.Pair]:
    """Keep what fits; half of a printer's bytes would be of no use."""
    room = BODY_BYTES_MAX - _MAC_TLV_BYTES - sum(map(_size, pairs))
    if sum(map(_size, printed + lines)) <= room:
        return pairs + printed + lines
    room -= _size((_CUT, "0000"))
    size = sum(map(_size, printed))
    kept = printed if size <= room else []
    room -= size if kept else 0
    for line in lines:
        room -= _size(line)
        if room < 0:
            break
        kept = [*kept, line]
    left = len(printed) + len(lines) - len(kept)
    return [*pairs, (_CUT, f"{left:04d}"), *kept]


def _size(pair: tlv.Pair) -> int:
    return tlv.HEAD_BYTES + len(pair[1].encode())


def read_answer(frame: Frame) -> Answer:
    """Return the answer that a frame carries; the terminal's side.

    Raises:
        CodecError: a part contradicts the table.
    """
    tree: Tree = {}
    status: dict[str, str] = {}
    for pair in frame.pairs:
        tag = pair[0]
        if tag in _STATUS:
            status[_STATUS[tag]] = pair[1]
        elif not ANSWER.read(pair, tag, tree):
            # Whatever is left is the echo, the cut, or what a newer gateway adds.
            _LONG.read(pair, tag, tree)
    if "rc" not in tree:
        raise CodecError("RC", "answer code is missing")
    if "rc" not in status:
        return _build_answer(tree)
    outer: Tree = {name: tree.pop(name) for name in ("rc", "message") if name in tree}
    version = status.pop("params_version", "0")
    return _build_answer(
        {
            **outer,
            "original": {**tree, **status},
            "params_version": WHOLE.read(version, "OV"),
        }
    )


def _build_answer(tree: Tree) -> Answer:
    try:
        return ANSWERS.from_tree(tree)
    except msgspec.ValidationError as fault:
        names = fault_in(fault)
        found = (ANSWER.place_of(one) or _LONG.place_of(one) for one in names)
        tag = next(filter(None, found), "")
        raise CodecError(tag, "is not one of the values it may have") from None
