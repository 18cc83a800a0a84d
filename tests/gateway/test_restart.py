"""The gateway may stop or die between any two steps; nothing is lost or doubled."""

import signal
import socket
import threading
import time

import psycopg2
import pytest

from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal, TerminalError
from tests.gateway import town
from tests.gateway.conftest import publish
from tests.gateway.shop import ask, balance, card, gift_card, order

ENDINGS = ["stop", "kill"]


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("transport", ["http", "iso"])
def test_a_hold_outlives_the_gateway(make_gateway, ending, transport):
    gateway = make_gateway().start_ready()
    terminal = getattr(gateway, transport)()
    value = gift_card(terminal, 5000)
    held = order("authorize", terminal, card=value, amount=3000)
    assert terminal.send(held).rc == "00"
    getattr(gateway, ending)()
    gateway.start_ready()
    terminal = getattr(gateway, transport)()
    assert balance(terminal, value) == 2000
    assert ask(terminal, "confirm", original=held.operation, amount=2500).rc == "00"
    assert balance(terminal, value) == 2500
    assert gateway.broken_invariants() == []


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_repeat_is_the_same_to_the_byte_after_a_restart(make_gateway, ending):
    gateway = make_gateway().start_ready()
    requests, said = [], []
    for terminal in (gateway.http(), gateway.iso()):
        value = gift_card(terminal, 5000)
        for amount in (700, 9000):  # approved and declined
            request = order("sale", terminal, card=value, amount=amount)
            terminal.send(request)
            requests.append(request)
            said.append(terminal.last_raw)
    before = gateway.operations()
    getattr(gateway, ending)()
    gateway.start_ready()
    for request, raw in zip(requests, said, strict=True):
        terminal = gateway.http() if request.terminal == town.HTTP_1 else gateway.iso()
        terminal.send(request)
        assert terminal.last_raw == raw
    assert gateway.operations() == before


def test_a_repeat_is_the_same_though_the_network_has_changed(make_gateway, tmp_path):
    own = make_gateway().start_ready()
    terminal = own.iso()
    request = order("sale", terminal, card=town.club_number(), amount=1000)
    terminal.send(request)
    raw = terminal.last_raw
    publish(own.dsn, tmp_path, name="Renamed")
    own.wait_until(lambda: own.ready()["network_version"] == 2, "version 2 in use")
    terminal.send(request)
    assert terminal.last_raw == raw
    assert ask(terminal, "echo").params_version == 2


def test_stopping_answers_what_is_under_way(make_gateway):
    """A card that is locked elsewhere keeps its request waiting; SIGTERM comes."""
    gateway = make_gateway(EKARTE_WAIT_S="4").start_ready()
    value = gift_card(gateway.http(), 1000)
    holder = psycopg2.connect(gateway.dsn)
    holder.cursor().execute("SELECT id FROM ekarte.card FOR UPDATE")
    answers = {}

    def pay(transport: str) -> None:
        terminal = (
            HttpTerminal(gateway.url, town.HTTP_1, gateway.key(town.HTTP_1))
            if transport == "http"
            else IsoTerminal(
                "127.0.0.1", gateway.iso_port, town.ISO_1, gateway.key(town.ISO_1)
            )
        )
        answers[transport] = ask(terminal, "sale", card=value, amount=100)
        terminal.close()

    threads = [
        threading.Thread(target=pay, args=(kind,), daemon=True)
        for kind in ("http", "iso")
    ]
    for thread in threads:
        thread.start()
    gateway.wait_until(
        lambda: gateway.metric("ekarte_slow_lane_depth") == 2, "both wait"
    )
    threading.Timer(0.5, holder.rollback).start()
    assert gateway.stop() == 0
    for thread in threads:
        thread.join()
    assert {kind: answer.rc for kind, answer in answers.items()} == {
        "http": "00",
        "iso": "00",
    }
    holder.close()


@pytest.mark.parametrize(
    ("door", "path", "told"),
    [("http_port", "/v1/sale", b'"rc":"91"'), ("nexo_port", "/nexo/", b"repeat")],
)
def test_who_has_sent_half_when_the_gateway_stops_is_told_to_repeat(
    make_gateway, door, path, told
):
    gateway = make_gateway().start_ready()
    head = f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", getattr(gateway, door))) as line:
        line.settimeout(60)
        line.sendall(head + b'{"half":')
        gateway.ready()  # what was sent before this has come
        began = time.monotonic()
        assert gateway.stop() == 0
        took_s = time.monotonic() - began
        answer = b"".join(iter(lambda: line.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert told in answer
    assert took_s < 9  # it did not wait for the rest, which it would not hear


def test_a_crash_leaves_in_the_log_where_the_threads_were(make_gateway):
    """Without a word nobody would know where to begin; of cards it has none."""
    gateway = make_gateway().start_ready()
    value = gift_card(gateway.http(), 1000)
    assert gateway.crash() == -signal.SIGSEGV
    told = gateway.log_text().partition("Fatal Python error: ")[2]
    assert told.startswith("Segmentation fault")
    assert "most recent call first" in told
    assert value not in gateway.log_text()


def test_a_stopped_gateway_takes_no_connection(make_gateway):
    gateway = make_gateway().start_ready()
    assert gateway.stop() == 0
    with pytest.raises(TerminalError):
        ask(gateway.http(), "echo")
    with pytest.raises(TerminalError):
        ask(gateway.iso(), "echo")


def test_killed_at_random_moments_nothing_approved_is_lost_or_doubled(make_gateway):
    """The oracle is what the client wrote down before and after each exchange."""
    gateway = make_gateway().start_ready()
    value = gift_card(gateway.iso(), 50_000)
    sent, approved = [], []
    stop = threading.Event()

    def spend() -> None:
        terminal = gateway.iso()
        while not stop.is_set():
            request = order("sale", terminal, card=card(value), amount=1)
            sent.append(request)
            for _ in range(200):
                try:
                    answer = terminal.send(request)
                except (TerminalError, OSError):
                    time.sleep(0.05)
                    continue
                if answer.rc == "00":
                    approved.append((request.operation, terminal.last_raw))
                    break
                assert answer.rc in ("91", "58"), answer
                time.sleep(0.02)  # as a terminal would, not as fast as it can

    thread = threading.Thread(target=spend, daemon=True)
    thread.start()
    try:
        for _ in range(3):
            time.sleep(0.4)
            gateway._terminals.clear()
            gateway.kill()
            gateway.start_ready()
    finally:
        stop.set()
    thread.join()
    assert len(approved) == len(sent)
    terminal = gateway.iso()
    assert balance(terminal, value) == 50_000 - len(sent)
    by_number = {request.operation: request for request in sent}
    for number, raw in approved:
        terminal.send(by_number[number])
        assert terminal.last_raw == raw
    assert gateway.broken_invariants() == []
