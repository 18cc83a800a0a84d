"""``./ekarte terminal``: the software terminal at the running stack."""

import argparse
import os
from typing import Any

from ekarte_stack import stack
from ekarte_stack.day_file import demo_network
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import StackError


def terminal(options: argparse.Namespace) -> int:
    """Become the software terminal, with a key of the demo network."""
    home = Home.from_environment()
    run = stack.read_run(home.run_file)
    if run is None:
        raise StackError("nothing is up", advice="./ekarte up starts the stack")
    words = words_of(home, run, options.number)
    os.chdir(CHECKOUT)
    os.execv(home.python, [str(home.python), *words, *options.words])
    return 0  # not reached: this process is the terminal now


def words_of(home: Home, run: dict[str, Any], number: str) -> list[str]:
    """Return the words that start the terminal of this number at a run."""
    known = {entry["id"]: entry for entry in run["terminals"]}
    kind = demo_network().terminals.get(number, {})
    if number not in known or kind.get("protocol") not in ("http", "iso8583"):
        ours = ", ".join(sorted(known))
        raise StackError(
            f"no such terminal: {number}",
            advice=f"one of {ours}",
        )
    mac = kind.get("mac", "hmac-sha256")
    gateway = run["gateway"]
    iso = f"iso://{gateway['iso8583']}?mac={mac}"
    keys = run.get("parameters_keys")  # with them it goes on without a line
    alone = ["--branch", kind["branch"], "--parameters-keys", ",".join(keys or ())]
    return [
        *("-m", "ekarte_terminal", "--number", number),
        *("--connect", gateway["http"] if kind["protocol"] == "http" else iso),
        *("--key-file", known[number]["key_file"]),
        *("--state", str(home.terminals / number)),
        *(alone if keys else ()),
    ]
