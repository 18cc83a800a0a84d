"""PostgreSQL clusters of a test's own: further machines, as gateways see it."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2

from tests.gateway.test_restore import tool
from tests.ports import free_port

# PostgreSQL does not run as root; in a container tests may.
ACCOUNT: dict[str, Any] = {} if os.geteuid() else {"user": "nobody", "group": "nogroup"}


class Cluster:
    """One PostgreSQL of the drill."""

    def __init__(self, data: Path) -> None:
        self.data, self.port = data, free_port()
        self.dsn = f"host=127.0.0.1 port={self.port} user=postgres dbname=postgres"

    def run(self, *words: str) -> None:
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, **ACCOUNT)

    def control(self, *words: str) -> None:
        self.run(tool("pg_ctl"), "--silent", "--wait", f"--pgdata={self.data}", *words)

    def start(self) -> None:
        options = f"-p {self.port} -h 127.0.0.1 -k {self.data}"
        log = f"--log={self.data}.log"
        self.control("start", log, f"--options={options}")

    def say(self, *statements: str) -> list[Any]:
        return self.say_in("postgres", *statements)

    def say_in(self, database: str, *statements: str) -> list[Any]:
        connection = psycopg2.connect(self.database(database))
        connection.autocommit = True
        with connection.cursor() as cr:
            for statement in statements:
                cr.execute(statement)
            rows = cr.fetchall() if cr.description else []
        connection.close()
        return rows

    def create(self, **settings: str) -> "Cluster":
        """Make it anew, with these settings, and start it."""
        new = ("--username=postgres", "--auth=trust", "--no-sync", "--encoding=UTF8")
        self.run(tool("initdb"), f"--pgdata={self.data}", *new)
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = {value}\n" for name, value in settings.items())
        self.start()
        return self

    def database(self, name: str) -> str:
        """The connection string of one of its databases."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name}"


@contextmanager
def clusters_of(*names: str) -> Iterator[list[Cluster]]:
    """Room for clusters; those that run at the end are stopped."""
    folder = Path(tempfile.mkdtemp(prefix="ekarte-clusters-"))
    if ACCOUNT:
        shutil.chown(folder, ACCOUNT["user"], ACCOUNT["group"])
    made = [Cluster(folder / name) for name in names]
    try:
        yield made
    finally:
        for one in made:
            if (one.data / "postmaster.pid").exists():
                one.control("stop", "--mode=immediate")
        shutil.rmtree(folder)


def follow(primary: Cluster, standby: Cluster) -> None:
    """The commands of section 9 of docs/OPERATIONS.md."""
    source = f"host=127.0.0.1 port={primary.port} user=postgres"
    standby.run(
        tool("pg_basebackup"),
        f"--dbname={source} application_name=standby1",
        f"--pgdata={standby.data}",
        "--wal-method=stream",
        "--checkpoint=fast",
        "--write-recovery-conf",
        "--create-slot",
        "--slot=standby1",
    )
    standby.start()
