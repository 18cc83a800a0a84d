"""Odoo 19: the one that is set, the one that is here, or Debian's, unpacked."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import StackError, run, step, warn

SERIES = (19, 0)
PACKAGE = "odoo-19"
SUITE = "sid"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# Linked to by Odoo's package, not part of Debian 12: taken from the same suite.
BESIDE = ("fonts-montserrat",)
INSIDE_PACKAGE = Path("usr/lib/python3/dist-packages")
# What apt says of a mirror that stands still, or of a clock that does.
STALE = re.compile(r"is expired|is not valid yet")
ADVICE = (
    "set ODOO_HOME to a folder with Odoo 19's source (the folder that holds odoo-bin, "
    "or the one that holds the package odoo)"
)


@dataclass(frozen=True)
class OdooSource:
    """An Odoo 19 on this machine."""

    pythonpath: Path
    addons: tuple[Path, ...]
    origin: str
    stripped: bool  # Debian leaves out a minified library that the web client asks for

    def addons_path(self) -> list[Path]:
        """All folders with add-ons: Odoo's, ours, and the shim if it is needed."""
        ours = [CHECKOUT] if any(CHECKOUT.glob("ekarte_*/__manifest__.py")) else []
        shim = [CHECKOUT / "ekarte_stack" / "odoo_shim"] if self.stripped else []
        return [*self.addons, *ours, *shim]


def find(home: Home, *, fetch: bool = True) -> OdooSource:
    """Return an Odoo 19, fetching Debian's package if there is none.

    With ``fetch`` false, for commands that only stop or look, the answer may be an
    empty source.

    Raises:
        StackError: ``$ODOO_HOME`` holds no Odoo 19, or the package cannot be had.
    """
    chosen = os.environ.get("ODOO_HOME")
    if chosen:
        return _from_folder(Path(chosen).resolve(), "ODOO_HOME")
    present = _on_this_machine()
    if present:
        return present
    ready = home.odoo_tree / "complete"
    if not ready.exists() and not fetch:
        return OdooSource(home.odoo_tree, (), "nowhere yet", stripped=False)
    if not ready.exists():
        _fetch(home)
        ready.touch()
    return _from_folder(home.odoo_tree / INSIDE_PACKAGE, f"Debian's package {PACKAGE}")


def series(package: Path) -> tuple[int, int] | None:
    """Read the series from odoo/release.py without importing Odoo."""
    try:
        text = (package / "release.py").read_text()
    except OSError:
        return None
    match = re.search(r"^version_info = \((\d+), (\d+)", text, re.MULTILINE)
    return (int(match[1]), int(match[2])) if match else None


def _from_folder(folder: Path, origin: str) -> OdooSource:
    if series(folder / "odoo") != SERIES:
        raise StackError(f"{origin}: no Odoo 19 in {folder}", advice=ADVICE)
    # A git checkout keeps the add-ons beside the package, a wheel or .deb inside.
    places = (folder / "odoo" / "addons", folder / "addons")
    addons = tuple(
        place
        for place in places
        if (place / "base" / "__manifest__.py").exists()
        or (place / "web" / "__manifest__.py").exists()
    )
    if not any((place / "web").exists() for place in addons):
        raise StackError(f"{origin}: no add-on 'web' in {folder}", advice=ADVICE)
    if (folder / "odoo" / "addons" / "web").exists():
        addons = places[:1]  # Debian's second folder holds only copies of the .py files
    library = "mail/static/lib/selfie_segmentation/selfie_segmentation.js"
    stripped = not any((place / library).exists() for place in addons)
    return OdooSource(folder, addons, origin, stripped=stripped)


def _on_this_machine() -> OdooSource | None:
    """Look for an importable Odoo, then for the system's package."""
    places = []
    spec = importlib.util.find_spec("odoo")
    for location in (spec.submodule_search_locations or []) if spec else []:
        places.append(Path(location))
    places.append(Path("/") / INSIDE_PACKAGE / "odoo")
    for place in places:
        if series(place) == SERIES:
            return _from_folder(place.parent, f"already on this machine: {place}")
    return None


def _fetch(home: Home) -> None:
    """Download with apt, which verifies signatures; unpack, do not install."""
    log = home.log / "odoo-source.log"
    shutil.rmtree(home.odoo_tree, ignore_errors=True)
    downloads = home.apt / "downloads"
    downloads.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"APT_CONFIG": str(_apt_configuration(home))}
    advice = f"check that apt reaches the machine's Debian mirror, or {ADVICE}"
    with step(f"reading the package list of Debian {SUITE} into a folder of our own"):
        _update(home, log, environment, advice)
    with step(f"downloading {PACKAGE} (about 120 MB)"):
        run(
            ["apt-get", "download", PACKAGE, *BESIDE],
            log=log,
            env=environment,
            cwd=downloads,
            advice=advice,
        )
    with step(f"unpacking {PACKAGE} (about 1.2 GB)"):
        for package in sorted(downloads.glob("*.deb")):
            run(["dpkg-deb", "-x", package, home.odoo_tree], log=log)
        shutil.rmtree(downloads)
        shutil.rmtree(home.odoo_tree / INSIDE_PACKAGE / "addons", ignore_errors=True)
        _mend_links(home.odoo_tree)


def _update(home: Home, log: Path, environment: Mapping[str, str], advice: str) -> None:
    """Read the suite's package list; a mirror that stands still is used, and named."""
    began = log.stat().st_size if log.exists() else 0
    try:
        run(["apt-get", "update"], log=log, env=environment, advice=advice)
    except StackError:
        if not STALE.search(log.read_text(errors="replace")[began:]):
            raise
        warn(
            f"this machine's mirror has no fresh list of Debian {SUITE}; taking the old"
            " one (its signature is verified all the same)"
        )
        sources = home.apt / "sources.list"
        fresh = f"signed-by={KEYRING}"
        sources.write_text(
            sources.read_text().replace(
                fresh, f"{fresh} check-valid-until=no check-date=no"
            )
        )
        run(["apt-get", "update"], log=log, env=environment, advice=advice)


def _apt_configuration(home: Home) -> Path:
    """Write an apt configuration that knows one suite and no folder of the system's."""
    if not KEYRING.exists():
        raise StackError(
            f"no {KEYRING}: apt could not verify Debian's archive",
            advice=f"install the package debian-archive-keyring, or {ADVICE}",
        )
    for folder in ("lists/partial", "cache/archives/partial"):
        (home.apt / folder).mkdir(parents=True, exist_ok=True)
    (home.apt / "sources.list").write_text(
        f"deb [signed-by={KEYRING}] {mirror()} {SUITE} main\n"
    )
    path = home.apt / "apt.conf"
    path.write_text(
        f'Dir::Etc::SourceList "{home.apt}/sources.list";\n'
        'Dir::Etc::SourceParts "-";\n'
        f'Dir::State::Lists "{home.apt}/lists";\n'
        f'Dir::Cache "{home.apt}/cache";\n'
        # The folder may lie where apt's sandbox account cannot look.
        'APT::Sandbox::User "";\n'
        'Acquire::Languages "none";\n'
    )
    return path


def mirror() -> str:
    """Return the Debian mirror that apt on this machine uses for its own release."""
    targets = subprocess.run(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(REPO_URI) $(ORIGIN) $(LABEL) $(CODENAME) $(COMPONENT)",
            "Created-By: Packages",
        ],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    codename = _codename()
    for line in targets.splitlines():
        words = line.split()
        if words[1:] == ["Debian", "Debian", codename, "main"]:
            return words[0]
    raise StackError(
        f"apt on this machine knows no Debian archive for {codename!r}",
        advice=f"run 'apt-get update' as root and start again, or {ADVICE}",
    )


def _codename() -> str:
    match = re.search(
        r'^VERSION_CODENAME="?(\w+)', Path("/etc/os-release").read_text(), re.MULTILINE
    )
    return match[1] if match else ""


def _mend_links(tree: Path) -> None:
    """Point links that lead out of the package at the system's files."""
    missing = []
    for link in (tree / INSIDE_PACKAGE / "odoo").rglob("*"):
        if not link.is_symlink() or link.exists():
            continue
        inside = os.path.normpath(link.parent / link.readlink())
        system = Path("/") / os.path.relpath(inside, tree)
        if system.exists():
            link.unlink()
            link.symlink_to(system)
        else:
            missing.append(system)
    if missing:
        warn(f"Odoo links to files that no installed package brings: {missing}")
