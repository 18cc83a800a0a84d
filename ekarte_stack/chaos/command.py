"""``./ekarte chaos``: faults while business goes on, judged by three witnesses."""

import argparse
import json
import random
import signal
from fnmatch import fnmatch
from pathlib import Path

from ekarte_stack import stack
from ekarte_stack.chaos.faults import FAULTS
from ekarte_stack.chaos.stand import place
from ekarte_stack.chaos.trials import Fault, run
from ekarte_stack.home import Home
from ekarte_stack.steps import StackError, say

ROUNDS = 20


def chosen(only: str | None, *, short: bool) -> list[Fault]:
    """Return the faults that are asked for.

    Raises:
        StackError: there is none of this name.
    """
    if only is None:
        return [fault for fault in FAULTS if fault.short or not short]
    found = [fault for fault in FAULTS if fnmatch(fault.name, only)]
    if not found:
        names = ", ".join(fault.name for fault in FAULTS)
        raise StackError(f"no fault is called {only}", advice=f"there are: {names}")
    return found


def chaos(options: argparse.Namespace) -> int:
    """Hold the trials; 0 when nothing was lost, doubled or broken."""
    faults = chosen(options.only, short=options.short)
    rounds = options.rounds or (1 if options.short else ROUNDS)
    seed = (
        random.SystemRandom().randrange(1, 10**6)
        if options.seed is None
        else options.seed
    )
    # Servers, namespaces and a bridge would be left behind.
    signal.signal(signal.SIGTERM, stack.as_interrupt)
    say(f"seed {seed}, {rounds} rounds of {len(faults)} faults")
    with place(Home.from_environment()) as where:
        reports = run(where, faults, rounds, seed)
    rows = {report.fault.name: report.row() for report in reports}
    if options.json:
        Path(options.json).write_text(json.dumps(rows, indent=1) + "\n", "utf-8")
    bad = [one.fault.name for one in reports if one.verdict.good == one.fault.planted]
    say(f"seed {seed}: " + (f"BROKEN by {', '.join(bad)}" if bad else "all held"))
    return 1 if bad else 0
