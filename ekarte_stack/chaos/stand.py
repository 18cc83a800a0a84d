"""The stand of a trial: a ledger, gateways, bent wires, clients with journals."""

import json
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import psycopg2

from ekarte_core import Keyring, load_keyring, write_new_keyring
from ekarte_stack import cluster as clusters
from ekarte_stack.account import Account, service_account
from ekarte_stack.bench_server import bench_server, new_database
from ekarte_stack.chaos import town
from ekarte_stack.chaos.client import Plan, journal_path
from ekarte_stack.chaos.gateways import MODULE, Gateway
from ekarte_stack.chaos.journal import FAULT, Asked, Journal, Key, is_final, read
from ekarte_stack.chaos.proxy import Proxy
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.till import dial, exchange
from ekarte_stack.cluster import ADMIN, GATEWAY, Cluster
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.locks import only_one
from ekarte_stack.steps import StackError

SETTINGS = "track_commit_timestamp = on\n"  # the judge's order; all else as shipped
REPEAT_S = 60.0  # by then everything must have an answer
REPEAT_WAIT_S = 10.0  # nothing is bent any more: silence is a fault
RECOVER_S = 60.0
REPEATS_MAX, PAUSE_S = 20, 0.05
TEMPLATE = "town"
DOORS = ("http", "iso", "frame")


class Ledger(Protocol):
    """A PostgreSQL that serves ledgers. What a fault may replace, see docs/CHAOS.md."""

    def new(self, name: str) -> None:
        """Make the ledger of the town in a database of this name."""
        ...

    def dsn(self, name: str) -> str:
        """Return how gateways reach it."""
        ...

    def admin_dsn(self, name: str) -> str:
        """Return how the judge reaches it, wherever it is served by now."""
        ...

    def recover(self) -> None:
        """Be there again after a fault; return when it serves."""
        ...


class PrivateLedger:
    """A cluster of the trial's own."""

    def __init__(self, cluster: Cluster) -> None:
        """Take a cluster that runs."""
        self.cluster = cluster
        self._is_founded = False

    def new(self, name: str) -> None:
        """Make a ledger: a copy, migrating takes longer."""
        if not self._is_founded:
            new_database(self.cluster, TEMPLATE)
            town.found(self.admin_dsn(TEMPLATE), GATEWAY)
            self._is_founded = True
        self.cluster.execute(f'CREATE DATABASE "{name}" TEMPLATE {TEMPLATE}')

    def dsn(self, name: str) -> str:
        """Return the gateways' connection string."""
        return self.cluster.dsn(GATEWAY, name)

    def admin_dsn(self, name: str) -> str:
        """Return the administrator's."""
        return self.cluster.dsn(ADMIN, name)

    def recover(self) -> None:
        """Start it, if it does not run; wait until it serves.

        One that runs may be about to end, for want of room to recover in.
        """
        end = time.monotonic() + RECOVER_S
        while True:
            self._wait_for_the_dead(end)
            self.cluster.start()
            try:
                self.cluster.execute(QUERIES["are_you_there"])
            except psycopg2.OperationalError:
                if time.monotonic() > end:
                    raise
                time.sleep(PAUSE_S)
            else:
                return

    def _wait_for_the_dead(self, end: float) -> None:
        """PostgreSQL takes a dead server that nobody has collected for a living one."""
        note = self.cluster.data / "postmaster.pid"
        while note.exists() and not self.cluster.is_running():
            pid = note.read_text().partition("\n")[0]
            if not Path(f"/proc/{pid}").exists() or time.monotonic() > end:
                return
            time.sleep(PAUSE_S)


@contextmanager
def private_ledger(place: "Place") -> Iterator[Ledger]:
    """Serve a new cluster; removed at the end."""
    cluster = clusters.find(place.home, place.account)
    with bench_server(cluster, place.folder / "ledger", SETTINGS) as server:
        yield PrivateLedger(server)


MakeLedger = Callable[["Place"], AbstractContextManager[Ledger]]


@dataclass(frozen=True)
class Place:
    """Where trials are held: folders, account, keys of the terminals."""

    home: Home
    account: Account
    folder: Path
    keyring_file: Path

    @property
    def keyring(self) -> Keyring:
        """The keys that everything follows from."""
        return load_keyring(self.keyring_file)


@contextmanager
def place(home: Home) -> Iterator[Place]:
    """Have a folder for trials; one run at a time, emptied before and after."""
    home.path.mkdir(parents=True, exist_ok=True)
    account = service_account(home)
    with only_one(home, "chaos"):
        folder = home.path / "chaos"
        shutil.rmtree(folder, ignore_errors=True)
        account.folder(folder)
        account.folder(home.shelf)
        keyring = folder / "keyring"
        write_new_keyring(keyring)
        account.give(keyring)
        yield Place(home, account, folder, keyring)
        shutil.rmtree(folder, ignore_errors=True)


class Closes(Protocol):
    """Something beside the gateways that a fault has opened."""

    def close(self) -> None:
        """Go away."""
        ...

    def forget(self) -> None:
        """Begin again, for a new ledger."""
        ...


class Clients:
    """Client processes, one for each door; they live from trial to trial."""

    def __init__(self) -> None:
        """Start them."""
        self._processes = {door: self._start() for door in DOORS}

    def _start(self) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "ekarte_stack.chaos.client"],
            cwd=CHECKOUT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def go(self, plan: Plan) -> None:
        """Have all terminals begin."""
        for door, process in self._processes.items():
            tills = tuple(till.number for till in town.TILLS if till.door == door)
            self._say(process, Plan(**(vars(plan) | {"tills": tills})).line())

    def end(self) -> int:
        """Have all end; return how much they asked."""
        for process in self._processes.values():
            self._say(process, "{}\n")
        return sum(self._hear(process) for process in self._processes.values())

    def _say(self, process: "subprocess.Popen[str]", line: str) -> None:
        assert process.stdin is not None
        process.stdin.write(line)
        process.stdin.flush()

    def _hear(self, process: "subprocess.Popen[str]") -> int:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise StackError("a client of the fault trials has ended")
        return int(json.loads(line)["asked"])

    def close(self) -> None:
        """End the processes."""
        for process in self._processes.values():
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


@dataclass
class Stand:
    """What a fault gets hold of.

    Attributes:
        ledger: the PostgreSQL; `database` is the ledger of this trial.
        gateways: one or more, all on that ledger.
        proxy: the wires between terminals and gateways.
        dice: every choice of a trial; follows from the seed.
        module: what a gateway is started as.
        env: what it is told beyond the usual.
        office: who takes the settlements, where a fault has opened one.
    """

    place: Place
    ledger: Ledger
    clients: Clients
    proxy: Proxy
    dice: random.Random
    database: str = ""
    gateways: list[Gateway] = field(default_factory=list)
    module: str = MODULE
    env: Mapping[str, str] = field(default_factory=dict)
    batch: int = 0
    office: Closes | None = None

    def new_ledger(self, name: str, gateways: int) -> None:
        """Begin again: an empty ledger and so many fresh gateways."""
        self.stop_gateways()
        self.ledger.recover()
        self.database, self.batch = name, 0
        if self.office is not None:
            self.office.forget()
        self.ledger.new(name)
        self.gateways = [
            Gateway(
                self.place.account,
                self.place.keyring_file,
                self.folder / f"gateway-{number}",
            )
            for number in range(gateways)
        ]

    @property
    def folder(self) -> Path:
        """Logs and journals of this ledger's trials."""
        return self.place.account.folder(self.place.folder / self.database)

    def heal(self) -> None:
        """Have everything up and every wire straight."""
        self.proxy.bend = ""
        self.ledger.recover()
        for gateway in self.gateways:
            gateway.check()
            if not gateway.is_alive:
                gateway.start(self.ledger.dsn(self.database), self.module, self.env)
        for gateway in self.gateways:
            gateway.wait_ready()
        self.connect(self.gateways)

    def connect(self, gateways: list[Gateway]) -> None:
        """Lead the terminals' wires to these gateways."""
        self.proxy.targets = {
            door: [gateway.ports[door] for gateway in gateways] for door in DOORS
        }

    def restart(self, gateway: Gateway) -> None:
        """Start a gateway that has died, and lead the wires to it."""
        gateway.start(self.ledger.dsn(self.database), self.module, self.env)
        self.connect([one for one in self.gateways if one.is_alive])

    def wait(self, least_s: float, most_s: float) -> None:
        """Let the trial go on for a while."""
        time.sleep(self.dice.uniform(least_s, most_s))

    def begin(self, seed: str, cards: int) -> None:
        """Have the clients begin a batch of their own."""
        self.batch += 1
        journals = self.folder / f"{self.batch}"
        journals.mkdir()
        plan = Plan(
            tills=(),
            ports=self.proxy.ports,
            keyring=str(self.place.keyring_file),
            folder=str(journals),
            seed=seed,
            batch=self.batch,
            cards=cards,
            activate=self.batch == 1,
        )
        self.clients.go(plan)

    def journals(self) -> dict[Key, Asked]:
        """Read all journals of this ledger, of earlier trials too."""
        return read(sorted(self.folder.glob("*/*.journal")))

    def repeat(self) -> None:
        """Ask everything of this batch once more, until it has a final answer."""
        asked = list(self.journals().values())
        mine = [one for one in asked if one.request.batch == self.batch]
        threads = [
            threading.Thread(target=self._repeat, args=(till, mine), daemon=True)
            for till in town.TILLS
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _repeat(self, till: town.Till, asked: list[Asked]) -> None:
        key = self.place.keyring.terminal_key(till.number, 1)
        line = dial(till, key, self.proxy.ports, REPEAT_WAIT_S)
        folder = self.folder / str(self.batch)
        journal = Journal(journal_path(folder, till.number))
        end = time.monotonic() + REPEAT_S
        for one in asked:
            if one.request.terminal != till.number:
                continue
            for _ in range(REPEATS_MAX):
                answer = exchange(line, journal, one.request)
                if answer is not None and (is_final(answer.rc) or answer.rc == FAULT):
                    break
                if time.monotonic() > end:
                    break
                time.sleep(PAUSE_S)
        line.close()
        journal.close()

    def stop_gateways(self) -> None:
        """End all gateways."""
        for gateway in self.gateways:
            gateway.kill()

    def close(self) -> None:
        """End everything of this stand's own."""
        self.stop_gateways()
        if self.office is not None:
            self.office.close()


@contextmanager
def stand(
    where: Place, ledger: Ledger, clients: Clients, dice: random.Random
) -> Iterator[Stand]:
    """Put a stand up and take it down."""
    with ExitStack() as stack:
        proxy = Proxy(dice)
        stack.callback(proxy.close)
        made = Stand(where, ledger, clients, proxy, dice)
        stack.callback(made.close)
        yield made
