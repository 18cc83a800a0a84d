"""``./ekarte bench``: how fast it is, measured against pgbench in the same minutes.

`ledger`: P1, P2 and P9 of docs/PERFORMANCE.md. Rounds go through all cells, pgbench's
and ours, each round in another order; a goal is the ratio within one round, and the
median and the worst round are told.
"""

import argparse
import json
import os
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ekarte_core import load_keyring, verify
from ekarte_stack import bench_load, bench_profile, bench_text
from ekarte_stack.bench_drive import Cell, Tally, drive
from ekarte_stack.bench_server import (
    STATEMENTS,
    Cost,
    bench_stand,
    checkpoint,
    init_pgbench,
    machine_before,
    pgbench,
)
from ekarte_stack.cluster import ADMIN, Cluster
from ekarte_stack.home import Home
from ekarte_stack.steps import StackError, say, step

SMALL, LARGE = "ledger", "ledger_large"
EXPECTED = 20_000.0  # requests a second, before the first cell has shown it
LARGE_DRIVER = (1, 2)
BATCH_MAX = 900_000


@dataclass(frozen=True)
class Scope:
    """How much is measured."""

    rounds: int = 5
    seconds: int = 5
    seed: int = 1
    cards: int = 100_000
    large_cards: int = 1_000_000
    entries: int = 10_000_000  # 0: no large ledger, no P9
    pgbench_scale: int = 10
    clients: tuple[int, ...] = (8, 32)
    modes: tuple[str, ...] = ("simple", "prepared")
    # Threads of a process, and processes: each is a connection of its own.
    drivers: tuple[tuple[int, int], ...] = ((1, 1), (2, 1), (1, 2), (1, 4))

    @property
    def pgbench_cells(self) -> dict[str, tuple[int, str]]:
        """What B is the best of, by name."""
        return {
            f"pgbench, {clients} clients, {mode}": (clients, mode)
            for clients in self.clients
            for mode in self.modes
        }


@dataclass
class Bench:
    """A server under measurement."""

    server: Cluster
    keyring: Path
    scope: Scope
    rates: dict[str, list[float]] = field(default_factory=dict)  # by cell and round
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    tallies: dict[str, list[Tally]] = field(default_factory=dict)
    ledgers: dict[str, bench_load.Ledger] = field(default_factory=dict)
    batch: int = 1

    def fill(self) -> None:
        """Make the ledgers, and pgbench's tables."""
        with step(f"pgbench -i -s {self.scope.pgbench_scale}"):
            init_pgbench(self.server, self.scope.pgbench_scale)
        keyring = load_keyring(self.keyring)
        self.ledgers[SMALL] = bench_load.fill(
            self.server, keyring, SMALL, cards=self.scope.cards
        )
        if self.scope.entries:
            self.ledgers[LARGE] = bench_load.fill(
                self.server,
                keyring,
                LARGE,
                cards=self.scope.large_cards,
                entries=self.scope.entries,
            )

    def cells(self) -> dict[str, Cell]:
        """Return our cells by name."""
        found = {}
        for database in self.ledgers:
            cards = self.ledgers[database].cards
            for group in (32, 128):
                for threads, processes in self.scope.drivers:
                    if database == LARGE and (threads, processes) != LARGE_DRIVER:
                        continue
                    cell = Cell(database, cards, group, threads, processes)
                    found[f"{database}, groups of {group}, {cell.writers}"] = cell
        return found

    def run(self) -> None:
        """Go through all cells in rounds."""
        cells: dict[str, Any] = {**self.scope.pgbench_cells, **self.cells()}
        names = list(cells)
        for round_ in range(self.scope.rounds):
            with step(f"round {round_ + 1} of {self.scope.rounds}"):
                turn = round_ * 3 % len(names)
                checkpoint(self.server)
                for name in names[turn:] + names[:turn]:
                    cost = self._run(name, cells[name])
                    self.costs.setdefault(name, []).append(cost)
                    self.rates.setdefault(name, []).append(cost.per_second)
                    say(f"   {name:46} {cost.per_second:9.0f}/s")

    def _run(self, name: str, cell: Any) -> Cost:
        if not isinstance(cell, Cell):
            clients, mode = cell
            return pgbench(
                self.server, clients=clients, mode=mode, seconds=self.scope.seconds
            )
        tally = self.drive(cell, self.rates.get(name, [EXPECTED])[-1])
        self.tallies.setdefault(name, []).append(tally)
        return Cost(
            tally.per_second, tally.us(tally.python_cpu), tally.us(tally.server_cpu)
        )

    def drive(self, cell: Cell, expected: float) -> Tally:
        """Run one of our cells once."""
        self.batch += 1
        assert self.batch < BATCH_MAX
        tally = drive(
            self.server,
            cell,
            keyring=self.keyring,
            batch=self.batch,
            seed=self.scope.seed,
            seconds=self.scope.seconds,
            expected=expected / cell.threads / cell.processes * 1.3,
        )
        _expect_approvals(tally)
        return tally

    def baseline(self, round_: int) -> float:
        """B: the best of pgbench's cells in this round."""
        return max(self.rates[name][round_] for name in self.scope.pgbench_cells)

    def checks(self) -> list[str]:
        """Return a line for each ledger; its invariants hold after all that."""
        found = []
        for database in self.ledgers:
            with (
                step(f"verify {database}"),
                self.server.connect(database, ADMIN) as ours,
                ours.cursor() as cr,
            ):
                cr.execute(bench_load.QUERIES["session"])
                rows = verify(cr)
            broken = [f"{row.code} ({row.sample})" for row in rows if not row.holds]
            if broken:
                raise StackError(f"{database}: broken invariants: {', '.join(broken)}")
            found.append(f"{database}: all {len(rows)} invariants hold after the run")
        return found


def _expect_approvals(tally: Tally) -> None:
    """A figure made of refusals would be worth nothing."""
    wanted = tally.outcomes["new 00"] + tally.outcomes["repeat 00"]
    if wanted < 0.99 * tally.requests:
        raise StackError(f"too few approvals: {dict(tally.outcomes)}")


def goals(bench: Bench) -> dict[str, Any]:
    """Return each goal with the ratio in the median and in the worst round."""
    found = {}
    rounds = range(bench.scope.rounds)
    drivers = {
        group: {
            cell.writers: bench.rates[name]
            for name, cell in bench.cells().items()
            if cell.database == SMALL and cell.group == group
        }
        for group in (32, 128)
    }
    for code, goal, group in (("P1", 1.5, 32), ("P2", 2.0, 128)):
        ratios = {
            writers: [rates[round_] / bench.baseline(round_) for round_ in rounds]
            for writers, rates in drivers[group].items()
        }
        best = max(ratios, key=lambda writers: statistics.median(ratios[writers]))
        found[code] = _goal(
            goal, ratios[best], "x B", f"groups of {group}, no network, {best}"
        ) | {"detail": {writers: _rounded(row) for writers, row in ratios.items()}}
    if LARGE in bench.ledgers:
        ratios = {}
        for name, cell in bench.cells().items():
            if cell.database == LARGE:
                small = bench.rates[name.replace(LARGE, SMALL, 1)]
                pairs = zip(bench.rates[name], small, strict=True)
                ratios[f"groups of {cell.group}"] = [
                    ours / empty for ours, empty in pairs
                ]
        large = bench.ledgers[LARGE]
        found["P9"] = _goal(
            0.8,
            ratios["groups of 32"],
            "x",
            f"{large.cards} cards and {large.entries} entries, against a small ledger",
        ) | {"detail": {group: _rounded(row) for group, row in ratios.items()}}
    return found


def _goal(goal: float, ratios: list[float], unit: str, what: str) -> dict[str, Any]:
    median, worst = statistics.median(ratios), min(ratios)
    return {
        "goal": goal,
        "median": round(median, 3),
        "worst": round(worst, 3),
        "unit": unit,
        "what": what,
    }


def _rounded(row: list[float]) -> list[float]:
    return [round(value, 3) for value in row]


def gather(bench: Bench, machine: dict[str, Any], checks: list[str]) -> dict[str, Any]:
    """Return everything as one report."""
    cells: dict[str, Any] = {}
    for name, rates in bench.rates.items():
        cells[name] = {
            "median": round(statistics.median(rates)),
            "worst": round(min(rates)),
            "rounds": [round(rate) for rate in rates],
            "client_us": round(
                statistics.median(x.client_us for x in bench.costs[name])
            ),
            "server_us": round(
                statistics.median(x.server_us for x in bench.costs[name])
            ),
        }
        for tally in bench.tallies.get(name, [])[-1:]:
            cells[name] |= {
                "group_p50_ms": round(tally.group_ms(0.5), 3),
                "group_p99_ms": round(tally.group_ms(0.99), 3),
                "outcomes": dict(tally.outcomes),
            }
    return goals(bench) | {
        "machine": machine,
        "cells": cells,
        "ledgers": {
            name: {
                "cards": row.cards,
                "operations": row.operations,
                "entries": row.entries,
                "MB": row.megabytes,
            }
            for name, row in bench.ledgers.items()
        },
        "checks": checks,
    }


@contextmanager
def _prepared(home: Home, scope: Scope, settings: str = "") -> Iterator[Bench]:
    with bench_stand(home, settings) as (server, keyring):
        yield Bench(server, keyring, scope)


def measure(home: Home, scope: Scope) -> dict[str, Any]:
    """Measure the ledger below a home folder and return the report."""
    with _prepared(home, scope) as bench:
        machine = machine_before(bench.server, scope.seconds)
        bench.fill()
        bench.run()
        machine["load_after"] = round(os.getloadavg()[0], 1)
        return gather(bench, machine, bench.checks())


def ledger(options: argparse.Namespace) -> int:
    """Measure the ledger, print the table; 0 when every goal is reached."""
    scope = Scope(
        rounds=options.rounds,
        seconds=options.seconds,
        seed=options.seed,
        cards=options.cards or Scope.cards,
        entries=Scope.entries if options.entries is None else options.entries,
        large_cards=options.large_cards,
    )
    home = Home.from_environment()
    if options.profile:
        with _prepared(home, scope, STATEMENTS) as bench:
            say("\n".join(bench_profile.lines(bench)))
        return 0
    report = measure(home, scope)
    say("\n".join(bench_text.lines(report)))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    rows = bench_text.goals(report).values()
    return 0 if all(map(bench_text.is_reached, rows)) else 1
