"""Odoo's own suites, run with our add-ons installed: what they promise must still hold.

`./ekarte test --peers` runs them whole, `./ekarte test` the part that touches orders,
payments and sales. A test may fail or be skipped only if it does so in plain Odoo too:
`odoo_suites.txt` names each such test with its reason, and every run shows them.
"""

import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from ekarte_stack import ledger
from ekarte_stack.developer import environment_of
from ekarte_stack.home import CHECKOUT
from ekarte_stack.machine import Machine
from ekarte_stack.result import Result
from ekarte_stack.steps import StackError, say

KNOWN = Path(__file__).with_suffix(".txt")
PLAIN_ODOO = "ekarte_t_odoo_suites"
PREFIX = "odoo.addons."
# Below the folder of Odoo's add-ons. Each is one run, for memory and for the report.
WHOLE = {
    "point_of_sale": ("point_of_sale/tests",),
    "pos_loyalty": ("pos_loyalty/tests", "loyalty/tests"),
    "pos_restaurant": ("pos_restaurant/tests", "pos_restaurant_loyalty/tests"),
    "pos_discount": ("pos_discount/tests",),
    "pos_sale": ("pos_sale/tests", "pos_sale_loyalty/tests"),
    "sale": ("sale/tests",),
    "sale_loyalty": ("sale_loyalty/tests",),
}
HOOT = "web/tests/test_js.py::WebSuite::test_unit_desktop"
HOOT_SUITES = ("point_of_sale", "pos_loyalty", "pos_restaurant", "pos_discount")
SCRIPTS = "scripts"
TILL = "point_of_sale/tests"
LOYAL_TOURS = "pos_loyalty/tests/test_frontend.py::TestUi"
PART = {
    "orders and payments": (
        f"{TILL}/test_point_of_sale_flow.py",
        f"{TILL}/test_pos_simple_orders.py",
        f"{TILL}/test_pos_simple_invoiced_orders.py",
        f"{TILL}/test_pos_products_with_tax.py",
        "pos_restaurant/tests/test_pos_restaurant_flow.py",
        "pos_loyalty/tests/test_loyalty_history.py",
        "pos_loyalty/tests/test_unlink_reward.py",
        f"{LOYAL_TOURS}::test_gift_card_program",
        f"{LOYAL_TOURS}::test_promotion_program_with_global_discount",
        f"{LOYAL_TOURS}::test_coupon_program_without_rules",
        "sale/tests/test_sale_order.py::TestSaleOrder",
        "sale/tests/test_sale_order.py::TestSaleOrderInvoicing",
        "sale/tests/test_sale_to_invoice.py",
        "sale_loyalty/tests/test_pay_with_gift_card.py",
        "sale_loyalty/tests/test_sale_invoicing.py",
    ),
}


@dataclass(frozen=True)
class Case:
    """What became of one test."""

    name: str  # module.tests.file.Class::test
    outcome: str  # passed, failed, skipped
    why: str

    @property
    def path(self) -> str:
        """As pytest takes it, below the add-ons; "" for what is no single test."""
        place, _, test = self.name.partition("::")
        file, _, case = place.rpartition(".")
        return f"{file.replace('.', '/')}.py::{case}::{test}" if file else ""


def whole(machine: Machine, names: Iterable[str] = ()) -> Result:
    """Run all of them, and Odoo's tests of its till's scripts; or those named.

    Raises:
        StackError: there is no suite of that name.
    """
    chosen = tuple(names) or (*WHOLE, SCRIPTS)
    unknown = set(chosen) - {*WHOLE, SCRIPTS}
    if unknown:
        raise StackError(
            f"no such suite: {', '.join(sorted(unknown))}",
            advice=f"name some of {', '.join((*WHOLE, SCRIPTS))}, or none for all",
        )
    suites = {title: paths for title, paths in WHOLE.items() if title in chosen}
    return _run(machine, suites, HOOT_SUITES if SCRIPTS in chosen else ())


def part(machine: Machine) -> Result:
    """Run what touches orders, payments and sales: some minutes."""
    return _run(machine, PART, ())


def _run(
    machine: Machine, suites: Mapping[str, Iterable[str]], hoot: Iterable[str]
) -> Result:
    databases = machine.databases
    databases.copy(ledger.with_pages(machine), PLAIN_ODOO)
    known, total = read_known(KNOWN.read_text()), Result()
    try:
        for title, paths in suites.items():
            total.add(_suite(machine, title, paths, known))
        for name in hoot:
            total.add(_suite(machine, f"scripts of {name}", (HOOT,), known, name))
    finally:
        databases.drop(PLAIN_ODOO)
    return total


def _suite(
    machine: Machine,
    title: str,
    paths: Iterable[str],
    known: Mapping[str, str],
    hoot: str = "",
) -> Result:
    """Run one suite under pytest-odoo and judge its report.

    Odoo's tours wait for a fixed time: what fails is tried once more, apart from all
    others, and told; what fails twice has failed.
    """
    say(f"-- Odoo's own: {title}")
    addons = machine.databases.source.addons
    words = [str(path) for path in located(addons, paths)]
    report = machine.home.tests / f"odoo-{re.sub('[^a-z]+', '-', title)}.xml"
    code = _pytest(machine, words, report, hoot)
    if not report.exists():
        result = Result()
        result.complain(f"{title}: no report (pytest ended with {code})")
        return result
    found = list(cases(report))
    failed = [case for case in found if case.outcome == "failed" and case.path]
    failed = [case for case in failed if case.name not in known]
    if failed:
        say(f"   once more, apart: {len(failed)} tests that failed")
        again = report.with_stem(f"{report.stem}-again")
        words = [str(path) for path in located(addons, [x.path for x in failed])]
        _pytest(machine, words, again, hoot)
        found = tried_again(found, list(cases(again)) if again.exists() else [])
    return judge(title, found, known)


def _pytest(machine: Machine, words: list[str], report: Path, hoot: str) -> int:
    extra = {"EKARTE_TOURS_RAN": str(machine.home.tests / "odoo-tours")}
    if hoot:
        extra["EKARTE_HOOT"] = f"@{hoot}"
    return subprocess.run(
        machine.account.argv(
            *(machine.home.python, "-m", "pytest", "-q", "-c", "/dev/null"),
            *(f"--rootdir={machine.databases.source.addons[0]}",),
            *("-p", "no:cacheprovider", "-p", "ekarte_stack.browser"),
            *("--tb=short", f"--junitxml={report}"),
            *odoo_words(machine, PLAIN_ODOO),
            *words,
        ),
        env=environment_of(machine) | extra,
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        check=False,
    ).returncode


def odoo_words(machine: Machine, database: str) -> list[str]:
    """Return the options of pytest-odoo; pictures of failures are kept."""
    return [
        f"--odoo-config={machine.databases.conf}",
        f"--odoo-database={database}",
        "--odoo-http",
        f"--odoo-extra=screenshots={machine.home.tests / 'screenshots'}",
    ]


def located(addons: Iterable[Path], paths: Iterable[str]) -> Iterator[str]:
    """Find folders, files and tests below one of the folders of Odoo's add-ons."""
    for path in paths:
        name, _, test = path.partition("::")
        found = next((top / name for top in addons if (top / name).exists()), None)
        if found is None:
            raise StackError(
                f"this Odoo has no {name}",
                advice="its suites come with Debian's package and with a git checkout",
            )
        yield f"{found}::{test}" if test else str(found)


def cases(report: Path) -> Iterator[Case]:
    """Read a JUnit report, which pytest wrote a moment ago."""
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - a report of our own making
        module = (case.get("classname") or "").removeprefix(PREFIX)
        name = f"{module}::{case.get('name')}"
        outcome, why = "passed", ""
        for child in case:
            if child.tag in {"failure", "error", "skipped"}:
                outcome = "skipped" if child.tag == "skipped" else "failed"
                why = (child.get("message") or "").split("\n")[0]
        yield Case(name, outcome, why)


def tried_again(found: list[Case], again: list[Case]) -> list[Case]:
    """Put the second outcome in the place of the first, and tell what has passed."""
    second = {case.name: case for case in again}
    for case in found:
        if case.outcome == "failed" and second.get(case.name, case).outcome == "passed":
            say(f"   failed, passed when tried again: {case.name}: {case.why[:150]}")
    return [second.get(case.name, case) for case in found]


def read_known(text: str) -> dict[str, str]:
    """Read the table: a test and, after two spaces or more, the reason."""
    known = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, reason = re.split(r"\s{2,}", line, maxsplit=1)
            known[name] = reason
    return known


def judge(title: str, found: list[Case], known: Mapping[str, str]) -> Result:
    """Count; whatever did not pass must be in the table, and is shown."""
    result = Result()
    excused = 0
    for case in found:
        if case.outcome == "passed":
            result.passed += 1
            if case.name in known:
                say(f"   passes here, though listed: {case.name}")
        elif case.name in known:
            excused += 1
            say(f"   {case.outcome} as in plain Odoo: {case.name}: {known[case.name]}")
        else:
            result.complain(f"Odoo's {case.name}: {case.outcome}: {case.why}")
    if not result.passed:
        result.complain(f"Odoo's {title}: nothing passed")
    say(f"   {title}: {result.passed} passed, {result.failed} failed, {excused} listed")
    return result
