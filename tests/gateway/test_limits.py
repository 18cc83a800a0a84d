"""Connections, frames, rates and idle time have limits."""

import socket
import time

import pytest

from ekarte_auth_gateway.codec import unpack
from tests.gateway import town
from tests.gateway.shop import ask, order
from tests.gateway.wire import Line, frame


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 5)


def is_closed(line: socket.socket) -> bool:
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.fixture
def hasty(make_gateway):
    return make_gateway(EKARTE_IDLE_S="2").start_ready()


def test_a_line_that_says_nothing_is_closed_and_one_that_speaks_stays(hasty):
    silent_http, silent_iso = connect(hasty.http_port), connect(hasty.iso_port)
    terminal = hasty.iso()
    http = hasty.http()
    for _ in range(7):
        assert ask(terminal, "echo").rc == "00"
        assert ask(http, "echo").rc == "00"
        kept = http._connection
        time.sleep(0.5)
    assert http._connection is kept
    assert is_closed(silent_http)
    assert is_closed(silent_iso)
    hasty.wait_for_event("idle")


def test_a_frame_that_trickles_is_given_up(hasty):
    with Line(hasty, town.ISO_1) as line:
        raw = frame(line.message(line.fields(order("echo", line))))
        started = time.monotonic()
        for position in range(len(raw) - 1):
            try:
                line.send(raw[position : position + 1])
            except OSError:
                break
            time.sleep(0.2)
            if time.monotonic() - started > 8:
                pytest.fail("still open")
        assert time.monotonic() - started < 8


def test_connections_above_the_limit_are_closed_and_room_is_reused(make_gateway):
    gateway = make_gateway(EKARTE_CONNECTIONS_MAX="3").start_ready()
    for port in (gateway.http_port, gateway.iso_port):
        kept = [connect(port) for _ in range(3)]
        time.sleep(0.1)
        surplus = connect(port)
        surplus.settimeout(3)
        assert is_closed(surplus)
        for line in kept:
            line.close()
    gateway.wait_until(
        lambda: gateway.metric("ekarte_connections") <= 1, "the others are gone"
    )
    assert ask(gateway.iso(), "echo").rc == "00"
    assert ask(gateway.http(), "echo").rc == "00"


def test_a_terminal_that_sends_too_fast_is_slowed_down(make_gateway):
    gateway = make_gateway(EKARTE_TERMINAL_RATE_MAX="1").start_ready()
    http, iso, other = gateway.http(), gateway.iso(), gateway.http(town.HTTP_2)
    told = [ask(http, "echo").rc for _ in range(5)]
    assert (told[0], told[-1], http.last_status) == ("00", "65", 429)
    assert http.last_headers["Retry-After"] == "1"
    told = [ask(iso, "echo").rc for _ in range(5)]
    assert (told[0], told[-1]) == ("00", "65")
    assert ask(other, "echo").rc == "00"
    time.sleep(1.1)
    assert ask(http, "echo").rc == "00"


def test_many_messages_in_flight_on_one_line_are_all_answered(gateway):
    with Line(gateway, town.ISO_1) as line:
        requests = [
            order("sale", line, card=town.club_number(), amount=100) for _ in range(300)
        ]
        line.send(
            b"".join(frame(line.message(line.fields(request))) for request in requests)
        )
        answers = [unpack(line.take()) for _ in requests]
    assert {fields["39"] for fields in answers} == {"00"}
    assert len({fields["37"] for fields in answers}) == 300


def test_a_thousand_idle_terminals_cost_little_memory(make_gateway):
    gateway = make_gateway().start_ready()
    lines = [connect(gateway.iso_port) for _ in range(1000)]
    gateway.wait_until(
        lambda: gateway.metric("ekarte_connections") >= 1000, "all connected"
    )
    with open(f"/proc/{gateway.pid}/status") as status:
        resident = next(line for line in status if line.startswith("VmRSS"))
    print(resident)
    assert int(resident.split()[1]) < 150_000  # kB; P11
    assert ask(gateway.iso(), "echo").rc == "00"
    for line in lines:
        line.close()
