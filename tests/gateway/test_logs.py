"""No card number, access code, track or key ever reaches a log."""

import json
import logging

import pytest

from ekarte_auth_gateway.app import JsonLines
from ekarte_auth_gateway.codec import code_keys, redact
from tests.gateway import town
from tests.gateway.shop import ask, card, gift_card, order
from tests.gateway.wire import Line, frame

SECRET = [
    ("card 9990001000000017 refused", "9990001000000017"),
    ("card 9990 0010 0000 0017 refused", "0010 0000"),
    ("card 9990-0010-0000-0017 refused", "0010-0000"),
    ("pan=9990001000000017;", "9990001000000017"),
    ('{"value":"9990001000000017"}', "9990001000000017"),
    (";9990001000000017=29121010000012345678?", "2912101"),
    ("9990001000000017D29121010000012345678", "2912101"),
    ('{"access_code": "1234"}', "1234"),
    ('{\\"access_code\\": \\"1234\\"}', "1234"),
    ("access_code='1234'", "1234"),
    ("access_code=1234", "1234"),
    ("key " + "ab" * 32, "abab"),
    ("PB032" + "0F" * 16, "0F0F"),
    ("Authorization: Bearer abc.def-ghi", "abc"),
    ("password=hunter2 host=x", "hunter2"),
    ("Signature: sig=:xyz==:", "xyz"),
]


@pytest.mark.parametrize(("line", "secret"), SECRET)
def test_a_secret_is_taken_out(line, secret):
    assert secret not in redact(line)


@pytest.mark.parametrize(
    "line",
    [
        '{"at": "2026-11-21T10:15:00.123+00:00", "operation": "00000011/3/412"}',
        "settlement 17 accepted after 3 attempts",
        "peer ('127.0.0.1', 40312)",
        "amount 99999999999",
        "new_access_code: must be 4 to 12 digits",
        "version 19.0.1.0.0",
    ],
)
def test_what_is_no_secret_stays(line):
    assert redact(line) == line


def test_the_net_covers_extras_traces_and_nested_values():
    record = logging.LogRecord(
        "ekarte_auth_gateway.flow.lane", logging.ERROR, "f", 1, "on %s",
        ("9990001000000017",), None,
    )  # fmt: skip
    record.request = {"card": {"value": "9990001000000017"}, "access_code": "4711"}
    fault = ValueError("9990001000000017")
    record.exc_info = (type(fault), fault, None)
    line = JsonLines().format(record)
    assert "9990001000000017" not in line
    assert "4711" not in line
    told = json.loads(line)
    assert told["room"] == "flow.lane"
    assert "ValueError" in told["trace"]


def test_a_day_of_business_and_mischief_leaves_no_secret_in_any_log(make_gateway):
    gateway = make_gateway(EKARTE_LOG_LEVEL="DEBUG").start_ready()
    http, iso = gateway.http(), gateway.iso()
    code, other = "27182818", "31415926"
    value = gift_card(http, 5000, code=code)
    track = f"{value}=29121010000000000"
    for terminal in (http, iso):
        for request in (
            {"card": value, "amount": 100, "access_code": code},
            {"card": value, "amount": 100, "access_code": other},
            {"card": card(track, "track2"), "amount": 100, "access_code": code},
            {"card": value, "amount": 999_999, "access_code": code},
        ):
            ask(terminal, "sale", **request)
    http.post("sale", b'{"access_code": "' + code.encode() + b'", "x": ' + b"}")
    http.post("sale", f'{{"{value}": 1, "terminal": "00000011"}}'.encode())
    gateway.http(key=b"k" * 32).post("sale", b"{}")
    with Line(gateway, town.ISO_1) as line:
        sale = order("sale", line, card=value, amount=100, access_code=code)
        raw = line.message(line.fields(sale))
        line.send(frame(raw[:-8] + bytes(8)))
        line.take()
        line.send(frame(raw[:-30]))
        line.take()
        line.send(frame(raw)[:-5])
    gateway.wait_for_event("frame cut short")
    assert gateway.stop() == 0
    told = gateway.log_text()
    keys = [gateway.key(name) for name in (town.HTTP_1, town.ISO_1)]
    secrets = [value, code, other, track]
    secrets += [key.hex() for key in keys] + [
        code_keys(key).block.hex() for key in keys
    ]
    for secret in secrets:
        assert secret not in told
        assert secret.upper() not in told
    password = gateway.dsn.partition("password=")[2].split(" ")[0]
    assert not password or password not in told
    assert len(gateway.logs()) > 5
    assert len(gateway.logs()) == len(told.splitlines())  # all of it is JSON
