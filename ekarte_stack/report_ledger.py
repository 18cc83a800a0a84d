"""The ledger as the report reads it: through the gateway's own role, nothing more."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg2

from ekarte_core import Invariant, verify
from ekarte_stack.day_file import Key, Row

_FILE = Path(__file__).with_name("report.sql")
_PART = re.compile(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --\n|\Z)", re.MULTILINE | re.DOTALL)
QUERIES: Mapping[str, str] = dict(_PART.findall(_FILE.read_text()))


class Ledger:
    """A connection for reading; use it as a context manager."""

    def __init__(self, dsn: str) -> None:
        self._connection = psycopg2.connect(dsn)
        self._connection.set_session(readonly=True, autocommit=True)

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def rows(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a query of report.sql."""
        with self._connection.cursor() as cursor:
            cursor.execute(QUERIES[query], values)
            return list(cursor.fetchall())

    def of_day(self, query: str, day: Sequence[Row]) -> list[tuple[Any, ...]]:
        """Run a query on the batches of the day."""
        batches = sorted({row.key[:2] for row in day})
        return self.rows(
            query,
            terminals=[terminal for terminal, _ in batches],
            batches=[batch for _, batch in batches],
        )

    def knows(self, key: Key) -> bool:
        """Tell whether this operation has been made before."""
        terminal, batch, number = key
        found = self.rows("knows", terminal=terminal, batch=batch, number=number)
        return bool(found[0][0])

    def answers(self, day: Sequence[Row]) -> dict[Key, str]:
        """Return the stored answer of each operation of the day, as JSON."""
        return {
            (terminal, batch, number): answer
            for terminal, batch, number, answer in self.of_day("day_answers", day)
        }

    def verify(self) -> Iterable[Invariant]:
        """Run the core's invariants."""
        with self._connection.cursor() as cursor:
            return verify(cursor)
