"""Starts the year beside the stack, and has terminals load their parameters."""

import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from ekarte_auth_gateway.testing import TerminalError
from ekarte_core import ParametersWish, Request
from ekarte_stack import ledger
from ekarte_stack.cluster import OWNER
from ekarte_stack.day_player import HTTP, devices
from ekarte_stack.machine import Machine, core
from ekarte_stack.result import Result
from ekarte_stack.showcase.tills import FIRST_BATCH
from ekarte_stack.steps import StackError, say

SMALL_DATABASE = "ekarte_t_year"
SMALL = (*("--until", "2026-10-31"), *("--days", "75", "--customers", "36"), "--prove")
LEFT_BEHIND = ("00000061",)  # a terminal that was off all day
PARAMETERS_BATCH = FIRST_BATCH + 9_000


def live(
    machine: Machine, database: str, words: Sequence[str] = ("--languages",)
) -> None:
    """Let the year pass in a database that no server works on, with its own bar.

    Raises:
        StackError: it did not come to its end; what it has done stays in the database.
    """
    log = machine.home.log / "showcase.log"
    command = ("-m", "ekarte_stack.showcase.year", machine.databases.conf, database)
    with log.open("wb") as out:
        code = subprocess.run(
            machine.account.argv(machine.home.python, *command, *words),
            env=machine.databases.environment(),
            cwd=machine.account.home,
            stdin=subprocess.DEVNULL,
            stderr=out,
            check=False,
        ).returncode
    if code:
        raise StackError(
            f"the year ended with {code}",
            log=log,
            advice="./ekarte demo --no-year does without it",
        )


def small(machine: Machine) -> Result:
    """Live through some weeks, so that the year does not rot between real runs."""
    result = Result()
    ledger.new_copy(machine, SMALL_DATABASE)
    try:
        live(machine, SMALL_DATABASE, SMALL)
        owner = machine.cluster.address(OWNER, SMALL_DATABASE)
        core(machine, "verify", "--dsn", owner, log="showcase.log")
        result.passed += 1
    finally:
        machine.databases.drop(SMALL_DATABASE)
    return result


def load_parameters(run: Mapping[str, Any]) -> None:
    """Have terminals ask for their parameters, as they do every morning."""
    known = devices(run)
    for number, device in sorted(known.items()):
        try:
            if device.transport == HTTP and number not in LEFT_BEHIND:
                _load(device, number)
        except TerminalError as fault:
            say(f"   terminal {number} has not loaded its parameters: {fault}")
        finally:
            device.close()


def _load(device: Any, number: str) -> None:
    """Ask for the newest ones, then say that they are there."""
    version = 0
    for operation in (1, 2):
        request = Request(
            command="parameters",
            terminal=number,
            batch=PARAMETERS_BATCH,
            operation=operation,
            parameters=ParametersWish(known=version),
        )
        answer, _raw = device.send(request, repeat=False)
        if answer.parameters is not None:
            version = answer.parameters.version
