"""Commands start with the packages that ./ekarte installs for them, and no others."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions

from tree import CHECKOUT

# All commands, before one is chosen; then what a demo leads to.
START = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None  # importing it fails, as where it is not installed
import ekarte_stack.__main__
import ekarte_stack.showcase.start
import ekarte_stack.terminal
"""


def names(file):
    """The distributions that a file of requirements names itself, in lower case."""
    lines = (CHECKOUT / file).read_text().splitlines()
    found = (re.match(r"[\w.-]+", line) for line in lines if line[:1] not in "#-")
    return {match[0].lower() for match in found if match}


def modules_of_suites():
    """The packages that are there for test suites alone."""
    wanted = names("requirements-test.in")
    return sorted(
        module
        for module, distributions in packages_distributions().items()
        if {name.lower() for name in distributions} & wanted
    )


def start(*missing):
    return subprocess.run(
        [sys.executable, "-c", START, *missing],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_demo_needs_nothing_that_is_installed_for_tests():
    missing = modules_of_suites()
    assert {"pytest", "websocket", "hypothesis"} <= set(missing)
    done = start(*missing)
    assert done.returncode == 0, done.stderr


def test_what_is_not_there_would_be_noticed():
    assert start("ekarte_stack.steps").returncode != 0
