"""A PostgreSQL cluster of our own; the system's is neither used nor touched."""

import hashlib
import os
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from ekarte_stack import ports
from ekarte_stack.account import Account
from ekarte_stack.home import Home
from ekarte_stack.steps import StackError, run, step

VERSION_MIN = 15  # lots: UNIQUE NULLS NOT DISTINCT
SOCKET_PATH_MAX = 107  # sun_path of a unix socket, less the closing zero
ADMIN = "ekarte_admin"
OWNER = "ekarte_owner"  # owns the ledger's schema; used to migrate it
ODOO = "odoo"
GATEWAY = "ekarte_gateway"
# Nobody is superuser but the administrator of this private cluster.
ROLES = {
    OWNER: "LOGIN",
    ODOO: "LOGIN CREATEDB",
    GATEWAY: "LOGIN",
}
SETTINGS = """
listen_addresses = '127.0.0.1'
unix_socket_permissions = 0700
max_connections = 200
shared_buffers = 256MB
effective_cache_size = 2GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
checkpoint_timeout = 15min
random_page_cost = 1.1
jit = off
password_encryption = 'scram-sha-256'
log_timezone = 'UTC'
timezone = 'UTC'
"""
HBA = """# Written by ekarte_stack: a password for everyone, on this machine only.
local all all               scram-sha-256
host  all all 127.0.0.1/32  scram-sha-256
"""


@dataclass(frozen=True)
class Cluster:
    """The private cluster: where it lies and how to reach it."""

    home: Home
    account: Account
    bin: Path
    settings: str = SETTINGS  # lines for postgresql.conf when it is created

    @property
    def data(self) -> Path:
        """The data folder of initdb."""
        return self.home.cluster / "data"

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self.home.log / "postgres.log"

    @property
    def port(self) -> int:
        """The TCP port, also part of the name of the unix socket."""
        return int((self.home.cluster / "port").read_text())

    @property
    def sockets(self) -> Path:
        """The folder of the unix socket; in /tmp where the path would be too long."""
        usual = self.home.cluster / "socket"
        if len(str(usual / ".s.PGSQL.65535.lock")) <= SOCKET_PATH_MAX:
            return usual
        mark = hashlib.sha256(str(self.home.path).encode()).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"ekarte-{self.account.uid}-{mark}"

    @property
    def pgpass(self) -> Path:
        """Passwords of all roles, for psql and friends."""
        return self.home.keys / "pgpass"

    def password(self, role: str) -> str:
        """Return the password of a role."""
        return (self.home.keys / f"postgres-{role}").read_text().strip()

    def address(self, role: str, database: str) -> str:
        """Return a libpq connection string without the password; see ``pgpass``.

        For command lines, which everybody on the machine can read.
        """
        return (
            f"host={self.sockets} port={self.port} dbname={database} user={role} "
            f"passfile={self.pgpass}"
        )

    def dsn(self, role: str, database: str) -> str:
        """Return a connection string with the password; never for a command line."""
        return (
            f"host={self.sockets} port={self.port} dbname={database} user={role} "
            f"password={self.password(role)}"
        )

    def environment(self, role: str = ADMIN) -> dict[str, str]:
        """Return the variables by which PostgreSQL's own tools find this cluster."""
        return {
            "PGHOST": str(self.sockets),
            "PGPORT": str(self.port),
            "PGUSER": role,
            "PGPASSFILE": str(self.pgpass),
        }

    def is_running(self) -> bool:
        """Tell whether this cluster is served now."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """Return the process that serves this cluster now."""
        try:
            first = (self.data / "postmaster.pid").read_text().splitlines()[0]
            command = Path(f"/proc/{int(first)}/cmdline").read_bytes()
        except (OSError, ValueError, IndexError):
            return None
        # After a crash the number may belong to somebody else.
        return int(first) if str(self.data).encode() in command else None

    @contextmanager
    def connect(self, database: str = "postgres", role: str = ADMIN) -> Iterator[Any]:
        """Lend a connection in autocommit mode."""
        connection = psycopg2.connect(self.dsn(role, database))
        connection.autocommit = True
        try:
            yield connection
        finally:
            connection.close()

    def execute(
        self, sql: str, *values: object, database: str = "postgres"
    ) -> list[Any]:
        """Run one statement as administrator; return its rows, if any."""
        with self.connect(database) as connection, connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> bool:
        """Create the cluster if need be and start it; False if it ran already."""
        if self.is_running():
            return False
        if not (self.data / "PG_VERSION").exists():
            self._create()
        self._settle_port()
        self._make_socket_folder()
        self.log.touch(mode=0o600)
        self.account.give(self.log)
        with step(f"starting PostgreSQL on {ports.LOOPBACK}:{self.port}"):
            self._control("start", "-w", "-t", "60")
        self._roles()
        return True

    def stop(self) -> None:
        """Stop the server, if it runs; open transactions are rolled back."""
        if self.is_running():
            with step("stopping PostgreSQL"):
                self._control("stop", "-w", "-m", "fast")

    def _control(self, *words: str) -> None:
        run(
            self.account.argv(
                self.bin / "pg_ctl", "-D", self.data, "-l", self.log, *words
            ),
            log=self.home.log / "pg_ctl.log",
            env=self.account.environment(),
            cwd=Path("/"),
            advice=f"see {self.log}",
        )

    def _create(self) -> None:
        with step("creating a private PostgreSQL cluster"):
            shutil.rmtree(self.data, ignore_errors=True)
            secret = self.home.keys / f"postgres-{ADMIN}"
            self.account.write_secret(secret, secrets.token_urlsafe(24) + "\n")
            run(
                self.account.argv(
                    self.bin / "initdb",
                    "-D",
                    self.data,
                    "-U",
                    ADMIN,
                    "-E",
                    "UTF8",
                    "--locale=C.UTF-8",
                    "--auth=scram-sha-256",
                    f"--pwfile={secret}",
                ),
                log=self.home.log / "initdb.log",
                env=self.account.environment(),
                cwd=Path("/"),
            )
            with (self.data / "postgresql.conf").open("a") as conf:
                conf.write(f"{self.settings}include_if_exists = 'ekarte.conf'\n")
            (self.data / "pg_hba.conf").write_text(HBA)

    def _settle_port(self) -> None:
        """Keep the port of the last run if it is still free."""
        note = self.home.cluster / "port"
        known = int(note.read_text()) if note.exists() else 0
        wished = os.environ.get("EKARTE_PG_PORT")
        if wished or not known or not ports.is_free(known):
            known = ports.choose("postgres")
        self.account.write_secret(note, f"{known}\n")
        self.account.write_secret(
            self.data / "ekarte.conf",
            f"port = {known}\nunix_socket_directories = '{self.sockets}'\n",
        )

    def _make_socket_folder(self) -> None:
        """In /tmp somebody else may have been there first: take only what is ours."""
        folder = self.sockets
        try:
            folder.mkdir(mode=0o700)
            self.account.give(folder)
        except FileExistsError:
            there = folder.lstat()
            if not stat.S_ISDIR(there.st_mode) or there.st_uid != self.account.uid:
                raise StackError(
                    f"{folder} belongs to somebody else",
                    advice="remove it, or set EKARTE_HOME to a shorter path",
                ) from None
            folder.chmod(0o700)

    def _roles(self) -> None:
        """Create the roles once, each with a password of its own."""
        there = {row[0] for row in self.execute_first("SELECT rolname FROM pg_roles")}
        for role, rights in ROLES.items():
            path = self.home.keys / f"postgres-{role}"
            if role in there and path.exists():
                continue
            self.account.write_secret(path, secrets.token_urlsafe(24) + "\n")
            verb = "ALTER" if role in there else "CREATE"
            self.execute(
                f"{verb} ROLE {role} {rights} PASSWORD %s", self.password(role)
            )
        self.account.write_secret(
            self.pgpass,
            "".join(
                f"*:*:*:{role}:{self.password(role)}\n" for role in (ADMIN, *ROLES)
            ),
        )

    def execute_first(self, sql: str) -> list[Any]:
        """The first statement after a start; explains a refused connection."""
        try:
            return self.execute(sql)
        except psycopg2.OperationalError as error:
            raise StackError(
                f"PostgreSQL runs but refuses us: {error}", log=self.log
            ) from error


def find(home: Home, account: Account) -> Cluster:
    """Return the private cluster, served by the newest PostgreSQL on this machine."""
    found = []
    for initdb in Path("/usr/lib/postgresql").glob("*/bin/initdb"):
        version = re.fullmatch(r"(\d+)", initdb.parents[1].name)
        if version and int(version[1]) >= VERSION_MIN:
            found.append((int(version[1]), initdb.parent))
    beside = shutil.which("initdb")
    if beside:
        found.append((VERSION_MIN, Path(beside).resolve().parent))
    if not found:
        raise StackError(
            f"no PostgreSQL {VERSION_MIN} or newer on this machine",
            advice="install the package postgresql, then start again",
        )
    made_by = home.cluster / "data" / "PG_VERSION"
    if made_by.exists():  # a cluster is served by the version that made it
        major = int(made_by.read_text())
        same = [folder for version, folder in found if version == major]
        if same:
            return Cluster(home, account, same[0])
    return Cluster(home, account, max(found)[1])
