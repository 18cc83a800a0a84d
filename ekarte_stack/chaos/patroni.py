"""Fault trials with Patroni: three PostgreSQL, one of them writes, one is synchronous.

Patroni and etcd are Debian's. Each node is a machine of its own (`nodes`); gateways are
told all three addresses and `target_session_attrs=read-write` (docs/OPERATIONS.md).
"""

import json
import os
import random
import secrets
import shutil
import signal
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg2
from psycopg2.extensions import make_dsn

from ekarte_stack import cluster as clusters
from ekarte_stack.chaos import town
from ekarte_stack.chaos.nodes import Node, nodes
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.stand import Ledger, MakeLedger, Place, Stand
from ekarte_stack.chaos.trials import Fault, Inject
from ekarte_stack.cluster import GATEWAY
from ekarte_stack.steps import StackError, step

TTL_S, LOOP_S, RETRY_S = 10, 1, 3  # a leader that is not heard of for so long is none
WELL_S = 120.0
LOOK_EVERY_S = 0.2
NAMES = ("etcd", "pg1", "pg2", "pg3")
# A wire that is cut says nothing: who waits for a server must find out by himself.
PATIENCE = {
    "connect_timeout": 2,
    "tcp_user_timeout": 2000,
    "keepalives_idle": 1,
    "keepalives_interval": 1,
    "keepalives_count": 2,
}


class PatroniLedger:
    """A ledger that survives a machine."""

    def __init__(
        self, place: Place, made: list[Node], *, synchronous: bool = True
    ) -> None:
        """Take machines; the first keeps who is leader."""
        self.etcd, *self.nodes = made
        self.bin = clusters.find(place.home, place.account).bin
        self.folder = place.account.folder(place.folder / "patroni")
        self.account = place.account
        self.synchronous = synchronous
        self.passwords = {
            role: secrets.token_urlsafe(24)
            for role in ("postgres", "replicator", GATEWAY)
        }

    # what the trials need

    def new(self, name: str) -> None:
        """Make a ledger of the town."""
        self.say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self.say(f'CREATE DATABASE "{name}"')
        # A node that is asked first and lacks it yet would end the search.
        wait_for(
            lambda: self.all_know(name), WELL_S, "a database is not there", self.log
        )
        town.found(self.admin_dsn(name), GATEWAY)

    def dsn(self, name: str) -> str:
        """Return how gateways find whoever writes."""
        return self._dsn(GATEWAY, name)

    def admin_dsn(self, name: str) -> str:
        """Return how the judge does."""
        return self._dsn("postgres", name)

    def recover(self) -> None:
        """Every wire in, every machine up, one leader, the others behind it."""
        self.start(self.etcd)
        for node in self.nodes:
            node.join()
            self.start(node)
        wait_for(self.is_whole, WELL_S, "Patroni's cluster is not whole", self.log)

    # the machines

    @property
    def log(self) -> Path:
        """What the first node says."""
        return self.folder / "pg1.log"

    def start(self, node: Node) -> None:
        """Start a machine's program, unless it runs."""
        if node.pids:
            return
        log = self.folder / f"{node.name}.log"
        if node is self.etcd:
            node.run(_etcd(node, self.folder / "etcd"), log)
            wait_for(lambda: bool(node.pids), 10, "etcd does not start", log)
            return
        conf = self.folder / f"{node.name}.yml"
        self.account.write_secret(conf, json.dumps(self._conf(node)))
        # A machine that died leaves the file of its server; the number is free again.
        (self.folder / node.name / "postmaster.pid").unlink(missing_ok=True)
        node.run(["/usr/bin/patroni", conf], log)

    def members(self) -> dict[str, dict[str, Any]]:
        """Return what the nodes say of themselves; empty while nobody answers."""
        for node in self.nodes:
            url = f"http://{node.address}:8008/cluster"
            with suppress(OSError, ValueError):
                with urllib.request.urlopen(url, timeout=2) as answer:
                    rows = json.load(answer)["members"]
                return {row["name"]: row for row in rows}
        return {}

    def leader(self) -> Node | None:
        """Return the node that leads now, if anybody knows."""
        for name, row in self.members().items():
            if row["role"] == "leader" and row["state"] == "running":
                return next(node for node in self.nodes if node.name == name)
        return None

    def is_whole(self) -> bool:
        """Whether there are a leader, a synchronous standby and nobody missing."""
        members = self.members()
        roles = sorted(row["role"] for row in members.values())
        want = ["leader", "replica", "sync_standby" if self.synchronous else "replica"]
        if roles != want or any(
            row["state"] not in ("running", "streaming") for row in members.values()
        ):
            return False
        with suppress(psycopg2.Error):
            return self.say("SELECT count(*) FROM pg_stat_replication") == [(2,)]
        return False

    def all_know(self, name: str) -> bool:
        """Whether each node has a database."""
        with suppress(psycopg2.OperationalError):
            for node in self.nodes:
                psycopg2.connect(
                    self.admin_dsn(name),
                    host=node.address,
                    target_session_attrs="any",
                ).close()
            return True
        return False

    def say(self, statement: str) -> list[Any]:
        """Run a statement where it is written now."""
        with closing(psycopg2.connect(self.admin_dsn("postgres"))) as connection:
            connection.autocommit = True
            with connection.cursor() as cr:
                cr.execute(statement)
                return cr.fetchall() if cr.description else []

    def _dsn(self, role: str, name: str) -> str:
        words: dict[str, str | int] = {
            "host": ",".join(node.address for node in self.nodes),
            "dbname": name,
            "user": role,
            "password": self.passwords[role],
            "target_session_attrs": "read-write",
        }
        return str(make_dsn(None, **(words | PATIENCE)))

    def _conf(self, node: Node) -> dict[str, Any]:
        """Return Patroni's settings of a node; JSON is YAML."""
        api = f"{node.address}:8008"
        data = self.folder / node.name
        access = "scram-sha-256"
        return {
            "scope": "ekarte",
            "name": node.name,
            "restapi": {"listen": api, "connect_address": api},
            "etcd3": {"host": f"{self.etcd.address}:2379"},
            "bootstrap": {
                "dcs": {
                    "ttl": TTL_S,
                    "loop_wait": LOOP_S,
                    "retry_timeout": RETRY_S,
                    "primary_start_timeout": 0,
                    "check_timeline": True,
                    "synchronous_mode": self.synchronous,
                    "synchronous_mode_strict": self.synchronous,
                    # The careless one takes over however far it is behind: that is
                    # what is planted. With a synchronous standby it is not asked.
                    **({} if self.synchronous else {"maximum_lag_on_failover": 2**40}),
                    "postgresql": {
                        "use_pg_rewind": True,
                        "parameters": {
                            "track_commit_timestamp": "on",
                            "wal_log_hints": "on",
                            "max_connections": 60,
                            "wal_keep_size": "512MB",
                        },
                    },
                },
                "initdb": [
                    {"encoding": "UTF8"},
                    {"locale": "C.UTF-8"},
                    {"auth": access},
                ],
            },
            "postgresql": {
                "listen": f"{node.address}:5432",
                "connect_address": f"{node.address}:5432",
                "data_dir": str(data),
                "bin_dir": str(self.bin),
                "pgpass": str(self.folder / f"{node.name}.pgpass"),
                "authentication": {
                    "superuser": self._login("postgres"),
                    "replication": self._login("replicator"),
                },
                "parameters": {"unix_socket_directories": ""},
                "pg_hba": [
                    f"host all all samenet {access}",
                    f"host replication replicator samenet {access}",
                ],
            },
        }

    def _login(self, role: str) -> dict[str, str]:
        return {"username": role, "password": self.passwords[role]}


def _etcd(node: Node, data: Path) -> list[str]:
    client, peer = f"http://{node.address}:2379", f"http://{node.address}:2380"
    command = shutil.which("etcd")
    if command is None or not Path("/usr/bin/patroni").exists():
        raise StackError(
            "Patroni or etcd is missing",
            advice="apt install --no-install-recommends patroni etcd-server",
        )
    return [
        command,
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
    ]


def wait_for(holds: Any, wait_s: float, fault: str, log: Path) -> None:
    """Wait until something holds; StackError with the fault after `wait_s`."""
    end = time.monotonic() + wait_s
    while not holds():
        if time.monotonic() > end:
            raise StackError(f"{fault} in {wait_s:.0f} s", log=log)
        time.sleep(LOOK_EVERY_S)


@contextmanager
def patroni_ledger(place: Place) -> Iterator[Ledger]:
    """Serve a cluster with a synchronous standby."""
    with _served(place, synchronous=True) as ledger:
        yield ledger


@contextmanager
def careless_ledger(place: Place) -> Iterator[Ledger]:
    """Serve one whose standbys may be behind: what is lost shows that we would see."""
    with _served(place, synchronous=False) as ledger:
        yield ledger


@contextmanager
def _served(place: Place, *, synchronous: bool) -> Iterator[PatroniLedger]:
    with nodes(NAMES, place.account) as made:
        ledger = PatroniLedger(place, made, synchronous=synchronous)
        with step("three PostgreSQL under Patroni"):
            ledger.start(ledger.etcd)
            ledger.start(ledger.nodes[0])
            wait_for(ledger.leader, WELL_S, "no leader", ledger.log)
            ledger.recover()
        password = ledger.passwords[GATEWAY]
        ledger.say(f"CREATE ROLE {GATEWAY} LOGIN PASSWORD '{password}'")
        yield ledger
    shutil.rmtree(ledger.folder)


# --- faults


def of(at: Stand) -> tuple[PatroniLedger, Node]:
    """Return the trial's ledger and who leads it."""
    ledger = at.ledger
    assert isinstance(ledger, PatroniLedger)
    leader = ledger.leader()
    assert leader is not None, "nobody leads"
    return ledger, leader


def wait_for_other(ledger: PatroniLedger, old: Node) -> None:
    """Wait until somebody else leads."""

    def another() -> bool:
        leader = ledger.leader()
        return leader is not None and leader is not old

    wait_for(another, WELL_S, "nobody takes over", ledger.log)


def kill_leader(at: Stand, _dice: random.Random) -> None:
    """The leader's machine dies; it comes back when another leads."""
    ledger, leader = of(at)
    leader.kill()
    wait_for_other(ledger, leader)
    at.wait(0.5, 1.5)


def kill_server(at: Stand, _dice: random.Random) -> None:
    """PostgreSQL dies and Patroni does not."""
    ledger, leader = of(at)
    data = ledger.folder / leader.name
    postmaster = int((data / "postmaster.pid").read_text().splitlines()[0])
    children = [pid for pid in leader.pids if _parent(pid) == postmaster]
    for pid in (postmaster, *children):
        with suppress(ProcessLookupError):  # they end when it does
            os.kill(pid, signal.SIGKILL)
    wait_for_other(ledger, leader)
    at.wait(0.5, 1.5)


def cut_leader(at: Stand, _dice: random.Random) -> None:
    """The leader's wire is cut: it must stop to write before another begins."""
    ledger, leader = of(at)
    leader.cut()
    wait_for_other(ledger, leader)
    at.wait(0.5, 1.5)


def switch_over(at: Stand, _dice: random.Random) -> None:
    """An administrator hands over to the synchronous standby."""
    ledger, leader = of(at)
    body = json.dumps({"leader": leader.name}).encode()
    request = urllib.request.Request(
        f"http://{leader.address}:8008/switchover",
        body,
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200
    wait_for_other(ledger, leader)
    at.wait(0.5, 1.5)


def lose_the_tail(at: Stand, _dice: random.Random) -> None:
    """The leader goes on alone for a while, and dies; what it alone knew is gone."""
    ledger, leader = of(at)
    others = [node for node in ledger.nodes if node is not leader]
    for node in others:
        node.cut()
    at.wait(1.0, 2.0)
    leader.kill()
    leader.cut()  # its kernel would send on what the dead server had written
    for node in others:
        node.join()
    wait_for_other(ledger, leader)
    at.wait(0.5, 1.5)


def cancel_waits(at: Stand, dice: random.Random) -> None:
    """The same, and meanwhile somebody cancels every wait for the standbys."""
    ledger, _leader = of(at)
    done = threading.Event()
    thread = threading.Thread(target=_cancel, args=(ledger, done), daemon=True)
    thread.start()
    try:
        lose_the_tail(at, dice)
    finally:
        done.set()
        thread.join()


def _cancel(ledger: PatroniLedger, done: threading.Event) -> None:
    while not done.wait(0.05):
        with suppress(psycopg2.Error):  # the leader dies, and another begins
            ledger.say(QUERIES["cancel_waits"])


def _parent(pid: int) -> int:
    with suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


def _row(
    name: str,
    text: str,
    inject: Inject,
    ledger: MakeLedger = patroni_ledger,
    *,
    planted: bool = False,
) -> Fault:
    return Fault(
        f"patroni-{name}", text, inject, ledger=ledger, short=False, planted=planted
    )


PATRONI_FAULTS = (
    _row("kill", "the leader's machine dies", kill_leader),
    _row("kill-server", "kill -9 of the leader's PostgreSQL alone", kill_server),
    _row("cut", "the leader's wire is cut, gateways and all", cut_leader),
    _row("switchover", "an administrator hands over", switch_over),
    _row(
        "cancel",
        "standbys are cut off, every wait for them is cancelled, the leader dies",
        cancel_waits,
    ),
    _row(
        "careless",
        "planted: asynchronous standbys are cut off, the leader dies",
        lose_the_tail,
        careless_ledger,
        planted=True,
    ),
)
