"""A card number in any field, over any transport, reaches neither logs nor figures."""

import contextlib
import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from copy import deepcopy
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ekarte_auth_gateway.codec import (
    PROFILES,
    CodecError,
    code_keys,
    frames,
    mac_of,
    pack,
    request_to_fields,
    tags,
)
from ekarte_auth_gateway.nexo import api_key
from tests.gateway import register, town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.modem import NullModem
from tests.gateway.shop import card, order

CODE, OTHER_CODE = "27182818", "31415926"
DISCRETIONARY = "29121010000012345678"
ISO_FIELDS = [str(number) for number in range(2, 64)]
ENOUGH = 12
"""Fields that took a card number, at the least, or the test has tested nothing."""


class Desk:
    """Whoever sends: the number of a terminal is all that an order needs of it."""

    def __init__(self, terminal_id: str) -> None:
        self.terminal_id = terminal_id


def _sale(terminal: str, number: str, **fields: Any) -> Any:
    fields = {"amount": 1000, "access_code": CODE, **fields}
    fields.setdefault("local_time", datetime.now(timezone.utc))
    return order("sale", Desk(terminal), card=card(number), **fields)


def _iso(gateway: GatewayProcess, profile: str, number: str) -> Iterator[bytes]:
    """A sale with the number in each field that can hold it, one after the other."""
    terminal = {"A": town.ISO_1, "B": town.ISO_B}[profile]
    key = gateway.key(terminal)
    mac = mac_of("hmac-sha256", key)
    for field in ISO_FIELDS:
        fields = request_to_fields(
            _sale(terminal, number), codes=code_keys(key), random=lambda: b"r" * 8
        )
        for value in (number, f"{number}={DISCRETIONARY}", f"CN019{number}"):
            with contextlib.suppress(CodecError):  # it does not fit this field
                raw = pack({**fields, field: value}, mac, PROFILES[profile])
                yield raw
                yield raw[:-40]
                yield raw[:-8] + bytes(8)


def _frames(gateway: GatewayProcess, terminal: str, number: str) -> Iterator[bytes]:
    key = gateway.key(terminal)
    mac = mac_of("hmac-sha256", key)
    for tag in [*tags.REQUEST.rows, "CM", "DT", "TM", "TZ", "EM", "T2", "PB", "NB"]:
        for value in (number, f";{number}={DISCRETIONARY}?"):
            pairs = frames.write_request(
                _sale(terminal, number), codes=code_keys(key), random=lambda: b"r" * 8
            )
            pairs = [pair for pair in pairs if pair[0] != tag] + [(tag, value)]
            yield frames.pack(pairs, mac)
            yield frames.pack(pairs, mac)[:-20]
            yield frames.pack(pairs)


def _leaves(tree: Any, value: str) -> Iterator[Any]:
    """The tree with one of its leaves changed, for each leaf."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree)
    for place, below in list(entries):
        changed = deepcopy(tree)
        if isinstance(below, dict | list):
            for one in _leaves(below, value):
                changed[place] = one
                yield deepcopy(changed)
        else:
            changed[place] = value
            yield changed


def _over_tcp(port: int, messages: Iterator[bytes]) -> int:
    """Send each in a connection of its own; return how many."""
    count = 0
    for message in messages:
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            line.sendall(len(message).to_bytes(2, "big") + message)
            line.shutdown(socket.SHUT_WR)
            while line.recv(4096):
                pass
        count += 1
    return count


def _over_http(gateway: GatewayProcess, number: str) -> int:
    client = gateway.http()
    body = {
        "terminal": town.HTTP_1,
        "batch": 1,
        "operation": 1,
        "card": {"value": number, "kind": "pan"},
        "amount": 1000,
        "access_code": CODE,
        "lines": [{"group": "x", "amount": 1000, "code": "1"}],
        "tender": {"gift": 1},
        "original": {"batch": 1, "operation": 2},
    }
    bodies = [
        *_leaves(body, number),
        *_leaves(body, f"{number}={DISCRETIONARY}"),
        {**body, number: 1},
    ]
    for one in bodies:
        for raw in (json.dumps(one).encode(), json.dumps(one).encode()[:-3]):
            assert number.encode() not in client.exchange("sale", raw)
    return len(bodies)


def _over_nexo(gateway: GatewayProcess, number: str) -> int:
    key = api_key(gateway.key(town.NEXO_1))
    desk = register.Register(gateway.nexo_port, town.NEXO_1, key)
    messages = [
        desk.message("Payment", register.payment(number, 10.0)),
        desk.message("StoredValue", register.load("Load", number, 10.0)),
        desk.message("Loyalty", register.loyalty("Award", number)),
    ]
    bodies = [
        one
        for message in messages
        for value in (number, f"{number}={DISCRETIONARY}")
        for one in _leaves(message, value)
    ]
    for one in bodies:
        desk.post(json.dumps(one).encode())
    desk.post(json.dumps(messages[0]).encode()[:-9])
    return len(bodies)


OVER: dict[str, Callable[[GatewayProcess, str], int]] = {
    "http": _over_http,
    "iso_a": lambda g, number: _over_tcp(g.iso_port, _iso(g, "A", number)),
    "iso_b": lambda g, number: _over_tcp(g.iso_b_port, _iso(g, "B", number)),
    "frame": lambda g, number: _over_tcp(
        g.frame_port, _frames(g, town.FRAME_1, number)
    ),
    "nexo": _over_nexo,
}


@pytest.mark.parametrize("transport", OVER)
def test_a_card_number_in_any_field_stays_out_of_logs_and_figures(
    make_gateway, transport
):
    gateway = make_gateway(EKARTE_LOG_LEVEL="DEBUG", EKARTE_TERMINAL_RATE_MAX="100000")
    gateway.start_ready()
    number = town.gift_number()
    assert OVER[transport](gateway, number) >= ENOUGH
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=10) as page:
        figures = page.read().decode()
    assert gateway.stop() == 0
    told = gateway.log_text()
    assert len(told.splitlines()) > 2
    _assert_silent(told + figures, gateway, number)


def test_a_serial_line_tells_no_card_number_either(make_gateway, tmp_path):
    cable = NullModem(tmp_path)
    gateway = make_gateway(
        EKARTE_LOG_LEVEL="DEBUG",
        EKARTE_SERIAL=f"{cable.gateway_path}={town.SERIAL_1}@115200",
    ).start_ready()
    number = town.gift_number()
    terminal = gateway.on_line(cable.terminal_path)
    for amount in (1000, 99_999_999):
        for code in (CODE, OTHER_CODE):
            sale = _sale(town.SERIAL_1, number, amount=amount, access_code=code)
            assert terminal.send(sale).rc != "00"
    with Path(cable.terminal_path).open("wb", buffering=0) as line:
        line.write(b"\x05\x02" + f"CN019{number}".encode() + b"\x03?")
    gateway.wait_until(lambda: "serial" in gateway.log_text(), "the line's noise")
    assert gateway.stop() == 0
    cable.close()
    _assert_silent(gateway.log_text(), gateway, number)


def test_a_gateway_that_crashes_leaves_no_picture_of_its_memory(gateway):
    limits = Path(f"/proc/{gateway.pid}/limits").read_text()
    (core,) = [one for one in limits.splitlines() if "core file" in one]
    assert core.split()[4:6] == ["0", "0"]


def _assert_silent(told: str, gateway: GatewayProcess, number: str) -> None:
    key = gateway.key(town.HTTP_1).hex()
    for secret in (number, number[4:13], DISCRETIONARY, CODE, OTHER_CODE, key):
        assert secret not in told
