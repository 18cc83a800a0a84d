"""``./ekarte bench settlement``: P10, a large settlement, ledger to books.

A copy of the demo's Odoo database gets a ledger with so many entries that nothing has
settled yet. The clock runs from where a gateway would build the document until Odoo has
posted it, clearing lines and all, and the ledger knows. Cards are authorized all the
while, at the pace of the minutes before, in which nothing else happened.
"""

import argparse
import http.client
import json
import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ekarte_core import LedgerConnection, load_keyring, verify
from ekarte_stack import bench_customers, bench_load, ledger, odoo_server, processes
from ekarte_stack import machine as machines
from ekarte_stack.bench_beside import Served, Traffic, gateway
from ekarte_stack.bench_text import is_reached
from ekarte_stack.cluster import ADMIN, GATEWAY, Cluster
from ekarte_stack.developer import make_keyring
from ekarte_stack.locks import only_one
from ekarte_stack.machine import Machine
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import on_free_ports
from ekarte_stack.steps import StackError, say, step

DATABASE = "ekarte_bench_settlement"
HOLDS = "all 14 invariants hold after the run"
GOAL_S, STRETCH_S = 60, 20
GOAL_P99 = 2.0  # times that of the quiet minutes
RECEIVE = "/json/2/ekarte.settlement/receive"
ANSWER_WAIT_S = 1200
QUERIES = bench_load.QUERIES


@dataclass(frozen=True)
class Scope:
    """How much is settled, and what happens beside it."""

    entries: int = 1_000_000
    days: int = 30
    seconds: int = 30  # of traffic alone, before
    per_second: int = 100
    seed: int = 1


@dataclass(frozen=True)
class Target:
    """An Odoo that serves a database with an empty ledger. Prints without the key."""

    cluster: Cluster
    database: str
    keyring: Path
    url: str
    api_key: str = field(repr=False)

    def rows(self, query: str, **values: object) -> list[Any]:
        """Ask one of the queries of bench.sql."""
        with self.cluster.connect(self.database, ADMIN) as ours, ours.cursor() as cr:
            cr.execute(QUERIES[query], values)
            return list(cr.fetchall())

    def deliver(self, document: bytes) -> Any:
        """Hand in a document as a gateway does; return Odoo's reply."""
        where = urlsplit(self.url)
        assert where.hostname is not None, self.url
        door = http.client.HTTPConnection(
            where.hostname, where.port, timeout=ANSWER_WAIT_S
        )
        headers = {
            "Authorization": f"Bearer {self.api_key}",
            "Content-Type": "application/json",
            "X-Odoo-Database": self.database,
        }
        with closing(door):
            door.request("POST", RECEIVE, b'{"document":' + document + b"}", headers)
            answer = door.getresponse()
            text = answer.read()
        if answer.status != http.HTTPStatus.OK:
            raise StackError(
                f"Odoo answered HTTP {answer.status}",
                advice=text.decode(errors="replace")[:2000],
            )
        return json.loads(text)


@dataclass
class Times:
    """When what happened, by time.monotonic."""

    quiet: float = 0.0
    began: float = 0.0
    built: float = 0.0
    ended: float = 0.0


def fill(target: Target, scope: Scope) -> int:
    """Make at least so many entries; return how many cards each sample stands for."""
    keyring = load_keyring(target.keyring)
    with step(f"the sample cards live {scope.days} days"):
        dsn = target.cluster.dsn(GATEWAY, target.database)
        bench_customers.live(dsn, keyring, scope.days)
    lived: int = sum(count for _card, count in target.rows("entries_of_samples"))
    copies = -(-scope.entries // lived)
    with step(f"{lived} entries of theirs become {lived * copies}"):
        bench_load.multiply(
            target.cluster, keyring, target.database, bench_customers.kinds(copies)
        )
        target.cluster.execute(QUERIES["forget"], database=target.database)
    return copies


def measure(target: Target, scope: Scope) -> dict[str, Any]:
    """Fill the ledger, settle it into Odoo and return the report."""
    copies = fill(target, scope)
    target.cluster.execute("CHECKPOINT")
    load = round(os.getloadavg()[0], 1)
    traffic = Traffic(
        target.cluster.dsn(GATEWAY, target.database),
        target.keyring,
        copies,
        scope.per_second,
        scope.seed,
    )
    times = Times()
    with gateway(traffic) as process:
        with step(f"{scope.seconds} s of authorizations alone"):
            times.quiet = time.monotonic()
            time.sleep(scope.seconds)
        with step("the settlement, authorizations beside it"):
            number, reply = settle(target, times)
        served = process.end()
    if reply["state"] != "posted":
        raise StackError(f"settlement {number} was taken and not posted: {reply}")
    return gather(scope, times, served, target.rows("settled", id=number)[0]) | {
        "machine": {
            "cores": os.cpu_count(),
            "load_before": load,
            "load_after": round(os.getloadavg()[0], 1),
        },
        "checks": [checked(target)],
    }


def settle(target: Target, times: Times) -> tuple[int, Any]:
    """Build the document and carry it to Odoo; return its number and the reply."""
    dsn = target.cluster.dsn(GATEWAY, target.database)
    back = LedgerConnection(dsn, load_keyring(target.keyring))
    with closing(back):
        network = back.network(None)
        times.began = time.monotonic()
        now = datetime.now(timezone.utc)
        number = back.build_settlement(network, now, now)
        assert number is not None, "nothing was due"
        times.built = time.monotonic()
        say(f"   built in {times.built - times.began:.1f} s")
        reply = target.deliver(dict(back.pending_settlements())[number])
        back.settlement_accepted(number, json.dumps(reply), datetime.now(timezone.utc))
        times.ended = time.monotonic()
        say(f"   in the books after {times.ended - times.began:.1f} s")
    return number, reply


def checked(target: Target) -> str:
    """Check the ledger's invariants after all that."""
    with (
        step("verify"),
        target.cluster.connect(target.database, ADMIN) as ours,
        ours.cursor() as cr,
    ):
        cr.execute(QUERIES["session"])
        found = verify(cr)
    broken = [f"{row.code} ({row.sample})" for row in found if not row.holds]
    if broken:
        raise StackError(f"broken invariants: {', '.join(broken)}")
    return f"all {len(found)} invariants hold after the run"


def percentiles(waited: list[float]) -> dict[str, float]:
    """Return what half and what almost all of the requests did not exceed."""
    if not waited:
        raise StackError("no authorization was asked for in that time")
    places = {"p50_ms": 50, "p99_ms": 99}
    return {
        name: round(waited[min(len(waited) - 1, len(waited) * share // 100)], 1)
        for name, share in places.items()
    } | {"worst_ms": round(waited[-1], 1), "requests": len(waited)}


def gather(
    scope: Scope, times: Times, served: Served, sizes: tuple[int, ...]
) -> dict[str, Any]:
    """Return P10 as the benches tell it."""
    approved = served.codes["00"] + served.codes["10"]
    if approved < 0.99 * sum(served.codes.values()):
        raise StackError(f"too few approvals: {dict(served.codes)}")
    quiet = percentiles(served.between(times.quiet, times.began))
    beside = percentiles(served.between(times.began, times.ended))
    building = percentiles(served.between(times.began, times.built))
    seconds = round(times.ended - times.began, 1)
    names = ("operations", "entries", "lines", "journal_entries", "clearing_lines")
    return {
        "P10": {
            "goal": GOAL_S,
            "stretch": STRETCH_S,
            "median": seconds,
            "worst": seconds,
            "unit": "s",
            "at_most": True,
            "also": beside["p99_ms"] <= GOAL_P99 * quiet["p99_ms"],
            "what": f"a settlement of {sizes[1]} entries, built, posted and accepted",
            "p99_goal": GOAL_P99,
            "p99_ratio": round(beside["p99_ms"] / quiet["p99_ms"], 2),
            "detail": {
                "built_s": round(times.built - times.began, 1),
                "odoo_s": round(times.ended - times.built, 1),
                "per_second": scope.per_second,
                "sizes": dict(zip(names, sizes, strict=True)),
                "alone": quiet,
                "while it was built": building,
                "all the while": beside,
            },
        }
    }


def lines_of(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report as a table for people."""
    row, machine = report["P10"], report["machine"]
    detail = row["detail"]
    yield ""
    yield (
        f"  {machine['cores']} cores, load average {machine['load_before']} before, "
        f"{machine['load_after']} after"
    )
    yield (
        f"{'✓' if row['median'] <= row['goal'] else '✗'} P10 {row['what']}: "
        f"{row['median']} s (goal {row['goal']} s, stretch {row['stretch']} s): "
        f"{detail['built_s']} s in the ledger, {detail['odoo_s']} s in Odoo"
    )
    yield (
        f"{'✓' if row['p99_ratio'] <= row['p99_goal'] else '✗'} P10 authorizations "
        f"meanwhile: p99 {row['p99_ratio']} times that of quiet minutes "
        f"(goal {row['p99_goal']})"
    )
    yield "  " + ", ".join(f"{n} {what}" for what, n in detail["sizes"].items())
    yield ""
    yield f"  {'':22} {'requests':>9} {'p50':>8} {'p99':>8} {'worst':>8}  ms"
    for name in ("alone", "while it was built", "all the while"):
        cell = detail[name]
        yield (
            f"  {name:22} {cell['requests']:>9} {cell['p50_ms']:>8} "
            f"{cell['p99_ms']:>8} {cell['worst_ms']:>8}"
        )
    for check in report["checks"]:
        yield f"  {check}"


@contextmanager
def served_copy(machine: Machine, database: str, *words: str) -> Iterator[Target]:
    """Serve a new copy of the demo's database, without a gateway; then drop it.

    `words` are further options of Odoo's.
    """
    keyring = make_keyring(machine)
    ledger.new_copy(machine, database)
    try:
        key_file = Path(ledger.network(machine, database)["api_key_file"])
        who, (port,) = on_free_ports(
            ("odoo",),
            lambda port: odoo_server.server(machine.databases, database, port, *words),
        )
        try:
            yield Target(
                machine.cluster,
                database,
                keyring,
                f"http://{LOOPBACK}:{port}",
                key_file.read_text().strip(),
            )
        finally:
            processes.stop(who, "odoo")
    finally:
        machine.databases.drop(database)


def run(scope: Scope, database: str = DATABASE) -> dict[str, Any]:
    """Measure on a database of its own."""
    machine = machines.prepare()
    # The cluster outlives the server: the database is dropped after it has stopped.
    with (
        only_one(machine.home, "bench"),
        machines.running_cluster(machine),
        served_copy(machine, database) as target,
    ):
        return measure(target, scope)


def settlement(options: argparse.Namespace) -> int:
    """Measure, print the table; 0 when the goals are reached."""
    defaults = Scope()
    report = run(
        Scope(
            entries=options.entries or defaults.entries,
            seed=options.seed,
        )
    )
    say("\n".join(lines_of(report)))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0 if is_reached(report["P10"]) else 1
