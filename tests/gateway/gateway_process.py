"""A real gateway process on a real ledger, for tests over real sockets."""

import json
import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg2

from ekarte_auth_gateway.testing import (
    FrameTerminal,
    HttpTerminal,
    IsoTerminal,
    TerminalError,
)
from ekarte_core import Keyring, verify
from tests.gateway import town
from tests.ports import free_port

PATIENCE_S = 60.0  # not what is tested: a machine may have much else to do
ROOT = Path(__file__).resolve().parents[2]


class GatewayProcess:
    """Starts, stops and kills a gateway; hands out terminals that talk to it."""

    def __init__(
        self, dsn: str, keyring: Keyring, keyring_file: Path, folder: Path, **env: str
    ) -> None:
        self.dsn = dsn
        self.keyring = keyring
        self.keyring_file = keyring_file
        self.log_file = folder / "gateway.log"
        self.http_port, self.iso_port, self.iso_b_port = (free_port() for _ in range(3))
        self.frame_port, self.nexo_port = free_port(), free_port()
        self._env = {
            "EKARTE_DSN": dsn,
            "EKARTE_KEYRING": str(keyring_file),
            "EKARTE_EXPIRE_EVERY_S": "0.3",
            **env,
        }
        self.module = "ekarte_auth_gateway"
        self.context: ssl.SSLContext | None = None  # whom to trust, where HTTP has TLS
        self.since = 0  # ledger operations up to here are another test's
        self._process: subprocess.Popen[bytes] | None = None
        self._terminals: list[HttpTerminal | IsoTerminal | FrameTerminal] = []

    def start(self, **env: str) -> "GatewayProcess":
        """Start (again, on the same ports) and wait until it is ready."""
        self._env |= env
        seen = len(self.logs())
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", self.module],
                cwd=ROOT,
                stderr=log,
                stdout=log,
                env={
                    **{k: v for k, v in os.environ.items() if "EKARTE" not in k},
                    "PYTHONPATH": str(ROOT),
                    "EKARTE_HTTP": f"127.0.0.1:{self.http_port}",
                    "EKARTE_ISO": f"127.0.0.1:{self.iso_port}",
                    "EKARTE_ISO_B": f"127.0.0.1:{self.iso_b_port}",
                    "EKARTE_FRAME_TCP": f"127.0.0.1:{self.frame_port}",
                    "EKARTE_NEXO": f"127.0.0.1:{self.nexo_port}",
                    **self._env,
                },
            )
        listening = self.wait_for_event("listening", seen)
        self.http_port, self.iso_port = listening["http_port"], listening["iso_port"]
        self.iso_b_port = listening["iso_b_port"]
        self.frame_port = listening["frame_port"]
        self.nexo_port = listening["nexo_port"]
        return self

    def start_ready(self, **env: str) -> "GatewayProcess":
        """Start, and wait for the ledger and the network too."""
        self.start(**env)
        self.wait_until(self._is_ready, "the gateway is ready")
        return self

    def _is_ready(self) -> bool:
        try:
            return bool(self.ready()["ready"])
        except TerminalError:
            return False  # if it has ended, `wait_until` says so, with its log

    def stop(self) -> int:
        """Ask it to stop (SIGTERM) and return its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a word."""
        self._end(signal.SIGKILL)

    def crash(self) -> int:
        """End it as a fault of its machine code would; return its exit code."""
        return self._end(signal.SIGSEGV)

    def _end(self, number: int) -> int:
        self.hang_up()
        process, self._process = self._process, None
        if process is None:
            return 0
        process.send_signal(number)
        try:
            return process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            raise AssertionError(f"did not stop:\n{self.log_text()[-2000:]}") from None

    @property
    def is_started(self) -> bool:
        """Whether it was started and nobody has ended it; it may have died."""
        return self._process is not None

    def kill_after(self, wait_s: float) -> None:
        """Kill it, unless it dies by itself before."""
        assert self._process is not None
        deadline = time.monotonic() + wait_s
        while self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        self.kill()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def url(self) -> str:
        scheme = "http" if self.context is None else "https"
        return f"{scheme}://127.0.0.1:{self.http_port}"

    def key(self, terminal: str) -> bytes:
        return self.keyring.terminal_key(terminal, 1)

    def http(
        self, terminal: str = town.HTTP_1, key: bytes | None = None
    ) -> HttpTerminal:
        key = key or self.key(terminal)
        made = HttpTerminal(self.url, terminal, key, self.context)
        self._terminals.append(made)
        return made

    def iso(
        self,
        terminal: str = town.ISO_1,
        key: bytes | None = None,
        mac: str = "hmac-sha256",
        profile: str = "A",
        **more: bool,
    ) -> IsoTerminal:
        port = {"A": self.iso_port, "B": self.iso_b_port}[profile]
        key = key or self.key(terminal)
        made = IsoTerminal("127.0.0.1", port, terminal, key, mac, profile, **more)
        self._terminals.append(made)
        return made

    def frame(
        self, terminal: str = town.FRAME_1, mac: str = "hmac-sha256"
    ) -> FrameTerminal:
        """A terminal that sends serial frames over TCP."""
        made = FrameTerminal.over_tcp(
            "127.0.0.1", self.frame_port, terminal, self.key(terminal), mac
        )
        self._terminals.append(made)
        return made

    def on_line(self, path: str, terminal: str = town.SERIAL_1) -> FrameTerminal:
        """A terminal at the other end of a line."""
        made = FrameTerminal.on_line(path, terminal, self.key(terminal), speed=115_200)
        self._terminals.append(made)
        return made

    def hang_up(self) -> None:
        for terminal in self._terminals:
            terminal.close()
        self._terminals.clear()

    def ready(self) -> dict[str, Any]:
        probe = HttpTerminal(self.url, "00000000", None, self.context)
        try:
            return json.loads(probe.get("/readyz"))
        finally:
            probe.close()

    def metric(self, name: str) -> float:
        """The sum of a metric over its labels."""
        probe = HttpTerminal(self.url, "00000000", None, self.context)
        try:
            page = probe.get("/metrics").decode()
        finally:
            probe.close()
        values = [
            float(line.rsplit(" ", 1)[1])
            for line in page.splitlines()
            if line.startswith((name + " ", name + "{"))
        ]
        assert values, f"no metric {name}"
        return sum(values)

    def log_text(self) -> str:
        return self.log_file.read_text() if self.log_file.exists() else ""

    def logs(self) -> list[dict[str, Any]]:
        return [
            json.loads(line)
            for line in self.log_text().splitlines()
            if line.startswith("{") and line.endswith("}")
        ]

    def wait_for_event(self, event: str, seen: int = 0) -> dict[str, Any]:
        """Wait for a log line with this text in its event, after the first `seen`."""
        found: list[dict[str, Any]] = []

        def look() -> bool:
            found[:] = [x for x in self.logs()[seen:] if event in x["event"]]
            return bool(found)

        self.wait_until(look, f"log line {event!r}")
        return found[0]

    def wait_until(self, holds: Any, what: str, wait_s: float = PATIENCE_S) -> None:
        deadline = time.monotonic() + wait_s
        while not holds():
            alive = self._process is None or self._process.poll() is None
            assert alive, f"the gateway ended:\n{self.log_text()[-3000:]}"
            late = time.monotonic() > deadline
            assert not late, f"{what}: not in {wait_s} s\n{self.log_text()[-3000:]}"
            time.sleep(0.02)

    def sql(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the ledger's database."""
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cr:
                cr.execute(query, values)
                return cr.fetchall()
        finally:
            connection.close()

    def operations(self) -> int:
        """How many operations the ledger holds."""
        return int(self.sql("SELECT count(*) FROM ekarte.operation")[0][0])

    def broken_invariants(self) -> list[str]:
        connection = psycopg2.connect(self.dsn)
        try:
            with connection, connection.cursor() as cr:
                return [
                    f"{found.code}: {found.broken} ({found.sample})"
                    for found in verify(cr)
                    if not found.holds
                ]
        finally:
            connection.close()
