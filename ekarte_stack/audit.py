"""``./ekarte audit``: known holes of what we use, and its licences.

Who knows of holes is asked over the network. Where nobody answers, nothing is known,
and that is said: silence is no clean bill.
"""

import argparse
import json
import shutil
import subprocess
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from ekarte_stack import licences
from ekarte_stack.home import CHECKOUT, Home
from ekarte_stack.steps import StackError, say, step

CLEAN, FOUND, UNKNOWN = 0, 1, 3
"""Codes of the command's end."""
ANSWER_S = 600
PYTHON_LOCKS = ("requirements.lock", "requirements-test.lock")
NODE = CHECKOUT / "tests" / "peers"


class Told(NamedTuple):
    """What was answered about some packages.

    Attributes:
        asked: how many there are.
        known: about how many of them somebody answered.
        holes: one line for each hole that is known.
    """

    asked: int
    known: int
    holes: list[str]

    @property
    def sentence(self) -> str:
        """Say it, never more than is known."""
        if not self.known:
            return f"nobody answered: nothing is known of {self.asked} packages"
        rest = self.asked - self.known
        beyond = f", of {rest} nothing is known" if rest else ""
        return f"{len(self.holes)} known holes in {self.known} packages{beyond}"


def audit(_options: argparse.Namespace) -> int:
    """Ask about every pinned package; return how it ended."""
    found = [*_licences()]
    answers = []
    for lock in PYTHON_LOCKS:
        with step(f"asking about {lock}"):
            told = of_pip(_pip_audit(CHECKOUT / lock), CHECKOUT / lock)
        answers.append(told)
        say(f"   {lock}: {told.sentence}")
    with step("asking about package-lock.json"):
        told = of_npm(_npm_audit(), NODE / "package-lock.json")
    answers.append(told)
    say(f"   package-lock.json: {told.sentence}")
    found += [hole for told in answers for hole in told.holes]
    for line in found:
        say(f"FOUND {line}")
    if found:
        return FOUND
    whole = all(told.known == told.asked for told in answers)
    say("nothing found" if whole else "nothing found in what was answered")
    return CLEAN if whole else UNKNOWN


def _licences() -> list[str]:
    packages = [
        package
        for lock in PYTHON_LOCKS
        for package in licences.python_packages(CHECKOUT / lock)
    ] + licences.node_packages(NODE / "package-lock.json")
    wrong = sorted(
        {
            f"{package.name} {said}"
            for package in packages
            if package.name not in licences.TOOLS
            and (said := licences.verdict(package))
        }
    )
    say(f"licences: {len({one.name for one in packages})} packages, {len(wrong)} wrong")
    return wrong


def of_pip(answer: str, lock: Path) -> Told:
    """Read pip-audit's JSON; what it skipped, nobody knows anything of."""
    asked = len(licences.pinned(lock))
    try:
        packages = json.loads(answer)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Told(asked, 0, [])
    known = [one for one in packages if "skip_reason" not in one]
    holes = [
        f"{one['name']} {one['version']}: {hole['id']}"
        + (
            f", mended in {', '.join(mended)}"
            if (mended := hole["fix_versions"])
            else ""
        )
        for one in known
        for hole in one["vulns"]
    ]
    return Told(max(asked, len(packages)), len(known), holes)


def of_npm(answer: str, lock: Path) -> Told:
    """Read npm's JSON."""
    asked = len(licences.node_packages(lock))
    try:
        told = json.loads(answer)
        holes = told["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        return Told(asked, 0, [])
    lines = [f"{name}: {one['severity']}" for name, one in sorted(holes.items())]
    return Told(asked, asked, lines)


def _pip_audit(lock: Path) -> str:
    words = ["-m", "pip_audit", "--requirement", str(lock), "--disable-pip"]
    words += ["--require-hashes", "--progress-spinner", "off", "--format", "json"]
    return _answer([str(_environment()), *words], CHECKOUT)


def _npm_audit() -> str:
    npm = shutil.which("npm")
    return _answer([npm, "audit", "--json"], NODE) if npm else ""


def _answer(words: Sequence[str], folder: Path) -> str:
    try:
        done = subprocess.run(
            words,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _environment() -> Path:
    """Return a Python that has pip-audit, in an environment of its own."""
    folder = Home.from_environment().path / "audit"
    lock = CHECKOUT / "requirements-audit.lock"
    python, installed = folder / "bin" / "python", folder / "installed"
    wanted = lock.read_text(encoding="utf-8")
    if not installed.exists() or installed.read_text(encoding="utf-8") != wanted:
        with step("installing pip-audit (requirements-audit.lock)"):
            venv.create(folder, clear=True, with_pip=True)
            words = ["-m", "pip", "install", "-q", "--require-hashes", "-r", str(lock)]
            done = subprocess.run([str(python), *words], check=False)
        if done.returncode:
            raise StackError(
                "pip could not install requirements-audit.lock",
                advice="check that pip reaches its package index, then start again",
            )
        installed.write_text(wanted, encoding="utf-8")
    return python
