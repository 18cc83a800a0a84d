"""A card that somebody else holds locked stalls its own operations, nobody else's."""

import threading
import time

import psycopg2
import pytest

from ekarte_auth_gateway.testing import HttpTerminal, IsoTerminal
from tests.gateway import town
from tests.gateway.shop import ask, balance, gift_card


@pytest.fixture
def lock():
    """Lock one card as a long Odoo transaction would."""
    held = []

    def take(gateway, value):
        connection = psycopg2.connect(gateway.dsn)
        connection.cursor().execute(
            "SELECT id FROM ekarte.card WHERE last4 = %s FOR UPDATE", (value[-4:],)
        )
        held.append(connection)
        return connection

    yield take
    for connection in held:
        connection.close()


def in_background(gateway, transport, value, results):
    def pay() -> None:
        terminal = (
            HttpTerminal(gateway.url, town.HTTP_2, gateway.key(town.HTTP_2))
            if transport == "http"
            else IsoTerminal(
                "127.0.0.1", gateway.iso_port, town.ISO_2, gateway.key(town.ISO_2)
            )
        )
        started = time.monotonic()
        answer = ask(terminal, "sale", card=value, amount=100)
        took_s = time.monotonic() - started
        status = getattr(terminal, "last_status", None)
        results.append((answer.rc, status, took_s))
        terminal.close()

    thread = threading.Thread(target=pay, daemon=True)
    thread.start()
    return thread


@pytest.mark.parametrize("transport", ["http", "iso"])
def test_others_are_served_at_once_and_the_card_when_it_is_free(
    make_gateway, lock, transport
):
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    value = gift_card(terminal, 1000)
    holder = lock(gateway, value)
    results = []
    waiting = in_background(gateway, transport, value, results)
    gateway.wait_until(lambda: gateway.metric("ekarte_slow_lane_depth") == 1, "slow")
    times = []
    for _ in range(50):
        started = time.monotonic()
        assert ask(terminal, "sale", card=town.club_number(), amount=100).rc == "00"
        times.append(time.monotonic() - started)
    assert sorted(times)[45] < 0.5
    assert not results
    holder.rollback()
    waiting.join()
    assert results[0][0] == "00"
    assert balance(terminal, value) == 900


@pytest.mark.parametrize(("transport", "status"), [("http", 503), ("iso", None)])
def test_a_card_that_stays_locked_is_given_up_in_time_with_91(
    make_gateway, lock, transport, status
):
    gateway = make_gateway(EKARTE_WAIT_S="1").start_ready()
    terminal = gateway.http()
    value = gift_card(terminal, 1000)
    holder = lock(gateway, value)
    results = []
    in_background(gateway, transport, value, results).join()
    rc, told, took_s = results[0]
    assert (rc, told) == ("91", status)
    assert 0.9 < took_s < 8
    holder.rollback()
    assert balance(terminal, value) == 1000
