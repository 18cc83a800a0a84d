"""For work on the code: PostgreSQL alone, single commands, paths."""

import argparse
import json
import os
from pathlib import Path

from ekarte_stack import machine as machines
from ekarte_stack import odoo_server
from ekarte_stack.cluster import ADMIN
from ekarte_stack.databases import own_addons
from ekarte_stack.home import CHECKOUT
from ekarte_stack.machine import Machine
from ekarte_stack.steps import StackError, say

SCRATCH = "ekarte_scratch"
NOTES = """\
# Written by "./ekarte dev". PostgreSQL runs until "./ekarte dev --stop".
# "./ekarte exec CMD" runs CMD as account {account} with PYTHONPATH (Odoo), PG*,
# EKARTE_KEYRING and EKARTE_TEST_DSN set, the venv first in PATH, in this checkout.

# Core or gateway tests (a scratch database; tests make their own from it):
{checkout}/ekarte exec pytest -p no:odoo tests/core
# ... or as yourself:
export EKARTE_TEST_DSN="{dsn}"
{python} -m pytest -p no:odoo tests/core

# A new Odoo database, copied from the base (Odoo's own modules), in a second:
{checkout}/ekarte copy MYDB
# Install or upgrade add-ons in it (addons_path is in odoo.conf):
{checkout}/ekarte exec odoo -c {conf} -d MYDB -i {addons} --stop-after-init --no-http
{checkout}/ekarte exec odoo -c {conf} -d MYDB -u ekarte_loyalty --stop-after-init
# pytest-odoo against it (never without --odoo-http: HttpCases would be skipped):
{checkout}/ekarte exec pytest -c /dev/null --rootdir={checkout} -p no:cacheprovider \\
    --odoo-config={conf} --odoo-database=MYDB --odoo-http ekarte_loyalty
# A server, a shell, SQL:
{checkout}/ekarte exec odoo -c {conf} -d MYDB --http-port=8099
{checkout}/ekarte exec odoo shell -c {conf} -d MYDB
{checkout}/ekarte exec psql -U {admin} -d MYDB

base database:  {base}
modules in it:  {modules}
odoo:           {odoo}
addons_path:    {addons_path}
keyring:        {keyring}
sockets, port:  {sockets} {port}
"""


def dev(options: argparse.Namespace) -> int:
    """Start PostgreSQL, build the base database, print how to work with them."""
    machine = machines.prepare()
    if options.stop:
        machine.cluster.stop()
        return 0
    machine.cluster.start()
    odoo_server.write_configuration(machine.databases)
    base = machine.databases.base()
    scratch_dsn(machine)
    make_keyring(machine)
    text = NOTES.format(
        account=machine.account.name,
        checkout=CHECKOUT,
        python=machine.home.python,
        dsn=scratch_dsn(machine),
        conf=machine.databases.conf,
        addons=",".join(own_addons()) or "ekarte_loyalty,ekarte_pos_terminal",
        admin=ADMIN,
        base=base,
        modules=" ".join(machine.databases.modules()),
        odoo=machine.databases.source.pythonpath,
        addons_path=",".join(map(str, machine.databases.source.addons_path())),
        keyring=machine.home.keyring,
        sockets=machine.cluster.sockets,
        port=machine.cluster.port,
    )
    machine.account.write_secret(machine.home.path / "DEV.txt", text)
    say(text)
    return 0


def copy(options: argparse.Namespace) -> int:
    """Make a fresh copy of the base database, replacing one of the same name."""
    machine = machines.prepare()
    machine.databases.copy(machine.databases.base(), options.name)
    say(options.name)
    return 0


def execute(options: argparse.Namespace) -> int:
    """Replace this process by a command of the servers' account."""
    if not options.words:
        raise StackError("no command given", advice="for example: ./ekarte exec psql")
    machine = machines.prepare()
    if not machine.cluster.is_running():
        raise StackError("PostgreSQL does not run", advice="start it with ./ekarte dev")
    odoo_server.write_configuration(machine.databases)
    environment = environment_of(machine)
    words = options.words
    if words[0] == "odoo":  # Debian's odoo script would take the system's Python
        words = [str(machine.home.python), "-m", *words]
    os.chdir(CHECKOUT)
    os.execvpe(
        machine.account.argv(*words)[0], machine.account.argv(*words), environment
    )


def environment_of(machine: Machine) -> dict[str, str]:
    """Return the variables of a command or test run in the checkout."""
    environment = machine.databases.environment()
    environment["PATH"] = f"{machine.home.venv / 'bin'}:{environment['PATH']}"
    environment["EKARTE_TEST_DSN"] = scratch_dsn(machine)
    environment["ODOO_RC"] = str(machine.databases.conf)
    return environment


def scratch_dsn(machine: Machine) -> str:
    """Return the address of an empty database whose user may create others."""
    if not machine.databases.exists(SCRATCH):
        machine.cluster.execute(f'CREATE DATABASE "{SCRATCH}"')
    return machine.cluster.dsn(ADMIN, SCRATCH)


def make_keyring(machine: Machine) -> Path:
    """Have the core write the keys that protect card numbers, once."""
    keyring = machine.home.keyring
    if not keyring.exists() and (CHECKOUT / "ekarte_core" / "__main__.py").exists():
        machines.core(machine, "keyring", str(keyring))
    return keyring


def paths(_: argparse.Namespace) -> int:
    """Print where things lie, as JSON."""
    machine = machines.prepare()
    shown = {
        "home": machine.home.path,
        "python": machine.home.python,
        "odoo": machine.databases.source.pythonpath,
        "odoo_conf": machine.databases.conf,
        "log": machine.home.log,
        "keys": machine.home.keys,
        "account": machine.account.name,
    }
    say(json.dumps({name: str(value) for name, value in shown.items()}, indent=2))
    return 0
