"""Databases with E-karte in them: the ledger's schema, the add-ons, the demo network.

Each stage is kept as a database of its own, named after a fingerprint of what went
into it, so that a later run copies it instead of building it again.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from ekarte_stack import machine as machines
from ekarte_stack.cluster import GATEWAY, ODOO, OWNER
from ekarte_stack.databases import BUILDING, UNFINISHED, own_addons
from ekarte_stack.home import CHECKOUT
from ekarte_stack.machine import Machine
from ekarte_stack.steps import StackError, run, step

SOURCES = ("ekarte_core", "ekarte_loyalty", "ekarte_pos_terminal")
# Read at run time, never stored in a database by an installation.
NOT_INSTALLED = {"tests", "static", "__pycache__", "readme"}
ADDONS = "ekarte_addons_"
READY = "ekarte_ready_"


def fingerprint() -> str:
    """Return a short hash of everything an installation of our add-ons reads."""
    digest = hashlib.sha256()
    paths = (path for name in SOURCES for path in sorted((CHECKOUT / name).rglob("*")))
    for path in paths:
        if path.is_file() and not NOT_INSTALLED & set(path.relative_to(CHECKOUT).parts):
            digest.update(f"{path.relative_to(CHECKOUT)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def migrate(machine: Machine, database: str) -> None:
    """Bring schema ``ekarte`` up to date and tell who may do what in it."""
    owner = machine.cluster.address(OWNER, database)
    log = f"ledger-{database}.log"
    machines.core(machine, "migrate", "--dsn", owner, log=log)
    for role, purpose in ((ODOO, "odoo"), (GATEWAY, "gateway")):
        machines.core(
            machine, "grant", "--dsn", owner, "--role", role, "--for", purpose, log=log
        )


def with_addons(machine: Machine) -> str:
    """Return a database with our add-ons installed and nothing entered yet."""
    addons = own_addons()
    if not addons:
        raise StackError("the checkout holds no add-ons", advice="clone it again")
    base = machine.databases.base()
    name = f"{ADDONS}{base[-4:]}{fingerprint()}"
    if machine.databases.exists(name):
        return name
    _forget(machine, ADDONS, READY)
    building = name + BUILDING
    (machine.home.log / f"install-{building}.log").unlink(missing_ok=True)
    with step("installing " + ", ".join(addons)):
        machine.databases.copy(base, building)
        migrate(machine, building)
        machine.databases.install(building, addons)
    machine.databases.rename(building, name)
    (machine.home.log / f"install-{building}.log").rename(
        machine.home.log / "install-addons.log"
    )
    return name


def upgrade(machine: Machine, database: str) -> None:
    """Bring an existing database to the add-ons and the core of this checkout."""
    with step(f"upgrading database {database} to this checkout"):
        migrate(machine, database)
        machine.databases.install(
            database, own_addons(), ("-u", ",".join(own_addons()))
        )


def with_network(machine: Machine) -> str:
    """Return a database with the demo network: issuers, programs, cards, terminals."""
    addons = with_addons(machine)
    name = addons.replace(ADDONS, READY)
    if (
        machine.databases.exists(name)
        and (network_folder(machine) / "network.json").exists()
    ):
        return name
    building = name + BUILDING
    with step("entering the demo network: issuers, programs, cards, terminals"):
        machine.databases.drop(name)
        machine.databases.copy(addons, building)
        provision(machine, building)
    machine.databases.rename(building, name)
    return name


def network_folder(machine: Machine) -> Path:
    """Where the keys of the demo network's terminals lie."""
    return machine.home.keys / "network"


def provision(machine: Machine, database: str) -> None:
    """Have the add-ons enter the demo network; keep its keys in files."""
    folder = network_folder(machine)
    shutil.rmtree(folder, ignore_errors=True)
    machine.account.folder(folder)
    run(
        machine.account.argv(
            machine.home.python,
            "-m",
            "ekarte_stack.provision",
            machine.databases.conf,
            database,
            folder,
        ),
        log=machine.home.log / "provision.log",
        env=machine.databases.environment(),
        cwd=machine.account.home,
        advice=UNFINISHED,
    )


def network(machine: Machine) -> dict[str, Any]:
    """Return what provisioning wrote: terminals, logins, the file of the API key."""
    loaded: dict[str, Any] = json.loads(
        (network_folder(machine) / "network.json").read_text()
    )
    return loaded


def _forget(machine: Machine, *prefixes: str) -> None:
    """Drop what was built from older sources."""
    for (name,) in machine.cluster.execute("SELECT datname FROM pg_database"):
        if name.startswith(prefixes):
            machine.databases.drop(name)
