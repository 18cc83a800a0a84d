"""Reading requests and writing answers: every limit, every fault by its field."""

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ekarte_core import (
    COMMANDS,
    Answer,
    Balance,
    BatchTotal,
    CardRef,
    Earned,
    Parameters,
    Request,
    RequestInvalid,
    SlipLine,
    check_request,
    decode_answer,
    encode_answer,
    read_request,
)

NUMBER, CODE = "9990001000000019", "4711471147"
GOOD: dict[str, Any] = {
    "terminal": "00000017",
    "batch": 3,
    "operation": 412,
    "local_time": "2026-11-21T10:15:00+02:00",
    "card": {"kind": "pan", "value": NUMBER},
    "access_code": CODE,
    "amount": 1750,
    "currency": "EUR",
    "lines": [{"sku": "95E", "group": "fuel", "quantity": "10.000", "amount": 1750}],
    "tender": {"gift": 500, "bonus": 0},
    "original": {"batch": 3, "operation": 411},
    "partial": False,
    "reference": "receipt 88/1",
    "language": "lv",
    "slip": "text",
    "totals": [{"command": "sale", "count": 1, "amount": 5}],
    "offline": {"command": "sale", "amount_due": 1250, "tendered": {"gift": 500}},
    "parameters": {"known": 6, "chunk": 1},
}
MAX = 9_999_999_999
SALE = {"command": "sale"}


def read(command: str = "sale", /, **fields: Any) -> Request:
    body = {name: value for name, value in (GOOD | fields).items() if value is not ...}
    return read_request(command, json.dumps(body).encode())


def refused(command: str = "sale", /, **fields: Any) -> RequestInvalid:
    with pytest.raises(RequestInvalid) as fault:
        read(command, **fields)
    return fault.value


def fault_of(body: bytes) -> RequestInvalid | None:
    try:
        read_request("sale", body)
    except RequestInvalid as fault:
        return fault
    return None


def test_a_good_request_is_read():
    request = read()
    assert request.key == ("00000017", 3, 412)
    assert request.card == CardRef(kind="pan", value=NUMBER)
    assert request.local_time == datetime(2026, 11, 21, 8, 15, tzinfo=timezone.utc)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_read(command: str):
    assert read(command).command == command


@pytest.mark.parametrize("command", ["", "SALE", "pay", "sale ", "../sale"])
def test_other_commands_are_refused(command: str):
    assert refused(command).field == "command"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b'{"terminal": }']
)
def test_what_is_no_json_object_is_refused(body: bytes):
    with pytest.raises(RequestInvalid) as fault:
        read_request("sale", body)
    assert (fault.value.field, fault.value.rc) == ("$", "30")


@pytest.mark.parametrize(
    ("fields", "field", "rc"),
    [
        ({"colour": 1}, "colour", "30"),
        ({"command": "sale"}, "command", "30"),
        ({"terminal": ...}, "terminal", "30"),
        ({"terminal": 17}, "terminal", "30"),
        ({"terminal": "0000017"}, "terminal", "30"),
        ({"terminal": "0000001a"}, "terminal", "30"),
        ({"batch": -1}, "batch", "30"),
        ({"batch": 1_000_000}, "batch", "30"),
        ({"batch": "3"}, "batch", "30"),
        ({"batch": 2**70}, "batch", "30"),
        ({"operation": -1}, "operation", "30"),
        ({"operation": 10**12}, "operation", "30"),
        ({"operation": 1.5}, "operation", "30"),
        ({"operation": True}, "operation", "30"),
        ({"local_time": "yesterday"}, "local_time", "30"),
        ({"local_time": "2026-11-21T10:15:00"}, "local_time", "30"),
        ({"local_time": 5}, "local_time", "30"),
        ({"card": NUMBER}, "card", "30"),
        ({"card": {}}, "card.value", "30"),
        ({"card": {"value": ""}}, "card.value", "30"),
        ({"card": {"value": "1" * 81}}, "card.value", "30"),
        ({"card": {"value": 9990001}}, "card.value", "30"),
        ({"card": {"value": NUMBER, "kind": "face"}}, "card.kind", "30"),
        ({"card": {"value": NUMBER, "pin": "1"}}, "card.pin", "30"),
        ({"access_code": "123"}, "access_code", "30"),
        ({"access_code": "1" * 13}, "access_code", "30"),
        ({"access_code": "12a4"}, "access_code", "30"),
        ({"access_code": "١٢٣٤"}, "access_code", "30"),
        ({"access_code": 4711}, "access_code", "30"),
        ({"amount": -1}, "amount", "13"),
        ({"amount": MAX + 1}, "amount", "13"),
        ({"amount": 17.5}, "amount", "13"),
        ({"amount": "17"}, "amount", "13"),
        ({"amount": 10**30}, "amount", "13"),
        ({"currency": "eur"}, "currency", "30"),
        ({"currency": "EURO"}, "currency", "30"),
        ({"currency": ""}, "currency", "30"),
        ({"lines": {}}, "lines", "30"),
        ({"lines": [{"amount": 1}] * 201}, "lines", "30"),
        ({"lines": [{}]}, "lines[0].amount", "13"),
        ({"lines": [{"amount": 1}, {"amount": -1}]}, "lines[1].amount", "13"),
        ({"lines": [{"amount": MAX + 1}]}, "lines[0].amount", "13"),
        ({"lines": [{"amount": MAX}, {"amount": 1}]}, "lines", "13"),
        ({"lines": [{"amount": 1, "quantity": "1,5"}]}, "lines[0].quantity", "30"),
        ({"lines": [{"amount": 1, "quantity": "1.2345"}]}, "lines[0].quantity", "30"),
        ({"lines": [{"amount": 1, "quantity": 1}]}, "lines[0].quantity", "30"),
        ({"lines": [{"amount": 1, "quantity": "٣"}]}, "lines[0].quantity", "30"),
        ({"lines": [{"amount": 1, "sku": "x" * 65}]}, "lines[0].sku", "30"),
        ({"lines": [{"amount": 1, "group": "x" * 65}]}, "lines[0].group", "30"),
        ({"lines": [{"amount": 1, "group": "a\0"}]}, "lines[0].group", "30"),
        ({"lines": [{"amount": 1, "sku": "a\n"}]}, "lines[0].sku", "30"),
        ({"lines": [{"amount": 1, "price": 1}]}, "lines[0].price", "30"),
        ({"tender": {"gift": -1}}, "tender.gift", "13"),
        ({"tender": {"bonus": MAX + 1}}, "tender.bonus", "13"),
        ({"tender": {"gift": "5"}}, "tender.gift", "13"),
        ({"tender": {"cash": 5}}, "tender.cash", "30"),
        ({"tender": 5}, "tender", "30"),
        ({"original": {"batch": 1}}, "original.operation", "30"),
        ({"original": {"batch": 1, "operation": 0}}, "original.operation", "30"),
        ({"original": {"batch": -1, "operation": 1}}, "original.batch", "30"),
        (
            {"original": {"batch": 1, "operation": 1, "terminal": "x"}},
            "original.terminal",
            "30",
        ),
        ({"partial": "no"}, "partial", "30"),
        ({"partial": 1}, "partial", "30"),
        ({"reference": "x" * 65}, "reference", "30"),
        ({"reference": "a\0b"}, "reference", "30"),
        ({"reference": "a\nb"}, "reference", "30"),
        ({"language": "x" * 65}, "language", "30"),
        ({"slip": "pdf"}, "slip", "30"),
        ({"slip": "text:23"}, "slip", "30"),
        ({"slip": "text:65"}, "slip", "30"),
        ({"slip": "text:032"}, "slip", "30"),
        ({"slip": "escpos:"}, "slip", "30"),
        ({"slip": "escpos:../x"}, "slip", "30"),
        ({"slip": "escpos:" + "x" * 33}, "slip", "30"),
        ({"offline": {}}, "offline.command", "30"),
        ({"offline": {"command": "block"}}, "offline.command", "30"),
        ({"offline": SALE | {"decided": "51"}}, "offline.decided", "30"),
        ({"offline": SALE | {"discount": -1}}, "offline.discount", "13"),
        ({"offline": SALE | {"amount_due": MAX + 1}}, "offline.amount_due", "13"),
        ({"offline": SALE | {"tendered": {"cash": 1}}}, "offline.tendered", "30"),
        ({"offline": SALE | {"tendered": {"gift": -1}}}, "offline.tendered", "13"),
        ({"offline": SALE | {"counter": 2**32}}, "offline.counter", "30"),
        ({"offline": SALE | {"params_version": -1}}, "offline.params_version", "30"),
        ({"parameters": {"known": -1}}, "parameters.known", "30"),
        ({"parameters": {"chunk": 10_000}}, "parameters.chunk", "30"),
        (
            {"totals": [{"command": "x", "count": 1, "amount": 1}]},
            "totals[0].command",
            "30",
        ),
        (
            {"totals": [{"command": "sale", "count": -1, "amount": 1}]},
            "totals[0].count",
            "30",
        ),
        (
            {"totals": [{"command": "sale", "count": 1, "amount": -1}]},
            "totals[0].amount",
            "13",
        ),
        (
            {"totals": [{"command": "sale", "count": 1, "amount": 1}] * 2},
            "totals[1].command",
            "30",
        ),
        (
            {"totals": [{"command": "sale", "count": 1, "amount": 1}] * 99},
            "totals",
            "30",
        ),
    ],
    ids=lambda x: re.sub(r"\W+", " ", str(x))[:40],
)
def test_a_fault_names_its_field(fields: dict, field: str, rc: str):
    fault = refused(**fields)
    assert (fault.field, fault.rc) == (field, rc)


@pytest.mark.parametrize(
    "fields",
    [
        {"batch": 0},
        {"batch": 999_999},
        {"operation": 999_999_999_999},
        {"local_time": "2026-11-21T08:15:00Z"},
        {"local_time": None},
        {"card": {"value": "1"}},
        {"card": {"value": "1" * 80}},
        {"access_code": "1234"},
        {"access_code": "1" * 12},
        {"access_code": ...},
        {"amount": 0},
        {"amount": MAX, "lines": []},
        {"lines": [{"amount": MAX}]},
        {"lines": [{"amount": 1}] * 200},
        {"lines": [{"amount": 1, "quantity": "123456789.123"}]},
        {"tender": {}},
        {"original": {"batch": 0, "operation": 1}},
        {"reference": "x" * 64},
        {"slip": "none"},
        {"slip": "text:24"},
        {"slip": "text:64"},
        {"slip": "escpos:TM-T88III"},
        {"offline": SALE | {"decided": "10", "counter": 2**32 - 1}},
        {"offline": SALE | {"tendered": {"gift": MAX, "voucher": 0}}},
        {"parameters": {}},
        {"parameters": {"known": 2**31 - 1, "chunk": 9999}},
        {"totals": []},
    ],
    ids=lambda x: re.sub(r"\W+", " ", str(x))[:40],
)
def test_the_last_value_inside_a_limit_is_read(fields: dict):
    assert read(**fields)


def test_a_request_made_by_another_codec_has_the_same_limits():
    request = Request(command="sale", terminal="00000017", operation=1, amount=-1)
    with pytest.raises(RequestInvalid) as fault:
        check_request(request)
    assert (fault.value.field, fault.value.rc) == ("amount", "13")
    check_request(msgspec.structs.replace(request, amount=1))


FIELDS = list(GOOD)
SECRETS = st.sampled_from([NUMBER, CODE, f";{NUMBER}=4912?", int(NUMBER), int(CODE)])


@given(
    field=st.sampled_from(FIELDS),
    secret=SECRETS,
    shape=st.sampled_from(["bare", "list", "object", "deep"]),
)
def test_no_message_ever_holds_a_number_or_a_code(field: str, secret: Any, shape: str):
    value = {
        "bare": secret,
        "list": [secret],
        "object": {"kind": secret, "value": secret, "amount": secret},
        "deep": [{"amount": secret, "quantity": secret, "command": secret}],
    }[shape]
    body = json.dumps(GOOD | {field: value}).encode()
    fault = fault_of(body)
    if fault is not None:
        told = f"{fault} {fault!r} {fault.field} {fault.args} {fault.__cause__}"
        assert NUMBER not in told
        assert CODE not in told


def test_a_number_in_place_of_a_fields_name_is_not_repeated():
    for body in ({NUMBER: 1}, {"card": {NUMBER: 1}}, {"tender": {CODE: 1}}):
        with pytest.raises(RequestInvalid) as fault:
            read_request("sale", json.dumps(GOOD | body).encode())
        assert NUMBER not in str(fault.value)
        assert CODE not in str(fault.value)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused_by_field(body: bytes):
    fault = fault_of(body)
    assert fault is None or fault.field


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6))
def test_any_json_is_read_or_refused_by_field(fields: dict):
    fault = fault_of(json.dumps(GOOD | fields).encode())
    assert fault is None or (fault.field and fault.rc in ("13", "30"))


TEXT = st.text(max_size=10)
MONEY = st.integers(-(10**12), 10**12)
MOMENTS = st.datetimes(
    timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=2))]),
)
PLAIN = st.builds(
    Answer,
    rc=st.sampled_from(["00", "51"]),
    message=TEXT,
    auth_code=TEXT,
    hold_until=st.none() | MOMENTS,
    amount=MONEY,
    tendered=st.dictionaries(st.sampled_from(["gift", "bonus"]), MONEY),
    earned=st.lists(st.builds(Earned, program=TEXT, points=MONEY)).map(tuple),
    balances=st.lists(
        st.builds(
            Balance, program=TEXT, kind=TEXT, unit=TEXT, value=MONEY, available=MONEY
        ),
        max_size=3,
    ).map(tuple),
    explain=st.lists(TEXT, max_size=3).map(tuple),
    slip=st.lists(
        st.builds(
            SlipLine,
            text=TEXT,
            align=st.sampled_from(["left", "center", "right"]),
            style=st.sampled_from(["", "bold", "rule", "signature", "qr", "barcode"]),
            size=st.sampled_from(["", "double"]),
        ),
        max_size=3,
    ).map(tuple),
    slip_bytes=st.binary(max_size=8),
    exceptions=st.lists(TEXT, max_size=2).map(tuple),
    parameters=st.none()
    | st.builds(
        Parameters,
        version=st.integers(0, 9),
        kind=st.sampled_from(["full", "delta", "same"]),
        data=TEXT,
    ),
    totals=st.lists(
        st.builds(BatchTotal, command=TEXT, count=MONEY, amount=MONEY), max_size=2
    ).map(tuple),
    server_time=st.none() | MOMENTS,
)


@given(PLAIN, st.none() | PLAIN)
def test_what_is_written_is_read_back(answer: Answer, original: Answer | None):
    answer = msgspec.structs.replace(answer, original=original)
    body = encode_answer(answer)
    assert decode_answer(body) == answer
    assert encode_answer(decode_answer(body)) == body


def test_golden_bytes():
    answer = Answer(rc="00", amount=1750, tendered={"gift": 500}, params_version=7)
    assert encode_answer(answer) == (
        b'{"rc":"00","amount":1750,"tendered":{"gift":500},"params_version":7}'
    )


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_a_body_nested_without_end_is_refused_like_any_that_is_no_json(opening: str):
    for body in (opening * 10_000, '{"amount":' + opening * 10_000):
        with pytest.raises(RequestInvalid) as refused:
            read_request("sale", body.encode())
        assert refused.value.field == "$"
