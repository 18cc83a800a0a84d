"""What the end-to-end tests stand on.

`EKARTE_TEST_DSN` names a database from which others may be made, `EKARTE_RUN` the
run.json of a whole stack on the demo network; `./ekarte test` sets both.
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.ledger_alone import LedgerAlone


@pytest.fixture
def new_ledger(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[], LedgerAlone]]:
    """Make ledgers with a gateway each; all are removed at the end."""
    made: list[LedgerAlone] = []

    def make() -> LedgerAlone:
        made.append(LedgerAlone(tmp_path_factory.mktemp("alone")))
        made[-1].gateway.start_ready()
        return made[-1]

    yield make
    for ledger in made:
        ledger.drop()


@pytest.fixture(scope="session")
def run_file() -> Path:
    """Where the stack under test is described."""
    path = os.environ.get("EKARTE_RUN")
    assert path, "set EKARTE_RUN to a stack's run.json, or run `./ekarte test`"
    return Path(path)
