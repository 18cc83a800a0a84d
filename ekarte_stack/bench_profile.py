"""Where the time of a group goes: Python, PostgreSQL, and which parts of each."""

import cProfile
import io
import pstats
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ekarte_core import load_keyring
from ekarte_stack import bench_load
from ekarte_stack.bench_drive import Cell, Share, Tally, Writer
from ekarte_stack.bench_server import cpu_seconds
from ekarte_stack.cluster import GATEWAY

if TYPE_CHECKING:
    from ekarte_stack.bench import Bench

FUNCTIONS = 45
GROUPS = (32, 128)


def lines(bench: "Bench") -> Iterator[str]:
    """Fill a small ledger and yield what one connection spends its time on."""
    scope, server = bench.scope, bench.server
    bench.ledgers["ledger"] = bench_load.fill(
        server, load_keyring(bench.keyring), "ledger", cards=scope.cards
    )
    server.execute("CREATE EXTENSION pg_stat_statements", database="ledger")
    for group in GROUPS:
        cell = Cell("ledger", bench.ledgers["ledger"].cards, group)
        dsn = server.dsn(GATEWAY, "ledger")
        bench.batch += 1
        share = Share(
            cell, dsn, bench.keyring, bench.batch, scope.seed, scope.seconds, 0, 8_000
        )
        writer = Writer(share)
        server.execute("SELECT pg_stat_statements_reset()", database="ledger")
        tally = _timed(bench, writer)
        yield from _told(group, tally)
        rows = server.execute(bench_load.QUERIES["statements"], database="ledger")
        yield f"  {'statement':72} {'calls':>7} {'µs/request':>10} {'planning':>8}"
        for text, calls, _rows, run, plan in rows:
            us, planning = (1000 * ms / tally.requests for ms in (run, plan))
            yield f"  {text:72} {calls:>7} {us:>10.2f} {planning:>8.2f}"
        yield from _profiled(writer)
        writer.ledger.close()


def _timed(bench: "Bench", writer: Writer) -> Tally:
    before, began = cpu_seconds(bench.server), time.process_time()
    writer.run()
    writer.tally.python_cpu = time.process_time() - began
    writer.tally.server_cpu = cpu_seconds(bench.server) - before
    return writer.tally


def _told(group: int, tally: Tally) -> Iterator[str]:
    yield ""
    yield (
        f"  groups of {group}, one connection: {tally.per_second:.0f}/s; µs a request: "
        f"{tally.us(tally.wall):.1f} wall, {tally.us(tally.python_cpu):.1f} Python, "
        f"{tally.us(tally.server_cpu):.1f} PostgreSQL"
    )
    yield f"  {dict(tally.outcomes)}"
    yield ""


def _profiled(writer: Writer) -> Iterator[str]:
    """Run groups under the profiler; its own cost is in the figures."""
    profiler = cProfile.Profile()
    groups = [writer.crowd.requests(writer.cell.group) for _ in range(150)]
    profiler.enable()
    for requests in groups:
        writer.group(requests)
    profiler.disable()
    out = io.StringIO()
    pstats.Stats(profiler, stream=out).sort_stats("tottime").print_stats(FUNCTIONS)
    count = 150 * writer.cell.group
    yield f"  the profiler, {count} requests:"
    for row in out.getvalue().splitlines():
        if row.strip():
            yield f"  {row}"
