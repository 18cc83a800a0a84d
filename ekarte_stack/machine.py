"""All parts of the stack, put together for one home folder."""

import re
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack import cluster as clusters
from ekarte_stack import odoo_server, odoo_source
from ekarte_stack.account import Account, service_account
from ekarte_stack.cluster import Cluster
from ekarte_stack.databases import Databases
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import run


@dataclass(frozen=True)
class Machine:
    """What every sub-command works with."""

    home: Home
    account: Account
    cluster: Cluster
    databases: Databases


def prepare(*, fetch: bool = True) -> Machine:
    """Find or make everything that needs no running server.

    With ``fetch`` false nothing is downloaded: enough to stop things and to look.
    """
    home = Home.from_environment()
    home.path.mkdir(parents=True, exist_ok=True)
    account = service_account(home)
    for folder in home.owned_by_service():
        account.folder(folder)
    account.readable_folder(home.log)
    install_checkout()
    source = odoo_source.find(home, fetch=fetch)
    cluster = clusters.find(home, account)
    return Machine(home, account, cluster, Databases(home, account, cluster, source))


@contextmanager
def running_cluster(machine: Machine) -> Iterator[None]:
    """Have PostgreSQL run for a while; stop it only if it was started here."""
    started = machine.cluster.start()
    try:
        odoo_server.write_configuration(machine.databases)
        yield
    finally:
        if started:
            machine.cluster.stop()


def install_checkout() -> None:
    """Make this checkout the installed distribution ``ekarte``, nothing copied.

    The add-ons name it in ``external_dependencies``, so Odoo looks for its metadata.
    Written by hand: a build back end would leave a folder behind in the checkout.
    """
    site = Path(sysconfig.get_path("purelib"))
    version = re.search(
        r'^version = "([^"]+)"', (CHECKOUT / "pyproject.toml").read_text(), re.MULTILINE
    )
    assert version is not None, "pyproject.toml has no version"
    metadata = f"Metadata-Version: 2.1\nName: ekarte\nVersion: {version[1]}\n"
    info = site / f"ekarte-{version[1]}.dist-info"
    link = site / "ekarte.pth"
    wanted = {
        link: f"{CHECKOUT}\n",
        info / "METADATA": metadata,
        info / "INSTALLER": "ekarte\n",
    }
    info.mkdir(exist_ok=True)
    for path, text in wanted.items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    for other in site.glob("ekarte-*.dist-info/METADATA"):
        if other.parent != info:
            other.unlink()


def core(machine: Machine, *words: str, log: str = "core.log") -> None:
    """Run one command of ``python -m ekarte_core`` under the servers' account."""
    run(
        machine.account.argv(machine.home.python, "-m", "ekarte_core", *words),
        log=machine.home.log / log,
        env=machine.account.environment({"EKARTE_KEYRING": str(machine.home.keyring)}),
        cwd=machine.account.home,
        advice="if nothing in the database is dear to you: ./ekarte up --fresh",
    )
