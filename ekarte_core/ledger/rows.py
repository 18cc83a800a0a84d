"""Rows that one group of operations writes, gathered and written set-based."""

from datetime import date, datetime
from typing import Any

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.store import CardRow
from ekarte_core.rules.plan import SaleLine
from ekarte_core.rules.purses import Move


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
    """Everything one wave adds, written set-based in one round trip."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.operations: list[OperationRow] = []
        self.entries: list[tuple[Any, ...]] = []
        self.sale_lines: list[tuple[Any, ...]] = []
        self.holds: list[tuple[int, int, datetime]] = []
        self.hold_ends: list[tuple[int, int, str]] = []
        self.batches: list[tuple[str, int, int]] = []
        self.memberships: set[tuple[int, str, str]] = set()

    def add_moves(self, operation_id: int, card: CardRow, moves: list[Move]) -> None:
        """Write each move as two entries: the purse's, and its counter leg.

        A purse or lot opened in this wave gets its id later, and a later operation
        of the wave works on a copy of it: so the card is kept, not the purse.
        """
        line = 0
        for move in moves:
            program, unit, _group = move.key
            self.entries.append(
                (
                    operation_id,
                    line + 1,
                    card,
                    move,
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

    def statements(
        self, cr: Cursor, now: datetime, network_version: int
    ) -> list[bytes]:
        """Return the statements that insert all rows, to be sent in one trip."""
        found = []
        if self.operations:
            columns: dict[str, Any] = {
                plural: [getattr(row, name) for row in self.operations]
                for plural, name in _OPERATION
            }
            columns |= {"now": now, "network_version": network_version}
            found.append(cr.mogrify(SQL["add_operations"], columns))
        for query, rows, names in (
            ("add_entries", self._entries(), _ENTRY),
            ("add_sale_lines", self.sale_lines, _SALE_LINE),
            ("add_holds", self.holds, ("operations", "cards", "expires")),
            ("end_holds", self.hold_ends, ("holds", "operations", "hows")),
            ("close_batches", self.batches, ("terminals", "batches", "operations")),
            (
                "add_memberships",
                sorted(self.memberships),
                ("cards", "types", "issuers"),
            ),
        ):
            if rows:
                columns = {
                    name: list(column)
                    for name, column in zip(names, zip(*rows, strict=True), strict=True)
                }
                found.append(cr.mogrify(SQL[query], {**columns, "now": now}))
        return found

    def _entries(self) -> list[tuple[Any, ...]]:
        """Put the ids of purses and lots in: new ones have got theirs by now."""
        return [
            (row[0], row[1], *_place(row[2], row[3]), *row[4:]) for row in self.entries
        ]


def _place(card: CardRow | None, move: Move | None) -> tuple[int | None, int | None]:
    if card is None or move is None:
        return None, None
    purse = card.purses[move.key]
    if move.lot is None:
        return purse.id, None
    lot = purse.lot(move.lot.valid_until)
    assert lot is not None
    return purse.id, lot.id


def send(cr: Cursor, statements: list[bytes]) -> None:
    """Send statements in one round trip."""
    if statements:
        cr.execute(b";\n".join(statements).decode())


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
    "lots",
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
