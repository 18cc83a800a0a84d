"""The codec alone: what goes in comes out, to the byte, and noise raises one error."""

import re
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ekarte_auth_gateway.codec import (
    CodecError,
    Context,
    Fields,
    answer_from_fields,
    answer_to_fields,
    answer_type,
    code_keys,
    command_of,
    mac_is_right,
    pack,
    pinblock,
    request_from_fields,
    request_to_fields,
    tags,
    tlv,
    unpack,
)
from ekarte_auth_gateway.codec.commands import COMMANDS
from ekarte_auth_gateway.codec.fields import FIELDS
from ekarte_core import (
    Answer,
    Line,
    Offline,
    Original,
    Request,
    SlipLine,
)
from tests.gateway import anything
from tests.gateway.gateway_process import ROOT
from tests.gateway.golden_messages import NOON, RIGA, SALE, TODAY, WAYS


def eight() -> bytes:
    return b"8 random"


A = WAYS["A"]
CODES, CONTEXT, MAC = A.codes, A.context, A.mac


def over_the_wire(request: Request, name: str = "A") -> Request:
    way = WAYS[name]
    fields = request_to_fields(request, zone=RIGA, codes=way.codes, random=eight)
    raw = pack(fields, way.mac, way.profile)
    back = unpack(raw, way.profile)
    assert mac_is_right(raw, back, way.mac)
    assert command_of(back) == request.command
    return request_from_fields(back, request.command, way.context)


batches, operations = st.integers(0, 999_999), st.integers(1, 999_999_999_999)


def something_offline(request: Request) -> Request:
    if request.command != "advice" or request.offline is not None:
        return request
    return replace(request, offline=Offline(command="sale"))


requests = anything.any_of(
    Request,
    command=st.sampled_from(sorted(COMMANDS)),
    batch=batches,
    operation=operations,
    currency=st.sampled_from(["EUR", "USD", "SEK"]),
    card=st.none() | anything.cards.filter(lambda card: card.kind != "ledger"),
    original=st.none() | anything.any_of(Original, batch=batches, operation=operations),
).map(something_offline)
digits = st.from_regex(r"[0-9]{6}", fullmatch=True)
answers = anything.answers(auth_code=st.just("") | digits)
in_every_profile = pytest.mark.parametrize("name", WAYS)


@in_every_profile
@settings(max_examples=200, print_blob=True, deadline=None)
@given(request=requests)
def test_a_request_comes_out_as_it_went_in(name, request):
    assert over_the_wire(request, name) == request


@in_every_profile
@settings(max_examples=100, print_blob=True, deadline=None)
@given(
    card=anything.cards.filter(lambda card: card.kind != "ledger"),
    code=st.from_regex(r"[0-9]{4,12}", fullmatch=True),
)
def test_access_codes_come_out_as_they_went_in(name, card, code):
    request = Request(
        command="set_code",
        terminal="00000012",
        operation=7,
        card=card,
        access_code=code,
        new_access_code=code[::-1],
    )
    assert over_the_wire(request, name) == request


ECHO = {"t": "0210", "11": "000007", "41": "00000012", "60": "000003"}


def answer_over_the_wire(answer: Answer, name: str) -> Answer:
    way = WAYS[name]
    raw = pack(answer_to_fields(answer, ECHO), way.mac, way.profile)
    return answer_from_fields(unpack(raw, way.profile))


@in_every_profile
@settings(max_examples=200, print_blob=True, deadline=None)
@given(answer=answers)
def test_an_answer_comes_out_as_it_went_in(name, answer):
    assert answer_over_the_wire(answer, name) == answer


@in_every_profile
@settings(max_examples=100, print_blob=True, deadline=None)
@given(original=answers, version=st.integers(0, 99))
def test_a_status_answer_comes_out_as_it_went_in(name, original, version):
    answer = Answer(rc="00", original=original, params_version=version)
    assert answer_over_the_wire(answer, name) == answer


def test_an_answer_too_long_for_a_message_loses_explanation_and_says_so():
    explain = tuple(f"{n:03d} " + "ā" * 200 for n in range(40))
    slip = tuple(SlipLine(text=f"{n:03d} " + "ā" * 40) for n in range(80))
    answer = Answer(rc="00", amount_due=5, explain=explain, slip=slip)
    fields = answer_to_fields(answer, ECHO)
    back = answer_from_fields(unpack(pack(fields, MAC)))
    assert (back.rc, back.amount_due) == ("00", 5)
    assert back.explain == explain[: len(back.explain)]
    assert back.slip == slip[: len(back.slip)]
    left_out = 120 - len(back.explain) - len(back.slip)
    assert f"TR004{left_out:04d}" in fields["48"]
    assert len(back.explain) >= 10
    assert len(back.slip) >= 50


def test_a_message_that_fits_says_nothing_of_cuts():
    fields = answer_to_fields(Answer(rc="00", amount_due=5, explain=("why",)), ECHO)
    assert "TR" not in fields["48"]


def sale_fields() -> Fields:
    return request_to_fields(SALE, zone=RIGA, codes=CODES, random=eight)


def test_a_plain_terminal_names_the_original_by_its_six_digits():
    fields = sale_fields()
    fields["90"] = "0100" + "000411" + "1121081500" + "0" * 22
    request = request_from_fields(fields, "confirm", CONTEXT)
    assert request.original == Original(batch=3, operation=411)


def test_the_table_covers_every_field_once():
    assert sorted(FIELDS) == list(range(2, 129))


@pytest.mark.parametrize(
    ("message_type", "answer"),
    [("0200", "0210"), ("0201", "0210"), ("0421", "0430"), ("0800", "0810")],
)
def test_the_answer_of_a_repeat_has_the_type_of_the_first(message_type, answer):
    assert answer_type(message_type) == answer


@pytest.mark.parametrize("message_type", ["0210", "0130", "02", "02A0", "", "²²00"])
def test_what_is_no_request_has_no_answer(message_type):
    assert answer_type(message_type) is None


def read_time(day: str, clock: str, today: date, **more: str) -> datetime | None:
    fields = {"t": "0200", "11": "000001", "41": "00000012", "12": clock, "13": day}
    context = Context(RIGA, today)
    return request_from_fields({**fields, **more}, "sale", context).local_time


def test_a_date_without_year_is_the_nearest_one():
    assert read_time("1231", "235900", date(2027, 1, 1)).year == 2026
    assert read_time("0101", "000100", date(2026, 12, 31)).year == 2027
    assert read_time("1121", "101500", date(2026, 11, 22)) == NOON
    assert read_time("0229", "101500", date(2028, 3, 1)).year == 2028
    with pytest.raises(CodecError, match="DE13"):
        read_time("0229", "101500", date(2026, 3, 1))


def test_a_date_with_year_is_that_one():
    assert read_time("1121", "101500", TODAY, **{"48": "YR0042024"}).year == 2024


def test_the_hour_that_the_clock_shows_twice_is_told_apart_by_utc():
    """On 25 October 2026 Riga goes from +03:00 to +02:00 at 04:00."""
    first = datetime(2026, 10, 25, 0, 30, tzinfo=timezone.utc)
    for moment in (first, first + timedelta(hours=1)):
        request = Request(
            command="sale", terminal="00000012", operation=1, local_time=moment
        )
        assert over_the_wire(request).local_time == moment


def test_a_block_is_bound_to_card_and_key_and_never_looks_the_same():
    key = CODES.block
    one = pinblock.encipher("1234", "9990001000000017", key, b"12345678")
    two = pinblock.encipher("1234", "9990001000000017", key, b"87654321")
    assert one != two
    assert pinblock.decipher(one, "9990001000000017", CODES) == "1234"
    for number, other in (
        ("9990001000000025", CODES),
        ("9990001000000017", code_keys(bytes(32))),
    ):
        with pytest.raises(CodecError, match="PB"):
            pinblock.decipher(one, number, other)


@pytest.mark.parametrize("code", ["", "123", "1234567890123", "12a4", "١٢٣٤"])
def test_a_code_that_is_no_code_makes_no_block(code):
    with pytest.raises(CodecError, match="4 to 12 digits"):
        pinblock.encipher(code, "9990001000000017", CODES.block, bytes(8))


def test_an_access_code_without_key_or_card_is_refused():
    with pytest.raises(CodecError, match="terminal's key"):
        request_to_fields(SALE)
    alone = Request(command="sale", terminal="00000012", access_code="1234")
    with pytest.raises(CodecError, match="needs a card"):
        request_to_fields(alone, codes=CODES, random=bytes)


def test_what_does_not_fit_a_message_is_refused_when_written():
    lines = tuple(Line(sku="x" * 60, amount=1) for _ in range(200))
    for request, place in (
        (Request(command="sale", terminal="00000012", lines=lines), "DE48"),
        (Request(command="sale", terminal="00000012", amount=10**12), "DE4"),
        (Request(command="sale", terminal="00000012", amount=-1), "DE4"),
        (Request(command="sale", terminal="00000012", currency="XXX"), "DE49"),
        (Request(command="sale", terminal="00000012", operation=10**12), "DE37"),
        (Request(command="sale", terminal="0"), "DE41"),
    ):
        with pytest.raises(CodecError, match=place):
            pack(request_to_fields(request))


def test_sub_fields_are_laid_out_whole_and_in_order():
    pairs = [("AA", "x" * 900), ("BB", "y" * 900), ("CC", "z" * 80), ("DD", "w" * 900)]
    fields, left = tlv.spread(pairs, ("48", "120"))
    assert left == [pairs[3]]
    assert tlv.split(fields["48"], "DE48") == pairs[:1]
    assert tlv.split(fields["120"], "DE120") == pairs[1:3]


def test_every_tag_is_told_and_every_told_tag_exists():
    text = (ROOT / "docs" / "TERMINALS.md").read_text(encoding="utf-8")
    text = text.partition("A sub-field is a tag")[2].partition("**MAC**")[0]
    asked, told = text.split("In answers:\n", 1)
    by_hand = {"CN", "PB", "NB", "YR"}
    assert _tags(asked) == by_hand | set(tags.REQUEST.rows)
    tables = (tags.ANSWER, tags.EXPLANATION, tags.SLIP, tags.SLIP_BYTES)
    by_hand = {"MT", "AM", "OC", "OM", "OV", "TR"}
    assert _tags(told) == by_hand.union(*(table.rows for table in tables))


def _tags(text: str) -> set[str]:
    return set(re.findall(r"`([A-Z]{2})`", text))
