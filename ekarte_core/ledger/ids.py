"""Ids of operations, purses and lots: from the server in blocks, given out here.

The server writes into its log how far a sequence has come, as it writes anything: that
is durable when a transaction which took from it is committed. A block that was fetched
by one that was not may be given out again after a crash, so it is kept only when its
own transaction has been committed.
"""

from collections.abc import Iterator

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.statements import forget_plans, run


class Ids:
    """Ids of one kind, fetched in blocks; gaps after a roll-back are harmless."""

    def __init__(self, query: str, block: int) -> None:
        """Fetch at least `block` ids at a time."""
        self._query, self._block = query, block
        self._ids: list[int] = []
        self._fresh = False  # fetched by the transaction of now

    def take(self, cr: Cursor, count: int) -> Iterator[int]:
        """Return `count` fresh ids, rising."""
        if len(self._ids) < count:
            run(cr, self._query, {"count": max(count, self._block)})
            self._ids = [row[0] for row in cr.fetchall()]
            self._fresh = True
            if self._block > 1:
                # By now the tables have grown: plans made for small ones may be bad.
                forget_plans(cr)
        taken, self._ids = self._ids[:count], self._ids[count:]
        return iter(taken)

    def settle(self, *, committed: bool) -> None:
        """The transaction has ended: keep what it fetched, or forget it."""
        if self._fresh and not committed:
            self._ids = []
        self._fresh = False


class OperationIds(Ids):
    """Ids of operations, and of the purses and lots that they open."""

    def __init__(self, block: int) -> None:
        """Fetch at least `block` ids of each kind at a time."""
        super().__init__("next_operation_ids", block)
        self.purses = Ids("next_purse_ids", block)
        self.lots = Ids("next_lot_ids", block)

    def settle(self, *, committed: bool) -> None:
        """The same for ids of all three kinds."""
        super().settle(committed=committed)
        for kind in (self.purses, self.lots):
            kind.settle(committed=committed)
