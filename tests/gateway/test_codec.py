"""The codec alone: what goes in comes out, to the byte, and noise raises one error."""

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_auth_gateway.codec import (
    CodecError,
    Context,
    answer_from_fields,
    answer_to_fields,
    answer_type,
    code_keys,
    command_of,
    echo,
    mac_is_right,
    mac_of,
    pack,
    pinblock,
    request_from_fields,
    request_to_fields,
    tlv,
    unpack,
)
from ekarte_auth_gateway.codec.commands import WRITTEN
from ekarte_auth_gateway.codec.fields import FIELDS
from ekarte_core import (
    Answer,
    Balance,
    BatchTotal,
    CardRef,
    Earned,
    Line,
    LineAnswer,
    Original,
    Request,
    SlipLine,
    Tender,
    Voucher,
)

RIGA = ZoneInfo("Europe/Riga")
KEY = bytes(range(32))
MAC = mac_of("hmac-sha256", KEY)
CODES = code_keys(KEY)
TODAY = date(2026, 11, 21)
CONTEXT = Context(RIGA, TODAY, CODES)
NOON = datetime(2026, 11, 21, 10, 15, tzinfo=RIGA)


def over_the_wire(request: Request) -> Request:
    fields = request_to_fields(request, zone=RIGA, codes=CODES, random=b"8 random")
    raw = pack(fields, MAC)
    back = unpack(raw)
    assert mac_is_right(raw, back, MAC)
    assert command_of(back) == request.command
    return request_from_fields(back, request.command, CONTEXT)


text = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=0, max_size=20)
code_text = st.text("abcXYZ019-_", min_size=1, max_size=12)
amounts = st.integers(0, 99_999_999_99)
cards = st.one_of(
    st.builds(
        CardRef,
        kind=st.sampled_from(["pan", "keyed", "barcode"]),
        value=st.from_regex(r"[0-9]{8,19}", fullmatch=True),
    ),
    st.builds(
        CardRef,
        kind=st.just("track2"),
        value=st.from_regex(r"[0-9]{12,16}=[0-9]{4,10}", fullmatch=True),
    ),
    st.builds(
        CardRef,
        kind=st.sampled_from(["barcode", "bank", "document", "phone", "chip", "pan"]),
        value=st.from_regex(r"[A-Z+][A-Z0-9-]{1,30}", fullmatch=True),
    ),
)
DAY_S = 86_400
START = datetime(2026, 6, 1, tzinfo=timezone.utc)
times = st.integers(0, 330 * DAY_S).map(lambda s: START + timedelta(seconds=s))
requests = st.builds(
    Request,
    command=st.sampled_from(sorted(WRITTEN)),
    terminal=st.from_regex(r"[0-9A-Z]{8}", fullmatch=True),
    batch=st.integers(0, 999_999),
    operation=st.integers(0, 999_999_999_999),
    local_time=st.none() | times,
    card=st.none() | cards,
    amount=st.none() | amounts,
    currency=st.sampled_from(["EUR", "USD", "SEK"]),
    lines=st.lists(
        st.builds(
            Line,
            sku=text,
            group=code_text,
            quantity=st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,3})?", fullmatch=True),
            amount=amounts,
        ),
        max_size=5,
    ).map(tuple),
    tender=st.none() | st.builds(Tender, gift=amounts, bonus=amounts),
    original=st.none()
    | st.builds(
        Original,
        batch=st.integers(0, 999_999),
        operation=st.integers(1, 999_999_999_999),
    ),
    partial=st.booleans(),
    reference=text,
    language=st.sampled_from(["", "lv", "ru"]),
    slip=st.sampled_from(["text", "none"]),
    totals=st.lists(
        st.builds(
            BatchTotal,
            command=st.sampled_from(["sale", "top_up"]),
            count=st.integers(0, 99999),
            amount=amounts,
        ),
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=200, print_blob=True, deadline=None)
@given(requests)
def test_a_request_comes_out_as_it_went_in(request):
    assert over_the_wire(request) == request


@settings(max_examples=100, print_blob=True, deadline=None)
@given(cards, st.from_regex(r"[0-9]{4,12}", fullmatch=True))
def test_an_access_code_comes_out_as_it_went_in(card, code):
    request = Request(
        command="sale", terminal="00000012", operation=7, card=card, access_code=code
    )
    if card.kind != "track2" and not any(sign.isdigit() for sign in card.value):
        return  # a number without digits binds nothing, but the code still travels
    assert over_the_wire(request) == request


moments = st.integers(0, 10**15).map(lambda us: START + timedelta(microseconds=us))
answers = st.builds(
    Answer,
    rc=st.sampled_from(["00", "51", "10", "96"]),
    message=text,
    field=code_text | st.just(""),
    auth_code=st.just("") | st.from_regex(r"[0-9]{6}", fullmatch=True),
    txn=code_text | st.just(""),
    hold_until=st.none() | moments,
    amount=st.integers(0, 10**12 - 1),
    discount=st.integers(-(10**10), 10**10),
    amount_due=st.integers(-(10**10), 10**10),
    tendered=st.dictionaries(st.sampled_from(["gift", "bonus", "credit"]), amounts),
    earned=st.lists(
        st.builds(Earned, program=code_text, points=st.integers(-99, 99)), max_size=3
    ).map(tuple),
    converted=amounts,
    balances=st.lists(
        st.builds(
            Balance,
            program=code_text,
            kind=code_text,
            unit=st.sampled_from(["EUR", "points", "turnover"]),
            value=st.integers(-(10**10), 10**10),
            available=st.integers(-(10**10), 10**10),
            goods_group=text,
        ),
        max_size=8,
    ).map(tuple),
    discount_rate=st.integers(0, 10_000),
    card_state=st.sampled_from(["", "active", "blocked"]),
    vouchers=st.lists(
        st.builds(
            Voucher,
            code=code_text,
            program=code_text,
            kind=st.sampled_from(["money", "goods"]),
            value=amounts,
            product=text,
            valid_until=st.none() | moments,
        ),
        max_size=2,
    ).map(tuple),
    explain=st.lists(text, max_size=5).map(tuple),
    slip=st.lists(
        st.builds(
            SlipLine,
            text=text,
            align=st.sampled_from(["left", "center", "right"]),
            style=st.sampled_from(["", "bold", "rule", "signature"]),
        ),
        max_size=20,
    ).map(tuple),
    copies=st.integers(0, 2),
    totals=st.lists(
        st.builds(BatchTotal, command=code_text, count=amounts, amount=amounts),
        max_size=3,
    ).map(tuple),
    lines=st.lists(
        st.builds(LineAnswer, discount=amounts, rate=st.integers(0, 10000)), max_size=3
    ).map(tuple),
    price_reduction=amounts,
    kept=amounts,
    code_asked=st.booleans(),
    tries_left=st.integers(0, 3),
    params_version=st.integers(0, 10**6),
    server_time=st.none() | moments,
)
ECHO = {"t": "0210", "11": "000007", "41": "00000012", "60": "000003"}


@settings(max_examples=200, print_blob=True, deadline=None)
@given(answers)
def test_an_answer_comes_out_as_it_went_in(answer):
    raw = pack(answer_to_fields(answer, ECHO), MAC)
    assert answer_from_fields(unpack(raw)) == answer


@settings(max_examples=100, print_blob=True, deadline=None)
@given(answers, st.integers(0, 99))
def test_a_status_answer_comes_out_as_it_went_in(original, version):
    answer = Answer(rc="00", original=original, params_version=version)
    raw = pack(answer_to_fields(answer, ECHO), MAC)
    assert answer_from_fields(unpack(raw)) == answer


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


# Golden bytes: written down once, read by eye against docs/TERMINALS.md. The node
# peer (tests/peers) makes the same MAC and block with other libraries.
GOLDEN_SALE = (
    b"0200"
    b"\x72\x38\x00\x00\x08\x81\x80\x15"  # 2 3 4 7 11 12 13 37 41 48 49 60 62 64
    b"169990001000000017"
    b"000060"
    b"000000001750"
    b"1121081500"
    b"000412"
    b"101500"
    b"1121"
    b"000000000412"
    b"00000012"
    b"085YR0042026GU003500BU0010LN0201750;10.000;fuel;95E"
    b"PB032E48447EA7B276E6CF326B1DDB0FAFEA0"
    b"978"
    b"006000003"
    b"010\xc4\x8deks 88/1"
    b"\x9e\x48\xf8\xb0\xc5\x4d\xdc\x39"
)
SALE = Request(
    command="sale",
    terminal="00000012",
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


def test_a_sale_is_these_bytes():
    fields = request_to_fields(SALE, zone=RIGA, codes=CODES, random=b"8 random")
    assert pack(fields, MAC) == GOLDEN_SALE
    back = request_from_fields(unpack(GOLDEN_SALE), "sale", CONTEXT)
    assert back == SALE


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
        b"0210"
        b"\x32\x38\x00\x00\x0e\x81\x84\x13"  # 3 4 7 11 12 13 37-39 41 48 49 54 60 63 64
        b"000060"
        b"000000001750"
        b"1121081500"
        b"000412"
        b"101500"
        b"1121"
        b"000000000412"
        b"481516"
        b"00"
        b"00000012"
        b"090DS00288AD0041162PV0017TX00277GU003500BE0113;GRO-BONUS"
        b"BL0321500;1000;EUR;gift_card;GRO-GIFT"
        b"978"
        b"0406001978C0000000015006002978C000000001000"
        b"006000003"
        b"020SL015CBZa\xc4\xbcais grozs"
        b"\x93\x34\x07\xda\x4f\x2c\x94\x7e"
    )
    assert pack(answer_to_fields(answer, echo(unpack(GOLDEN_SALE))), MAC) == golden
    assert answer_from_fields(unpack(golden)) == answer


def test_a_reversal_is_these_bytes():
    request = Request(
        command="reverse",
        terminal="00000012",
        batch=3,
        operation=1_000_413,
        original=Original(batch=2, operation=1_000_412),
    )
    golden = (
        b"0400"
        b"\xa0\x20\x00\x00\x08\x80\x80\x10"  # 3 11 37 41 49 60, and the second bitmap:
        b"\x00\x00\x00\x40\x00\x00\x00\x01"  # 90 128
        b"000060"
        b"000413"
        b"000001000413"
        b"00000012"
        b"978"
        b"006000003"
        b"0000"
        b"000412"
        b"0000000000"
        b"0000000002"
        b"000001000412"
        b"\x34\x4c\xa2\x6a\x83\x3b\x94\x4d"
    )
    assert pack(request_to_fields(request), MAC) == golden
    assert over_the_wire(request) == request


def test_a_plain_terminal_names_the_original_by_its_six_digits():
    fields = unpack(GOLDEN_SALE)
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
        request_to_fields(alone, codes=CODES, random=bytes(8))


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
