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
from ekarte_stack.locks import only_one
from ekarte_stack.machine import Machine
from ekarte_stack.steps import StackError, run, step

SOURCES = ("ekarte_core", "ekarte_loyalty", "ekarte_pos_terminal")
# Read at run time, never stored in a database by an installation.
NOT_INSTALLED = {"tests", "static", "__pycache__", "readme"}
ADDONS = "ekarte_addons_"
PAGES = "ekarte_pages_"
READY = "ekarte_ready_"
NETWORK_FILE = "network.json"


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
    log = "ledger.log"
    machines.core(machine, "migrate", "--dsn", owner, log=log)
    for role, purpose in ((ODOO, "odoo"), (GATEWAY, "gateway")):
        machines.core(
            machine, "grant", "--dsn", owner, "--role", role, "--for", purpose, log=log
        )


def with_addons(machine: Machine) -> str:
    """Return a database with our add-ons installed and nothing entered yet."""
    if not own_addons():
        raise StackError("the checkout holds no add-ons", advice="clone it again")
    base = machine.databases.base()
    name = f"{ADDONS}{base[-4:]}{fingerprint()}"
    with only_one(machine.home, "build"):
        if not machine.databases.exists(name):
            _install_addons(machine, base, name)
    return name


def _install_addons(machine: Machine, base: str, name: str) -> None:
    addons = own_addons()
    _forget(machine, ADDONS, PAGES, READY)
    building = name + BUILDING
    (machine.home.log / f"install-{building}.log").unlink(missing_ok=True)
    with step("installing " + ", ".join(addons)):
        machine.databases.copy(base, building)
        migrate(machine, building)
        machine.databases.install(building, addons)
    machine.databases.rename(building, name)
    (machine.home.log / f"install-{building}.log").rename(install_log(machine))


def with_pages(machine: Machine) -> str:
    """Return a database for tests in browsers: the add-ons, scripts and styles made."""
    addons = with_addons(machine)
    name = addons.replace(ADDONS, PAGES)
    with only_one(machine.home, "build"):
        if not machine.databases.exists(name):
            _make_pages(machine, addons, name)
    return name


def _make_pages(machine: Machine, addons: str, name: str) -> None:
    building = name + BUILDING
    with step("putting together the scripts and styles of all pages"):
        machine.databases.drop(name)
        machine.databases.copy(addons, building)
        in_odoo(machine, "assets", building, log="assets.log")
    machine.databases.rename(building, name)


def install_log(machine: Machine) -> Path:
    """What Odoo said while it installed the add-ons the last time."""
    return machine.home.log / "install-addons.log"


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
    with only_one(machine.home, "build"):
        noted = network_folder(machine, name) / NETWORK_FILE
        if not (machine.databases.exists(name) and noted.exists()):
            _enter_network(machine, addons, name)
    return name


def _enter_network(machine: Machine, addons: str, name: str) -> None:
    building = name + BUILDING
    with step("entering the demo network: issuers, programs, cards, terminals"):
        machine.databases.drop(name)
        machine.databases.copy(addons, building)
        provision(machine, building, _empty_network_folder(machine, name))
    machine.databases.rename(building, name)


def new_copy(machine: Machine, database: str) -> None:
    """Make a database from the demo network, with its keys in a folder of its own."""
    ready = with_network(machine)
    machine.databases.copy(ready, database)
    target = _empty_network_folder(machine, database)
    for path in network_folder(machine, ready).iterdir():
        machine.account.write_secret(target / path.name, path.read_text())


def network_folder(machine: Machine, database: str) -> Path:
    """Where the keys of the terminals lie that a database knows."""
    return machine.home.keys / f"network-{database}"


def _empty_network_folder(machine: Machine, database: str) -> Path:
    folder = network_folder(machine, database)
    shutil.rmtree(folder, ignore_errors=True)
    return machine.account.folder(folder)


def provision(machine: Machine, database: str, folder: Path) -> None:
    """Have the add-ons enter the demo network; keep its keys in files."""
    in_odoo(machine, "provision", database, str(folder), log="provision.log")


def in_odoo(machine: Machine, script: str, *words: str, log: str) -> None:
    """Run a script of ours in a process that holds Odoo."""
    run(
        machine.account.argv(
            machine.home.python,
            "-m",
            f"ekarte_stack.{script}",
            machine.databases.conf,
            *words,
        ),
        log=machine.home.log / log,
        env=machine.databases.environment(),
        cwd=machine.account.home,
        advice=UNFINISHED,
    )


def network(machine: Machine, database: str) -> dict[str, Any]:
    """Return what provisioning wrote: terminals, logins, the file of the API key."""
    folder = network_folder(machine, database)
    loaded: dict[str, Any] = json.loads((folder / NETWORK_FILE).read_text())
    for terminal in loaded["terminals"]:
        terminal["key_file"] = str(folder / terminal["key_file"])
    return loaded | {"api_key_file": str(folder / loaded["api_key_file"])}


def _forget(machine: Machine, *prefixes: str) -> None:
    """Drop what was built from older sources."""
    for (name,) in machine.cluster.execute("SELECT datname FROM pg_database"):
        if name.startswith(prefixes):
            machine.databases.drop(name)
            shutil.rmtree(network_folder(machine, name), ignore_errors=True)
