"""The frame's body alone: what goes in comes out, and noise raises one error."""

import contextlib
import re
from datetime import datetime, timezone
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_auth_gateway.codec import CodecError, code_keys, frames, mac_of, tags, tlv
from ekarte_core import (
    COMMANDS,
    Answer,
    Balance,
    CardRef,
    Earned,
    Line,
    Original,
    Request,
    SlipLine,
    Tender,
)
from tests.gateway.anything import answers, cards, requests
from tests.gateway.gateway_process import ROOT

RIGA = ZoneInfo("Europe/Riga")
KEY = bytes(range(32))
MAC = mac_of("hmac-sha256", KEY)
CODES = code_keys(KEY)
NOON = datetime(2026, 11, 21, 10, 15, tzinfo=RIGA)


def body_of(request: Request) -> bytes:
    pairs = frames.write_request(request, codes=CODES, random=lambda: b"8 random")
    return frames.pack(pairs, MAC)


def over_the_wire(request: Request) -> Request:
    frame = frames.unpack(body_of(request))
    assert frames.mac_is_right(frame, MAC)
    return frames.read_request(frame, request.command, RIGA, CODES)


@settings(max_examples=200, print_blob=True, deadline=None)
@given(requests(frames.COMMAND_NUMBERS))
def test_a_request_comes_out_as_it_went_in(request):
    assert over_the_wire(request) == request


@settings(max_examples=100, print_blob=True, deadline=None)
@given(cards, st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_access_codes_come_out_as_they_went_in(card, code):
    request = Request(
        command="set_code",
        terminal="00000031",
        operation=7,
        card=card,
        access_code=code,
        new_access_code=code[::-1],
    )
    assert over_the_wire(request) == request


ECHO = [("CM", "05"), ("TI", "00000031"), ("BN", "3"), ("ON", "412")]


def back(answer: Answer) -> Answer:
    body = frames.pack(frames.write_answer(answer, ECHO), MAC)
    frame = frames.unpack(body)
    assert frames.mac_is_right(frame, MAC)
    return frames.read_answer(frame)


@settings(max_examples=200, print_blob=True, deadline=None)
@given(answers())
def test_an_answer_comes_out_as_it_went_in(answer):
    assert back(answer) == answer


@settings(max_examples=100, print_blob=True, deadline=None)
@given(answers(), st.integers(0, 99))
def test_a_status_answer_comes_out_as_it_went_in(original, version):
    answer = Answer(rc="00", original=original, params_version=version)
    assert back(answer) == answer
    answer = Answer(rc="25", message="no such operation", params_version=version)
    assert back(answer) == answer


def held(struct, known):
    """Fields of a struct that no row of the table and no hand holds."""
    told = {name.partition(".")[0] for name in known}
    return {row.name for row in msgspec.structs.fields(struct)} - told


def test_every_field_of_requests_and_answers_has_its_tag():
    by_hand = {"command", "card", "local_time", "access_code", "new_access_code"}
    names = {part.name for part in frames.REQUEST.parts}
    assert held(Request, names | by_hand) == set()
    names = {part.name for part in (*frames.ANSWER.parts, *tags.SLIP.parts)}
    names |= {part.name for part in tags.EXPLANATION.parts + tags.SLIP_BYTES.parts}
    assert held(Answer, names | {"original"}) == set()


def test_every_command_of_a_terminal_has_a_number():
    back_office = {"pool", "pay_out", "charge_back", "write_off", "restore"}
    back_office |= {"put_on", "take_off", "bring_in"}
    assert set(frames.COMMAND_NUMBERS) == set(COMMANDS) - back_office
    numbers = list(frames.COMMAND_NUMBERS.values())
    assert len(set(numbers)) == len(numbers)
    for command in back_office:
        with pytest.raises(CodecError, match="back office"):
            frames.write_request(Request(command=command, terminal="00000031"))


def told_tags(text: str, columns: int) -> set[str]:
    rows = re.findall(r"^\|(.*?)\|(.*)\|$", text, re.MULTILINE)
    cells = [first for first, rest in rows if rest.count("|") == columns - 2]
    return {tag for cell in cells for tag in re.findall(r"`([A-Z][A-Z0-9])`", cell)}


def test_the_document_tells_every_tag_and_no_other():
    """The frame's own tags stand in its tables; those it shares in ISO 8583's."""
    text = (ROOT / "docs" / "TERMINALS.md").read_text(encoding="utf-8")
    part = text[text.index("### The body") : text.index("**MAC**: `MC`")]
    asked, answered = part.split("\nAn answer repeats")
    own = {part.tag for part in frames.REQUEST.parts} - set(tags.REQUEST.rows)
    by_hand = {"CM", "DT", "TM", "TZ", "CN", "EM", "T2", "PB", "NB", "MC"}
    assert told_tags(asked, 2) == own | by_hand
    list_ = asked[asked.index("Tags of ISO") : asked.index("in requests, and")]
    shared = set(re.findall(r"`([A-Z]{2})`", list_))
    assert shared == set(tags.REQUEST.rows)
    own = {part.tag for part in frames.ANSWER.parts} - set(tags.ANSWER.rows)
    keys = {"KV", "KW"}  # the next key, written by codec/keychange.py alone
    assert told_tags(answered, 2) == own | {"SL", "SB", "MC"} | keys
    numbers = dict(re.findall(r"(\d\d) `(\w+)`", part))
    assert {name: number for number, name in numbers.items()} == frames.COMMAND_NUMBERS


# Golden bytes: written down once, read by eye against docs/TERMINALS.md.
SALE = Request(
    command="sale",
    terminal="00000031",
    batch=3,
    operation=412,
    local_time=NOON,
    card=CardRef(value="9990001000000017"),
    access_code="1234",
    amount=1750,
    lines=(Line(sku="95E", group="fuel", quantity="10.000", amount=1750),),
    tender=Tender(gift=500),
    reference="čeks 88/1",
)
GOLDEN_SALE = (
    b"CM00205"
    b"TI00800000031"
    b"BN0013"
    b"ON003412"
    b"AM0041750"
    b"ER010\xc4\x8deks 88/1"
    b"GU003500"
    b"LN0201750;10.000;fuel;95E"
    b"DT00820261121"
    b"TM006101500"
    b"TZ005+0200"
    b"CN0169990001000000017"
    b"PB032E48447EA7B276E6CF326B1DDB0FAFEA0"
    b"MC016"
)


def test_a_sale_is_these_bytes():
    body = body_of(SALE)
    assert body[:-16] == GOLDEN_SALE
    assert body[-16:] == MAC(GOLDEN_SALE[:-5]).hex().upper().encode()
    assert read(body) == SALE


def test_an_approval_is_these_bytes():
    answer = Answer(
        rc="00",
        auth_code="481516",
        txn="77",
        amount=1750,
        discount=88,
        amount_due=1162,
        tendered={"gift": 500},
        earned=(Earned(program="GRO-BONUS", points=3),),
        balances=(
            Balance(
                program="GRO-GIFT",
                kind="gift_card",
                unit="EUR",
                value=1500,
                available=1000,
            ),
        ),
        params_version=7,
        slip=(SlipLine(text="Zaļais grozs", align="center", style="bold"),),
    )
    golden = (
        b"CM00205TI00800000031BN0013ON003412"
        b"RC00200"
        b"AC006481516"
        b"AM0041750"
        b"DS00288"
        b"AD0041162"
        b"GU003500"
        b"BE0113;GRO-BONUS"
        b"TX00277"
        b"BL0321500;1000;EUR;gift_card;GRO-GIFT"
        b"PV0017"
        b"SL015CBZa\xc4\xbcais grozs"
    )
    told = frames.echo(frames.unpack(GOLDEN_SALE + b"0" * 16))
    body = frames.pack(frames.write_answer(answer, told), MAC)
    assert body == golden + b"MC016" + MAC(golden).hex().upper().encode()
    assert frames.read_answer(frames.unpack(body)) == answer


def test_a_reversal_is_these_bytes():
    request = Request(
        command="reverse",
        terminal="00000031",
        batch=3,
        operation=413,
        original=Original(batch=2, operation=412, terminal="00000032"),
    )
    golden = b"CM00204TI00800000031BN0013ON003413OG0142;412;00000032"
    assert frames.pack(frames.write_request(request)) == golden
    assert over_the_wire(request) == request


# --- times


def told_time(**parts: str) -> datetime | None:
    pairs = [("CM", "05"), ("TI", "00000031"), ("ON", "1"), *parts.items()]
    return read(frames.pack(pairs)).local_time


def test_a_time_without_an_offset_is_that_of_the_branch():
    assert told_time(DT="20261121", TM="101500") == NOON
    assert told_time(DT="20261121", TM="101500", TZ="+0200") == NOON
    utc = datetime(2026, 11, 21, 10, 15, tzinfo=timezone.utc)
    assert told_time(DT="20261121", TM="101500", TZ="+0000") == utc
    assert told_time() is None


@pytest.mark.parametrize(
    ("parts", "tag"),
    [
        ({"DT": "20261121"}, "TM"),
        ({"TM": "101500"}, "DT"),
        ({"DT": "20260230", "TM": "101500"}, "DT"),
        ({"DT": "20261121", "TM": "250000"}, "DT"),
        ({"DT": "2026-1-1", "TM": "101500"}, "DT"),
        ({"DT": "20261121", "TM": "1015"}, "DT"),
        ({"DT": "20261121", "TM": "101500", "TZ": "0200"}, "TZ"),
        ({"DT": "20261121", "TM": "101500", "TZ": "+9999"}, "TZ"),
    ],
)
def test_a_time_that_is_none_is_refused_by_its_tag(parts, tag):
    with pytest.raises(CodecError) as told:
        told_time(**parts)
    assert told.value.field == tag


# --- what is refused


def read(body: bytes) -> Request:
    frame = frames.unpack(body)
    command = frames.command_of(frame)
    assert command is not None
    return frames.read_request(frame, command, RIGA, CODES)


HEAD = b"CM00205TI00800000031ON0011"
MALFORMED = {
    "no command": (b"TI00800000031ON0011", "CM"),
    "no operation": (b"CM00205TI00800000031", "ON"),
    "no terminal": (b"CM00205ON0011", "TI"),
    "control byte": (HEAD + b"ER003a\x03b", ""),
    "delete": (HEAD + b"ER003a\x7fb", ""),
    "tag in small letters": (HEAD + b"er001a", ""),
    "half a tag": (HEAD + b"E", ""),
    "length of letters": (HEAD + b"ERx01a", "ER"),
    "longer than the body": (HEAD + b"ER009a", "ER"),
    "not UTF-8": (HEAD + b"ER002\xff\xfe", "ER"),
    "unknown tag": (HEAD + b"ZZ001a", "ZZ"),
    "an answer's tag": (HEAD + b"RC00200", "RC"),
    "twice": (HEAD + b"ON0012", "ON"),
    "card twice": (HEAD + b"CN0012CN0012", "CN"),
    "record twice": (HEAD + b"OG0031;2OG0031;2", "OG"),
    "amount of letters": (HEAD + b"AM00312a", "AM"),
    "line of two parts": (HEAD + b"LN0031;1", "LN"),
    "line amount of letters": (HEAD + b"LN005x;1;;", "LN"),
    "total of one part": (HEAD + b"TT004sale", "TT"),
    "flag of two": (HEAD + b"PA0012", "PA"),
    "card kind unknown": (HEAD + b"CN00217EM005magic", "EM"),
    "two cards": (HEAD + b"CN00217T200718=2912", "T2"),
    "referrer without kind": (HEAD + b"RF00217", "RF"),
    "reason unknown": (HEAD + b"RS004sold", "RS"),
    "offline command unknown": (HEAD + b"OF019activate;00;0;0;0;0", "OF"),
    "consent without yes or no": (HEAD + b"CO004mail", "CO"),
    "sum twice": (HEAD + b"OU0051;abcOU0051;abc", "OU"),
    "code without card": (HEAD + b"PB032" + b"00" * 16, "PB"),
    "code of another key": (HEAD + b"CN00217PB032" + b"00" * 16, "PB"),
    "block that is no block": (HEAD + b"CN00217PB004ABCD", "PB"),
    "MAC in the middle": (HEAD + b"MC0160123456789ABCDEFAM0011", "MC"),
    "two MACs": (HEAD + b"MC0160123456789ABCDEF" * 2, "MC"),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_body_is_refused_by_tag(case):
    body, tag = MALFORMED[case]
    with pytest.raises(CodecError) as told:
        read(body)
    assert told.value.field == tag
    assert "17" not in told.value.reason
    assert read(HEAD).operation == 1


@pytest.mark.parametrize("number", ["00", "18", "77", "5", "sale"])
def test_a_number_that_is_no_command_is_none(number):
    pairs = [("CM", number), ("TI", "00000031"), ("ON", "1")]
    assert frames.command_of(frames.unpack(frames.pack(pairs))) is None
    assert frames.command_of(frames.unpack(HEAD)) == "sale"


def test_a_wrong_a_missing_and_a_foreign_mac_are_not_right():
    body = body_of(SALE)
    assert frames.mac_is_right(frames.unpack(body), MAC)
    changed = body.replace(b"AM0041750", b"AM0041751")
    for wrong in (changed, body[: -len("MC016") - 16], body[:-1] + b"G"):
        assert not frames.mac_is_right(frames.unpack(wrong), MAC)
    other = mac_of("hmac-sha256", bytes(32))
    assert not frames.mac_is_right(frames.unpack(body), other)


def test_mac_digits_may_be_small_letters():
    body = body_of(SALE)
    assert frames.mac_is_right(frames.unpack(body[:-16] + body[-16:].lower()), MAC)


def test_what_a_frame_cannot_carry_is_refused_when_written():
    long = tuple(Line(sku="x" * 60, amount=1) for _ in range(200))
    for request, place in (
        (Request(command="sale", terminal="00000031", lines=long), "longer"),
        (Request(command="sale", terminal="00000031", reference="a\x02"), "control"),
        (
            Request(
                command="sale",
                terminal="00000031",
                lines=(Line(group="a;b", amount=1),),
            ),
            "semicolon",
        ),
    ):
        with pytest.raises(CodecError, match=place):
            frames.pack(frames.write_request(request))


def test_texts_of_an_answer_are_made_to_fit_a_line():
    answer = Answer(rc="05", message="two\nlines", slip=(SlipLine(text="a\tb"),))
    told = back(answer)
    assert (told.message, told.slip[0].text) == ("two lines", "a b")


def test_an_answer_too_long_for_a_frame_loses_explanation_first_and_says_so():
    explain = tuple(f"{n:03d} " + "ā" * 200 for n in range(40))
    slip = tuple(SlipLine(text=f"{n:03d} " + "ā" * 40) for n in range(40))
    pairs = frames.write_answer(
        Answer(rc="00", amount_due=5, explain=explain, slip=slip), ECHO
    )
    told = frames.read_answer(frames.unpack(frames.pack(pairs, MAC)))
    assert (told.rc, told.amount_due, told.slip) == ("00", 5, slip)
    assert told.explain == explain[: len(told.explain)]
    assert 0 < len(told.explain) < 40
    assert ("TR", f"{40 - len(told.explain):04d}") in pairs


def test_bytes_for_a_printer_come_whole_or_not_at_all():
    slip = (SlipLine(text="short"),)
    for size, comes in ((4000, True), (9000, False)):
        answer = Answer(rc="00", slip=slip, slip_bytes=b"\x1b" * size)
        told = back(answer)
        assert told.slip == slip
        assert told.slip_bytes == (answer.slip_bytes if comes else b"")


def test_a_newer_gateway_may_say_more():
    pairs = [*ECHO, ("RC", "00"), ("ZZ", "what is this"), ("AD", "5")]
    assert frames.read_answer(frames.unpack(frames.pack(pairs))) == Answer(
        rc="00", amount_due=5
    )


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        ("amount", "AM"),
        ("lines[3].quantity", "LN"),
        ("lines", "LN"),
        ("tender", "GU"),
        ("tender.bonus", "BU"),
        ("card.value", "CN"),
        ("offline.tendered", "OU"),
        ("offline", "OF"),
        ("local_time", "DT"),
        ("new_access_code", "NB"),
        ("totals[0].command", "TT"),
        ("nothing", "nothing"),
    ],
)
def test_a_fault_of_the_core_is_told_by_tag(field, tag):
    assert frames.place_of(field) == tag


# --- noise


def read_any(body: bytes) -> None:
    frame = frames.unpack(body)
    if (command := frames.command_of(frame)) is not None:
        frames.read_request(frame, command, RIGA, CODES)


@settings(max_examples=400, print_blob=True, deadline=None)
@given(st.binary(max_size=300))
def test_noise_raises_one_error(noise):
    for work in (read_any, lambda body: frames.read_answer(frames.unpack(body))):
        with contextlib.suppress(CodecError):
            work(noise)


good_tags = st.sampled_from(
    sorted({*frames.REQUEST.rows, *frames.ANSWER.rows, "CM", "CN", "PB", "MC", "OC"})
)


@settings(max_examples=400, print_blob=True, deadline=None)
@given(st.lists(st.tuples(good_tags, st.text(max_size=12)), max_size=8))
def test_tags_with_any_text_raise_one_error(pairs):
    body = "".join(tlv.join(pair, "") for pair in pairs).encode("latin-1")
    for work in (read_any, lambda body: frames.read_answer(frames.unpack(body))):
        for raw in (body, HEAD + body):
            with contextlib.suppress(CodecError):
                work(raw)
