"""What the ledger needs of a DB-API cursor: psycopg2's own and Odoo's both fit.

Rows and parameters are untyped in DB-API (PEP 249), hence Any here and only here.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Cursor(Protocol):
    """A psycopg2-like cursor, lent by whoever owns the transaction."""

    @property
    def rowcount(self) -> int:
        """Rows of the last statement."""

    def execute(self, query: str, params: Mapping[str, Any] | None = None, /) -> object:
        """Run one statement."""

    def mogrify(self, query: str, params: Mapping[str, Any] | None = None, /) -> bytes:
        """Return the statement as it would be sent."""

    def fetchone(self) -> Any:  # noqa: ANN401 - a row of any shape, or None
        """Return the next row, or None."""

    def fetchall(self) -> Sequence[Any]:
        """Return all rows left."""
