"""What the ledger needs of a DB-API cursor: psycopg2's own and Odoo's both fit."""

from collections.abc import Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """A psycopg2-like cursor, lent by whoever owns the transaction."""

    @property
    def rowcount(self) -> int:
        """Rows of the last statement."""

    @property
    def description(self) -> Any:
        """Columns of the last statement."""

    def execute(self, query: str, params: Any = None) -> Any:
        """Run one statement."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> Sequence[Any]:
        """Return all rows left."""
