"""PostgreSQL dies and comes back: nobody is told 96, and no id is given out twice.

The server takes a number from a sequence and writes that into its log like any other
change: it is on the disk when a transaction that came later is. Who keeps numbers of a
transaction that was never committed has numbers that are given out again.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest

from ekarte_core import CardRef, Keyring, LedgerConnection, Network, Request
from tests.gateway import town
from tests.gateway.clusters import Cluster, clusters_of
from tests.gateway.conftest import core_command, publish
from tests.gateway.test_restore import empty_database

SLOW = """
CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_sleep(60);
    RETURN NULL;
END $$;
CREATE TRIGGER slow AFTER INSERT ON ekarte.operation
FOR EACH STATEMENT EXECUTE FUNCTION public.slow()
"""
SLEEPS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
NOW = datetime(2026, 3, 2, 12, tzinfo=timezone.utc)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A PostgreSQL that writes its log down when somebody commits, not before."""
    with clusters_of("one") as (one,):
        one.create(wal_writer_delay="10s")
        empty_database(one.dsn, "prod")
        core_command("migrate", "--dsn", one.database("prod"))
        publish(one.database("prod"), tmp_path)
        yield one


def sale(amount: int = 500) -> Request:
    return Request(
        command="sale",
        terminal=town.HTTP_1,
        batch=1,
        operation=town.operation(),
        card=CardRef(kind="pan", value=town.club_number()),
        amount=amount,
    )


def dies_while_it_books(cluster: Cluster, ledger: LedgerConnection) -> None:
    """Kill PostgreSQL in a transaction that has taken ids; start it again."""
    network: Network = ledger.network(None)
    cluster.say_in("prod", SLOW)
    said: list[Exception] = []

    def book() -> None:
        try:
            ledger.run([sale()], network, NOW)
        except psycopg2.OperationalError as fault:
            said.append(fault)

    teller = threading.Thread(target=book, daemon=True)
    teller.start()
    while cluster.say(SLEEPS) == [(0,)]:
        assert teller.is_alive()
    cluster.control("stop", "--mode=immediate")
    teller.join(30)
    assert said, "nobody was told anything"
    cluster.start()
    cluster.say_in("prod", "DROP FUNCTION public.slow() CASCADE")


def test_ids_that_died_with_the_server_are_not_given_out_by_two(
    cluster: Cluster, keyring: Keyring
):
    dsn = cluster.database("prod")
    with (
        closing(LedgerConnection(dsn, keyring)) as one,
        closing(LedgerConnection(dsn, keyring)) as other,
    ):
        dies_while_it_books(cluster, one)
        network = one.network(None)
        told = [
            ledger.run([sale()], network, NOW)[0].rc
            for ledger in (one, other)
            for _ in range(20)
        ]
    assert told == ["00"] * 40
    ids = cluster.say_in("prod", "SELECT id FROM ekarte.operation")
    assert len(ids) == len(told)


@pytest.mark.parametrize("wire", ["socket", "network"])
def test_a_connection_that_hears_of_a_crash_is_away_and_comes_back(
    cluster: Cluster, keyring: Keyring, wire: str
):
    """One server process dies, and PostgreSQL ends all others.

    On a socket, psycopg2 then neither says OperationalError nor knows the connection
    for closed: the server's last word is there to be read, and nobody to be asked.
    """
    at = {"socket": str(cluster.data), "network": "127.0.0.1"}[wire]
    dsn = cluster.database("prod").replace("host=127.0.0.1", f"host={at}")
    request = sale()
    with closing(LedgerConnection(dsn, keyring)) as ledger:
        network = ledger.network(None)
        assert ledger.run([sale()], network, NOW)[0].rc == "00"
        with closing(psycopg2.connect(dsn)) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            time.sleep(0.2)
            with pytest.raises(psycopg2.OperationalError):
                ledger.run([request], network, NOW)
        end = time.monotonic() + 30
        rc = ""
        while rc != "00":
            assert time.monotonic() < end, rc
            try:
                rc = ledger.run([request], network, NOW)[0].rc
            except psycopg2.OperationalError:
                time.sleep(0.05)  # it recovers
