"""Gateways of the fault trials: real processes that may die at any moment."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ekarte_stack.account import Account
from ekarte_stack.home import CHECKOUT
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import answers
from ekarte_stack.steps import StackError

MODULE = "ekarte_auth_gateway"
START_S, STOP_S = 60.0, 30.0
LOOK_EVERY_S = 0.03
LEFT_BY_FAKETIME = ("/dev/shm/faketime_shm_{}", "/dev/shm/sem.faketime_sem_{}")  # noqa: S108 - libfaketime chose it
# As a shop would run it, but quicker to notice what has run out.
SETTINGS = {
    "EKARTE_HTTP": f"{LOOPBACK}:0",
    "EKARTE_ISO": f"{LOOPBACK}:0",
    "EKARTE_FRAME_TCP": f"{LOOPBACK}:0",
    "EKARTE_EXPIRE_EVERY_S": "0.5",
    "EKARTE_SEAL_EVERY_S": "1",
    "EKARTE_WAIT_S": "1",
}


class Gateway:
    """One gateway; started anew after each death, at other ports.

    Attributes:
        ports: of its doors, while it runs.
        log: what all its lives have said.
    """

    def __init__(self, account: Account, keyring: Path, folder: Path) -> None:
        """Start nothing yet; `folder` takes its log."""
        self._account, self._keyring, self._folder = account, keyring, folder
        self._process: subprocess.Popen[bytes] | None = None
        self.log = folder / "gateway.log"
        self.ports: dict[str, int] = {}

    def start(self, dsn: str, module: str, env: Mapping[str, str]) -> None:
        """Start it; it is ready when `is_ready` says so.

        Args:
            dsn: of the ledger.
            module: what it is.
            env: beyond the usual; for itself alone, not for what changes the account.
        """
        assert not self.is_alive
        self._folder.mkdir(parents=True, exist_ok=True)
        seen = self.log.stat().st_size if self.log.exists() else 0
        settings = {"EKARTE_DSN": dsn, "EKARTE_KEYRING": str(self._keyring)}
        more = {"PYTHONPATH": os.environ.get("PYTHONPATH", str(CHECKOUT))}
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._account.argv(
                    *("env", *(f"{name}={value}" for name, value in env.items())),
                    *(sys.executable, "-m", module),
                ),
                env=self._account.environment(SETTINGS | settings | more),
                cwd=self._account.home,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait(lambda: self._listening(seen), "does not listen")

    def _listening(self, seen: int) -> bool:
        """Read from the log where it listens."""
        for line in self.log.read_bytes()[seen:].splitlines():
            event = _event(line)
            if event.get("event", "").endswith("listening"):
                self.ports = {
                    "http": event["http_port"],
                    "iso": event["iso_port"],
                    "frame": event["frame_port"],
                }
                return True
        return False

    def wait_ready(self) -> None:
        """Wait until it serves: it has the ledger and the network."""
        self._wait(self.is_ready, "is not ready")

    def is_ready(self) -> bool:
        """Ask it."""
        return answers(f"http://{LOOPBACK}:{self.ports['http']}/readyz")

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None

    def check(self) -> None:
        """Say so where it has died and none of us killed it.

        Raises:
            StackError: with what it died of, and its log.
        """
        status = self._process.poll() if self._process is not None else None
        if status is not None:
            how = signal.Signals(-status).name if status < 0 else f"exit code {status}"
            raise StackError(f"a gateway has ended by itself: {how}", log=self.log)

    @property
    def pid(self) -> int:
        """The number of its process."""
        assert self._process is not None
        return self._process.pid

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it lives."""
        if self.is_alive:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it without a word."""
        self.signal(signal.SIGKILL)
        self._reap()

    def stop(self) -> None:
        """Ask it to end; insist after a while."""
        self.signal(signal.SIGTERM)
        self._reap()

    def _reap(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for left in LEFT_BY_FAKETIME:  # by one that was killed
            Path(left.format(process.pid)).unlink(missing_ok=True)

    def _wait(self, holds: Any, what: str) -> None:
        end = time.monotonic() + START_S
        while not holds():
            self.check()
            if time.monotonic() > end:
                raise StackError(f"a gateway {what} in {START_S} s", log=self.log)
            time.sleep(LOOK_EVERY_S)


def _event(line: bytes) -> dict[str, Any]:
    """Return a line of the log; empty where it is not one, or not whole."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
