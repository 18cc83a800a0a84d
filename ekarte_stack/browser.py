"""A pytest plugin for the add-on suites: notes the tours that ran to their end.

A tour that nobody starts, or a browser test that is skipped, must not look like a
success; the test runner compares this list with the tours in the source.
With ``EKARTE_FAST`` set, tests that start a browser are left out.
"""

import functools
import importlib
import inspect
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

STARTS_A_BROWSER = re.compile(r"\b(start_tour|start_pos_tour|browser_js)\(")
REGISTERED = re.compile(r"""web_tour\.tours["']\)\s*\.add\(\s*["']([^"']+)["']""")


def registered_tours(checkout: Path) -> set[str]:
    """Return the names of all tours that our add-ons bring."""
    return {
        name
        for path in checkout.glob("ekarte_*/static/tests/**/*.js")
        for name in REGISTERED.findall(path.read_text())
    }


def pytest_configure() -> None:
    """Wrap the one method through which every tour is started."""
    # Imported here: only under pytest-odoo there is an Odoo.
    http_case = importlib.import_module("odoo.tests.common").HttpCase
    http_case.start_tour = _noting(http_case.start_tour)


def _noting(start_tour: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(start_tour)
    def wrapped(
        self: Any, url_path: str, tour_name: str, *args: Any, **named: Any
    ) -> Any:
        answer = start_tour(self, url_path, tour_name, *args, **named)
        with Path(os.environ["EKARTE_TOURS_RAN"]).open("a") as out:
            out.write(f"{tour_name}\n")
        return answer

    return wrapped


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
