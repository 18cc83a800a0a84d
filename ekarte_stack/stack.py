"""The stack in the background: up, down, status, logs, verify, clean."""

import argparse
import importlib
import json
import os
import shutil
import signal
import subprocess
from functools import partial
from pathlib import Path
from typing import Any

from ekarte_stack import gateway, ledger, odoo_server, ports, processes
from ekarte_stack import machine as machines
from ekarte_stack.cluster import GATEWAY, OWNER
from ekarte_stack.developer import make_keyring
from ekarte_stack.gateway import GatewaySettings
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.machine import Machine
from ekarte_stack.serving import Server, on_free_ports
from ekarte_stack.steps import StackError, say

DATABASE = "ekarte"
DEMO_DATABASE = "ekarte_demo"
SERVERS = ("gateway", "odoo")  # in the order in which they are stopped
Run = dict[str, Any]


def bring_up(
    machine: Machine, *, database: str, fresh: bool, run_file: Path | None = None
) -> Run:
    """Start everything on one database; return what ``run.json`` holds.

    Args:
        machine: the parts of the stack.
        database: name of the Odoo database to serve.
        fresh: replace the database by a new copy of the demo network.
        run_file: where to note what was started; default ``run.json``.
    """
    path = run_file or machine.home.run_file
    run: Run = {"pids": {}, "cluster_started_here": machine.cluster.start()}
    try:
        odoo_server.write_configuration(machine.databases)
        make_keyring(machine)
        _have_database(machine, database, fresh=fresh)
        _start_servers(machine, run, database)
    except BaseException:
        _stop(machine, run)
        raise
    machine.account.write_secret(path, json.dumps(run, indent=2) + "\n")
    return run


def take_down(machine: Machine, run_file: Path | None = None) -> bool:
    """Stop exactly what ``bring_up`` noted; False if nothing was noted."""
    path = run_file or machine.home.run_file
    run = read_run(path)
    if run is None:
        return False
    _stop(machine, run)
    path.unlink()
    return True


def read_run(path: Path) -> Run | None:
    """Return what is noted to be running."""
    try:
        run: Run = json.loads(path.read_text())
    except FileNotFoundError:
        return None
    return run


def _have_database(machine: Machine, database: str, *, fresh: bool) -> None:
    databases = machine.databases
    note = machine.home.conf / f"{database}.fingerprint"
    now = ledger.fingerprint()
    if fresh or not databases.exists(database):
        ledger.new_copy(machine, database)
    elif not note.exists() or note.read_text() != now:
        ledger.upgrade(machine, database)
    machine.account.write_secret(note, now)


def _start_servers(machine: Machine, run: Run, database: str) -> None:
    """Start Odoo, then the gateway; note in ``run`` what runs and where."""
    network = ledger.network(machine, database)
    run.update(network)
    run["postgres"] = {
        "ledger_dsn": machine.cluster.dsn(GATEWAY, database),
        "owner_dsn": machine.cluster.dsn(OWNER, database),
        "socket_dir": str(machine.cluster.sockets),
        "port": machine.cluster.port,
    }
    run["pids"]["odoo"], (port,) = on_free_ports(
        ("odoo",), partial(odoo_server.server, machine.databases, database)
    )
    url = f"http://{ports.LOOPBACK}:{port}"
    key_file = network["api_key_file"]
    run["odoo"] = {"url": url, "database": database, "api_key_file": key_file}

    def gateway_on(http_port: int, iso_port: int) -> Server:
        dsn = run["postgres"]["ledger_dsn"]
        settings = GatewaySettings(
            dsn, http_port, iso_port, url, database, Path(key_file)
        )
        return gateway.server(machine, settings)

    run["parameters_keys"] = gateway.make_parameters_key(machine)
    run["pids"]["gateway"], (http, iso) = on_free_ports(("http", "iso"), gateway_on)
    run["gateway"] = {
        "http": f"http://{ports.LOOPBACK}:{http}",
        "iso8583": f"{ports.LOOPBACK}:{iso}",
    }


def _stop(machine: Machine, run: Run) -> None:
    for name in SERVERS:
        who = run["pids"].get(name)
        if who and processes.stop(who, name):
            say(f"   stopped: {name}")
    if run.get("cluster_started_here"):
        machine.cluster.stop()


def up(options: argparse.Namespace) -> int:
    """Start the stack in the background."""
    machine = machines.prepare()
    run = read_run(machine.home.run_file)
    if run and all(processes.is_alive(run["pids"][name]) for name in SERVERS):
        say("already up")
    else:
        if run:
            say("an earlier run ended badly; stopping what is left of it")
            take_down(machine)
        run = bring_up(machine, database=DATABASE, fresh=options.fresh)
    show(run)
    say(f"written to {machine.home.run_file}")
    return 0


def down(_: argparse.Namespace) -> int:
    """Stop what up started."""
    if not take_down(machines.prepare(fetch=False)):
        say("nothing is up")
    return 0


def status(_: argparse.Namespace) -> int:
    """Tell what runs; exit code 3 if the stack is not wholly up."""
    machine = machines.prepare(fetch=False)
    run = read_run(machine.home.run_file)
    alive = {"postgres": machine.cluster.is_running()}
    for name in reversed(SERVERS):
        alive[name] = run is not None and processes.is_alive(run["pids"][name])
    for name, is_up in alive.items():
        say(f"{name:10} {'up' if is_up else 'down'}")
    if run:
        show(run)
    return 0 if all(alive.values()) else 3


def show(run: Run) -> None:
    """Print addresses and logins."""
    say(f"Odoo       {run['odoo']['url']}  (database {run['odoo']['database']})")
    say(f"gateway    {run['gateway']['http']}  ISO 8583: {run['gateway']['iso8583']}")
    for entry in run["logins"]:
        say(f"login      {entry['login']} / {entry['password']}  ({entry['role']})")


def logs(options: argparse.Namespace) -> int:
    """Show the end of the logs and what is added to them."""
    home = Home.from_environment()
    names = (
        [f"{options.name}.log"]
        if options.name
        else ["odoo.log", "gateway.log", "postgres.log"]
    )
    files = [str(home.log / name) for name in names if (home.log / name).exists()]
    if not files:
        there = sorted(path.stem for path in home.log.glob("*.log"))
        raise StackError(
            "there is no such log", advice=f"one of: {', '.join(there) or 'none'}"
        )
    follow = ["-F"] if options.follow else []
    os.execvp("tail", ["tail", "-n", str(options.lines), *follow, *files])


def verify(_: argparse.Namespace) -> int:
    """Check the invariants on the running ledger, one line each."""
    machine = machines.prepare(fetch=False)
    run = read_run(machine.home.run_file)
    if run is None or not machine.cluster.is_running():
        raise StackError("no ledger runs", advice="start it with ./ekarte up")
    return verify_run(machine, run)


def verify_run(machine: Machine, run: Run) -> int:
    """Run the core's invariants; return its exit code."""
    return subprocess.run(
        machine.account.argv(
            machine.home.python,
            "-m",
            "ekarte_core",
            "verify",
            "--dsn",
            machine.cluster.address(OWNER, run["odoo"]["database"]),
        ),
        env=machine.account.environment({"EKARTE_KEYRING": str(machine.home.keyring)}),
        cwd=machine.account.home,
        check=False,
    ).returncode


def clean(_: argparse.Namespace) -> int:
    """Stop everything and remove all state."""
    machine = machines.prepare(fetch=False)
    take_down(machine)
    machine.cluster.stop()
    packages = CHECKOUT / "tests" / "peers" / "node_modules"
    for path in (*machine.home.everything(), machine.cluster.sockets, packages):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    if not any(machine.home.path.iterdir()):
        machine.home.path.rmdir()
    say(f"removed the state in {machine.home.path}")
    return 0


def demo(options: argparse.Namespace) -> int:
    """Play a trading day on a fresh database and report on it."""
    day = importlib.import_module("ekarte_stack.day")  # the others do without it
    machine = machines.prepare()
    if read_run(machine.home.run_file):
        raise StackError("the stack is up already", advice="run ./ekarte down first")
    signal.signal(signal.SIGTERM, as_interrupt)
    run = bring_up(machine, database=DEMO_DATABASE, fresh=True)
    try:
        code: int = day.play(run)
        if options.year or (options.year is None and not options.once):
            code = max(code, _live_a_year(machine, run))
        say("")
        show(run)
        if not options.once:
            say("serving until Ctrl-C")
            signal.pause()
    except KeyboardInterrupt:
        code = 0
    finally:
        take_down(machine)
    return code


def _live_a_year(machine: Machine, run: Run) -> int:
    """Let a year pass while the servers are away: their clock is another one.

    Returns:
        0 when every invariant of the ledger holds afterwards.
    """
    showcase = importlib.import_module("ekarte_stack.showcase.start")
    database = run["odoo"]["database"]
    say("\na year of the coalition, for every screen to show; --no-year leaves it out")
    for name in SERVERS:
        processes.stop(run["pids"][name], name)
    showcase.live(machine, database)
    _start_servers(machine, run, database)
    text = json.dumps(run, indent=2) + "\n"
    machine.account.write_secret(machine.home.run_file, text)
    showcase.load_parameters(run)
    return verify_run(machine, run)


def as_interrupt(*_: object) -> None:
    """Take SIGTERM for Ctrl-C: what was started is stopped."""
    raise KeyboardInterrupt
