"""``./ekarte bench sizes``: what cards and operations take, on the disk and in the log.

A ledger is filled as for the other benches. Then so many operations of the same mix go
through it, in groups of 32, and each table's growth is divided by their number.
docs/SCALING.md counts with these figures.
"""

import argparse
import json
import re
import subprocess
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ekarte_core import LedgerConnection, load_keyring
from ekarte_stack import bench_town
from ekarte_stack.bench_load import fill
from ekarte_stack.bench_server import bench_stand, checkpoint
from ekarte_stack.cluster import ADMIN, GATEWAY, Cluster
from ekarte_stack.home import Home
from ekarte_stack.steps import say, step

DATABASE, GROUP, BATCH = "bench_sizes", 32, 1
OPERATIONS = 40_000
STANDING = ("card", "membership", "purse", "lot")  # as many as there are cards
_PART = re.compile(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --$|\Z)", re.MULTILINE | re.DOTALL)
QUERIES = dict(_PART.findall(Path(__file__).with_suffix(".sql").read_text()))


@dataclass(frozen=True)
class Taken:
    """Bytes of each table, and of all its indexes; the log so far; rows."""

    rows: dict[str, int]
    indexes: dict[str, int]
    log: int
    operations: int
    entries: int
    cards: int


def look(server: Cluster) -> Taken:
    """Measure everything once."""
    found = server.execute(QUERIES["tables"], database=DATABASE)
    ((log,),) = server.execute(QUERIES["log"], database=DATABASE)
    (counts,) = server.execute(QUERIES["counts"], database=DATABASE)
    return Taken(
        {name: size for name, size, _indexes in found},
        {name: size for name, _rows, size in found},
        int(log),
        *counts,
    )


def trade(server: Cluster, keyring: Path, cards: int, count: int, batch: int) -> None:
    """Send so many operations through the engine."""
    crowd = bench_town.Crowd(cards=cards, batch=batch, seed=batch, share=0, shares=1)
    dsn = server.dsn(GATEWAY, DATABASE)
    with closing(LedgerConnection(dsn, load_keyring(keyring))) as ledger:
        network = ledger.network(None)
        for _ in range(0, count, GROUP):
            now = datetime.now(timezone.utc)
            ledger.run(crowd.requests(GROUP), network, now)


def timed(server: Cluster, *words: str) -> float:
    """Return how many seconds a tool of PostgreSQL's takes."""
    began = time.monotonic()
    subprocess.run(
        [str(server.bin / words[0]), *words[1:]],
        env=server.account.environment(server.environment(ADMIN)),
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return time.monotonic() - began


def per(before: Taken, after: Taken) -> list[dict[str, Any]]:
    """Return the growth of each table for each operation, the largest first."""
    count = after.operations - before.operations
    rows: list[dict[str, Any]] = []
    for name in after.rows:
        size = (after.rows[name] - before.rows[name]) / count
        indexes = (after.indexes[name] - before.indexes[name]) / count
        if size + indexes > 0:
            rows.append(
                {
                    "table": name,
                    "row_bytes": round(size, 1),
                    "index_bytes": round(indexes, 1),
                }
            )
    return sorted(rows, key=lambda row: -row["row_bytes"] - row["index_bytes"])


def measure(server: Cluster, keyring: Path, cards: int) -> dict[str, Any]:
    """Fill, trade and measure."""
    fill(server, load_keyring(keyring), DATABASE, cards=cards)
    server.execute("VACUUM FULL", database=DATABASE)
    whole = look(server)
    standing = sum(whole.rows[name] + whole.indexes[name] for name in STANDING)
    with step(f"{OPERATIONS} operations"):
        trade(server, keyring, cards, OPERATIONS // 4, BATCH)  # free space fills up
        checkpoint(server)
        before = look(server)
        trade(server, keyring, cards, OPERATIONS, BATCH + 1)
        after = look(server)
    tables = per(before, after)
    count = after.operations - before.operations
    folder = server.home.path / "dump"
    dump_s = timed(server, "pg_dump", "--format=custom", f"--file={folder}", DATABASE)
    return {
        "cards": whole.cards,
        "card_bytes": round(standing / whole.cards),
        "operations": count,
        "entries_each": round((after.entries - before.entries) / count, 2),
        "operation_bytes": round(
            sum(row["row_bytes"] + row["index_bytes"] for row in tables)
        ),
        "log_bytes": round((after.log - before.log) / count),
        "tables": tables,
        "dump_s": round(dump_s, 1),
        "dump_mb": round(folder.stat().st_size / 2**20, 1),
        "database_mb": round(
            (sum(after.rows.values()) + sum(after.indexes.values())) / 2**20, 1
        ),
        "all": asdict(after),
    }


def lines(found: dict[str, Any]) -> Sequence[str]:
    """Return the figures for people."""
    told = [
        f"a card: {found['card_bytes']} bytes (of {found['cards']})",
        f"an operation: {found['operation_bytes']} bytes, {found['entries_each']}"
        f" entries, {found['log_bytes']} bytes of log (of {found['operations']})",
    ]
    for row in found["tables"]:
        told.append(
            f"  {row['table']:24} {row['row_bytes']:8} rows"
            f" {row['index_bytes']:8} indexes"
        )
    told.append(
        f"pg_dump of {found['database_mb']} MB: {found['dump_s']} s,"
        f" {found['dump_mb']} MB"
    )
    return told


def sizes(options: argparse.Namespace) -> int:
    """Measure, print, write; always 0: there is no goal."""
    with bench_stand(Home.from_environment()) as (server, keyring):
        found = measure(server, keyring, options.cards)
    say("\n".join(lines(found)))
    if options.json:
        Path(options.json).write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0
