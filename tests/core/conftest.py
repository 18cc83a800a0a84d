"""A real PostgreSQL for the core's tests: one ledger, emptied before each test.

`EKARTE_TEST_DSN` names a database from which others may be created (./ekarte test
sets it). Emptying takes a tenth of the time of a new database; tests that change the
schema itself ask for `own_dsn`.
"""

import os
import random
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest
from hypothesis import settings
from psycopg2.extensions import make_dsn

from ekarte_core import (
    Keyring,
    LedgerConnection,
    load_keyring,
    migrate,
    write_new_keyring,
)
from tests.core.shop import Shop

NOON = datetime(2026, 11, 21, 10, 0, tzinfo=timezone.utc)

# Sessions that a failed test left open would hold locks.
END_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid();"
)
# One message for all tables: it is sent before each of thousands of tests.
FORGET = (
    END_OTHERS
    + """
SET session_replication_role = replica;
SET LOCAL synchronous_commit = off;
DO $$
DECLARE
    name text;
BEGIN
    FOR name IN
        SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
        WHERE schemaname = 'ekarte' AND tablename <> 'migration'
    LOOP
        EXECUTE 'DELETE FROM ' || name;
    END LOOP;
END
$$;
SELECT setval(format('%I.%I', schemaname, sequencename), start_value, false)
FROM pg_sequences WHERE schemaname = 'ekarte' AND last_value IS NOT NULL;
"""
)

# Databases make times uneven; a failure prints what reproduces it.
settings.register_profile("core", deadline=None, print_blob=True)
settings.load_profile("core")


@pytest.fixture(scope="session")
def server_dsn() -> str:
    """The DSN that databases may be created from."""
    dsn = os.environ.get("EKARTE_TEST_DSN")
    assert dsn, "set EKARTE_TEST_DSN, or run `./ekarte test`"
    return dsn


@pytest.fixture(scope="session")
def common_dsn(server_dsn: str) -> Iterator[str]:
    """The ledger that tests take turns with; never used without `dsn`."""
    for dsn in _database(server_dsn):
        build(dsn)
        yield dsn


@pytest.fixture(scope="session")
def bench_dsn(server_dsn: str) -> Iterator[str]:
    """The database whose schema tests may damage; never used without `own_dsn`."""
    yield from _database(server_dsn)


@pytest.fixture
def dsn(common_dsn: str) -> str:
    """An empty ledger."""
    empty(common_dsn)
    return common_dsn


@pytest.fixture
def own_dsn(bench_dsn: str) -> str:
    """An empty ledger whose schema was made anew, to be damaged at will."""
    raze(bench_dsn)
    build(bench_dsn)
    return bench_dsn


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Fresh keys for this run."""
    path: Path = tmp_path_factory.mktemp("keys") / "keyring"
    write_new_keyring(path)
    return load_keyring(path)


@pytest.fixture
def shop(dsn: str, keyring: Keyring) -> Iterator[Shop]:
    """Terminals of a small coalition, talking to a real ledger on a fixed clock."""
    shop = Shop(dsn, keyring, LedgerConnection(dsn, keyring), NOON)
    yield shop
    shop.close()


@pytest.fixture
def own_shop(own_dsn: str, keyring: Keyring) -> Iterator[Shop]:
    """The same on a database of the test's own."""
    shop = Shop(own_dsn, keyring, LedgerConnection(own_dsn, keyring), NOON)
    yield shop
    shop.close()


@pytest.fixture
def gateways(shop: Shop) -> Iterator[list[LedgerConnection]]:
    """Four gateways on the shop's ledger; where they hang, they fail in the end."""
    dsn = make_dsn(shop.dsn, options="-c lock_timeout=4s")
    found = [LedgerConnection(dsn, shop.keyring) for _ in range(4)]
    yield found
    for gateway in found:
        gateway.close()


@pytest.fixture
def dice() -> random.Random:
    """A seeded source of chance; EKARTE_TEST_SEED repeats a failed run."""
    seed = int(os.environ.get("EKARTE_TEST_SEED") or random.randrange(10**9))
    print(f"EKARTE_TEST_SEED={seed}")
    return random.Random(seed)


def empty(dsn: str) -> None:
    """Forget everything, past the triggers that refuse it, as only a superuser may."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cr:
        cr.execute(FORGET)
    connection.close()


def build(dsn: str) -> list[str]:
    """Migrate a ledger; returns what was applied."""
    connection = psycopg2.connect(dsn)
    try:
        with connection, connection.cursor() as cr:
            return migrate(cr)
    finally:
        connection.close()


def raze(dsn: str) -> None:
    """Remove the schema, whatever is in it."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cr:
        cr.execute(END_OTHERS)
        cr.execute("DROP SCHEMA IF EXISTS ekarte CASCADE")
    connection.close()


def _database(server_dsn: str) -> Iterator[str]:
    name = f"core_{uuid.uuid4().hex[:12]}"
    _run(server_dsn, f"CREATE DATABASE {name}")
    yield make_dsn(server_dsn, dbname=name)
    _run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


def _run(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(statement)
    connection.close()
