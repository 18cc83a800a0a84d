"""PgBouncer in front of the tests' PostgreSQL, as docs/SCALING.md sets it up."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import make_dsn

from tests.gateway.clusters import ACCOUNT
from tests.gateway.gateway_process import PATIENCE_S
from tests.ports import free_port

SETTINGS = """[databases]
{database} = host={host} port={port} user={user} password={password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {size}
query_wait_timeout = 5
server_connect_timeout = 5
server_login_retry = 1
server_round_robin = 1
"""


@contextmanager
def pooler(dsn: str, mode: str, size: int) -> Iterator[str]:
    """Run one for a database; lends the connection string that leads through it."""
    with psycopg2.connect(dsn) as connection:
        info = connection.info
        known = dict(info.dsn_parameters)
        # Its account may not enter the folder of the server's socket.
        known |= {"host": "127.0.0.1", "password": info.password}
    connection.close()
    folder = Path(tempfile.mkdtemp(prefix="ekarte-pooler-"))
    conf, listen = folder / "pgbouncer.ini", free_port()
    conf.write_text(
        SETTINGS.format(
            database=known["dbname"], listen=listen, mode=mode, size=size, **known
        )
    )
    conf.chmod(0o600)
    if ACCOUNT:
        for path in (folder, conf):
            shutil.chown(path, ACCOUNT["user"], ACCOUNT["group"])
    command = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin")
    assert command, "no pgbouncer on this machine"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [command, str(conf)], stdout=log, stderr=log, **ACCOUNT
        )
    through = make_dsn(
        host="127.0.0.1", port=listen, user=known["user"], dbname=known["dbname"]
    )
    try:
        _wait(through, process, folder / "log")
        yield through
    finally:
        process.terminate()
        process.wait(timeout=20)
        shutil.rmtree(folder)


def _wait(dsn: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            psycopg2.connect(dsn).close()
        except psycopg2.OperationalError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"the pooler does not serve:\n{log.read_text()}")
