"""`./ekarte terminal`, as people start it: commands, and the screen in a console."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ekarte_stack.home import Home
from ekarte_stack.terminal import words_of
from ekarte_terminal.settings import load_settings
from tests.e2e.ledger_alone import LedgerAlone
from tests.gateway.gateway_process import ROOT

WAIT_S = 60.0
TERMINAL, CARD = "00000011", "9990001000000019"
CTRL_Q = b"\x11"


@pytest.fixture
def home(new_ledger: Callable[[], LedgerAlone], tmp_path: Path) -> Path:
    """A stack's folder, as far as the command looks into it."""
    run = new_ledger().run()
    for terminal in run["terminals"]:
        Path(terminal["key_file"]).chmod(0o600)
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps(run))
    (folder / "venv").symlink_to(sys.prefix)
    return folder


def command(home: Path, *words: str) -> tuple[list[str], dict[str, str]]:
    argv = [sys.executable, "-m", "ekarte_stack", "terminal", *words]
    env = {**os.environ, "EKARTE_HOME": str(home), "PYTHONPATH": str(ROOT)}
    return argv, env | {"TERM": "xterm-256color", "COLUMNS": "110", "LINES": "32"}


def shown(handle: int, what: bytes) -> bytes:
    """Read the console until something stands there."""
    seen, until = b"", time.monotonic() + WAIT_S
    while what not in seen:
        assert time.monotonic() < until, seen[-2000:]
        if select.select([handle], [], [], 1)[0]:
            seen += os.read(handle, 65536)
    return seen


def test_the_command_sells_and_its_screen_opens_and_closes(home: Path) -> None:
    argv, env = command(home, "--number", TERMINAL, "sale", "--card", CARD)
    sold = subprocess.run(
        [*argv, "--amount", "17.50"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_S,
    )
    assert sold.returncode == 0, sold.stderr
    assert sold.stdout.startswith("APPROVED  00")
    assert CARD not in sold.stdout + sold.stderr

    argv, env = command(home, "--number", TERMINAL)
    ours, theirs = pty.openpty()
    screen = subprocess.Popen(
        argv, cwd=ROOT, env=env, stdin=theirs, stdout=theirs, stderr=theirs
    )
    try:
        os.close(theirs)
        shown(ours, b"Day's end")
        os.write(ours, b"1750\r")
        os.write(ours, CARD.encode() + b"\r")
        seen = shown(ours, b"Discount")  # the quote; big digits are drawn with lines
        os.write(ours, b"\r")
        seen += shown(ours, b"APPROVED")
        assert CARD.encode() not in seen
        os.write(ours, CTRL_Q)
        assert screen.wait(WAIT_S) == 0
    finally:
        screen.kill()
        screen.wait()
        os.close(ours)


def test_it_may_decide_alone_where_the_run_tells_the_keys_of_parameters(
    home: Path,
) -> None:
    stack = Home(home)
    run = json.loads((home / "run.json").read_text())
    assert "--branch" not in words_of(stack, run, TERMINAL)
    keys = ["5a" * 32, "a5" * 32]
    words = words_of(stack, {**run, "parameters_keys": keys}, TERMINAL)
    told = dict(zip(words[2::2], words[3::2], strict=True))
    assert told["--branch"] == "G1"
    wishes = {"number": TERMINAL, "connect": told["--connect"]}
    wishes |= {"key_file": told["--key-file"], "branch": told["--branch"]}
    wishes["parameters_keys"] = told["--parameters-keys"]
    known = load_settings(None, wishes).parameters_keys
    assert [key.hex() for key in known] == keys
