"""Where everything the stack creates lies: one folder, nothing outside it."""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Home:
    """Paths below ``$EKARTE_HOME`` (default: ``.ekarte`` in the checkout)."""

    path: Path

    @classmethod
    def from_environment(cls) -> "Home":
        """Take ``$EKARTE_HOME``, made absolute, or the folder in the checkout."""
        return cls(
            Path(os.environ.get("EKARTE_HOME") or CHECKOUT / ".ekarte").resolve()
        )

    @property
    def venv(self) -> Path:
        """The virtual environment."""
        return self.path / "venv"

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.venv / "bin" / "python"

    @property
    def odoo_tree(self) -> Path:
        """Debian's package, unpacked."""
        return self.path / "odoo"

    @property
    def apt(self) -> Path:
        """Our own package lists, so that the machine's stay as they are."""
        return self.path / "apt"

    @property
    def cluster(self) -> Path:
        """The private PostgreSQL cluster."""
        return self.path / "postgres"

    @property
    def odoo_data(self) -> Path:
        """Odoo's data_dir: filestore and sessions."""
        return self.path / "odoo-data"

    @property
    def keys(self) -> Path:
        """Passwords, the card keyring, terminal keys: 0700, files 0600."""
        return self.path / "keys"

    @property
    def conf(self) -> Path:
        """Configuration files and notes about databases."""
        return self.path / "conf"

    @property
    def log(self) -> Path:
        """Log files; ours, not the servers', which get them opened by us."""
        return self.path / "log"

    @property
    def tests(self) -> Path:
        """Reports and scratch files of the test suites."""
        return self.path / "tests"

    @property
    def shelf(self) -> Path:
        """Home folder of the account that runs PostgreSQL and Odoo."""
        return self.path / "user"

    @property
    def run_file(self) -> Path:
        """What ``up`` wrote: addresses, logins, process ids."""
        return self.path / "run.json"

    @property
    def keyring(self) -> Path:
        """The keys that protect card numbers."""
        return self.keys / "keyring.json"

    @property
    def parameters_key(self) -> Path:
        """The key that terminals' parameters are signed with."""
        return self.keys / "parameters.pem"

    @property
    def terminals(self) -> Path:
        """Journals of software terminals."""
        return self.path / "terminals"

    def owned_by_service(self) -> tuple[Path, ...]:
        """Folders that the account of PostgreSQL and Odoo writes to."""
        return (
            self.cluster,
            self.odoo_data,
            self.keys,
            self.conf,
            self.tests,
            self.shelf,
        )

    def everything(self) -> tuple[Path, ...]:
        """All that the stack ever puts into this folder."""
        return (
            *self.owned_by_service(),
            self.log,
            self.terminals,
            self.venv,
            self.odoo_tree,
            self.apt,
            self.run_file,
            self.path / "DEV.txt",
            self.path / "report.json",
            self.path / "report.html",
            *self.path.glob("*.lock"),
        )
