"""A real PostgreSQL and a real gateway process for the tests of this folder.

`EKARTE_TEST_DSN` names a database from which others may be created (./ekarte test
sets it).
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from ekarte_core import Keyring, load_keyring
from tests.gateway import bank_town, town
from tests.gateway.bank_town import Acquirer
from tests.gateway.gateway_process import ROOT, GatewayProcess

MakeGateway = Callable[..., GatewayProcess]


@pytest.fixture(scope="session")
def server_dsn() -> str:
    dsn = os.environ.get("EKARTE_TEST_DSN")
    assert dsn, "set EKARTE_TEST_DSN, or run `./ekarte test`"
    return dsn


def _execute(dsn: str, statement: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(statement)
    connection.close()


def core_command(*arguments: str) -> str:
    """Run `python -m ekarte_core …` as a person would."""
    done = subprocess.run(
        [sys.executable, "-m", "ekarte_core", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def publish(dsn: str, folder: Path, **changes: Any) -> None:
    """Publish the test network from a file."""
    file = folder / "network.json"
    file.write_text(json.dumps(town.document(**changes)))
    core_command("publish", str(file), "--dsn", dsn)


@pytest.fixture(scope="session")
def keyring_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keyring"
    core_command("keyring", str(path))
    return path


@pytest.fixture(scope="session")
def keyring(keyring_file: Path) -> Keyring:
    return load_keyring(keyring_file)


@pytest.fixture(scope="session")
def template(
    server_dsn: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """A migrated ledger with the test network, that others are copied from."""
    name = f"gateway_template_{uuid.uuid4().hex[:8]}"
    _execute(server_dsn, f"CREATE DATABASE {name}")
    dsn = make_dsn(server_dsn, dbname=name)
    core_command("migrate", "--dsn", dsn)
    publish(dsn, tmp_path_factory.mktemp("network"))
    yield name
    _execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def new_ledger(server_dsn: str, template: str) -> Iterator[Callable[[], str]]:
    """Make further ledgers; all are dropped at the end."""
    names: list[str] = []

    def make() -> str:
        name = f"gateway_{uuid.uuid4().hex[:12]}"
        _execute(server_dsn, f"CREATE DATABASE {name} TEMPLATE {template}")
        names.append(name)
        return make_dsn(server_dsn, dbname=name)

    yield make
    for name in names:
        _execute(server_dsn, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def gateway(
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[GatewayProcess]:
    """One gateway for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("gateway")
    process = GatewayProcess(new_ledger(), keyring, keyring_file, folder)
    process.start_ready()
    yield process
    assert process.stop() == 0
    assert process.broken_invariants() == []


@pytest.fixture
def make_gateway(
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    tmp_path: Path,
) -> Iterator[MakeGateway]:
    """Make gateways of the test's own, each on a ledger of its own."""
    made: list[GatewayProcess] = []

    def make(**env: str) -> GatewayProcess:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        process = GatewayProcess(new_ledger(), keyring, keyring_file, folder, **env)
        made.append(process)
        return process

    yield make
    for process in made:
        process.kill()


# --- banks

BANK_KEY = "5b" * 32
BANK_ENV = {
    "EKARTE_BANK_WAIT_S": "0.5",
    "EKARTE_RETRY_FIRST_S": "0.05",
    "EKARTE_RETRY_MAX_S": "0.2",
}


@pytest.fixture(scope="session")
def bank_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the acquirer's key."""
    folder = tmp_path_factory.mktemp("bank_keys")
    (folder / "ACQ1.key").write_text(BANK_KEY + "\n")
    (folder / "ACQ1.key").chmod(0o600)
    return folder


@pytest.fixture
def host() -> Iterator[Acquirer]:
    """An acquirer's host of the test's own."""
    with Acquirer(BANK_KEY) as made:
        yield made


@pytest.fixture
def make_shop(
    make_gateway: MakeGateway, host: Acquirer, bank_keys: Path, tmp_path: Path
) -> MakeGateway:
    """Make gateways whose terminals have the host as their bank."""

    def make(**acquirer: Any) -> GatewayProcess:
        made = make_gateway(EKARTE_BANK_KEYS=str(bank_keys), **BANK_ENV)
        publish(made.dsn, tmp_path, **bank_town.network(host.port, **acquirer))
        made.start_ready()
        made.wait_for_event("bank signed on")
        return made

    return make
