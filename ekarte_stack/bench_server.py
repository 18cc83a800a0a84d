"""The PostgreSQL of the benches: a private one, set as docs/OPERATIONS.md advises.

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
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ekarte_core import write_new_keyring
from ekarte_stack import cluster as clusters
from ekarte_stack.account import service_account
from ekarte_stack.cluster import ADMIN, Cluster
from ekarte_stack.home import Home
from ekarte_stack.locks import only_one
from ekarte_stack.steps import StackError

PGBENCH_DATABASE = "pgbench"
STATEMENTS = "shared_preload_libraries = 'pg_stat_statements'\n"
TICKS = os.sysconf("SC_CLK_TCK")
BUFFERS_MB_MAX = 8_192
# A full page in the log for each page touched after a checkpoint: seldom, and packed.
ADVISED = """
shared_buffers = {buffers_mb}MB
max_wal_size = 8GB
checkpoint_timeout = 15min
wal_compression = lz4
"""


@contextmanager
def bench_server(
    cluster: Cluster, folder: Path, settings: str = ""
) -> Iterator[Cluster]:
    """Serve a new cluster in `folder`; removed at the end.

    Args:
        cluster: the one whose programs and account are used.
        folder: where it lies; emptied first.
        settings: lines for postgresql.conf.
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


@contextmanager
def bench_stand(home: Home, settings: str = "") -> Iterator[tuple[Cluster, Path]]:
    """Serve a bench's cluster below a home folder; yield it with a new keyring's file.

    It has the advised settings, and those given. One bench at a time.
    """
    home.path.mkdir(parents=True, exist_ok=True)
    account = service_account(home)
    with only_one(home, "bench"):
        cluster = clusters.find(home, account)
        lines = advised() + settings
        with bench_server(cluster, home.path / "bench", lines) as server:
            keyring = server.home.keys / "keyring"
            write_new_keyring(keyring)
            account.give(keyring)
            yield server, keyring


def advised() -> str:
    """Return the settings that docs/OPERATIONS.md advises for this machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
    return ADVISED.format(buffers_mb=min(memory // 4, BUFFERS_MB_MAX))


def machine_before(server: Cluster, seconds: float) -> dict[str, Any]:
    """Return what a report says of its machine, before anything is measured."""
    return {
        "postgresql": server.execute("SHOW server_version")[0][0],
        "cores": os.cpu_count(),
        "seconds_per_cell": seconds,
        "load_before": round(os.getloadavg()[0], 1),
    }


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
    """What a cell has done: requests a second, and microseconds of CPU for each.

    Attributes:
        waited_ms: how long each took, ranked; empty where nobody asked.
    """

    per_second: float
    client_us: float
    server_us: float
    waited_ms: list[float] = field(default_factory=list, repr=False)


def pgbench(
    server: Cluster, *, clients: int, mode: str, seconds: int, timed: bool = False
) -> Cost:
    """Run pgbench's TPC-B for a while; `timed`: note how long each took."""
    # As many threads as clients would share two cores badly; one per core is best.
    jobs = min(clients, os.cpu_count() or 1)
    before, own = cpu_seconds(server), _cpu_of_commands()
    prefix = server.home.path / "times"
    told = _pgbench(
        server,
        *("-c", str(clients), "-j", str(jobs), "-M", mode, "-T", str(seconds)),
        *(("-l", f"--log-prefix={prefix}") if timed else ()),
    )
    used = (_cpu_of_commands() - own, cpu_seconds(server) - before)
    rate = re.search(r"^tps = ([0-9.]+)", told, re.MULTILINE)
    count = re.search(r"actually processed: (\d+)", told)
    if rate is None or count is None:
        raise StackError("pgbench told no figure", advice=told)
    client_us, server_us = (1e6 * cpu / int(count[1]) for cpu in used)
    return Cost(float(rate[1]), client_us, server_us, _times(prefix))


def _times(prefix: Path) -> list[float]:
    """Read and remove what pgbench wrote of each transaction; its third word is µs."""
    found: list[float] = []
    for path in prefix.parent.glob(f"{prefix.name}.*"):
        rows = path.read_text().splitlines()
        found += [int(row.split()[2]) / 1000 for row in rows]
        path.unlink()
    return sorted(found)


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
