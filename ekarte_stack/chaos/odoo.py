"""Fault trials with Odoo itself: killed, stopped and updated while it books.

One database holds the ledger and Odoo, both add-ons in it, copied from what the tests
use too. Gateways settle into it through its API, over a wire of ours (`odoo_wire`);
terminals sell all the while. `odoo_books` says whether the books are right.
"""

import ast
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psycopg2

from ekarte_stack import cluster as clusters
from ekarte_stack import ledger as ledgers
from ekarte_stack import machine as machines
from ekarte_stack import odoo_server, ports, processes
from ekarte_stack.bench_server import bench_server
from ekarte_stack.chaos import odoo_books
from ekarte_stack.chaos.odoo_wire import Wire
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.stand import SETTINGS, Ledger, Place, PrivateLedger, Stand
from ekarte_stack.chaos.trials import Fault, Inject
from ekarte_stack.cluster import ADMIN, ODOO, Cluster
from ekarte_stack.databases import UNFINISHED, Databases, own_addons
from ekarte_stack.developer import make_keyring
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.machine import Machine
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import Server, on_free_ports
from ekarte_stack.steps import StackError, run, step

TEMPLATE = "town_odoo"
KEY = "odoo-api-key"
# An Odoo with workers starts itself once more, by the file that it was started from.
PROGRAM = "odoo-bin"
PROGRAM_TEXT = "from odoo.cli.command import main\n\nmain()\n"
TOOLS = "pg_dump and pg_restore belong beside initdb: install postgresql-client"
CARDS = 48  # trials are long: what is held on a few cards would end all business
WORKERS = "--workers=2"  # as in production: a parent and its children
GONE_WITHIN_S, SEEN_WITHIN_S, UPGRADED_WITHIN_S = 10.0, 60.0, 600.0
LOOK_EVERY_S = 0.005
# Odoo's log: tables of an add-on of ours, then each of its files into the database.
LOADS = re.compile(rb" loading (module )?ekarte_", re.IGNORECASE)
LATE_S = 0.3
MOMENTS = ("any", "booking", "told")


@dataclass(frozen=True)
class OdooHome(Home):
    """A home of the trials' own, with the programs of another.

    Attributes:
        programs: the virtual environment.
    """

    programs: Path

    @property
    def venv(self) -> Path:
        """Where Python lies."""
        return self.programs


class OdooLedger(PrivateLedger):
    """A ledger in Odoo's database, and Odoo as a server on it.

    Attributes:
        machine: cluster, databases and programs of the trials' own.
        key_file: the gateways' API key.
        wire: where gateways find Odoo.
        database: that Odoo serves; none before the first.
        url: where it does.
        settled: how many documents earlier trials have left there.
    """

    def __init__(self, machine: Machine, key_file: Path) -> None:
        """Take a machine with the template in it; serve nothing yet."""
        super().__init__(machine.cluster)
        self.machine, self.key_file = machine, key_file
        self.wire = Wire()
        self.database = self.url = ""
        self._who: processes.Identity | None = None
        self._port = self.settled = 0

    def new(self, name: str) -> None:
        """Make a database with everything in it; the one before goes."""
        self.kill()
        if self.database:
            self.machine.databases.drop(self.database)
        self.machine.databases.copy(TEMPLATE, name)
        self.database, self.settled = name, 0

    def recover(self) -> None:
        """Have PostgreSQL and Odoo up, and nothing held back."""
        self.wire.drop()
        super().recover()
        if self.database:
            self.serve()

    @property
    def is_alive(self) -> bool:
        """Whether Odoo runs."""
        return self._who is not None and processes.is_alive(self._who)

    def serve(self) -> None:
        """Start Odoo, unless it runs."""
        if not self.is_alive:
            self._who, (self._port,) = on_free_ports(("odoo",), self._server)
            self.url = f"http://{LOOPBACK}:{self._port}"
            self.wire.target = self._port

    def _server(self, port: int) -> Server:
        words = (WORKERS, f"--gevent-port={_free_port()}")
        databases = self.machine.databases
        plain = odoo_server.server(databases, self.database, port, *words)
        start = plain.argv.index("-m")  # -m odoo
        by_file = [str(databases.home.conf / PROGRAM)]
        return replace(
            plain, argv=plain.argv[:start] + by_file + plain.argv[start + 2 :]
        )

    def kill(self) -> None:
        """Kill -9 of parent and children."""
        who, self._who = self._who, None
        if who is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(who["pid"], signal.SIGKILL)
        end = time.monotonic() + GONE_WITHIN_S
        while processes.is_alive(who) or not ports.is_free(self._port):
            assert time.monotonic() < end, "somebody of the dead Odoo listens"
            time.sleep(LOOK_EVERY_S)

    def stop(self) -> None:
        """Ask it to end, as a service manager does; then none of it is left."""
        if self._who is not None:
            processes.stop(self._who, "Odoo")
        self.kill()

    def upgrade(self, steps: int | None = None, late_s: float = 0) -> None:
        """Update the add-ons as docs/OPERATIONS.md says.

        Args:
            steps: kill -9 after so many (`LOADS`); none: let it end.
            late_s: so long after the last of them began.
        """
        home, databases = self.machine.home, self.machine.databases
        log = home.log / "upgrade.log"
        seen = log.stat().st_size if log.exists() else 0
        words = ("-d", self.database, "-u", ",".join(own_addons()))
        quiet = ("--stop-after-init", "--no-http", "--max-cron-threads=0")
        with log.open("ab") as out:
            process = subprocess.Popen(
                databases.odoo(*words, *quiet),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                env=databases.environment(),
                cwd=self.machine.account.home,
                start_new_session=True,
            )
        end = time.monotonic() + UPGRADED_WITHIN_S
        while process.poll() is None:
            late = time.monotonic() > end
            done = len(LOADS.findall(log.read_bytes(), seen))
            if late or (steps is not None and done >= steps):
                time.sleep(late_s)
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                if not late:
                    return
            time.sleep(LOOK_EVERY_S)
        if process.returncode:
            what = f"the update of Odoo ended with {process.returncode}"
            raise StackError(what, log=log, advice=UNFINISHED)
        assert steps is None, f"Odoo's update has fewer than {steps} steps"

    def wait_until_booking(self) -> None:
        """Wait until Odoo is in the middle of a settlement."""
        end = time.monotonic() + SEEN_WITHIN_S
        with closing(psycopg2.connect(self.admin_dsn(self.database))) as connection:
            connection.autocommit = True
            with connection.cursor() as cr:
                while True:
                    cr.execute(QUERIES["odoo_is_booking"])
                    if cr.fetchone() == (True,):
                        return
                    assert time.monotonic() < end, "Odoo books nothing"
                    time.sleep(LOOK_EVERY_S)

    def close(self) -> None:
        """End everything of ours."""
        self.kill()
        self.wire.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


@contextmanager
def odoo_ledger(place: Place) -> Iterator[Ledger]:
    """Serve a private PostgreSQL with the demo network and the town's terminals."""
    machine = machines.prepare()
    make_keyring(machine)  # what the template is entered with
    plain = clusters.find(place.home, place.account)
    with bench_server(plain, place.folder / "odoo", SETTINGS) as server:
        own = _own_machine(machine, place, server)
        with machines.running_cluster(machine):
            ready = ledgers.with_network(machine)
            with step("a copy of it for the trials, their terminals in it"):
                _bring_over(machine, ready, own)
        key = ledgers.network_folder(machine, ready) / KEY
        place.account.write_secret(own.home.keys / KEY, key.read_text())
        ledger = OdooLedger(own, own.home.keys / KEY)
        try:
            yield ledger
        finally:
            ledger.close()


def _own_machine(machine: Machine, place: Place, server: Cluster) -> Machine:
    """Return a machine whose databases are the trials' own."""
    home = OdooHome(server.home.path, place.home.venv)
    for folder in (home.conf, home.odoo_data, home.odoo_data / "filestore"):
        place.account.folder(folder)
    place.account.write_secret(home.keyring, place.keyring_file.read_text())
    databases = Databases(home, place.account, server, machine.databases.source)
    odoo_server.write_configuration(databases)
    place.account.write_secret(home.conf / PROGRAM, PROGRAM_TEXT)
    return Machine(home, place.account, server, databases)


def _bring_over(machine: Machine, ready: str, own: Machine) -> None:
    """Dump and restore: a snapshot, whoever is connected to the original."""
    file, log = own.home.path / "ready.dump", own.home.log / "bring-over.log"
    tools = machine.cluster.bin
    run(
        [tools / "pg_dump", "-Fc", "-Z1", "-f", file, ready],
        log=log,
        advice=TOOLS,
        env=os.environ | machine.cluster.environment(ADMIN),
    )
    own.cluster.execute(
        f'CREATE DATABASE "{TEMPLATE}" OWNER {ODOO}'
        " TEMPLATE template0 ENCODING 'UTF8'"
    )
    run(
        [tools / "pg_restore", "--exit-on-error", "-d", TEMPLATE, file],
        log=log,
        advice=TOOLS,
        env=os.environ | own.cluster.environment(ADMIN),
    )
    file.unlink()
    files = machine.databases.filestore(ready)
    if files.exists():
        target = own.databases.filestore(TEMPLATE)
        shutil.copytree(files, target, copy_function=os.link)  # Odoo never changes one
        for folder in (target, *(path for path in target.rglob("*") if path.is_dir())):
            own.account.give(folder)
    ledgers.in_odoo(own, "chaos.odoo_town", TEMPLATE, log="odoo-town.log")


# --- faults


def variables(at: Stand, every_s: float) -> Mapping[str, str]:
    """Return what a gateway is told of Odoo."""
    ledger = _of(at)
    return {
        "EKARTE_ODOO_URL": f"http://{LOOPBACK}:{ledger.wire.port}",
        "EKARTE_ODOO_DB": at.database,
        "EKARTE_ODOO_KEY_FILE": str(ledger.key_file),
        "EKARTE_SETTLE_EVERY_S": str(every_s),
        "EKARTE_RETRY_FIRST_S": "0.1",
        "EKARTE_RETRY_MAX_S": "1",
    }


def kill_odoo(at: Stand, dice: random.Random) -> None:
    """Kill it twice: at any moment, in a settlement, or before it is heard."""
    ledger = _of(at)
    for moment in dice.sample(MOMENTS, 2):
        if moment == "told":
            ledger.wire.hold()
            assert ledger.wire.came.wait(SEEN_WITHIN_S), "Odoo answers nothing"
        elif moment == "booking":
            ledger.wait_until_booking()
            at.wait(0, 0.3)
        else:
            at.wait(0, 1.5)
        ledger.kill()
        ledger.wire.drop()
        at.wait(0.2, 1.0)
        ledger.serve()


def restart_odoo(at: Stand, dice: random.Random) -> None:
    """Stop it twice in the middle of business, or of a settlement; start it again."""
    ledger = _of(at)
    for _ in range(2):
        if dice.random() < 0.5:
            ledger.wait_until_booking()
            at.wait(0, 0.3)
        else:
            at.wait(0, 1.5)
        ledger.stop()
        at.wait(0.2, 1.0)
        ledger.serve()


def upgrade_odoo(at: Stand, dice: random.Random, *, killed: bool) -> None:
    """Update everything: ledger, gateways one by one, Odoo.

    Where it is killed half-way, it is run again, as an administrator would.
    """
    ledger = _of(at)
    ledgers.migrate(ledger.machine, at.database)
    for gateway in at.gateways:
        at.connect([one for one in at.gateways if one is not gateway])
        gateway.stop()
        at.restart(gateway)
        gateway.wait_ready()
    ledger.stop()
    if killed:
        ledger.upgrade(dice.randint(1, _steps()), dice.uniform(0, LATE_S))
        at.wait(0, 0.5)
    ledger.upgrade()
    ledger.serve()


def _steps() -> int:
    """Count what `LOADS` finds in an update: each add-on, and each of its files."""
    files = [CHECKOUT / name / "__manifest__.py" for name in own_addons()]
    return sum(1 + len(ast.literal_eval(file.read_text())["data"]) for file in files)


def compare_books(at: Stand) -> list[str]:
    """Settle until nothing is left; compare the books with the cards."""
    ledger, before = _of(at), _of(at).settled
    dsn = ledger.admin_dsn(at.database)
    ledger.settled, found = odoo_books.compare(dsn, ledger.url, at.database)
    dead = "no document came of this trial: nobody has sold"
    return found if ledger.settled > before else [*found, dead]


def _of(at: Stand) -> OdooLedger:
    assert isinstance(at.ledger, OdooLedger)
    return at.ledger


def _row(name: str, text: str, inject: Inject, every_s: float = 1) -> Fault:
    return Fault(
        f"odoo-{name}",
        text,
        inject,
        gateways=2,
        cards=CARDS,
        ledger=odoo_ledger,
        env=partial(variables, every_s=every_s),
        check=compare_books,
        short=False,
    )


ODOO_FAULTS = (
    _row("kill", "kill -9 of Odoo while it books, or before it is heard", kill_odoo),
    _row("restart", "Odoo is stopped and started while it books", restart_odoo),
    _row(
        "upgrade",
        "ledger, gateways and Odoo are updated under load",
        partial(upgrade_odoo, killed=False),
        every_s=5,
    ),
    _row(
        "upgrade-kill",
        "kill -9 of Odoo's update half-way; it is run again",
        partial(upgrade_odoo, killed=True),
        every_s=5,
    ),
)
