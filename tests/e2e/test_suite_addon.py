"""The checkout is an add-on that installs both add-ons (docs/adr/0007).

Also the usual merchant's case: one database role owns everything, and installing makes
the ledger's schema by itself. `./ekarte test` sets ODOO_RC and EKARTE_TEST_DSN.
"""

import configparser
import os
import subprocess
import sys
import uuid
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from psycopg2.extensions import make_dsn

CHECKOUT = Path(__file__).resolve().parents[2]
ROLE = "odoo"
SUITE = "ekarte_suite_under_test"  # any name of [a-z0-9_] will do


def sql(dsn, query, **names):
    """Run one statement outside a transaction; return its rows, if any."""
    with closing(psycopg2.connect(make_dsn(dsn, **names))) as connection:
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(query)
            return cr.fetchall() if cr.description else []


@pytest.fixture
def database():
    """A database with Odoo's own modules, nothing of ours."""
    dsn = os.environ["EKARTE_TEST_DSN"]
    bases = "SELECT datname FROM pg_database WHERE datname ~ '^ekarte_base_[0-9a-f]+$'"
    base = sql(dsn, bases)[0][0]
    name = f"ekarte_t_suite_{uuid.uuid4().hex[:8]}"
    sql(dsn, f"CREATE DATABASE {name} OWNER {ROLE} TEMPLATE {base}")
    yield name
    sql(dsn, f"DROP DATABASE {name} WITH (FORCE)")


def install(module, database, folder, data):
    """Install with Odoo's own command, the folder added to its addons_path."""
    conf = os.environ["ODOO_RC"]
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(conf)
    paths = f"{parser['options']['addons_path']},{folder}"
    command = f"-c {conf} -d {database} -i {module} --addons-path={paths}"
    options = f"--data-dir={data} --stop-after-init --no-http --max-cron-threads=0"
    return subprocess.run(
        [sys.executable, "-m", "odoo", "server", *command.split(), *options.split()],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_installing_the_checkout_installs_both_addons_and_the_ledger(
    database, tmp_path
):
    parent, data = tmp_path / "addons", tmp_path / "data"
    data.mkdir()
    # A merchant's folder of add-ons: Odoo passes over one without any ordinary add-on.
    neighbour = parent / "neighbour"
    neighbour.mkdir(parents=True)
    (neighbour / "__init__.py").touch()
    (neighbour / "__manifest__.py").write_text("{'name': 'Neighbour'}")
    (parent / SUITE).symlink_to(CHECKOUT)

    done = install(SUITE, database, parent, data)

    assert done.returncode == 0, done.stderr[-5000:]
    dsn = os.environ["EKARTE_TEST_DSN"]
    modules = "SELECT name, state FROM ir_module_module WHERE name LIKE 'ekarte_%'"
    states = dict(sql(dsn, modules, dbname=database))
    installed = {name for name, state in states.items() if state == "installed"}
    assert {SUITE, "ekarte_loyalty", "ekarte_pos_terminal"} <= installed, done.stderr[
        -5000:
    ]
    owners = (
        "SELECT tableowner FROM pg_tables WHERE schemaname = 'ekarte'"
        " AND tablename = 'operation'"
    )
    assert sql(dsn, owners, dbname=database) == [(ROLE,)]
    assert "(ERROR" not in done.stderr, done.stderr[-5000:]
    assert " ERROR " not in done.stderr, done.stderr[-5000:]
