"""The software terminal as a program of its own, against a real gateway."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.gateway.gateway_process import ROOT, GatewayProcess

PATIENCE_S = 120.0
_batch = itertools.count(1000, 10)  # one gateway serves many tests


class Till:
    """A folder with a key, a journal, and an address."""

    def __init__(
        self, gateway: GatewayProcess, folder: Path, number: str, connect: str
    ) -> None:
        self.state = folder / "state"
        self.state.mkdir()
        batch = next(_batch)
        first = self.state / f"batch-{batch:06d}.jsonl"
        first.write_text(json.dumps({"batch": batch, "next": 1}) + "\n")
        key = folder / "terminal.key"
        key.write_text(gateway.key(number).hex() + "\n")
        key.chmod(0o600)
        self.config = folder / "till.ini"
        self.config.write_text(
            f"[terminal]\nnumber = {number}\nconnect = {connect}\n"
            "key_file = terminal.key\nstate = state\ntries = 2\npause_s = 0\n"
        )

    def argv(self, *words: str) -> list[str]:
        program = [sys.executable, "-m", "ekarte_terminal"]
        return [*program, "--config", str(self.config), *words]

    def run(self, *words: str, told: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            self.argv(*words),
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            input=told,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )

    def script(self, *rows: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
        """Play commands; return the exit code and the answers."""
        told = "".join(json.dumps(row) + "\n" for row in rows)
        done = self.run("--script", "-", told=told)
        assert not done.stderr, done.stderr
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]

    def journal_text(self) -> str:
        files = sorted(self.state.glob("batch-*.jsonl"))
        return "".join(file.read_text() for file in files)
