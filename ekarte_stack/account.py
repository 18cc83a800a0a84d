"""The account that PostgreSQL and Odoo run under: never root.

An ordinary user runs everything as himself. Root hands the servers to a system
account of their own. If the checkout or the state lies where that account cannot
look (a clone under /root, for instance), the servers get one single capability,
to read and to pass through folders; they still write nowhere but in their own.
"""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import StackError

NAME = "ekarte"
CAP_DAC_READ_SEARCH = 2  # linux/capability.h
# What the servers may inherit; everything else of the caller's stays out.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "TERM", "TMPDIR", "CI")


@dataclass(frozen=True)
class Account:
    """Who runs the servers, and the words that come before each command."""

    name: str
    uid: int
    gid: int
    prefix: tuple[str, ...]
    home: Path

    def argv(self, *words: str | Path) -> list[str]:
        """Return the command that runs ``words`` under this account."""
        return [*self.prefix, *(str(word) for word in words)]

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return a small environment with no secrets of the caller in it."""
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        kept.setdefault("PATH", "/usr/local/bin:/usr/bin:/bin")
        kept.setdefault("LANG", "C.UTF-8")
        own = {
            "HOME": str(self.home),
            "USER": self.name,
            # The checkout and Odoo's source are not theirs: what Python compiled is
            # kept here, or each of hundreds of processes would compile it again.
            "PYTHONPYCACHEPREFIX": str(self.home / ".cache" / "python"),
        }
        return kept | own | dict(extra or {})

    def folder(self, path: Path, mode: int = 0o700) -> Path:
        """Make a folder of this account's own."""
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.give(path)
        return path

    def readable_folder(self, path: Path) -> Path:
        """Make a folder of the caller's, which this account may read, not change."""
        path.mkdir(parents=True, exist_ok=True)
        os.chown(path, os.geteuid(), self.gid, follow_symlinks=False)
        path.chmod(0o750)
        return path

    def give(self, path: Path) -> None:
        """Hand a file or folder to this account; nothing to do for an ordinary user."""
        if self.prefix:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def write_secret(self, path: Path, text: str) -> None:
        """Write a file that only this account (and root) can read."""
        fresh = path.with_name(path.name + ".new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as out:
            out.write(text)
            if self.prefix:
                os.fchown(descriptor, self.uid, self.gid)
        fresh.replace(path)


def service_account(home: Home) -> Account:
    """Return the account for PostgreSQL, Odoo and the gateway.

    Raises:
        StackError: root cannot create the account, or it could not read the files.
    """
    if os.geteuid() != 0:
        me = pwd.getpwuid(os.geteuid())
        return Account(me.pw_name, me.pw_uid, me.pw_gid, (), home.shelf)
    entry = _system_user()
    prefix = (
        "setpriv",
        f"--reuid={entry.pw_uid}",
        f"--regid={entry.pw_gid}",
        "--clear-groups",
    )
    who = (entry.pw_name, entry.pw_uid, entry.pw_gid)
    account = Account(*who, (*prefix, "--"), home.shelf)
    hidden = [
        path
        for path in (CHECKOUT, home.path, _interpreter(home))
        if not _sees(account, path)
    ]
    if not hidden:
        return account
    caps = (
        # access(2), which Odoo asks, would otherwise ignore the capability. What root
        # held beyond it is gone with the next exec all the same.
        "--securebits=+no_setuid_fixup",
        "--inh-caps=+dac_read_search",
        "--ambient-caps=+dac_read_search",
    )
    account = Account(*who, (*prefix, *caps, "--"), home.shelf)
    if not (_may_pass_capability() and all(_sees(account, path) for path in hidden)):
        raise StackError(
            f"the account {NAME!r} of PostgreSQL and Odoo cannot look into "
            + ", ".join(str(path) for path in hidden),
            advice="clone into a folder that others may enter, below /srv for example, "
            "or start ./ekarte as an ordinary user with sudo",
        )
    return account


def _interpreter(home: Home) -> Path:
    """The real interpreter behind the virtual environment; it may lie anywhere."""
    return home.python.resolve() if home.python.exists() else Path("/")


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(NAME)
    except KeyError:
        pass
    tool = shutil.which("useradd") or "/usr/sbin/useradd"
    subprocess.run(
        [
            tool,
            "--system",
            "--user-group",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
            NAME,
        ],
        check=True,
    )
    return pwd.getpwnam(NAME)


def _sees(account: Account, path: Path) -> bool:
    test = ["test", "-r", str(path)]
    return subprocess.run([*account.prefix, *test], check=False).returncode == 0


def _may_pass_capability() -> bool:
    """Containers often run root without this capability."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("CapBnd:"):
            return bool(int(line.split()[1], 16) >> CAP_DAC_READ_SEARCH & 1)
    return False
