"""What HTTP must refuse, beside what it allows; nothing is booked by a refusal."""

import http.client
import json
import re
import socket
from datetime import datetime, timedelta, timezone

import pytest

from ekarte_auth_gateway.testing import body_of
from ekarte_core import decode_answer
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, gift_card, order


@pytest.fixture
def terminal(gateway: GatewayProcess):
    made = gateway.http()
    yield made
    made.close()


def sale_body(**changes) -> bytes:
    body = {
        "terminal": town.HTTP_1,
        "batch": 1,
        "operation": town.operation(),
        "card": {"kind": "pan", "value": town.club_number()},
        "amount": 1000,
    }
    return json.dumps({**body, **changes}).encode()


def without(name: str) -> bytes:
    body = json.loads(sale_body())
    del body[name]
    return json.dumps(body).encode()


MALFORMED = {
    "no JSON": (b"{", "30", "$"),
    "no object": (b"[]", "30", "$"),
    "nothing": (b"", "30", "$"),
    "not UTF-8": (b'{"terminal": "\xff"}', "30", "$"),
    "two values": (b"{}{}", "30", "$"),
    "unknown field": (sale_body(amuont=1), "30", "amuont"),
    "unknown field within": (
        sale_body(card={"kind": "pan", "value": "1234567890", "cvv": "1"}),
        "30",
        "card.cvv",
    ),
    "command in the body": (sale_body(command="sale"), "30", "command"),
    "amount as text": (sale_body(amount="1000"), "13", "amount"),
    "amount as fraction": (sale_body(amount=10.5), "13", "amount"),
    "amount negative": (sale_body(amount=-1), "13", "amount"),
    "amount huge": (sale_body(amount=10**10), "13", "amount"),
    "amount beyond 64 bits": (sale_body(amount=10**30), "13", "amount"),
    "line amount negative": (
        sale_body(amount=None, lines=[{"amount": 1}, {"amount": -1}]),
        "13",
        "lines[1].amount",
    ),
    "tender negative": (sale_body(tender={"gift": -5}), "13", "tender.gift"),
    "batch as text": (sale_body(batch="1"), "30", "batch"),
    "operation missing": (without("operation"), "30", "operation"),
    "card missing": (without("card"), "30", "card"),
    "terminal missing": (without("terminal"), "30", "terminal"),
    "kind unknown": (sale_body(card={"kind": "x", "value": "1"}), "30", "card.kind"),
    "code too short": (sale_body(access_code="1"), "30", "access_code"),
    "other currency": (sale_body(currency="USD"), "30", "currency"),
    "time without zone": (
        sale_body(local_time="2026-11-21T10:15:00"),
        "30",
        "local_time",
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
def test_a_malformed_body_is_refused_by_field(gateway, terminal, case):
    body, rc, field = MALFORMED[case]
    before = gateway.operations()
    answer = terminal.post("sale", body)
    assert (terminal.last_status, answer.rc, answer.field) == (400, rc, field)
    assert answer.message
    connection = terminal._connection
    assert ask(terminal, "echo").rc == "00"
    assert terminal._connection is connection  # the line was not cut
    assert gateway.operations() == before


def test_a_well_formed_body_is_booked(gateway, terminal):
    before = gateway.operations()
    assert terminal.post("sale", sale_body()).rc == "00"
    assert terminal.last_status == 200
    assert gateway.operations() == before + 1


def test_a_fault_never_shows_the_value(gateway, terminal):
    value = town.club_number()
    for body in (
        sale_body(card={"kind": "pan", "value": value, "x": 1}),
        sale_body(card={"kind": value, "value": value}),
        sale_body(reference=value + "\n", card={"kind": "pan", "value": value}),
    ):
        terminal.post("sale", body)
        assert terminal.last_status == 400
        assert value.encode() not in terminal.last_raw
    assert value not in gateway.log_text()


def signed(terminal, **changes):
    return terminal.post("sale", sale_body(), **changes)


def swap(terminal, name: str, old: str, new: str):
    """Sign rightly, then change a header on its way."""
    body = sale_body()
    kept = {}
    exchange = terminal._exchange

    def change(method, path, sent, headers):
        headers = {**headers, name: headers[name].replace(old, new)}
        kept.update(headers)
        return exchange(method, path, sent, headers)

    terminal._exchange = change
    try:
        return terminal.post("sale", body)
    finally:
        del terminal._exchange


EMPTY_DIGEST = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
UNSIGNED = {
    "no Signature-Input": (
        lambda t: signed(t, headers={"Signature-Input": None}),
        "signature-input",
        "missing",
    ),
    "no Signature": (
        lambda t: signed(t, headers={"Signature": None}),
        "signature",
        "missing",
    ),
    "headers that do not parse": (
        lambda t: signed(t, headers={"Signature-Input": "sig=("}),
        "signature",
        "parsed",
    ),
    "other key": (
        lambda t: type(t)(t._base, t.terminal_id, b"k" * 32).post("sale", sale_body()),
        "signature",
        "wrong",
    ),
    "no digest": (
        lambda t: signed(t, headers={"Content-Digest": None}),
        "content-digest",
        "missing",
    ),
    "digest of something else": (
        lambda t: signed(
            t,
            headers={"Content-Digest": EMPTY_DIGEST},
        ),
        "content-digest",
        "not that of the body",
    ),
    "digest of another kind": (
        lambda t: signed(t, headers={"Content-Digest": "md5=:AAAA:"}),
        "content-digest",
        "sha-256",
    ),
    "stale": (
        lambda t: signed(
            t, created=datetime.now(timezone.utc) - timedelta(seconds=130)
        ),
        "created",
        "120 s",
    ),
    "from the future": (
        lambda t: signed(
            t, created=datetime.now(timezone.utc) + timedelta(seconds=130)
        ),
        "created",
        "120 s",
    ),
    "no nonce": (lambda t: signed(t, nonce=None), "nonce", "no nonce"),
    "long nonce": (lambda t: signed(t, nonce="n" * 65), "nonce", "longer"),
    "path not covered": (
        lambda t: signed(t, covered=("@method",)),
        "signature",
        "must cover",
    ),
    "method not covered": (
        lambda t: signed(t, covered=("@path",)),
        "signature",
        "must cover",
    ),
    "created moved": (
        lambda t: swap(t, "Signature-Input", "created=", "created=1"),
        "created",
        "120 s",
    ),
    "other algorithm": (
        lambda t: swap(t, "Signature-Input", "hmac-sha256", "ed25519"),
        "signature",
        "hmac-sha256",
    ),
    "nonce changed": (
        lambda t: swap(t, "Signature-Input", 'nonce="', 'nonce="x'),
        "signature",
        "wrong",
    ),
}


@pytest.mark.parametrize("case", UNSIGNED)
def test_a_signature_fault_is_refused_with_its_own_sentence(gateway, terminal, case):
    act, field, words = UNSIGNED[case]
    before = gateway.operations()
    answer = act(terminal)
    assert (answer.rc, answer.field) == ("63", field)
    assert words in answer.message
    assert terminal.last_status in (401, 0)
    assert ask(terminal, "echo").rc == "00"
    assert gateway.operations() == before


def test_every_signature_fault_sounds_different(terminal):
    sentences = {case: act(terminal).message for case, (act, _, _) in UNSIGNED.items()}
    alike = [{"stale", "from the future", "created moved"}]
    alike += [
        {"path not covered", "method not covered"},
        {"other key", "nonce changed"},
    ]
    kinds = len(sentences) - sum(len(group) - 1 for group in alike)
    assert len(set(sentences.values())) == kinds


def test_a_clock_that_is_two_minutes_off_is_allowed(terminal):
    for seconds in (-115, 115):
        moment = datetime.now(timezone.utc) + timedelta(seconds=seconds)
        assert signed(terminal, created=moment).rc == "00"


def test_a_nonce_is_taken_once(gateway, terminal):
    assert signed(terminal, nonce="just-once").rc == "00"
    before = gateway.operations()
    answer = signed(terminal, nonce="just-once")
    assert (terminal.last_status, answer.rc, answer.field) == (401, "63", "nonce")
    assert "used before" in answer.message
    assert gateway.operations() == before


def test_a_nonce_of_one_terminal_is_free_for_another(gateway, terminal):
    other = gateway.http(town.HTTP_2)
    assert signed(terminal, nonce="shared").rc == "00"
    body = sale_body(terminal=town.HTTP_2)
    assert other.post("sale", body, nonce="shared").rc == "00"


def test_a_nonce_is_remembered_over_a_restart(make_gateway):
    gateway = make_gateway().start_ready()
    body = sale_body()
    assert gateway.http().post("sale", body, nonce="kept").rc == "00"
    gateway.kill()
    gateway.start_ready()
    terminal = gateway.http()
    assert terminal.post("sale", body, nonce="kept").field == "nonce"
    assert terminal.post("sale", body, nonce="fresh").rc == "00"


def test_a_captured_request_for_one_path_does_not_work_on_another(terminal):
    body = sale_body()
    exchange = terminal._exchange
    terminal._exchange = lambda method, path, sent, headers: exchange(
        method, "/v1/reverse", sent, headers
    )
    try:
        answer = terminal.post("sale", body)
    finally:
        del terminal._exchange
    assert (terminal.last_status, answer.rc) == (401, "63")


def test_a_terminal_signs_for_itself_only(gateway, terminal):
    before = gateway.operations()
    answer = terminal.post("sale", sale_body(terminal=town.HTTP_2))
    assert (terminal.last_status, answer.rc, answer.field) == (401, "63", "terminal")
    assert gateway.operations() == before


def test_an_unknown_terminal_is_refused_by_name(gateway):
    stranger = gateway.http("99999999")
    answer = stranger.post("sale", sale_body(terminal="99999999"))
    assert (stranger.last_status, answer.rc, answer.field) == (401, "58", "keyid")


@pytest.mark.parametrize("other", [town.ISO_1, town.ISO_PLAIN, town.ODOO])
def test_a_terminal_of_another_protocol_cannot_come_by_http(gateway, other):
    stranger = gateway.http(other)
    answer = stranger.post("sale", sale_body(terminal=other))
    assert (stranger.last_status, answer.rc) == (401, "58")


def test_a_blocked_terminal_is_refused_though_it_signs_rightly(gateway):
    blocked = gateway.http(town.HTTP_BLOCKED)
    before = gateway.operations()
    answer = blocked.post("sale", sale_body(terminal=town.HTTP_BLOCKED))
    assert (blocked.last_status, answer.rc, answer.field) == (403, "58", "terminal")
    assert gateway.operations() == before


def test_of_several_faults_the_first_in_the_order_of_codes_is_told(gateway):
    blocked = gateway.http(town.HTTP_BLOCKED)
    for changes, status, rc in (
        ({}, 403, "58"),
        ({"amount": -1}, 403, "58"),
        ({"batch": "1"}, 403, "58"),
    ):
        answer = blocked.post("sale", sale_body(terminal=town.HTTP_BLOCKED, **changes))
        assert (blocked.last_status, answer.rc) == (status, rc)


def test_the_same_operation_with_other_content_is_a_conflict(gateway, terminal):
    value = gift_card(terminal, 1000)
    first = order("sale", terminal, card=value, amount=100)
    said = terminal.send(first)
    raw = terminal.last_raw
    before = gateway.operations()
    other = order("sale", terminal, card=value, amount=101, operation=first.operation)
    answer = terminal.send(other)
    assert (terminal.last_status, answer.rc) == (409, "94")
    assert terminal.send(first) == said
    assert (terminal.last_status, terminal.last_raw) == (200, raw)
    assert gateway.operations() == before


def test_a_large_body_is_refused_and_a_fitting_one_allowed(gateway, terminal):
    answer = terminal.post("sale", sale_body(reference="x" * 70_000))
    assert (terminal.last_status, answer.rc, answer.field) == (413, "30", "$")
    lines = [{"sku": f"{n:060d}", "amount": 5} for n in range(200)]
    assert terminal.post("sale", sale_body(amount=1000, lines=lines)).rc == "00"


def test_a_large_body_in_chunks_is_refused_too(gateway):
    connection = http.client.HTTPConnection("127.0.0.1", gateway.http_port, timeout=10)
    connection.request(
        "POST", "/v1/sale", body=iter([b"x" * 50_000] * 3), encode_chunked=True,
        headers={"Transfer-Encoding": "chunked"},
    )  # fmt: skip
    assert connection.getresponse().status == 413
    connection.close()


def test_an_encoded_body_is_refused(terminal):
    answer = signed(terminal, headers={"Content-Encoding": "gzip"})
    assert (terminal.last_status, answer.field) == (415, "content-encoding")


def test_unknown_paths_and_methods_are_told_apart(gateway, terminal):
    answer = terminal.post("steal", sale_body())
    assert (terminal.last_status, answer.rc, answer.field) == (404, "12", "command")
    assert "authorize" in answer.message
    assert decode_answer(terminal.get("/v1/sale")).rc == "12"
    assert (terminal.last_status, terminal.last_headers["Allow"]) == (405, "POST")
    terminal.get("/nothing")
    assert terminal.last_status == 404


def test_no_answer_tells_the_versions_of_our_libraries(gateway, terminal):
    for path in ("/healthz", "/readyz", "/metrics", "/openapi.json", "/x", "/v1/sale"):
        terminal.get(path)
        assert terminal.last_headers["Server"] == "ekarte"


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\n\r\n",
        b"POST /v1/sale HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/sale HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n",
    ],
)
def test_what_is_not_http_is_answered_400_and_the_next_connection_works(gateway, noise):
    with socket.create_connection(("127.0.0.1", gateway.http_port), 5) as line:
        line.sendall(noise)
        head = line.recv(65536)
    assert re.match(rb"HTTP/1\.[01] 400 ", head)
    assert b'"rc":"30"' in head
    assert gateway.ready()["ready"]


def test_body_of_leaves_defaults_out_and_reads_back():
    request = order("sale", type("T", (), {"terminal_id": "00000011"}), amount=5)
    assert set(json.loads(body_of(request))) == {
        "terminal", "batch", "operation", "amount",
    }  # fmt: skip


def test_a_command_of_the_back_office_is_refused_for_good_and_not_for_a_moment(gateway):
    terminal = gateway.http()
    body = b'{"terminal":"00000011","batch":1,"operation":1}'
    assert terminal.post("pool", body).rc == "12"
    assert terminal.last_status == 403
    assert "Retry-After" not in terminal.last_headers
    assert terminal.post("echo", b'{"terminal":"00000011"}').rc == "00"
    assert terminal.last_status == 200
