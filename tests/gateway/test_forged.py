"""Signatures and MACs that somebody else made, or made for something else.

Beside test_http_refusals, test_iso_refusals and test_nexo: here every part of a request
is altered, one after the other, and nothing is booked by any of it.
"""

import base64
import hashlib
import hmac
import json
import secrets
import socket
import time
from urllib.parse import urlsplit

import pytest

from ekarte_auth_gateway.codec import code_keys, frames, mac_of, pack, unpack
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, card, gift_card, order
from tests.gateway.wire import Line, frame


def sale_body(amount: int = 1000) -> bytes:
    body = {
        "terminal": town.HTTP_1,
        "batch": 1,
        "operation": town.operation(),
        "card": {"kind": "pan", "value": town.club_number()},
        "amount": amount,
    }
    return json.dumps(body).encode()


def digest(body: bytes, name: str = "sha-256") -> str:
    made = hashlib.new(name.replace("-", ""), body).digest()
    return f"{name}=:{base64.b64encode(made).decode()}:"


class Forger:
    """Signs by hand what RFC 9421 says and what it does not, as an attacker would."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self.gateway = gateway
        self.key = gateway.key(town.HTTP_1)
        self.terminal = gateway.http()
        self.authority = urlsplit(gateway.url).netloc

    def headers(self, body: bytes, **changes) -> dict[str, str]:
        """Return headers that are right but for what is changed.

        `params` are put in place of the right parameters, `digest` in place of that of
        the body; `key` signs; `label` names the signature.
        """
        said = changes.get("digest", digest(body))
        now = int(time.time())
        params = {
            "created": str(now),
            "keyid": f'"{town.HTTP_1}"',
            "alg": '"hmac-sha256"',
            "nonce": f'"{secrets.token_hex(8)}"',
            **changes.get("params", {}),
        }
        covered = changes.get("covered", ("@method", "@path", "content-digest"))
        inner = " ".join(f'"{name}"' for name in covered)
        kept = [f"{name}={value}" for name, value in params.items() if value]
        signed = ";".join([f"({inner})", *kept])
        values = {"@method": "POST", "@path": "/v1/sale", "content-digest": said}
        base = [f'"{name}": {values[name]}' for name in covered]
        base.append(f'"@signature-params": {signed}')
        mac = hmac.new(
            changes.get("key", self.key),
            "\n".join(base).encode(),
            changes.get("hash", "sha256"),
        ).digest()
        label = changes.get("label", "sig")
        return {
            "Content-Digest": said,
            "Signature-Input": f"{label}={signed}",
            "Signature": f"{label}=:{base64.b64encode(mac).decode()}:",
        }

    def send(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Return status and answer code."""
        whole = {**headers, "Content-Type": "application/json"}
        raw = self.terminal._exchange("POST", "/v1/sale", body, whole)
        return self.terminal.last_status, json.loads(raw)["rc"]


@pytest.fixture
def forger(gateway: GatewayProcess):
    made = Forger(gateway)
    yield made
    made.terminal.close()


def test_what_is_signed_by_hand_and_rightly_is_booked(gateway, forger):
    before = gateway.operations()
    body = sale_body()
    assert forger.send(body, forger.headers(body)) == (200, "00")
    assert gateway.operations() == before + 1


FIELDS = ("terminal", "batch", "operation", "card.kind", "card.value", "amount")


def altered(body: bytes, field: str) -> bytes:
    """A body with one field changed, of the same kind as before."""
    told = json.loads(body)
    place, *below = field.split(".")
    holder = told[place] if below else told
    name = below[0] if below else place
    old = holder[name]
    holder[name] = old + 1 if isinstance(old, int) else old[:-1] + chr(ord(old[-1]) ^ 1)
    return json.dumps(told).encode()


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_changed_after_signing_is_refused(gateway, forger, field):
    body = sale_body()
    assert set(json.loads(body)) == {name.partition(".")[0] for name in FIELDS}
    headers = forger.headers(body)
    before = gateway.operations()
    assert forger.send(altered(body, field), headers) == (401, "63")
    # A digest made right again does not help: it is what was signed.
    changed = altered(body, field)
    assert forger.send(changed, {**headers, "Content-Digest": digest(changed)}) == (
        401,
        "63",
    )
    assert gateway.operations() == before


def test_every_sign_of_what_is_signed_counts(gateway, forger):
    """One sign after the other of the three headers, changed on the way."""
    body = sale_body()
    headers = forger.headers(body)
    before = gateway.operations()
    let_through = []
    for name, value in headers.items():
        for place, sign in enumerate(value):
            other = {"A": "B"}.get(sign, "A")
            changed = {**headers, name: f"{value[:place]}{other}{value[place + 1 :]}"}
            status, rc = forger.send(body, changed)
            if (status, rc) == (200, "00") and not spare_bits(value, place):
                let_through.append((name, place, sign))
    assert let_through == []
    assert gateway.operations() <= before + 1  # only the same signature, read twice


def spare_bits(value: str, place: int) -> bool:
    """Whether a sign is the last of base64 before `=`: some of its bits say nothing."""
    return value[place + 1 : place + 2] == "=" and value[place] not in ":="


CONFUSED = {
    "a key as its own number": {"key": town.HTTP_1.encode()},
    "an empty key": {"key": b""},
    "the key as hex": {"key": None},
    "another hash": {"hash": "sha512"},
    "alg of a public key": {"params": {"alg": '"ed25519"'}},
    "alg of RSA": {"params": {"alg": '"rsa-pss-sha512"'}},
    "alg none": {"params": {"alg": '"none"'}},
    "alg empty": {"params": {"alg": '""'}},
    "alg as a token": {"params": {"alg": "hmac-sha256"}},
    "alg of another case": {"params": {"alg": '"HMAC-SHA256"'}},
    "keyid of another terminal": {"params": {"keyid": f'"{town.HTTP_2}"'}},
    "keyid of nobody": {"params": {"keyid": '"99999999"'}},
    "keyid with a blank": {"params": {"keyid": f'"{town.HTTP_1} "'}},
    "keyid as a number": {"params": {"keyid": str(int(town.HTTP_1))}},
    "keyid of an ISO terminal": {"params": {"keyid": f'"{town.ISO_1}"'}},
    "no keyid": {"params": {"keyid": ""}},
    "created as text": {"params": {"created": f'"{int(time.time())}"'}},
    "created as a fraction": {"params": {"created": f"{int(time.time())}.5"}},
    "created as a truth": {"params": {"created": "?1"}},
    "created beyond all time": {"params": {"created": "999999999999999"}},
    "created before all time": {"params": {"created": "-999999999999999"}},
    "no created": {"params": {"created": ""}},
    "expired": {"params": {"expires": "1"}},
    "expires as text": {"params": {"expires": '"later"'}},
    "nonce as bytes": {"params": {"nonce": ":AAAA:"}},
    "nonce as a number": {"params": {"nonce": "1"}},
    "nonce empty": {"params": {"nonce": '""'}},
    "a parameter of nobody": {"params": {"admin": '"1"'}},
    "body not covered": {"covered": ("@method", "@path")},
    "nothing covered": {"covered": ()},
    "a digest of nothing as well": {"digest": f"{digest(b'')}, {digest(b'x')}"},
    "a digest of another kind": {"digest": digest(b"", "sha-512")},
}


@pytest.mark.parametrize("case", CONFUSED)
def test_another_algorithm_key_or_parameter_is_refused(gateway, forger, case):
    changes = dict(CONFUSED[case])
    if changes.get("key", b"") is None:
        changes["key"] = forger.key.hex().encode()
    body = sale_body()
    before = gateway.operations()
    status, rc = forger.send(body, forger.headers(body, **changes))
    assert (status, rc) in {(401, "63"), (401, "58")}
    assert gateway.operations() == before


@pytest.mark.parametrize(
    "second",
    ["own label", "same label", "first right and then wrong"],
)
def test_two_signatures_are_none(gateway, forger, second):
    """Else one part of the gateway could look at the one and one at the other."""
    body = sale_body()
    good = forger.headers(body)
    bad = forger.headers(
        body, key=b"k" * 32, label="evil" if second == "own label" else "sig"
    )
    order_ = (good, bad) if second.startswith("first") else (bad, good)
    joined = {
        name: f"{order_[0][name]}, {order_[1][name]}"
        for name in ("Signature-Input", "Signature")
    }
    before = gateway.operations()
    status, rc = forger.send(body, {**good, **joined})
    assert (status, rc) == (401, "63")
    assert gateway.operations() == before
    assert forger.send(body, forger.headers(body)) == (200, "00")


def test_a_replay_under_another_body_batch_or_clock_is_refused(gateway, forger):
    body = sale_body()
    headers = forger.headers(body)
    assert forger.send(body, headers) == (200, "00")
    before = gateway.operations()
    assert forger.send(body, headers) == (401, "63")  # the very same
    for late_s in (-121, 121, -86_400, 86_400):
        created = {"created": str(int(time.time()) + late_s)}
        assert forger.send(body, forger.headers(body, params=created)) == (401, "63")
    # Signed anew, it is a repeat: answered, and booked once.
    assert forger.send(body, forger.headers(body)) == (200, "00")
    assert gateway.operations() == before


# --- ISO 8583 and frames


def test_every_byte_of_an_iso_message_counts(gateway):
    """Length and type, each field, and the MAC: one bit of each byte, inverted."""
    with Line(gateway, town.ISO_1) as line:
        raw = line.message(line.fields(order("echo", line)))
        line.send(frame(raw))
        assert unpack(line.take())["39"] == "00"
        sale = order("sale", line, card=card(town.club_number()), amount=1000)
        raw = line.message(line.fields(sale))
    before = gateway.operations()
    line = None
    for place in range(len(raw)):
        line = line or Line(gateway, town.ISO_1)
        line.send(frame(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]))
        answer = line.take()
        if not answer:  # what cannot be read is not answered: the line is cut
            line.__exit__()
            line = None
            continue
        assert unpack(answer)["39"] != "00", place
    assert gateway.operations() == before
    with Line(gateway, town.ISO_1) as line:
        line.send(frame(raw))
        assert unpack(line.take())["39"] == "00"
    assert gateway.operations() == before + 1


@pytest.mark.parametrize("kind", ["aes-cmac", "x9.19"])
def test_a_mac_of_another_kind_with_the_right_key_is_refused(gateway, kind):
    """A terminal's algorithm stands in its record; a message does not choose."""
    before = gateway.operations()
    with Line(gateway, town.ISO_1) as line:
        sale = order("sale", line, card=card(town.club_number()), amount=1000)
        line.send(frame(pack(line.fields(sale), mac_of(kind, line.key))))
        assert unpack(line.take())["39"] == "63"
        assert gateway.operations() == before
        line.send(frame(line.message(line.fields(sale))))
        assert unpack(line.take())["39"] == "00"
    assert gateway.operations() == before + 1


def test_a_message_of_one_transport_is_none_of_another(gateway):
    """The same terminal's key is not the same key for HTTP, ISO 8583 and codes."""
    before = gateway.operations()
    wrong = gateway.iso(town.ISO_1, key=gateway.key(town.HTTP_1))
    body = sale_body()
    http = gateway.http(town.HTTP_1)
    http.use_key(gateway.key(town.ISO_1))
    assert http.post("sale", body).rc == "63"
    wrong.close()
    http.use_key(gateway.key(town.HTTP_1))
    assert gateway.operations() == before
    assert http.post("sale", body).rc == "00"
    http.close()


def test_every_byte_of_a_frame_counts(gateway):
    terminal = gateway.frame()
    assert ask(terminal, "echo").rc == "00"
    key = gateway.key(terminal.terminal_id)
    sale = order("sale", terminal, card=card(town.club_number()), amount=1000)
    terminal.close()
    pairs = frames.write_request(sale, codes=code_keys(key), random=lambda: b"r" * 8)
    raw = frames.pack(pairs, mac_of("hmac-sha256", key))
    before = gateway.operations()
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        send_frame(gateway, changed)
    assert gateway.operations() == before
    send_frame(gateway, raw)
    assert gateway.operations() == before + 1


def send_frame(gateway: GatewayProcess, message: bytes) -> None:
    with socket.create_connection(("127.0.0.1", gateway.frame_port), 10) as line:
        line.sendall(frame(message))
        line.shutdown(socket.SHUT_WR)
        while line.recv(4096):
            pass


# --- access codes


def test_a_code_is_guessed_three_times_over_all_terminals_and_transports_together(
    gateway,
):
    shop = gateway.http()
    value, other = (gift_card(shop, 1000, code="2718") for _ in range(2))
    thieves = [gateway.http(town.HTTP_2), gateway.iso(), gateway.frame()]
    booked = "SELECT count(*) FROM ekarte.entry"
    before = gateway.sql(booked)
    tried = [
        ask(thief, "sale", card=value, amount=1, access_code=f"000{place}").rc
        for place, thief in enumerate(thieves)
    ]
    assert set(tried) <= {"55", "75"}
    # The right one comes too late, wherever it is said; another card is as it was.
    for terminal in (shop, *thieves):
        told = ask(terminal, "sale", card=value, amount=1, access_code="2718")
        assert told.rc == "75"
    assert gateway.sql(booked) == before
    assert ask(shop, "sale", card=other, amount=1, access_code="2718").rc == "00"
    for terminal in (shop, *thieves):
        terminal.close()
