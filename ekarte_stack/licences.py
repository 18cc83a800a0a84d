"""Under which licences the pinned packages are, and whether ours goes with them.

Read from what is installed and from npm's lock: no network.
"""

import importlib.metadata
import json
import re
from pathlib import Path
from typing import NamedTuple

COMPATIBLE = (
    *("MIT", "BSD", "Apache", "ISC", "PSF", "Python Software Foundation", "0BSD"),
    *("MPL", "Mozilla Public License 2.0", "ZPL", "LGPL", "Lesser General Public"),
    *("CNRI-Python", "Python-2.0", "Expat", "Public Domain", "Unlicense", "Zlib"),
)
"""What a work under the LGPL 3 may be shipped with; the LGPL itself among them."""
STRICT = ("GPL", "General Public License", "Proprietary", "SSPL", "BUSL", "Commercial")
TOOLS = {
    "jxon": "of iso_8583, which our tests speak with over a socket",
    "pylint": "reads our source, is no part of anything",
    "pylint-odoo": "as pylint",
    "pylint-plugin-utils": "as pylint",
    "pytest-odoo": "runs tests, is no part of anything",
}
"""Tools of the tests only; their licences would reach what they are shipped with."""
CHOSEN = {
    "docutils": "its parts are in the public domain or BSD; GPL is Emacs' mode for it",
    "qrcode": "BSD; the other word is about the trademark in its name",
}
"""Packages with several words of which the free ones are those that matter."""


class Package(NamedTuple):
    """A pinned package and what it says of its licence."""

    name: str
    words: str


def pinned(lock: Path) -> list[str]:
    """Return the names in a lock file of Python packages."""
    text = lock.read_text(encoding="utf-8")
    return re.findall(r"^([A-Za-z0-9._-]+)==", text, re.MULTILINE)


def python_packages(lock: Path) -> list[Package]:
    """Return what is pinned and installed; what another Python needs is left out."""
    found = []
    for name in pinned(lock):
        try:
            found.append(Package(name, words_of(name)))
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def words_of(name: str) -> str:
    """Return a package's words: the SPDX expression if there is one.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    data = importlib.metadata.metadata(name)
    (expression,) = data.get_all("License-Expression") or [""]
    if expression:
        return str(expression)
    trove = [
        line.rpartition("::")[2].strip()
        for line in data.get_all("Classifier") or []
        if line.startswith("License ::")
    ]
    # The old field may hold a whole licence: its first line says which.
    old = data.get_all("License") or [""]
    first = str(old[0]).strip().partition("\n")[0][:80]
    return ", ".join(trove) or first


def node_packages(lock: Path) -> list[Package]:
    """Return what is pinned for Node."""
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return [
        Package(path.rpartition("node_modules/")[2], str(part.get("license", "")))
        for path, part in packages.items()
        if path
    ]


def verdict(package: Package) -> str:
    """Return what is wrong with a package's licence, nothing if nothing is."""
    words = package.words
    if not words:
        return "says nothing about its licence"
    lesser = re.sub(r"LGPL|(Library or )?Lesser General Public License", "", words)
    either = re.search(r"\bor\b", words, re.IGNORECASE) and _free(words)
    if any(word in lesser for word in STRICT) and not either:
        return f"is under {words}" if package.name not in CHOSEN else ""
    return "" if _free(words) else f"has a licence that nobody has judged: {words}"


def _free(words: str) -> bool:
    return any(word.lower() in words.lower() for word in COMPATIBLE)
