"""``./ekarte test``: every suite, two at a time, and an honest sum.

A suite that collected nothing, a test that was skipped and a tour that nobody ran
are failures: each of them looks like success and is none.
"""

import argparse
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from xml.etree import ElementTree

from ekarte_stack import (
    bench_small,
    browser,
    lanes,
    ledger,
    lint,
    odoo_suites,
    stack,
)
from ekarte_stack import machine as machines
from ekarte_stack.databases import own_addons
from ekarte_stack.developer import environment_of, make_keyring, scratch_dsn
from ekarte_stack.home import CHECKOUT
from ekarte_stack.locks import only_one
from ekarte_stack.machine import Machine
from ekarte_stack.result import Result
from ekarte_stack.showcase import start as showcase
from ekarte_stack.steps import StackError, run, say, step, warn

NO_TESTS_COLLECTED = 5  # pytest's exit code
TOO_LONG = -1  # nobody's exit code: pytest was killed
# The longest suite takes a third of it on two cores. What hangs must fail while those
# who wait for the sum still wait.
LIMIT_S = 2400.0
PURE = ("core", "gateway", "architecture")
PEERS = CHECKOUT / "tests" / "peers"
WITH_PAGES = "ekarte_loyalty"
WARNED = re.compile(r" (WARNING|ERROR|CRITICAL) ")
E2E_DATABASE = "ekarte_t_e2e"
INSTALLATION, TOURS = "installation of the add-ons", "tours"
SETTLED = "benches with Odoo in small"
SHOWCASE = "weeks of the showcase"
PART, WHOLE = "Odoo's own, in part", "Odoo's own, whole"
YEAR = "a year of cards and books"
YEAR_TEST = (
    "ekarte_loyalty/tests/test_year.py::TestYear"
    "::test_a_year_of_random_business_agrees_to_the_cent"
)
# In the order in which they start, two side by side, the longest first: then both lanes
# end at about the same time. With each, what must have ended before it.
SIDE_BY_SIDE: dict[str, tuple[str, ...]] = {
    INSTALLATION: (),
    "gateway": (),
    "ekarte_pos_terminal": (INSTALLATION,),
    "ekarte_loyalty": (INSTALLATION,),
    "core": (),
    PART: (INSTALLATION,),
    "linters": (),
    "peers": (),
    "architecture": (),
    TOURS: ("ekarte_loyalty", "ekarte_pos_terminal"),
}
# After all others, one by one.
ALONE = (SETTLED, SHOWCASE, "end to end", WHOLE, YEAR)


@dataclass(frozen=True)
class Session:
    """One call of ``./ekarte test``."""

    machine: Machine
    fast: bool
    arguments: tuple[str, ...]  # for pytest, as the user gave them
    limit_s: float | None = LIMIT_S  # for a suite

    @property
    def paths(self) -> list[str]:
        """Test files or folders the user named; none means all."""
        return [
            word for word in self.arguments if (CHECKOUT / word.split("::")[0]).exists()
        ]

    def wants(self, folder: str) -> bool:
        """Tell whether the user's paths, if any, lie in this suite."""
        return not self.paths or any(
            path == folder
            or path.startswith(f"{folder}/")
            or folder.startswith(path.rstrip("/") + "/")
            for path in self.paths
        )

    def pytest_words(self, folder: str) -> list[str]:
        """Return the user's arguments for one suite, with its own paths only."""
        options = [word for word in self.arguments if word not in self.paths]
        mine = [path for path in self.paths if path.startswith(f"{folder}/")]
        return [*options, *(mine or [folder])]


Suite = Callable[[Session], Result]


def test(options: argparse.Namespace) -> int:
    """Run every suite; exit code 0 only if all of it ran and passed."""
    machine = machines.prepare()
    with only_one(machine.home, "tests"):
        return _test(machine, options)


def _test(machine: Machine, options: argparse.Namespace) -> int:
    session = Session(machine, options.fast, tuple(options.pytest))
    chosen = list(suites(session))
    if options.peers:
        chosen = [(WHOLE, lambda s: odoo_suites.whole(s.machine, s.arguments))]
    if options.year:
        chosen = [(YEAR, year)]
    shutil.rmtree(machine.home.tests, ignore_errors=True)
    machine.account.folder(machine.home.tests)
    total, began = Result(), time.monotonic()
    if session.fast:
        say("--fast: browser tests are left out; tours are not counted")
    signal.signal(signal.SIGTERM, stack.as_interrupt)
    with machines.running_cluster(machine):
        make_keyring(machine)
        scratch_dsn(machine)
        total.add(_in_lanes(chosen, session))
    if not total.passed and not total.failed:
        total.complain("no suite matches the arguments")
    say(f"\nall suites: {time.monotonic() - began:.0f} s")
    for text in total.complaints:
        say(f"FAILED: {text}")
    say(f"{total.passed} passed, {total.failed} failed")
    return 1 if total.failed else 0


def _in_lanes(chosen: list[tuple[str, Suite]], session: Session) -> Result:
    """Run what may run side by side, then the rest; one alone shows live."""
    works = {title: partial(_timed, title, suite, session) for title, suite in chosen}
    beside = [
        lanes.Task(title, works[title], after)
        for title, after in SIDE_BY_SIDE.items()
        if title in works
    ]
    alone = [works[title] for title in ALONE if title in works]
    total = Result()
    if len(beside) > 1:
        total.add(lanes.run(beside, session.machine.home.log))
    else:
        alone = [*(task.work for task in beside), *alone]
    for work in alone:
        total.add(work())
    return total


def suites(session: Session) -> Iterator[tuple[str, Suite]]:
    """Yield title and function of every suite the arguments ask for."""
    for name in PURE:
        if session.wants(f"tests/{name}"):
            yield name, partial(pure, name=name)
    if session.wants("tests/peers"):
        yield "peers", peers
    if not session.arguments:
        yield "linters", lambda s: lint.check(s.machine)
        yield INSTALLATION, installation
    for name in own_addons():
        if session.wants(name):
            yield name, partial(addon, name=name)
    if not session.arguments:
        yield from _beside_the_addons(session)
    if not session.arguments and not session.fast:
        yield SETTLED, lambda s: bench_small.small(s.machine)
        yield SHOWCASE, lambda s: showcase.small(s.machine)
    if session.wants("tests/e2e"):
        yield "end to end", end_to_end


def _beside_the_addons(session: Session) -> Iterator[tuple[str, Suite]]:
    if not session.fast:
        yield TOURS, lambda s: tours(s.machine)
        yield PART, lambda s: odoo_suites.part(s.machine)


def _timed(title: str, suite: Suite, session: Session) -> Result:
    say(f"\n===== {title} =====")
    began = time.monotonic()
    result = Result()
    try:
        result = suite(session)
    except StackError as error:
        warn(error.report())
        result.complain(f"{title}: {error.what}")
    took = time.monotonic() - began
    say(
        f"----- {title}: {result.passed} passed, {result.failed} failed in {took:.1f} s"
    )
    return result


def pure(session: Session, name: str, extra: Mapping[str, str] | None = None) -> Result:
    """Run a suite that needs no Odoo in its own process."""
    return pytest(session, f"tests/{name}", ["-p", "no:odoo"], extra)


def installation(session: Session) -> Result:
    """Install the add-ons; Odoo tells of much that is wrong only by a warning."""
    result = Result()
    ledger.with_addons(session.machine)
    if not session.fast:
        ledger.with_pages(session.machine)  # made before both lanes ask for them
    log = ledger.install_log(session.machine).read_text(errors="replace")
    for line in log.splitlines():
        if WARNED.search(line):
            result.complain(f"installation: {line}")
    result.passed += not result.failed
    return result


def year(session: Session) -> Result:
    """Live through the whole year whose first month every run has; tell each month."""
    told = ("--odoo-log-level=runbot", "-o", "log_cli=true", "-o", "log_cli_level=25")
    alone = replace(session, arguments=(*told, YEAR_TEST), limit_s=None)
    return addon(alone, "ekarte_loyalty", {"EKARTE_YEAR_DAYS": "365"})


def addon(session: Session, name: str, more: Mapping[str, str] | None = None) -> Result:
    """Run an add-on's tests under pytest-odoo on a database copy of its own."""
    databases = session.machine.databases
    database = f"ekarte_t_{name}"
    if name == WITH_PAGES and not session.fast:
        install_peers(session.machine)  # axe-core looks at its pages
    made = ledger.with_addons if session.fast else ledger.with_pages
    databases.copy(made(session.machine), database)
    extra = {"EKARTE_TOURS_RAN": str(tours_file(session.machine)), **(more or {})}
    if session.fast:
        extra["EKARTE_FAST"] = "1"
    words = [
        "-c",
        "/dev/null",
        f"--rootdir={CHECKOUT}",
        *("-p", "ekarte_stack.browser"),
        *odoo_suites.odoo_words(session.machine, database),
    ]
    try:
        return pytest(session, name, words, extra)
    finally:
        databases.drop(database)
        tell_pictures(session.machine, database)


def tell_pictures(machine: Machine, database: str) -> None:
    """Say where the screens of failed browser tests are kept."""
    folder = machine.home.tests / "screenshots" / database
    for path in sorted(folder.rglob("*.png")):
        say(f"   the screen of a failure: {path}")


def tours_file(machine: Machine) -> Path:
    """Where the browser plugin notes the tours that came to their end."""
    return machine.home.tests / "tours"


def tours(machine: Machine) -> Result:
    """Compare what ran in browsers with the tours and script tests that exist."""
    result = Result()
    noted = tours_file(machine)
    ran, scripts = browser.read_notes(noted.read_text() if noted.exists() else "")
    for path, names in browser.tours_by_file(CHECKOUT).items():
        if not names:
            result.complain(f"{path.relative_to(CHECKOUT)}: no tour can be read in it")
        for name in sorted(names):
            if name in ran:
                result.passed += 1
                say(f"ran: {name}")
            else:
                result.complain(f"tour {name}: no test ran it to its end")
    wanted = browser.script_tests(CHECKOUT)
    say(f"tests of our scripts: {scripts} passed, {wanted} in the source")
    if scripts < wanted:
        result.complain(f"tests of scripts: {scripts} ran, {wanted} are in the source")
    elif wanted:
        result.passed += scripts
    if not result.passed and not result.failed:
        result.complain("no tours exist")
    return result


def end_to_end(session: Session) -> Result:
    """Run the end-to-end suite against a whole stack on a database of its own."""
    machine = session.machine
    run_file = machine.home.tests / "run.json"
    stack.bring_up(machine, database=E2E_DATABASE, fresh=True, run_file=run_file)
    try:
        return pure(session, "e2e", {"EKARTE_RUN": str(run_file)})
    finally:
        stack.take_down(machine, run_file)
        machine.databases.drop(E2E_DATABASE)


def peers(session: Session) -> Result:
    """Run terminal programs that nobody here wrote against our gateway."""
    install_peers(session.machine)
    return pure(session, "peers")


def install_peers(machine: Machine) -> None:
    """Install what tests/peers/package-lock.json pins, unless it is there already."""
    locked = (PEERS / "package-lock.json").read_text()
    note = PEERS / "node_modules" / ".ekarte-installed"
    with only_one(machine.home, "npm"):  # suites of two lanes want them
        if note.exists() and note.read_text() == locked:
            return
        with step("npm ci: the second terminal programs, axe-core"):
            run(
                ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                log=machine.home.log / "npm.log",
                cwd=PEERS,
                advice="check that npm reaches its registry",
            )
        note.write_text(locked)


def pytest(
    session: Session,
    folder: str,
    words: list[str],
    extra: Mapping[str, str] | None = None,
) -> Result:
    """Run pytest on one folder under the servers' account; read its JUnit report."""
    machine = session.machine
    report = machine.home.tests / f"{folder.replace('/', '-')}.xml"
    caches = machine.home.tests / "caches"
    if not (CHECKOUT / folder).exists():
        result = Result()
        result.complain(f"{folder}: there is no such suite")
        return result
    environment = environment_of(machine) | {
        "HYPOTHESIS_STORAGE_DIRECTORY": str(caches / "hypothesis"),
        **(extra or {}),
    }
    argv = machine.account.argv(
        *(machine.home.python, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider"),
        f"--junitxml={report}",
        *words,
        *session.pytest_words(folder),
    )
    code = within(session.limit_s, argv, environment)
    return read_report(report, folder, code, may_be_empty=bool(session.arguments))


def within(limit_s: float | None, argv: list[str], env: Mapping[str, str]) -> int:
    """Run a command in the checkout; return its exit code, or `TOO_LONG`."""
    quiet = subprocess.DEVNULL
    try:
        return subprocess.run(
            argv, env=env, cwd=CHECKOUT, stdin=quiet, check=False, timeout=limit_s
        ).returncode
    except subprocess.TimeoutExpired:
        return TOO_LONG


def read_report(report: Path, folder: str, code: int, *, may_be_empty: bool) -> Result:
    """Count a JUnit report strictly."""
    result = Result()
    cases = []
    if report.exists():  # pytest, which we trust, wrote it a moment ago
        cases = list(ElementTree.parse(report).iter("testcase"))  # noqa: S314 - a report of our own making
    for case in cases:
        name = f"{case.get('classname')}::{case.get('name')}"
        kinds = {child.tag for child in case}
        if kinds & {"failure", "error"}:
            result.complain(name)
        elif "skipped" in kinds:
            result.complain(f"{name}: skipped")
        else:
            result.passed += 1
    if not cases and not (may_be_empty and code in {0, NO_TESTS_COLLECTED}):
        result.complain(f"{folder}: no test ran (pytest ended with {code})")
    elif code == TOO_LONG:
        result.complain(f"{folder}: killed, for it did not end in time")
    elif code not in {0, 1, NO_TESTS_COLLECTED} or (code == 1 and not result.failed):
        result.complain(f"{folder}: pytest ended with {code}")
    return result
