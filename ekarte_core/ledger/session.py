"""The ledger's own connection to PostgreSQL: few round trips, statements prepared once.

A transaction begins with its first statement and ends with its last, in the same trip:
what returns no rows waits for the next statement or for the commit. A group of requests
is short; on the way to the server and back it would spend more time than in it.
"""

from datetime import datetime
from typing import Any

from psycopg2.extensions import (
    PYDATETIMETZ,
    TRANSACTION_STATUS_IDLE,
    TRANSACTION_STATUS_UNKNOWN,
    connection,
    cursor,
    new_type,
    register_type,
)
from psycopg2.sql import Composable

from ekarte_core.ledger.queries import SQL

TIMESTAMPTZ = 1184  # its oid in every PostgreSQL
MOMENTS_MAX = 4096


class LedgerCursor(cursor):
    """A cursor whose statements bring along what waits on the connection."""

    connection: "LedgerSession"

    def execute(self, query: str | bytes | Composable, vars: Any = None) -> None:  # noqa: ANN401 - as psycopg2 declares it
        """Run what waits and this, in one round trip."""
        text = self.connection.take(self.mogrify(query, vars))
        super().execute(text)

    def later(self, query: str, values: Any) -> None:  # noqa: ANN401 - as psycopg2 declares it
        """Run this with the next statement, at the latest with the commit."""
        self.connection.waiting.append(self.mogrify(query, values))


class LedgerSession(connection):
    """A connection that knows what it has prepared and what it has yet to send.

    READ COMMITTED, so that what is read after a lock is what others have committed.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Connect; nothing is prepared yet, the first statement will begin."""
        super().__init__(*args, **kwargs)
        self.autocommit = True  # psycopg2's own BEGIN and COMMIT are trips of their own
        self.cursor_factory = LedgerCursor
        self.prepared: set[str] = set()
        self.prepares = True  # not through a pooler that shares servers by transaction
        self.waiting = [_BEGIN]
        self._moments: dict[str, datetime] = {}
        register_type(new_type((TIMESTAMPTZ,), "MOMENT", self._moment), self)

    def _moment(self, text: Any, cr: Any) -> datetime | None:  # noqa: ANN401 - as psycopg2 declares it
        """Read a moment; lots end together, so the same texts come again and again."""
        if text is None:
            return None
        found = self._moments.get(text)
        if found is None:
            if len(self._moments) >= MOMENTS_MAX:
                self._moments.clear()
            found = self._moments[text] = PYDATETIMETZ(text, cr)
        return found

    def take(self, statement: bytes) -> bytes:
        """Return the statement with all that waits before it."""
        text = b";\n".join([*self.waiting, statement])
        self.waiting = []
        return text

    def commit(self) -> None:
        """Commit; errors of statements that waited come up here."""
        if self.waiting != [_BEGIN]:
            with self.cursor() as cr:
                cr.execute(SQL["commit"])
        self.waiting = [_BEGIN]

    def rollback(self) -> None:
        """Forget what waits, undo what was done."""
        self.waiting = []
        done = (TRANSACTION_STATUS_IDLE, TRANSACTION_STATUS_UNKNOWN)
        if self.get_transaction_status() not in done:
            with self.cursor() as cr:
                cr.execute(SQL["rollback"])
        self.waiting = [_BEGIN]


_BEGIN = SQL["begin"].encode()
