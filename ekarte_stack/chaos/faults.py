"""The table of faults."""

import os
import random
import signal
import time
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

import psycopg2

from ekarte_stack.chaos import clock, office
from ekarte_stack.chaos.clock import MIDNIGHT, SUMMER, jump, pass_by
from ekarte_stack.chaos.odoo import ODOO_FAULTS
from ekarte_stack.chaos.office import compare_books, killed_half_way, office_away
from ekarte_stack.chaos.patroni import PATRONI_FAULTS
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.small_disk import fill_disk, small_base, small_wal
from ekarte_stack.chaos.stand import PrivateLedger, Stand
from ekarte_stack.chaos.trials import Fault, Inject
from ekarte_stack.cluster import GATEWAY

DYING = "ekarte_stack.chaos.dying_gateway"
DIES_WITHIN_S, GONE_WITHIN_S = 5.0, 10.0
BENT_S = (0.6, 1.2)
LOCKED_S = 5.0
LOOK_EVERY_S = 0.02


def kill_gateway(at: Stand, dice: random.Random) -> None:
    """Kill -9, wherever it is in its work."""
    victim = dice.choice(at.gateways)
    victim.kill()
    at.connect([one for one in at.gateways if one.is_alive])
    at.wait(0, 0.3)
    at.restart(victim)
    victim.wait_ready()


def kill_between_steps(at: Stand, dice: random.Random) -> None:
    """A gateway that kills itself before or after a statement or a commit."""
    victim = dice.choice(at.gateways)
    point = dice.choice(POINTS)
    order = at.place.folder / "order"
    order.write_text(f"{point} {dice.randrange(1, 6)}")
    victim.signal(signal.SIGUSR1)
    end = time.monotonic() + DIES_WITHIN_S
    while victim.is_alive and time.monotonic() < end:
        time.sleep(LOOK_EVERY_S)
    assert not victim.is_alive, f"nothing came {point} within {DIES_WITHIN_S} s"
    at.restart(victim)
    victim.wait_ready()


POINTS = ("before-statement", "after-statement", "before-commit", "after-commit")


def kill_postgresql(at: Stand, _dice: random.Random) -> None:
    """Kill -9 of the postmaster and all its children: nothing is written any more."""
    ledger = at.ledger
    assert isinstance(ledger, PrivateLedger)
    pid = ledger.cluster.pid()
    assert pid is not None
    family = [*children(pid), pid]
    for one in reversed(family):  # the postmaster first: it would start them again
        kill(one)
    # PostgreSQL takes even a dead process, not yet collected, for a running server.
    end = time.monotonic() + GONE_WITHIN_S
    while any(Path(f"/proc/{one}").exists() for one in family):
        assert time.monotonic() < end, "nobody collects the dead PostgreSQL"
        time.sleep(LOOK_EVERY_S)
    at.wait(0, 0.5)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def kill(pid: int) -> None:
    """Kill one, if it is still there."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def end_sessions(at: Stand, _dice: random.Random) -> None:
    """PostgreSQL hangs up on the gateway, as after pg_terminate_backend."""
    for _ in range(3):
        say_as_admin(at, "end_sessions", role=GATEWAY)
        at.wait(0.05, 0.3)


def limit_connections(at: Stand, _dice: random.Random) -> None:
    """No connection left for the gateways, and those that they had are gone."""
    say_as_admin(at, "no_connections")
    say_as_admin(at, "end_sessions", role=GATEWAY)
    at.wait(0.5, 1.5)
    say_as_admin(at, "any_connections")


def lock_cards(at: Stand, dice: random.Random) -> None:
    """Another session keeps cards locked for longer than a terminal waits."""
    with closing(psycopg2.connect(at.ledger.admin_dsn(at.database))) as rival:
        with rival.cursor() as cr:
            cr.execute(QUERIES["lock_cards"], {"limit": dice.randrange(1, 6)})
        time.sleep(LOCKED_S if dice.random() < 0.25 else 1.5)
        rival.rollback()


def say_as_admin(at: Stand, query: str, **values: object) -> None:
    """Run a statement on the trial's ledger."""
    with closing(psycopg2.connect(at.ledger.admin_dsn(at.database))) as connection:
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(QUERIES[query], values)


def bend(at: Stand, _dice: random.Random, how: str) -> None:
    """Bend the wires for a while."""
    at.proxy.share, at.proxy.bend = 0.25, how
    at.wait(*BENT_S)
    at.proxy.bend = ""


def cut_all(at: Stand, _dice: random.Random) -> None:
    """Every connection breaks at once, and none can be made for a while."""
    targets, at.proxy.targets = at.proxy.targets, {}
    at.proxy.hang_up()
    at.wait(0.1, 0.8)
    at.proxy.targets = targets
    bend(at, _dice, "cut")


def _clock(name: str, text: str, inject: Inject, *, short: bool = False) -> Fault:
    return Fault(f"clock-{name}", text, inject, env=clock.variables, short=short)


def _wire(name: str, text: str, *, short: bool = True) -> Fault:
    return Fault(f"net-{name}", text, partial(bend, how=name), short=short)


FAULTS: tuple[Fault, ...] = (
    Fault("net-cut", "connections break, before a message and after it", cut_all),
    _wire("delay", "messages and answers come after the terminal has given up"),
    _wire("duplicate", "messages come twice, in one connection or in two"),
    _wire("reorder", "messages come after what was sent later: reversals come first"),
    _wire("truncate", "messages and answers end in the middle", short=False),
    _wire("merge", "messages come in pieces, or two in one piece", short=False),
    _wire("hostile", "changed copies and garbage beside every fourth message"),
    Fault(
        "pg-sessions", "PostgreSQL hangs up on the gateway", end_sessions, short=False
    ),
    Fault("pg-connections", "no connection left for the gateway", limit_connections),
    Fault("lock", "another session keeps cards locked for 1.5 or 5 s", lock_cards),
    Fault("pg-kill", "kill -9 of PostgreSQL, all of it", kill_postgresql),
    Fault("gateway-kill", "kill -9 of the gateway at any moment", kill_gateway),
    Fault(
        "gateways-kill-one", "two gateways, kill -9 of one", kill_gateway, gateways=2
    ),
    Fault(
        "gateway-steps",
        "the gateway dies before or after a statement, before or after a commit",
        kill_between_steps,
        module=DYING,
        env=lambda at: {"CHAOS_ORDER": str(at.place.folder / "order")},
    ),
    _clock("jump", "the gateway's clock jumps, by hours", jump, short=True),
    _clock("midnight", "the day ends at the gateway", partial(pass_by, whens=MIDNIGHT)),
    _clock("summer", "summer time begins and ends", partial(pass_by, whens=SUMMER)),
    Fault(
        "office-away",
        "nobody takes the settlements, or somebody who hangs up after booking",
        office_away,
        env=office.variables,
        check=compare_books,
        short=False,
    ),
    Fault(
        "office-half",
        "kill -9 of the gateway when a settlement is booked and not yet acknowledged",
        killed_half_way,
        env=office.variables,
        check=compare_books,
    ),
    Fault(
        "disk-full",
        "no room for rows",
        fill_disk,
        ledger=small_base,
        short=False,
    ),
    Fault(
        "wal-full",
        "no room for PostgreSQL's log: it ends by itself",
        fill_disk,
        ledger=small_wal,
        short=False,
    ),
    *PATRONI_FAULTS,
    *ODOO_FAULTS,
)
