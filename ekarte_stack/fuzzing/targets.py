"""Every decoder that reads what somebody else has written, as the fuzzer's targets.

Each does with its bytes what the service does before and after the ledger, without it.
"""

import base64
from types import SimpleNamespace
from typing import Any, cast

from aiohttp import web
from multidict import CIMultiDict

from ekarte_auth_gateway.bank.cards import read_card as read_bank_card
from ekarte_auth_gateway.bank.messages import belongs, read_reply
from ekarte_auth_gateway.codec import (
    BINARY_2,
    PROFILES,
    CodecError,
    Length,
    Profile,
    answer_from_fields,
    answer_to_fields,
    answer_type,
    command_of,
    echo,
    frames,
    keychange,
    mac_is_right,
    mac_of,
    pack,
    place_of,
    request_from_fields,
    split_tpdu,
    unpack,
)
from ekarte_auth_gateway.flow import Board
from ekarte_auth_gateway.http.key import answer_key
from ekarte_auth_gateway.http.signature import SignatureFault, SignatureGate
from ekarte_auth_gateway.nexo import reading as nexo
from ekarte_auth_gateway.nexo.parts import NexoFault, Sender
from ekarte_auth_gateway.nexo.responses import encode_response
from ekarte_auth_gateway.nexo.writing import Asked, body_of
from ekarte_auth_gateway.parameters import Download, ParametersRefused
from ekarte_auth_gateway.serial.link import Link
from ekarte_core import (
    COMMANDS,
    Answer,
    BankPart,
    CardRef,
    NetworkInvalid,
    Parameters,
    RequestInvalid,
    check_request,
    encode_answer,
    identify,
    read_network,
    read_request,
)
from ekarte_stack.fuzzing import seeds, shapes
from ekarte_stack.fuzzing.changes import change_json
from ekarte_stack.fuzzing.fuzzer import Target
from ekarte_terminal.cards import masked, read_card, read_original

_NAMES = tuple(COMMANDS)
_KINDS = ("pan", "track1", "track2", "bank", "document", "phone", "chip", "keyed")
_FRAME_BYTES_MAX = 4096
_TOLD_CHARS_MAX = 200
_CODEC = "ekarte_auth_gateway.codec"
_FINE = Answer(rc="00")
_MAC = mac_of("x9.19", seeds.KEY)
assert _MAC is not None, "x9.19 is a MAC"
_DEEP = (b"[" * 2000, b'{"a":' * 1500)
_JSON_WORDS = (*_DEEP, b"null", b"1e999999999", b"\\ud800", b"\xff")


def _http(raw: bytes) -> None:
    """The first byte is the command's number, the rest its body."""
    request = read_request(_NAMES[raw[0] % len(_NAMES)] if raw else "", raw[1:])
    answer = Answer(rc="00", message=request.reference)
    encode_answer(answer)


def _board() -> Board:
    board = Board(seeds.keyring())
    board.hang(read_network(seeds.network(), 7))
    return board


_BOARD = _board()
_GATE = SignatureGate(_BOARD, lambda: seeds.NOW)


def _signature(raw: bytes) -> None:
    """Header lines as aiohttp hands them over; a blank line; the body."""
    head, _, body = raw.partition(b"\n\n")
    headers: CIMultiDict[str] = CIMultiDict()
    for line in head.decode("utf-8", "surrogateescape").split("\n"):
        name, _, value = line.partition(":")
        headers.add(name.strip(), value.strip())
    request = SimpleNamespace(
        method="POST",
        scheme="http",
        host="gateway",
        raw_path=seeds.SIGNED_PATH,
        headers=headers,
    )
    # The gate looks at these five only.
    signed = _GATE.check(cast("web.BaseRequest", request), body)
    answer_key(signed.device, body)


def _iso(raw: bytes, profile: Profile) -> None:
    """A request, and the same bytes as an answer: of the gateway, and of a bank."""
    fields = unpack(raw, profile)
    mac_is_right(raw, fields, _MAC)
    if keychange.is_asked(fields):
        keychange.read(fields)
    asked = {"4": "000000001750", "11": "000412"}
    if answer_type(fields["t"]) is None and belongs(asked, fields):
        read_reply(asked, fields)
        answer_from_fields(fields)
    command = command_of(fields) or "sale"
    fields = {"41": "00000012", **fields}
    request = request_from_fields(fields, command, seeds.CONTEXT)
    place_of("lines[3].amount")
    check_request(request)
    pack(answer_to_fields(_FINE, echo(fields)), _MAC, profile)


def _iso_a(raw: bytes) -> None:
    _iso(raw, PROFILES["A"])


def _iso_b(raw: bytes) -> None:
    _iso(raw, PROFILES["B"])


_LENGTHS = (BINARY_2, Length(2, counts_itself=True), Length(4, digits=True))


def _framing(raw: bytes) -> None:
    """A stream's beginning: length, TPDU."""
    for length in _LENGTHS:
        told = length.read(raw[: length.head_bytes])
        assert told < 256**length.head_bytes
    split_tpdu(raw)


def _frame(raw: bytes) -> None:
    frame = frames.unpack(raw)
    frames.mac_is_right(frame, _MAC)
    if frame.first("CM") == frames.KEY_NUMBER:
        keychange.key_in(frame.pairs)
    command = frames.command_of(frame) or "sale"
    request = frames.read_request(frame, command, seeds.RIGA, seeds.CONTEXT.codes)
    check_request(request)
    frames.pack(frames.write_answer(_FINE, frames.echo(frame)), _MAC)


def _frame_answer(raw: bytes) -> None:
    frame = frames.unpack(raw)
    answer = frames.read_answer(frame)
    # What was understood can be said again.
    frames.pack(frames.write_answer(answer, frames.echo(frame)), _MAC)


def _line(raw: bytes) -> None:
    """Bytes in pieces, with the clock running; the first byte tells how large."""
    link, now_s = Link(), 0.0
    size = raw[0] or 1 if raw else 1
    for start in range(1, len(raw), size):
        events = link.receive(raw[start : start + size], now_s)
        if any(event.kind == "message" for event in events):
            link.send(b"RC00200", now_s)
        now_s += 0.4
        link.tick(now_s)
        link.take_out()
    for _ in range(20):
        now_s += 5
        link.tick(now_s)
    assert link.idle, "left alone, a line comes to rest"


_SENDER = Sender(seeds.RIGA, "EUR")


def _nexo(raw: bytes) -> None:
    header = nexo.read_header(raw)
    if header.message_category in nexo.CATEGORIES:
        message = nexo.read_message(raw)
        request = nexo.read_request(message, 1, _SENDER)
        check_request(request)
        body = body_of(_FINE, Asked(message, request, _SENDER))
        encode_response(header, body)


def _card(raw: bytes) -> None:
    """Anything at all is seen as every kind of card; nothing shows a number."""
    text = raw.decode("utf-8", "replace")
    for kind in _KINDS:
        card = CardRef(kind=cast("Any", kind), value=text)
        seen = identify(card)
        assert seen is None or masked(card) != seen.number
    read_bank_card(BankPart(card=CardRef(kind="bank", value=text)))


def _scan(raw: bytes) -> None:
    card = read_card(raw.decode("utf-8", "replace"), typed=len(raw) % 2 == 1)
    assert identify(card) is not None


def _slip_code(raw: bytes) -> None:
    read_original(raw.decode("utf-8", "replace"), 3)


_PARAMETERS = seeds.parameters()


def _parameters(raw: bytes) -> None:
    """The first byte: whole or patch; the rest is signed as if a host had made it."""
    patch = raw[:1] == b"p"
    text = raw[1:]
    trusted = {seeds.SIGNER.key_id: seeds.SIGNER.public_keys[0]}
    download = Download(seeds.BRANCH, trusted, _PARAMETERS if patch else b"")
    part = Parameters(
        version=3,
        kind="delta" if patch else "full",
        chunks=1,
        chunk=0,
        data=base64.b64encode(text).decode(),
        signature=base64.b64encode(seeds.SIGNER.sign(text)).decode(),
        key_id=seeds.SIGNER.key_id,
    )
    document = download.take(part)
    if document is not None:
        document.stop_list.count()
        assert download.trusted
        document.rules()


def _network(raw: bytes) -> None:
    read_network(raw, 7)


_READING = ("ekarte_core.wire", "ekarte_core.values")


def targets() -> tuple[Target, ...]:
    """Return all of them."""
    return (*_of_http(), *_of_wires(), *_of_terminals(), *_of_documents())


def _of_http() -> tuple[Target, ...]:
    bodies = seeds.http_bodies()
    inside = shapes.behind_first_byte(change_json)
    words = (b'keyid="00000011"', b"created=", b'nonce="', b"sig=:", b"sha-256=:", b";")
    return (
        Target(
            *("HTTP bodies", _http, (RequestInvalid,), _READING, bodies),
            words=_JSON_WORDS,
            shapes=(inside,),
        ),
        Target(
            "RFC 9421 headers",
            _signature,
            (SignatureFault,),
            ("ekarte_auth_gateway.http", "http_message_signatures", "http_sf"),
            seeds.signed_requests(),
            words=(*words, b"\nSignature: ", b"\nSignature-Input: ", b'("@method")'),
        ),
        Target(
            "nexo",
            _nexo,
            (NexoFault, RequestInvalid),
            ("ekarte_auth_gateway.nexo", *_READING),
            seeds.nexo(),
            words=_JSON_WORDS,
            shapes=(change_json,),
        ),
    )


def _of_wires() -> tuple[Target, ...]:
    refused = (CodecError, RequestInvalid)
    iso = (_CODEC, "iso8583", "ekarte_auth_gateway.bank", *_READING)
    profiles = (("A", _iso_a), ("B", _iso_b))
    made = tuple(
        Target(
            *(f"ISO 8583 {name}", decode, refused, iso),
            seeds.iso(name, "asked", "told"),
            shapes=(shapes.fields(PROFILES[name]),),
        )
        for name, decode in profiles
    )
    lengths = (b"\x00\x40\x60\x00\x01\x00\x02", b"0064\x60\x00\x01\x00\x02")
    in_frames = (_CODEC, *_READING)
    asked, told = seeds.frame_requests(), seeds.frame_answers()
    return (
        *made,
        Target("lengths and TPDU", _framing, (CodecError,), (_CODEC,), lengths),
        Target("frames", _frame, refused, in_frames, asked, shapes=(shapes.pairs,)),
        Target(
            *("frame answers", _frame_answer, refused, in_frames, told),
            shapes=(shapes.pairs,),
        ),
        Target(
            *("the serial line", _line, (), ("ekarte_auth_gateway.serial",)),
            seeds.line(),
            words=(b"\x02", b"\x03", b"\x04", b"\x05", b"\x06", b"\x15"),
        ),
    )


def _of_terminals() -> tuple[Target, ...]:
    scanned = seeds.cards()
    modules = ("ekarte_terminal.cards", "ekarte_core.rules.identity", "re")
    words = (b";", b"=", b"%B", b"^", b"?", b"+", b"EKARTE:", b"/")
    return (
        Target("cards and tracks", _card, (), modules, scanned, words=words),
        Target("scans", _scan, (ValueError,), modules, scanned, words=words),
        Target("slip codes", _slip_code, (ValueError,), modules, scanned, words=words),
    )


def _of_documents() -> tuple[Target, ...]:
    whole, patch = b"w" + _PARAMETERS, b'p{"version":3,"network":{"terminals":null}}'
    return (
        Target(
            "parameters",
            _parameters,
            (ParametersRefused, NetworkInvalid),
            ("ekarte_auth_gateway.parameters", "ekarte_core.network"),
            (whole, patch),
            words=_JSON_WORDS,
            shapes=(shapes.behind_first_byte(change_json),),
        ),
        Target(
            "the network document",
            _network,
            (NetworkInvalid,),
            ("ekarte_core.network", "ekarte_core.rules.programs"),
            (seeds.small_network(),),
            words=_JSON_WORDS,
            shapes=(change_json,),
        ),
    )
