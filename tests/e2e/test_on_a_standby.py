"""Odoo reads on a standby: a real one, with a real Odoo in front of both machines."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from psycopg2.extensions import make_dsn, parse_dsn

from ekarte_stack import processes, serving
from ekarte_stack.odoo_door import OdooDoor
from tests.e2e.whole_stack import WholeStack, wait_until
from tests.gateway.clusters import ACCOUNT, Cluster, clusters_of, follow
from tests.gateway.test_restore import tool
from tests.ports import free_port

ASKED = 10
LISTS = ("ekarte.card", "ekarte.operation", "ekarte.daily.sale", "ekarte.statement")
# In a statement of ours, whoever wrote it; Odoo asks the primary for its own things.
OURS = ("ekarte_daily", "ekarte_card", "ekarte_operation", "ekarte_statement")


class Mirrored:
    """Two machines, and an Odoo that knows both."""

    def __init__(self, primary: Cluster, standby: Cluster, door: OdooDoor) -> None:
        self.primary, self.standby, self.door = primary, standby, door

    @contextmanager
    def heard(self, *words: str) -> Iterator[dict[str, int]]:
        """Count the statements with one of these words that each machine hears."""
        logs = {
            name: Path(f"{one.data}.log")
            for name, one in (("primary", self.primary), ("standby", self.standby))
        }
        began = {name: log.stat().st_size for name, log in logs.items()}
        counts: dict[str, int] = {}
        yield counts
        for name, log in logs.items():
            with log.open("rb") as file:
                file.seek(began[name])
                said = file.read().decode(errors="replace").split("LOG:  statement:")
            counts[name] = sum(any(word in text for word in words) for text in said[1:])

    def read_all(self) -> None:
        """Open the issuer's dashboard, lists and groups, as a browser does."""
        figures = self.door.call("ekarte.dashboard", "figures", days=30)["figures"]
        self.door.call("ekarte.dashboard", "open_figure", next(iter(figures)))
        for model in LISTS:
            wish = {"domain": [], "specification": {"display_name": {}}, "limit": 20}
            self.door.call(model, "web_search_read", **wish)
            self.door.call(
                model, "formatted_read_group", [], [], aggregates=["__count"]
            )

    def segments(self) -> set[str]:
        """Names of segments, as a list shows them."""
        found = self.door.call(
            "ekarte.segment", "web_search_read", [], {"name": {}}, limit=80
        )
        return {row["name"] for row in found["records"]}


@pytest.fixture(scope="module")
def mirrored(run_file: Path) -> Iterator[Mirrored]:
    """A copy of the stack's database on a primary and its standby; Odoo before both."""
    stack = WholeStack(run_file)
    with clusters_of("primary", "standby") as (primary, standby):
        # They say what they are asked: so one sees which of them was.
        primary.create(fsync="off", log_statement="'all'")
        copy(stack, primary)
        follow(primary, standby)
        folder = Path(tempfile.mkdtemp(prefix="ekarte-odoo-"))
        if ACCOUNT:
            shutil.chown(folder, ACCOUNT["user"], ACCOUNT["group"])
        who, url = serve(stack, primary, standby, folder)
        try:
            login = next(one for one in stack.run["logins"] if "ssuer" in one["role"])
            words = (stack.run["odoo"]["database"], login["login"], login["password"])
            door = OdooDoor(url, *words)
            yield Mirrored(primary, standby, door)
            door.close()
        finally:
            processes.stop(who, "Odoo")
            shutil.rmtree(folder)


def copy(stack: WholeStack, primary: Cluster) -> None:
    """Bring the stack's database over, under its name, for a user that Odoo takes."""
    name = stack.run["odoo"]["database"]
    primary.say(
        "CREATE ROLE odoo SUPERUSER LOGIN", f'CREATE DATABASE "{name}" OWNER odoo'
    )
    source = parse_dsn(stack.admin_dsn)
    password = {"PGPASSWORD": source.pop("password", "")}
    target = make_dsn(primary.database(name), user="odoo")
    dump = subprocess.Popen(
        [tool("pg_dump"), "-Fc", "-Z0", f"--dbname={make_dsn(**source)}"],
        stdout=subprocess.PIPE,
        env=os.environ | password,
    )
    restore = (tool("pg_restore"), "--no-owner", "--no-acl", "--exit-on-error")
    subprocess.run([*restore, f"--dbname={target}"], stdin=dump.stdout, check=True)
    assert dump.wait() == 0


def serve(
    stack: WholeStack, primary: Cluster, standby: Cluster, folder: Path
) -> tuple[processes.Identity, str]:
    """Start one more Odoo, as the stack's own runs, on the two machines."""
    raw = Path(f"/proc/{stack.run['pids']['odoo']['pid']}/cmdline").read_bytes()
    words = [word.decode() for word in raw.split(b"\0") if word]
    port = free_port()
    own = {
        "--http-port": port,
        "--gevent-port": free_port(),
        "--db_host": "127.0.0.1",
        "--db_port": primary.port,
        "--db_user": "odoo",
        "--db_replica_host": "127.0.0.1",
        "--db_replica_port": standby.port,
        "--data-dir": folder,
        "--max-cron-threads": 0,
    }
    server = serving.Server(
        name="Odoo on two machines",
        argv=[*words, *(f"{name}={value}" for name, value in own.items())],
        env=dict(os.environ),
        cwd=folder,
        log=folder / "odoo.log",
        ports=(port,),
        health="/web/health",
        timeout_s=180,
    )
    return serving.start(server), f"http://127.0.0.1:{port}"


def test_what_only_reads_is_asked_of_the_standby_and_the_primary_has_its_rest(
    mirrored: Mirrored,
):
    mirrored.read_all()  # what is read once and kept
    with mirrored.heard(*OURS) as heard:
        for _ in range(ASKED):
            mirrored.read_all()
    each = 2 + 2 * len(LISTS)
    assert heard["standby"] >= ASKED * each
    assert heard["primary"] == 0


def test_what_is_written_goes_to_the_primary_and_is_read_once_the_standby_has_it(
    mirrored: Mirrored,
):
    mirrored.standby.say("SELECT pg_wal_replay_pause()")
    with mirrored.heard('INSERT INTO "ekarte_segment"') as heard:
        mirrored.door.call("ekarte.segment", "create", [{"name": "Written now"}])
    # Nobody tries it at the standby first, to be refused there.
    assert heard == {"primary": 1, "standby": 0}
    assert "Written now" not in mirrored.segments()  # the list is the standby's
    mirrored.standby.say("SELECT pg_wal_replay_resume()")
    wait_until(lambda: "Written now" in mirrored.segments(), "replayed")


def test_without_the_standby_the_primary_answers(mirrored: Mirrored):
    mirrored.standby.control("stop", "--mode=immediate")
    with mirrored.heard(*OURS) as heard:
        mirrored.read_all()
    assert heard["primary"] > 0
    assert "Written now" in mirrored.segments()
