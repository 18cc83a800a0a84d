"""The standby drill of docs/OPERATIONS.md: two clusters, and the first one dies."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ekarte_auth_gateway.testing import HttpTerminal, TerminalError
from ekarte_core import Keyring, Request
from tests.gateway.clusters import Cluster, clusters_of, follow
from tests.gateway.conftest import core_command, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order
from tests.gateway.test_restore import empty_database


@pytest.fixture
def clusters() -> Iterator[tuple[Cluster, Cluster]]:
    """A primary that runs, and what shall be its standby."""
    with clusters_of("primary", "standby") as (primary, standby):
        yield primary.create(), standby


def synchronous(primary: Cluster) -> None:
    primary.say(
        "ALTER SYSTEM SET synchronous_standby_names = 'standby1'",
        "SELECT pg_reload_conf()",
    )


def is_synchronous(primary: Cluster) -> Callable[[], bool]:
    query = "SELECT sync_state FROM pg_stat_replication"
    return lambda: primary.say(query) == [("sync",)]


SHORT_S = 1.5


@pytest.fixture
def impatient(
    clusters: tuple[Cluster, Cluster],
    keyring: Keyring,
    keyring_file: Path,
    tmp_path: Path,
) -> Iterator[GatewayProcess]:
    """A gateway on a primary with a synchronous standby; in the end all is well."""
    primary, standby = clusters
    empty_database(primary.dsn, "prod")
    dsn = primary.database("prod")
    core_command("migrate", "--dsn", dsn)
    publish(dsn, tmp_path)
    follow(primary, standby)
    synchronous(primary)
    wait = {"EKARTE_WAIT_S": str(SHORT_S)}
    gateway = GatewayProcess(dsn, keyring, keyring_file, tmp_path, **wait)
    try:
        gateway.start_ready()
        gateway.wait_until(is_synchronous(primary), "the standby keeps up")
        yield gateway
        assert gateway.stop() == 0
        assert gateway.broken_invariants() == []
    finally:
        gateway.kill()


def test_a_standby_takes_over_with_every_approval_and_every_hold(
    clusters, keyring, keyring_file, tmp_path
):
    primary, standby = clusters
    empty_database(primary.dsn, "prod")
    both = (
        f"host=127.0.0.1,127.0.0.1 port={primary.port},{standby.port} dbname=prod"
        " user=postgres target_session_attrs=read-write"
    )
    core_command("migrate", "--dsn", both)
    publish(both, tmp_path)
    follow(primary, standby)
    synchronous(primary)
    gateway = GatewayProcess(both, keyring, keyring_file, tmp_path)
    try:
        gateway.start_ready()
        gateway.wait_until(is_synchronous(primary), "the standby keeps up")
        terminal = gateway.http()
        value = gift_card(terminal, 5_000)
        sale = order("sale", terminal, card=value, amount=700)
        terminal.send(sale)
        said = terminal.last_raw
        held = order("authorize", terminal, card=value, amount=1_000)
        assert terminal.send(held).rc == "00"

        primary.control("stop", "--mode=immediate")  # the machine is gone
        assert ask(terminal, "sale", card=value, amount=100).rc == "91"
        standby.control("promote")
        gateway.wait_until(lambda: gateway.ready()["ready"], "the standby serves")

        terminal.send(sale)
        assert terminal.last_raw == said
        assert balance(terminal, value) == 3_300
        assert ask(terminal, "confirm", original=held.operation, amount=900).rc == "00"
        assert balance(terminal, value) == 3_400
        assert gateway.stop() == 0
        assert gateway.broken_invariants() == []
    finally:
        gateway.kill()


def test_a_wait_for_the_standby_that_somebody_cancels_approves_nothing(
    clusters, impatient
):
    """psycopg2 reports success; the operation is there, but on one machine alone."""
    (primary, standby), gateway = clusters, impatient
    terminal = gateway.http()
    value = gift_card(terminal, 5_000)
    sale = order("sale", terminal, card=value, amount=700)
    standby.control("stop", "--mode=immediate")
    with cancelling(gateway):
        assert not approved(terminal, sale)
        gateway.wait_until(lambda: is_there(gateway, sale), "it is there, alone")
        for _ in range(2):
            assert not approved(terminal, sale)
            state = order("status", terminal, original=sale.operation)
            assert not approved(terminal, state)
    standby.start()
    gateway.wait_until(is_synchronous(primary), "the standby keeps up")
    gateway.wait_until(lambda: approved(terminal, sale), "both machines have it")
    assert balance(terminal, value) == 4_300


@pytest.mark.parametrize("transport", ["http", "iso"])
def test_while_the_standby_is_away_terminals_are_told_91_in_time(
    clusters, impatient, transport
):
    (_, standby), gateway = clusters, impatient
    terminal = getattr(gateway, transport)()
    value = gift_card(terminal, 5_000)
    sale = order("sale", terminal, card=value, amount=700)
    standby.control("stop", "--mode=immediate")
    began = time.monotonic()
    assert terminal.send(sale).rc == "91"  # it waits in its commit
    assert terminal.send(sale).rc == "91"  # it waits behind the first
    assert time.monotonic() - began < 2 * SHORT_S + 5  # not a terminal's 30 s
    assert gateway.ready() == {
        "ready": False,
        "faults": ["the ledger does not answer"],
        "network_version": 1,
    }
    standby.start()
    gateway.wait_until(lambda: gateway.ready()["ready"], "it serves again")
    assert terminal.send(sale).rc == "00"
    assert balance(terminal, value) == 4_300


def approved(terminal: HttpTerminal, request: Request) -> bool:
    try:
        return terminal.send(request).rc == "00"
    except TerminalError:
        return False  # no answer promises nothing


def is_there(gateway: GatewayProcess, sale: Request) -> bool:
    (found,) = gateway.sql(
        "SELECT count(*) FROM ekarte.operation WHERE terminal = %s AND number = %s",
        sale.terminal,
        sale.operation,
    )
    return found == (1,)


@contextmanager
def cancelling(gateway: GatewayProcess) -> Iterator[None]:
    """An administrator who cancels whatever waits for the standby, again and again."""
    done = threading.Event()

    def cancel() -> None:
        while not done.wait(0.1):
            gateway.sql(
                """SELECT pg_cancel_backend(pid) FROM pg_stat_activity
                   WHERE wait_event = 'SyncRep' AND backend_type = 'client backend'"""
            )

    thread = threading.Thread(target=cancel, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
