"""The linters, each one counted like a test."""

import subprocess
from pathlib import Path

from ekarte_stack.databases import own_addons
from ekarte_stack.developer import environment_of
from ekarte_stack.home import CHECKOUT
from ekarte_stack.machine import Machine
from ekarte_stack.result import Result
from ekarte_stack.steps import say

PURE_PACKAGES = ("ekarte_core", "ekarte_auth_gateway", "ekarte_terminal")


def check(machine: Machine) -> Result:
    """Run every linter; print only what complains."""
    result = Result()
    for title, words in commands(machine.home.tests / "caches").items():
        done = subprocess.run(
            machine.account.argv(machine.home.python, *words),
            env=environment_of(machine),
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        say(f"{'ok  ' if done.returncode == 0 else 'FAIL'} {title}")
        if done.returncode == 0:
            result.passed += 1
        else:
            result.complain(f"linter: {title}")
            say(done.stdout + done.stderr)
    return result


def commands(caches: Path) -> dict[str, list[str]]:
    """Return what to run: arguments of the environment's Python."""
    pure = [name for name in PURE_PACKAGES if (CHECKOUT / name).exists()]
    found = {
        "ruff check": ["-m", "ruff", "check", f"--cache-dir={caches}/ruff", "."],
        "ruff format": [
            *("-m", "ruff", "format", "--check"),
            *(f"--cache-dir={caches}/ruff", "."),
        ],
        "mypy --strict": [
            *("-m", "mypy", "--strict", f"--cache-dir={caches}/mypy", *pure),
        ],
        # The package has no __main__: `-m importlinter.cli` would check nothing.
        "import contracts": [
            *("-c", "from importlinter.cli import lint_imports_command as run; run()"),
            "--no-cache",
        ],
    }
    for name in own_addons():
        found[f"pylint-odoo {name}"] = ["-m", "pylint", *_pylint_options(), name]
    return found


def _pylint_options() -> list[str]:
    if (CHECKOUT / ".pylintrc").exists():
        return ["--rcfile=.pylintrc"]
    return ["--load-plugins=pylint_odoo", "--disable=all", "--enable=odoolint"]
