"""The import contracts hold, and each of them breaks on a planted import."""

import configparser
import re
import shutil
import subprocess
import sys

import pytest
from tree import CHECKOUT, Tree

CONTRACTS = ".importlinter"

# contract, file, the import that it forbids
PLANTED = [
    ("core-layers", "ekarte_core/values.py", "import ekarte_core.ledger"),
    ("core-layers", "ekarte_core/rules/purchase.py", "import ekarte_core.network"),
    ("core-pure", "ekarte_core/rules/purchase.py", "import time"),
    ("core-pure", "ekarte_core/settlement/journal.py", "import psycopg2"),
    ("core-alone", "ekarte_core/values.py", "import odoo"),
    ("core-alone", "ekarte_core/values.py", "import ekarte_auth_gateway"),
    ("gateway-layers", "ekarte_auth_gateway/codec/fields.py",
     "import ekarte_auth_gateway.flow"),
    ("gateway-alone", "ekarte_auth_gateway/codec/fields.py", "import odoo"),
    ("terminal-layers", "ekarte_terminal/session.py",
     "import ekarte_terminal.screen"),
    ("codec-sans-io", "ekarte_auth_gateway/codec/fields.py", "import socket"),
    ("parameters-pure", "ekarte_auth_gateway/parameters/cut.py", "import time"),
    ("addons-alone", "ekarte_loyalty/__init__.py", "import ekarte_auth_gateway"),
    ("core-front-door", "ekarte_loyalty/__init__.py",
     "from ekarte_core.values import CardRef"),
    ("core-front-door", "ekarte_auth_gateway/codec/fields.py",
     "from ekarte_core.rules import purchase"),
    ("gateway-front-door", "ekarte_stack/gateway.py",
     "import ekarte_auth_gateway.codec.fields"),
]  # fmt: skip


def names():
    """Return {section: name} of all contracts."""
    parser = configparser.ConfigParser()
    parser.read(CHECKOUT / CONTRACTS)
    return {
        section.rpartition(":")[2]: parser[section]["name"]
        for section in parser.sections()
        if ":" in section
    }


# `python -m importlinter.cli` ends with 0 and checks nothing.
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as run; run()"


def lint_imports(folder):
    """Return {contract name: kept} as lint-imports reports it, and the report."""
    done = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache"],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    found = dict(re.findall(r"^(.+?) (KEPT|BROKEN)\b", done.stdout, re.MULTILINE))
    assert found, done.stdout + done.stderr
    return {name: word == "KEPT" for name, word in found.items()}, done.stdout


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the Python files that the contracts speak of."""
    folder = tmp_path_factory.mktemp("contracts")
    for source in Tree().under("ekarte_"):
        target = folder / source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.path, target)
    shutil.copyfile(CHECKOUT / CONTRACTS, folder / CONTRACTS)
    return folder


def test_every_contract_is_kept(copy):
    found, report = lint_imports(copy)
    assert [name for name, kept in found.items() if not kept] == [], report
    assert set(found) == set(names().values())


@pytest.mark.parametrize(("contract", "name", "line"), PLANTED)
def test_a_planted_import_breaks_its_contract(copy, contract, name, line):
    path = copy / name
    sound = path.read_text(encoding="utf-8")
    path.write_text(f"{sound}\n{line}\n", encoding="utf-8")
    try:
        found, report = lint_imports(copy)
    finally:
        path.write_text(sound, encoding="utf-8")
    assert not found[names()[contract]], report


def test_every_contract_has_been_shown_a_fault():
    assert {contract for contract, *_ in PLANTED} == set(names())


def test_a_new_file_must_be_given_its_place(copy):
    """The layers are exhaustive: a module that no layer names is a fault."""
    path = copy / "ekarte_core" / "afterthought.py"
    path.write_text("", encoding="utf-8")
    try:
        found, report = lint_imports(copy)
    finally:
        path.unlink()
    assert not found[names()["core-layers"]], report
