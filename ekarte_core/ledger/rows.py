"""Rows that one group of operations writes, gathered and written set-based."""

from datetime import date, datetime
from typing import Any

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.rules.plan import SaleLine
from ekarte_core.rules.purses import Move, Purse, PurseKey


class OperationRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of ekarte.operation, less what the whole group shares."""

    id: int
    business_day: date
    terminal: str
    batch: int
    number: int
    command: str
    rc: str
    card_id: int | None
    issuer: str
    branch: str
    currency: str
    amount: int
    discount: int
    amount_due: int
    original_id: int | None
    reference: str
    local_time: datetime | None
    body_digest: bytes
    decision: str
    answer: str


class Rows:
    """Everything one wave adds. `write` sends it in a handful of statements."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.operations: list[OperationRow] = []
        self.entries: list[tuple[Any, ...]] = []
        self.sale_lines: list[tuple[Any, ...]] = []
        self.holds: list[tuple[int, int, datetime]] = []
        self.hold_ends: list[tuple[int, int, str]] = []
        self.batches: list[tuple[str, int, int]] = []
        self.memberships: set[tuple[int, str, str]] = set()

    def add_moves(
        self, operation_id: int, purses: dict[PurseKey, Purse], moves: list[Move]
    ) -> None:
        """Write each move as two entries: the purse's, and its counter leg."""
        line = 0
        for move in moves:
            program, unit, _group = move.key
            self.entries.append(
                (
                    operation_id,
                    line + 1,
                    purses[move.key],  # its id is known when the rows are written
                    None,
                    move.event,
                    program,
                    unit,
                    move.posted,
                    move.held,
                    move.carry,
                    move.version,
                    move.posted_after,
                    move.held_after,
                )
            )
            self.entries.append(
                (
                    operation_id,
                    line + 2,
                    None,
                    move.account,
                    move.event,
                    program,
                    unit,
                    -move.posted,
                    -move.held,
                    -move.carry,
                    None,
                    None,
                    None,
                )
            )
            line += 2

    def add_sale_lines(self, operation_id: int, lines: tuple[SaleLine, ...]) -> None:
        """Write the goods of one booked sale or refund."""
        for number, line in enumerate(lines, start=1):
            self.sale_lines.append(
                (
                    operation_id,
                    number,
                    line.group,
                    line.tax_rate_bp,
                    line.gross,
                    line.discount,
                    line.bonus,
                    line.tendered,
                )
            )

    def write(self, cr: Cursor, now: datetime, network_version: int) -> None:
        """Insert all rows on the lent cursor."""
        if self.operations:
            self._write_operations(cr, now, network_version)
        _insert(cr, "add_entries", self.entries, _ENTRY, purses=2)
        _insert(cr, "add_sale_lines", self.sale_lines, _SALE_LINE)
        _insert(cr, "add_holds", self.holds, ("operations", "cards", "expires"))
        _insert(cr, "end_holds", self.hold_ends, ("holds", "operations", "hows"))
        _insert(
            cr, "close_batches", self.batches, ("terminals", "batches", "operations")
        )
        if self.memberships:
            cards, types, issuers = zip(*sorted(self.memberships), strict=True)
            cr.execute(
                SQL["add_memberships"],
                {
                    "cards": list(cards),
                    "types": list(types),
                    "issuers": list(issuers),
                    "now": now,
                },
            )

    def _write_operations(
        self, cr: Cursor, now: datetime, network_version: int
    ) -> None:
        columns = {
            plural: [getattr(row, name) for row in self.operations]
            for plural, name in _OPERATION
        }
        cr.execute(
            SQL["add_operations"],
            {"now": now, "network_version": network_version, **columns},
        )


_OPERATION = (
    ("ids", "id"),
    ("days", "business_day"),
    ("terminals", "terminal"),
    ("batches", "batch"),
    ("numbers", "number"),
    ("commands", "command"),
    ("rcs", "rc"),
    ("cards", "card_id"),
    ("issuers", "issuer"),
    ("branches", "branch"),
    ("currencies", "currency"),
    ("amounts", "amount"),
    ("discounts", "discount"),
    ("dues", "amount_due"),
    ("originals", "original_id"),
    ("references", "reference"),
    ("local_times", "local_time"),
    ("digests", "body_digest"),
    ("decisions", "decision"),
    ("answers", "answer"),
)
_ENTRY = (
    "operations",
    "lines",
    "purses",
    "accounts",
    "events",
    "programs",
    "units",
    "posted",
    "held",
    "carry",
    "versions",
    "posted_after",
    "held_after",
)
_SALE_LINE = (
    "operations",
    "lines",
    "groups",
    "taxes",
    "gross",
    "discounts",
    "bonuses",
    "tendered",
)
_BATCH = ("terminals", "batches", "operations")


def _insert(
    cr: Cursor,
    query: str,
    rows: list[Any],
    names: tuple[str, ...],
    purses: int | None = None,
) -> None:
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    if purses is not None:
        columns[purses] = [
            purse.id if purse is not None else None for purse in columns[purses]
        ]
    cr.execute(SQL[query], dict(zip(names, columns, strict=True)))
