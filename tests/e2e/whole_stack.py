"""The stack under test: asking it, and stopping and starting Odoo below it."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn

from ekarte_core import Answer, Request
from ekarte_stack import processes, serving
from ekarte_stack.day_player import devices

WAIT_S = 60.0


class WholeStack:
    """A running stack, known by its run.json."""

    def __init__(self, run_file: Path) -> None:
        self._file = run_file

    @property
    def run(self) -> dict[str, Any]:
        """What runs now; read anew, since restarts change it."""
        return json.loads(self._file.read_text())

    @property
    def home(self) -> Path:
        return Path(os.environ["EKARTE_HOME"])

    @property
    def admin_dsn(self) -> str:
        return make_dsn(
            os.environ["EKARTE_TEST_DSN"], dbname=self.run["odoo"]["database"]
        )

    def stop_odoo(self) -> list[str]:
        """Stop Odoo; return the command line it ran by."""
        who = self.run["pids"]["odoo"]
        words = Path(f"/proc/{who['pid']}/cmdline").read_bytes().split(b"\0")
        assert processes.stop(who, "Odoo"), "Odoo did not run"
        return [word.decode() for word in words if word]

    def start_odoo(self, argv: list[str], log: Path) -> None:
        """Start Odoo again on its old port; whoever takes the stack down finds it."""
        run = self.run
        run["pids"]["odoo"] = serving.start(
            serving.Server(
                name="Odoo",
                argv=argv,
                env=dict(os.environ),
                cwd=log.parent,
                log=log,
                ports=(int(run["odoo"]["url"].rpartition(":")[2]),),
                health="/web/health",
                timeout_s=180,
            )
        )
        self._file.write_text(json.dumps(run, indent=2) + "\n")

    def send(self, requests: list[Request]) -> list[Answer]:
        """Send requests of one terminal, one after the other."""
        device = devices(self.run)[requests[0].terminal]
        try:
            return [device.send(request, repeat=False)[0] for request in requests]
        finally:
            device.close()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask the database as its administrator."""
        with (
            closing(psycopg2.connect(self.admin_dsn)) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(query, values)
            return cursor.fetchall()

    def hand_in(self, document: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Deliver a settlement document to Odoo as the gateway does."""
        odoo = self.run["odoo"]
        key = Path(odoo["api_key_file"]).read_text().strip()
        request = urllib.request.Request(
            odoo["url"] + "/json/2/ekarte.settlement/receive",
            data=json.dumps({"document": document}).encode(),
            headers={
                "Authorization": f"Bearer {key}",
                "Content-Type": "application/json",
                "X-Odoo-Database": odoo["database"],
            },
        )
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with direct.open(request, timeout=WAIT_S) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)


def wait_until(holds: Callable[[], bool], what: str) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < end, f"not in {WAIT_S:.0f} s: {what}"
        time.sleep(0.1)
