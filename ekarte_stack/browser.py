"""A pytest plugin for suites in Odoo: notes what ran to its end in a browser.

A tour that nobody starts, a script test that the browser did not find, or a browser
test that is skipped must not look like a success; the test runner compares this list
with the source.

With `EKARTE_FAST` set, tests that start a browser are left out. `EKARTE_HOOT` names
the suite of Odoo's script tests to run, as `--test-tags` would.
"""

import functools
import importlib
import inspect
import logging
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

STARTS_A_BROWSER = re.compile(r"\b(start_\w*tour|browser_js|\w*hoot\w*)\(")
TOURS = re.compile(r"""["']web_tour\.tours["']""")
# `tours.add("name", …` or `tour("name", …` at the beginning of a line.
TOUR = re.compile(
    r"""^(?:\w+(?:\(["'][\w.]+["']\)|\.\w+)*\.add|tour)\(\s*["'`]([\w-]+)["'`]""",
    re.MULTILINE,
)
# A test of Hoot begins a line; `test.tags("desktop")("name"` is one as well.
SCRIPT_TEST = re.compile(r"^\s*test(?:\.\w+(?:\([^)]*\))?)*\(", re.MULTILINE)
HOOT_PAGE = "/web/tests"
HOOT_PASSED = re.compile(r"Passed (\d+) tests")
HOOT_NOTE = "script tests: "


def tours_by_file(checkout: Path) -> dict[Path, set[str]]:
    """Return the files of our add-ons that make tours, with the tours' names."""
    return {
        path: set(TOUR.findall(text))
        for path in sorted(checkout.glob("ekarte_*/static/tests/**/*.js"))
        if TOURS.search(text := path.read_text())
    }


def script_tests(checkout: Path) -> int:
    """Count the tests of our own scripts."""
    return sum(
        len(SCRIPT_TEST.findall(path.read_text()))
        for path in checkout.glob("ekarte_*/static/tests/**/*.test.js")
    )


def read_notes(text: str) -> tuple[set[str], int]:
    """Return the tours that came to their end, and how many script tests passed."""
    lines = [line for line in text.split("\n") if line]
    counts = [
        int(line.removeprefix(HOOT_NOTE))
        for line in lines
        if line.startswith(HOOT_NOTE)
    ]
    return {line for line in lines if not line.startswith(HOOT_NOTE)}, sum(counts)


def pytest_configure() -> None:
    """Wrap the methods through which every browser is started."""
    # Imported here: only under pytest-odoo there is an Odoo.
    common = importlib.import_module("odoo.tests.common")
    common.HttpCase.start_tour = _noting_tours(common.HttpCase.start_tour)
    common.HttpCase.browser_js = _noting_scripts(common.HttpCase.browser_js)
    if os.environ.get("EKARTE_HOOT"):
        # What Odoo's own runner sets from `--test-tags …[@module]`.
        common.BaseCase._test_params = [("+", os.environ["EKARTE_HOOT"])]


def _note(line: str) -> None:
    with Path(os.environ["EKARTE_TOURS_RAN"]).open("a") as out:
        out.write(f"{line}\n")


def _noting_tours(start_tour: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(start_tour)
    def wrapped(
        self: Any, url_path: str, tour_name: str, *args: Any, **named: Any
    ) -> Any:
        answer = start_tour(self, url_path, tour_name, *args, **named)
        _note(tour_name)
        return answer

    return wrapped


def _noting_scripts(browser_js: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(browser_js)
    def wrapped(self: Any, url_path: str, *args: Any, **named: Any) -> Any:
        if HOOT_PAGE not in url_path:
            return browser_js(self, url_path, *args, **named)
        ear = _Ear()
        said = self._logger.getChild("browser")
        level = said.level
        said.addHandler(ear)
        said.setLevel(logging.INFO)
        try:
            answer = browser_js(self, url_path, *args, **named)
        finally:
            said.removeHandler(ear)
            said.setLevel(level)
        assert ear.passed, f"{url_path}: the browser found no test to run"
        _note(f"{HOOT_NOTE}{ear.passed}")
        return answer

    return wrapped


class _Ear(logging.Handler):
    """Listens for the sum that Hoot tells on the browser's console."""

    passed = 0

    def emit(self, record: logging.LogRecord) -> None:
        found = HOOT_PASSED.search(record.getMessage())
        if found:
            self.passed += int(found[1])


def pytest_collection_modifyitems(config: Any, items: list[Any]) -> None:
    """Leave out browser tests in a fast run."""
    if not os.environ.get("EKARTE_FAST"):
        return
    browser = [
        item for item in items if STARTS_A_BROWSER.search(_source(item.function))
    ]
    if browser:
        config.hook.pytest_deselected(items=browser)
        items[:] = _without(items, browser)


def _source(function: Callable[..., Any]) -> str:
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return ""


def _without(items: Iterable[Any], others: Iterable[Any]) -> list[Any]:
    left_out = set(others)
    return [item for item in items if item not in left_out]
