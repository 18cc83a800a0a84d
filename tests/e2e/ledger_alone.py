"""A ledger and a gateway on demo/network.json: no Odoo anywhere."""

import os
import secrets
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn

from ekarte_core import load_keyring
from ekarte_stack.day_file import NETWORK, demo_network
from tests.gateway.gateway_process import ROOT, GatewayProcess


def core(*words: str) -> str:
    """Run `python -m ekarte_core …` as a person would."""
    done = subprocess.run(
        [sys.executable, "-m", "ekarte_core", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def statement(dsn: str, text: str) -> None:
    """Run one statement outside a transaction."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(text)


class LedgerAlone:
    """A database with the demo network in it, a role for the gateway, and keys."""

    def __init__(self, folder: Path) -> None:
        self.admin = os.environ["EKARTE_TEST_DSN"]
        self.folder = folder
        self.name = f"ekarte_day_{uuid.uuid4().hex[:10]}"
        self.role = f"{self.name}_gateway"
        password = secrets.token_urlsafe(16)
        statement(self.admin, f"CREATE DATABASE {self.name}")
        statement(self.admin, f"CREATE ROLE {self.role} LOGIN PASSWORD '{password}'")
        self.owner_dsn = make_dsn(self.admin, dbname=self.name)
        self.dsn = make_dsn(self.owner_dsn, user=self.role, password=password)
        core("migrate", "--dsn", self.owner_dsn)
        core("grant", "--dsn", self.owner_dsn, "--role", self.role, "--for", "gateway")
        core("publish", str(NETWORK), "--dsn", self.owner_dsn)
        self.keyring_file = folder / "keyring"
        core("keyring", str(self.keyring_file))
        keyring = load_keyring(self.keyring_file)
        self.gateway = GatewayProcess(self.dsn, keyring, self.keyring_file, folder)

    def run(self) -> dict[str, Any]:
        """What run.json would say of it."""
        terminals = []
        for number in demo_network().terminals:
            file = self.folder / f"terminal-{number}.key"
            file.write_text(self.gateway.key(number).hex())
            terminals.append({"id": number, "key_file": str(file)})
        return {
            "terminals": terminals,
            "gateway": {
                "http": self.gateway.url,
                "iso8583": f"127.0.0.1:{self.gateway.iso_port}",
            },
            "postgres": {"ledger_dsn": self.dsn},
        }

    def drop(self) -> None:
        """Stop the gateway and leave nothing behind."""
        self.gateway.stop()
        statement(self.admin, f"DROP DATABASE {self.name} WITH (FORCE)")
        statement(self.admin, f"DROP ROLE {self.role}")
