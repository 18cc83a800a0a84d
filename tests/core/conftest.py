"""A real PostgreSQL for the core's tests: one migrated database, copied per test run.

`EKARTE_TEST_DSN` names a database from which others may be created (./ekarte test
sets it).
"""

import os
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

import psycopg2
import pytest
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


@pytest.fixture(scope="session")
def server_dsn() -> str:
    """The DSN that databases may be created from."""
    dsn = os.environ.get("EKARTE_TEST_DSN")
    assert dsn, "set EKARTE_TEST_DSN, or run `./ekarte test`"
    return dsn


@pytest.fixture(scope="session")
def template(server_dsn: str) -> Iterator[str]:
    """A migrated, empty ledger that each test gets a copy of."""
    name = f"core_template_{uuid.uuid4().hex[:8]}"
    _run(server_dsn, f"CREATE DATABASE {name}")
    connection = psycopg2.connect(make_dsn(server_dsn, dbname=name))
    with connection, connection.cursor() as cr:
        migrate(cr)
    connection.close()
    yield name
    _run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def dsn(server_dsn: str, template: str) -> Iterator[str]:
    """A ledger of the test's own."""
    name = f"core_{uuid.uuid4().hex[:12]}"
    _run(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_dsn(server_dsn, dbname=name)
    _run(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def keyring(tmp_path_factory: pytest.TempPathFactory) -> Keyring:
    """Fresh keys for this run."""
    path: Path = tmp_path_factory.mktemp("keys") / "keyring"
    write_new_keyring(path)
    return load_keyring(path)


@pytest.fixture
def shop(dsn: str, keyring: Keyring) -> Iterator[Shop]:
    """Terminals of a small coalition, talking to a real ledger on a fixed clock."""
    ledger = LedgerConnection(dsn, keyring)
    yield Shop(dsn, keyring, ledger, NOON)
    ledger.close()


def _run(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(statement)
    connection.close()
