"""A PostgreSQL a part of whose files lies on a small disk of its own.

The disk is a tmpfs in a mount namespace that any account may make (user namespaces);
the servers run inside it, everything else outside sees the other files only. A process
of ours keeps the namespace while PostgreSQL is down.
"""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg2

from ekarte_stack import cluster as clusters
from ekarte_stack.bench_server import bench_server
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.chaos.stand import SETTINGS, Ledger, Place, PrivateLedger, Stand
from ekarte_stack.cluster import Cluster
from ekarte_stack.steps import StackError

MEGABYTES = {"base": 96, "pg_wal": 256}  # room for the segments of a trial, and more
# Old segments that are kept for later would hold the room that recovering needs, and no
# filler that is taken away gives it back.
OWN = SETTINGS + "wal_recycle = off\n"
FILLER = "filler"
NO_ROOM = "No space left on device"
FULL_WITHIN_S, LOOK_EVERY_S = 10.0, 0.1
KEEP = """
set -e
cp -a "$1" "$1.copy"
mount -t tmpfs -o "size=$2m,mode=700" none "$1"
cp -a "$1.copy/." "$1/"
echo ready
exec cat
"""


class SmallDisk(PrivateLedger):
    """A cluster of the trial's own, with the disk that can be filled."""

    def __init__(self, cluster: Cluster, part: Path) -> None:
        """Take a cluster whose account works inside the namespace."""
        super().__init__(cluster)
        self._filler = part / FILLER

    def fill(self) -> None:
        """Leave no room; what does not fit is not an error here."""
        write = f'head -c {max(MEGABYTES.values())}M /dev/zero >"$1" 2>&-; sync'
        self._run("sh", "-c", write, "fill", str(self._filler), ok=(0, 1))

    def empty(self) -> None:
        """Make room again."""
        self._run("rm", "-f", str(self._filler))

    def refusals(self) -> int:
        """Count how often PostgreSQL has found no room."""
        return self.cluster.log.read_text(errors="replace").count(NO_ROOM)

    def recover(self) -> None:
        """Make room, and be there again."""
        self.empty()
        super().recover()
        self.cluster.execute(QUERIES["forget_the_log"])

    def _run(self, *words: str, ok: tuple[int, ...] = (0,)) -> None:
        done = subprocess.run(self.cluster.account.argv(*words), check=False)
        assert done.returncode in ok, f"{words} ended with {done.returncode}"


@contextmanager
def small_disk(place: Place, part: str) -> Iterator[Ledger]:
    """Serve a new cluster with this folder of its data on a small disk."""
    plain = clusters.find(place.home, place.account)
    with bench_server(plain, place.folder / f"small_{part}", OWN) as server:
        server.stop()
        folder = server.data / part
        with _namespace(server, folder, MEGABYTES[part]) as pid:
            enter = ("nsenter", f"--target={pid}", "--user", "--mount")
            words = (*server.account.prefix, *enter, "--preserve-credentials", "--")
            inside = replace(server, account=replace(server.account, prefix=words))
            inside.start()
            try:
                yield SmallDisk(inside, folder)
            finally:
                inside.stop()


@contextmanager
def _namespace(server: Cluster, folder: Path, megabytes: int) -> Iterator[int]:
    """Keep a namespace with the small disk in it; yield who keeps it."""
    apart = ("--user", "--map-current-user", "--keep-caps", "--mount")
    keeper = subprocess.Popen(
        server.account.argv(
            *("unshare", *apart, "sh", "-c", KEEP, "keep", folder, str(megabytes))
        ),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdin is not None
    assert keeper.stdout is not None
    try:
        if keeper.stdout.readline().strip() != "ready":
            raise StackError(
                "this machine makes no small disk for PostgreSQL",
                advice="allow user namespaces: sysctl kernel.unprivileged_userns_clone",
            )
        yield keeper.pid
    finally:
        keeper.stdin.close()
        keeper.wait()
        keeper.stdout.close()


small_base, small_wal = (
    partial(small_disk, part="base"),
    partial(small_disk, part="pg_wal"),
)


def fill_disk(at: Stand, _dice: object) -> None:
    """No room for a while: not for rows, or not for the log of what is committed."""
    ledger = at.ledger
    assert isinstance(ledger, SmallDisk)
    seen = ledger.refusals()
    ledger.fill()
    end = time.monotonic() + FULL_WITHIN_S
    while ledger.refusals() == seen:
        assert time.monotonic() < end, "the disk is full, and nobody has noticed"
        # Business here is too small to fill a segment of the log.
        with suppress(psycopg2.OperationalError):  # it may have died of it by now
            ledger.cluster.execute(QUERIES["next_segment"])
        time.sleep(LOOK_EVERY_S)
    at.wait(0.2, 1.0)
