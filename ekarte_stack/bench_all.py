"""``./ekarte bench all``: P1 to P14 in one run, one file of figures and one page.

The parts are those of the other benches, one after the other, each beside pgbench or
Odoo in the same minutes. `--quick` measures less of everything: a look only.
"""

import argparse
import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ekarte_stack import (
    bench,
    bench_desk,
    bench_gateway,
    bench_report,
    bench_settlement,
    bench_spend,
    bench_text,
    bench_till,
    odoo_source,
)
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import StackError, say, step, warn

PROBE_S = 600


@dataclass(frozen=True)
class Scope:
    """How much each part measures."""

    ledger: bench.Scope
    gateway: bench_gateway.Scope
    settlement: bench_settlement.Scope
    desk: bench_desk.Scope
    spend: bench_spend.Scope
    scans: int


FULL = Scope(
    ledger=bench.Scope(),
    gateway=bench_gateway.Scope(),
    settlement=bench_settlement.Scope(),
    desk=bench_desk.Scope(),
    spend=bench_spend.Scope(),
    scans=120,
)
QUICK = Scope(
    ledger=bench.Scope(
        rounds=2,
        seconds=2,
        cards=10_000,
        large_cards=40_000,
        entries=400_000,
        modes=("prepared",),
        drivers=((1, 1), (1, 2)),
    ),
    gateway=bench_gateway.Scope(
        rounds=2, seconds=2, overload_s=6, idle=1000, cards=10_000, modes=("prepared",)
    ),
    settlement=bench_settlement.Scope(entries=40_000, days=20, seconds=5),
    desk=bench_desk.Scope(cards=20_000, regular=50, times=5),
    spend=bench_spend.Scope(rounds=2, seconds=4, tills=(2, 8), cards=2_000),
    scans=15,
)


def parts(home: Home, scope: Scope) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return what is run, by name, in this order."""
    return {
        "ledger": lambda: bench.measure(home, scope.ledger),
        "gateway": lambda: bench_gateway.measure(home, scope.gateway),
        "odoo": lambda: bench_till.run(scope.scans),
        "settlement": lambda: bench_settlement.run(scope.settlement),
        "desk": lambda: bench_desk.run(scope.desk),
        "spend": lambda: bench_spend.run(scope.spend),
    }


def measure(
    run: Mapping[str, Callable[[], dict[str, Any]]], machine: dict[str, Any]
) -> dict[str, Any]:
    """Run all parts; one that fails is told, and the others are measured."""
    found: dict[str, dict[str, Any]] = {}
    failed: dict[str, str] = {}
    began = time.monotonic()
    for name, part in run.items():
        try:
            with step(f"bench {name}"):
                found[name] = part()
        except StackError as error:
            failed[name] = error.what
            warn(f"bench {name}: {error.report()}")
    return gather(found) | {
        "machine": machine | {"minutes": round((time.monotonic() - began) / 60, 1)},
        "parts": found,
        "failed": failed,
    }


def gather(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the goals of all parts in the order of their numbers."""
    rows = {
        code: row
        for part in found.values()
        for code, row in bench_text.goals(part).items()
    }
    return dict(sorted(rows.items(), key=lambda item: int(item[0][1:])))


def about() -> dict[str, Any]:
    """Return what a reader asks first: which machine, which versions, which commit."""
    home = Home.from_environment()
    package = home.odoo_tree / odoo_source.INSIDE_PACKAGE / "odoo"
    found = odoo_source.series(package)
    return {
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "commit": _commit(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_GB": round(
            os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1
        ),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "odoo": ".".join(map(str, found)) if found else "19.0",
        "load_before": round(os.getloadavg()[0], 1),
    }


def _commit() -> str:
    """Return the commit of the checkout, marked if files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "no git"


def _processor() -> str:
    rows = Path("/proc/cpuinfo").read_text().splitlines()
    names = [
        row.partition(":")[2].strip() for row in rows if row.startswith("model name")
    ]
    return names[0] if names else platform.machine()


def all_(options: argparse.Namespace) -> int:
    """Measure everything, print the goals, write the figures and the page."""
    scope = QUICK if options.quick else _asked(FULL, options)
    machine = about() | {"quick": options.quick}
    report = measure(parts(Home.from_environment(), scope), machine)
    say("\n".join(lines_of(report)))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    if options.html:
        Path(options.html).write_text(bench_report.page(report))
    rows = bench_text.goals(report).values()
    reached = all(map(bench_text.is_reached, rows)) and not report["failed"]
    return 0 if reached else 1


def _asked(scope: Scope, options: argparse.Namespace) -> Scope:
    """Measure as much as was asked for, as the benches alone do; the rest stays."""
    rounds, seconds = options.rounds, options.seconds
    entries = options.entries
    return replace(
        scope,
        ledger=replace(
            scope.ledger,
            rounds=rounds,
            seconds=seconds,
            large_cards=options.large_cards,
            entries=scope.ledger.entries if entries is None else entries,
        ),
        gateway=replace(
            scope.gateway, rounds=rounds, seconds=seconds, overload_s=options.overload
        ),
        settlement=replace(
            scope.settlement, entries=entries or scope.settlement.entries
        ),
        desk=replace(scope.desk, cards=options.cards or scope.desk.cards),
        spend=replace(scope.spend, rounds=rounds),
        scans=options.scans,
    )


def lines_of(report: dict[str, Any]) -> list[str]:
    """Return the goals as a table for people."""
    machine = report["machine"]
    rows = [
        "",
        f"  {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_GB']} GB, commit {machine['commit']}, "
        f"{machine['minutes']} minutes",
        "",
        f"  {'':4} {'goal':>10} {'median':>8} {'worst':>8}  what",
        *bench_text.rows(report),
    ]
    return rows + [f"✗ {name}: {why}" for name, why in report["failed"].items()]
