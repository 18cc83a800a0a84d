"""The restore drill of docs/OPERATIONS.md: a dump and the keyring are enough."""

import shutil
import subprocess
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from tests.gateway.conftest import core_command
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order


def tool(name: str) -> str:
    """A program of PostgreSQL's, where Debian has it or on the path."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    found = str(newest[-1]) if newest else shutil.which(name)
    assert found, f"no {name} on this machine"
    return found


def empty_database(server_dsn: str, name: str, drop_only: bool = False) -> None:
    connection = psycopg2.connect(server_dsn)
    connection.autocommit = True
    with connection.cursor() as cr:
        cr.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        if not drop_only:
            cr.execute(f"CREATE DATABASE {name}")
    connection.close()


def test_a_ledger_from_a_dump_goes_on_with_its_cards_holds_and_repeats(
    make_gateway, server_dsn, tmp_path
):
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    value = gift_card(terminal, 5_000)
    sale = order("sale", terminal, card=value, amount=700)
    terminal.send(sale)
    said = terminal.last_raw
    held = order("authorize", terminal, card=value, amount=1_000)
    assert terminal.send(held).rc == "00"
    dump = tmp_path / "ledger.dump"
    subprocess.run(
        [tool("pg_dump"), "--format=custom", f"--file={dump}", gateway.dsn], check=True
    )
    gateway.kill()  # the machine is gone

    name = parse_dsn(gateway.dsn)["dbname"] + "_restored"
    empty_database(server_dsn, name)
    dsn = make_dsn(server_dsn, dbname=name)
    subprocess.run(
        [tool("pg_restore"), "--exit-on-error", f"--dbname={dsn}", str(dump)],
        check=True,
    )
    core_command("verify", "--dsn", dsn)
    again = GatewayProcess(dsn, gateway.keyring, gateway.keyring_file, tmp_path)
    try:
        again.start_ready()
        terminal = again.http()
        terminal.send(sale)
        assert terminal.last_raw == said
        assert balance(terminal, value) == 3_300
        assert ask(terminal, "confirm", original=held.operation, amount=900).rc == "00"
        assert balance(terminal, value) == 3_400
        assert again.stop() == 0
        assert again.broken_invariants() == []
    finally:
        again.kill()
        empty_database(server_dsn, name, drop_only=True)
