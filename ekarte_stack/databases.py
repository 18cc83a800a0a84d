"""Odoo databases: a base built once, and quick copies of it.

Installing Odoo's own modules takes minutes, copying a database takes a second.
The base holds only Odoo's modules and is kept until the list or Odoo changes.
"""

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack.account import Account
from ekarte_stack.cluster import ODOO, OWNER, Cluster
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.locks import only_one
from ekarte_stack.odoo_source import OdooSource
from ekarte_stack.steps import run, step

BASE_MODULES = (
    "account",
    "contacts",
    "l10n_lv",
    "mass_mailing",
    "point_of_sale",
    "pos_discount",
    "pos_loyalty",
    "pos_restaurant",
    "pos_sale",
    "portal",
    "sale_loyalty",
    "sale_management",
)
SHIM = "ekarte_debian_shim"
BUILDING = "_building"
UNFINISHED = "look at the first ERROR or CRITICAL line above"


@dataclass(frozen=True)
class Databases:
    """Makes, copies and drops databases with their filestores."""

    home: Home
    account: Account
    cluster: Cluster
    source: OdooSource

    def exists(self, name: str) -> bool:
        """Tell whether there is such a database."""
        return bool(
            self.cluster.execute("SELECT 1 FROM pg_database WHERE datname = %s", name)
        )

    def filestore(self, name: str) -> Path:
        """Return the folder of a database's attachments."""
        return self.home.odoo_data / "filestore" / name

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected, and its files."""
        self.cluster.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def copy(self, source: str, target: str) -> None:
        """Copy a database nobody is connected to, and its files by hard links."""
        self.drop(target)
        self.cluster.execute(
            f'CREATE DATABASE "{target}" OWNER {ODOO}'
            f' TEMPLATE "{source}" STRATEGY FILE_COPY'
        )
        self._grant(target)
        # As Odoo does in databases that it makes itself: parts of names go by it.
        self.cluster.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm", database=target)
        if self.filestore(source).exists():
            # Odoo never changes a stored file, so the copies may share it.
            shutil.copytree(
                self.filestore(source), self.filestore(target), copy_function=os.link
            )
            self._give_folders(self.filestore(target))
        self.cluster.execute(
            "UPDATE ir_config_parameter SET value = gen_random_uuid()"
            " WHERE key IN ('database.uuid', 'database.secret')",
            database=target,
        )

    def rename(self, source: str, target: str) -> None:
        """Rename a database nobody is connected to, and its filestore."""
        self.cluster.execute(f'ALTER DATABASE "{source}" RENAME TO "{target}"')
        if self.filestore(source).exists():
            self.filestore(source).rename(self.filestore(target))

    def modules(self) -> tuple[str, ...]:
        """Modules of the base: Odoo's, and the shim where Debian's build needs it."""
        return (*BASE_MODULES, SHIM) if self.source.stripped else BASE_MODULES

    def base(self) -> str:
        """Return the name of the base database, building it if there is none."""
        name = f"ekarte_base_{self._fingerprint()}"
        with only_one(self.home, "base"):
            if not self.exists(name):
                self._build_base(name)
        return name

    def _build_base(self, name: str) -> None:
        building = name + BUILDING
        self.drop(building)
        self.cluster.execute(
            f'CREATE DATABASE "{building}" OWNER {ODOO}'
            " TEMPLATE template0 ENCODING 'UTF8'"
        )
        self._grant(building)
        with step(
            "building the base database (Odoo's own modules, some minutes, once)"
        ):
            self.install(building, self.modules())
        self.rename(building, name)

    def install(
        self, database: str, modules: Sequence[str], extra: Sequence[str] = ()
    ) -> None:
        """Install add-ons with Odoo's own command."""
        # A crash during an installation costs only the unfinished database.
        self.cluster.execute(
            f'ALTER DATABASE "{database}" SET synchronous_commit = off'
        )
        run(
            self.odoo(
                "-d",
                database,
                "-i",
                ",".join(modules),
                "--stop-after-init",
                "--no-http",
                "--max-cron-threads=0",
                *extra,
            ),
            log=self.home.log / f"install-{database}.log",
            env=self.environment(),
            cwd=self.account.home,
            advice=UNFINISHED,
        )
        self.cluster.execute(f'ALTER DATABASE "{database}" RESET synchronous_commit')

    def odoo(self, *words: str) -> list[str]:
        """Return the command line of Odoo under the account of the servers."""
        return self.account.argv(
            self.home.python, "-m", "odoo", "server", "-c", self.conf, *words
        )

    @property
    def conf(self) -> Path:
        """Odoo's configuration file."""
        return self.home.conf / "odoo.conf"

    def environment(self) -> dict[str, str]:
        """Return the variables of every process that imports Odoo."""
        return self.account.environment(
            {
                "PYTHONPATH": str(self.source.pythonpath),
                "EKARTE_KEYRING": str(self.home.keyring),
                "EKARTE_HOME": str(self.home.path),
                **self.cluster.environment(ODOO),
            }
        )

    def _grant(self, database: str) -> None:
        """The ledger's owner makes its schema in Odoo's database."""
        self.cluster.execute(
            f'GRANT CREATE, CONNECT ON DATABASE "{database}" TO {OWNER}'
        )

    def _give_folders(self, top: Path) -> None:
        self.account.give(top)
        for folder in top.rglob("*"):
            if folder.is_dir():
                self.account.give(folder)

    def _fingerprint(self) -> str:
        release = self.source.pythonpath / "odoo" / "release.py"
        parts = [*self.modules(), str(self.source.pythonpath), release.read_text()]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:8]


def own_addons() -> tuple[str, ...]:
    """The add-ons of this checkout, in the order in which they need each other."""
    names = ("ekarte_loyalty", "ekarte_pos_terminal")
    return tuple(
        name for name in names if (CHECKOUT / name / "__manifest__.py").exists()
    )
