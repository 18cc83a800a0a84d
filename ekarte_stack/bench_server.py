"""The PostgreSQL of the benches: a private one with the settings it ships with.

pgbench runs on the very same server in the same minutes: absolute figures move from
machine to machine and from hour to hour, the ratio stays.
"""

import os
import re
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ekarte_stack.cluster import ADMIN, Cluster
from ekarte_stack.home import Home
from ekarte_stack.steps import StackError

PGBENCH_DATABASE = "pgbench"
STATEMENTS = "shared_preload_libraries = 'pg_stat_statements'\n"
TICKS = os.sysconf("SC_CLK_TCK")


@contextmanager
def bench_server(
    cluster: Cluster, folder: Path, settings: str = ""
) -> Iterator[Cluster]:
    """Serve a new cluster with default settings in `folder`; removed at the end.

    Args:
        cluster: the one whose programs and account are used.
        folder: where it lies; emptied first.
        settings: lines for postgresql.conf, none but for a profile.
    """
    shutil.rmtree(folder, ignore_errors=True)
    home = Home(folder)
    server = replace(cluster, home=home, settings=settings)
    folder.mkdir(parents=True)
    for path in (home.cluster, home.keys, home.shelf):
        cluster.account.folder(path)
    cluster.account.readable_folder(home.log)
    server.start()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def new_database(server: Cluster, name: str) -> None:
    """Make an empty database, replacing one of the same name."""
    server.execute(f'DROP DATABASE IF EXISTS "{name}"')
    server.execute(f'CREATE DATABASE "{name}"')


def init_pgbench(server: Cluster, scale: int) -> None:
    """Fill pgbench's own tables."""
    new_database(server, PGBENCH_DATABASE)
    _pgbench(server, "-q", "-i", "-s", str(scale))


@dataclass(frozen=True)
class Cost:
    """What a cell has done: requests a second, and microseconds of CPU for each."""

    per_second: float
    client_us: float
    server_us: float


def pgbench(server: Cluster, *, clients: int, mode: str, seconds: int) -> Cost:
    """Run pgbench's TPC-B for a while."""
    # As many threads as clients would share two cores badly; one per core is best.
    jobs = min(clients, os.cpu_count() or 1)
    before, own = cpu_seconds(server), _cpu_of_commands()
    told = _pgbench(
        server,
        *("-c", str(clients), "-j", str(jobs), "-M", mode, "-T", str(seconds)),
    )
    used = (_cpu_of_commands() - own, cpu_seconds(server) - before)
    rate = re.search(r"^tps = ([0-9.]+)", told, re.MULTILINE)
    count = re.search(r"actually processed: (\d+)", told)
    if rate is None or count is None:
        raise StackError("pgbench told no figure", advice=told)
    client_us, server_us = (1e6 * cpu / int(count[1]) for cpu in used)
    return Cost(float(rate[1]), client_us, server_us)


def _cpu_of_commands() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _pgbench(server: Cluster, *words: str) -> str:
    done = subprocess.run(
        [str(server.bin / "pgbench"), *words, PGBENCH_DATABASE],
        env={**os.environ, **server.environment(ADMIN)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise StackError("pgbench failed", advice=done.stderr)
    return done.stdout


def checkpoint(server: Cluster) -> None:
    """Write everything out: each round begins with the same debt, none."""
    server.execute("CHECKPOINT")


def cpu_seconds(server: Cluster) -> float:
    """CPU time that the server has used, in seconds: of all it ever started."""
    postmaster = server.pid()
    total = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
        if int(fields[1]) == postmaster:
            total += sum(map(int, fields[11:13]))  # utime, stime: see proc(5)
        elif int(stat.parent.name) == postmaster:
            total += sum(map(int, fields[11:15]))  # and those of children that ended
    return total / TICKS
