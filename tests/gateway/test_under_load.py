"""Terminals at work while the gateway changes, stops, and comes back."""

import threading
import time
from contextlib import contextmanager

import pytest

from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal, TerminalError
from tests.gateway import town
from tests.gateway.conftest import publish
from tests.gateway.shop import balance, gift_card, order

TERMINALS = 4
# Between two sales of a terminal. What was sent while a slow machine started a gateway
# is sent once more at the end of a test, one after the other.
PAUSE_S = 0.02


class Spender:
    """Spends cent by cent, and keeps a journal as a careful till does.

    Attributes:
        sent: each request, before it goes out.
        told: its answer; one without an answer is in doubt.
        codes: every answer code that ever came, of repeats too.
        odd: the answers that are neither approvals nor requests to repeat.
    """

    def __init__(self, gateway, place, value, patient):
        if place % 2:
            self.terminal = HttpTerminal(
                gateway.url, town.HTTP_1, gateway.key(town.HTTP_1)
            )
        else:
            self.terminal = IsoTerminal(
                "127.0.0.1", gateway.iso_port, town.ISO_1, gateway.key(town.ISO_1)
            )
        self.value, self.patient = value, patient
        self.sent, self.told, self.codes, self.odd = [], {}, set(), []

    def work(self, stop):
        while not stop.is_set():
            request = order("sale", self.terminal, card=self.value, amount=1)
            self.sent.append(request)
            if not self.settle(request, stop):
                return
            stop.wait(PAUSE_S)

    def settle(self, request, stop):
        """Send, and repeat until it is decided; False: given up, it is in doubt."""
        while True:
            try:
                answer = self.terminal.send(request)
            except TerminalError:
                if not self.patient or stop.is_set():
                    return False
                time.sleep(0.05)
                continue
            self.codes.add(answer.rc)
            if answer.rc not in ("00", "91"):
                self.odd.append(answer)
            if answer.rc != "91":
                self.told[request.operation] = self.terminal.last_raw
                return True
            if not self.patient:
                return False
            time.sleep(0.05)


@contextmanager
def spending(gateway, value, patient=False):
    """Have terminals spend, all from one card, until the block ends."""
    stop = threading.Event()
    spenders = [Spender(gateway, n, value, patient) for n in range(TERMINALS)]
    threads = [
        threading.Thread(target=s.work, args=(stop,), daemon=True) for s in spenders
    ]
    for thread in threads:
        thread.start()
    try:
        yield spenders
    finally:
        stop.set()
        for thread in threads:
            thread.join()
        for spender in spenders:
            spender.terminal.close()


def has_worked(gateway, spenders, each=3):
    seen = [len(spender.told) for spender in spenders]
    gateway.wait_until(
        lambda: all(
            len(spender.told) >= before + each
            for spender, before in zip(spenders, seen, strict=True)
        ),
        "all have been served",
    )


def test_a_new_network_under_load_fails_no_request(make_gateway, tmp_path):
    gateway = make_gateway().start_ready()
    value = gift_card(gateway.http(), 50_000)
    with spending(gateway, value) as spenders:
        has_worked(gateway, spenders)
        for version in (2, 3):
            publish(gateway.dsn, tmp_path, name=f"Version {version}")
            gateway.wait_until(
                lambda v=version: gateway.ready()["network_version"] == v, "in use"
            )
            has_worked(gateway, spenders)
    assert [spender.codes for spender in spenders] == [{"00"}] * TERMINALS
    assert all(len(spender.told) == len(spender.sent) for spender in spenders)
    spent = sum(len(spender.told) for spender in spenders)
    assert balance(gateway.http(), value) == 50_000 - spent
    assert gateway.broken_invariants() == []


def test_stopped_under_load_nothing_that_was_answered_is_lost(make_gateway):
    gateway = make_gateway().start_ready()
    value = gift_card(gateway.http(), 50_000)
    with spending(gateway, value) as spenders:
        has_worked(gateway, spenders)
        assert gateway.stop() == 0
    approved = {n: raw for spender in spenders for n, raw in spender.told.items()}
    query = "SELECT number FROM ekarte.operation WHERE command = 'sale'"
    booked = {number for (number,) in gateway.sql(query)}
    assert set(approved) <= booked
    gateway.start_ready()
    for request in (request for spender in spenders for request in spender.sent):
        http = request.terminal == town.HTTP_1
        terminal = gateway.http() if http else gateway.iso()
        assert terminal.send(request).rc == "00"  # executed now, or told again
        if request.operation in approved:
            assert terminal.last_raw == approved[request.operation]
    asked = sum(len(spender.sent) for spender in spenders)
    assert balance(gateway.http(), value) == 50_000 - asked
    assert gateway.broken_invariants() == []


@pytest.mark.parametrize("ending", ["stop", "kill"])
def test_terminals_that_repeat_notice_no_restart(make_gateway, ending):
    gateway = make_gateway().start_ready()
    value = gift_card(gateway.http(), 50_000)
    with spending(gateway, value, patient=True) as spenders:
        has_worked(gateway, spenders)
        getattr(gateway, ending)()
        gateway.start_ready()
        has_worked(gateway, spenders)
    assert [answer for spender in spenders for answer in spender.odd] == []
    for request in (request for spender in spenders for request in spender.sent):
        http = request.terminal == town.HTTP_1
        assert (gateway.http() if http else gateway.iso()).send(request).rc == "00"
    asked = sum(len(spender.sent) for spender in spenders)
    assert balance(gateway.http(), value) == 50_000 - asked
    assert gateway.broken_invariants() == []
