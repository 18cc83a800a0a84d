"""The ledger under test: PostgreSQL, in a transaction that is never committed.

Each example begins on an empty ledger and is rolled back, so nothing has to be
emptied, identifiers start anew, and the invariants look at few rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import psycopg2

from ekarte_core import (
    Keyring,
    Outcome,
    Request,
    current_network,
    execute,
    expire_holds,
    expire_lots,
    publish,
    verify,
)

LOTS = """
SELECT c.token, p.program, p.unit, p.goods_group, l.valid_until, l.posted, l.held
FROM ekarte.lot AS l
INNER JOIN ekarte.purse AS p ON l.purse_id = p.id
INNER JOIN ekarte.card AS c ON p.card_id = c.id
WHERE l.posted <> 0 OR l.held <> 0
"""
PURSES = """
SELECT c.token, p.program, p.unit, p.goods_group, p.posted, p.held
FROM ekarte.purse AS p
INNER JOIN ekarte.card AS c ON p.card_id = c.id
WHERE p.posted <> 0 OR p.held <> 0
"""
VOUCHERS = """
SELECT goods_group, program, unit FROM ekarte.purse
WHERE unit IN ('voucher', 'item') ORDER BY id
"""
CARDS = "SELECT token, state FROM ekarte.card WHERE state <> 'new'"


class Real:
    """One example on the real ledger; `end` forgets it."""

    def __init__(
        self, dsn: str, keyring: Keyring, document: dict[str, Any], now: datetime
    ) -> None:
        self.keyring = keyring
        self.connection = psycopg2.connect(dsn)
        self.cr = self.connection.cursor()
        self.publish(document, now)

    def publish(self, document: dict[str, Any], now: datetime) -> None:
        publish(self.cr, document, now)
        self.network = current_network(self.cr)

    def run(self, requests: Sequence[Request], now: datetime) -> list[Outcome]:
        return execute(self.cr, requests, self.network, self.keyring, now)

    def expire(self, now: datetime) -> int:
        return expire_holds(self.cr, self.network, self.keyring, now)

    def lapse(self, now: datetime) -> int:
        return expire_lots(self.cr, self.network, self.keyring, now)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        self.cr.execute(query)
        return [
            tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)
            for row in self.cr.fetchall()
        ]

    def broken(self) -> list[str]:
        return [f"{row.code} {row.sample}" for row in verify(self.cr) if not row.holds]

    def end(self) -> None:
        self.connection.rollback()
        self.connection.close()
