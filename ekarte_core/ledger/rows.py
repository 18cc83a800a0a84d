"""Rows that one group of operations writes, gathered and written set-based."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from ekarte_core.ledger.arrays import digests, documents, integers, moments, words
from ekarte_core.ledger.statements import Call
from ekarte_core.ledger.store import CardRow, ColumnOf, columns
from ekarte_core.rules.plan import NewVoucher, SaleLine
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
    other_card_id: int | None = None


class Rows:
    """Everything one wave adds, written set-based in one round trip."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.operations: list[OperationRow] = []
        self.moves: list[tuple[int, int, CardRow, Move]] = []
        self.sale_lines: list[tuple[Any, ...]] = []
        self.holds: list[tuple[int, int, datetime]] = []
        self.hold_ends: list[tuple[int, int, str]] = []
        self.batches: list[tuple[str, int, int]] = []
        self.memberships: set[tuple[int, str, str]] = set()
        self.vouchers: list[tuple[Any, ...]] = []
        self.uses: list[tuple[str, int]] = []
        self.offline: list[tuple[Any, ...]] = []
        self.exceptions: list[tuple[Any, ...]] = []
        self._lines: dict[int, int] = {}  # entries of an operation so far

    def add_moves(self, operation_id: int, card: CardRow, moves: list[Move]) -> None:
        """Write each move as two entries: the purse's, and the next line's counter leg.

        A purse or lot opened in this wave gets its id later, and a later operation
        of the wave works on a copy of it: so the card is kept, not the purse.
        """
        line = self._lines.get(operation_id, 0)
        for move in moves:
            self.moves.append((operation_id, line + 1, card, move))
            line += 2
        self._lines[operation_id] = line

    def add_uses(self, uses: Mapping[str, int]) -> None:
        """Write what issuers come to owe others: see rules/exposing.py."""
        self.uses += uses.items()

    def add_voucher(
        self, operation_id: int, card: CardRow, voucher: NewVoucher
    ) -> None:
        """Write what an issued voucher's code stands for."""
        self.vouchers.append(
            (
                voucher.code,
                card.id,
                voucher.program,
                voucher.issuer,
                voucher.kind,
                voucher.value,
                voucher.product,
                voucher.valid_until,
                operation_id,
            )
        )

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

    def statements(self, now: datetime, network_version: int) -> list[Call]:
        """Return the statements that insert all rows, to be sent in one trip."""
        found: list[Call] = []
        if self.operations:
            values: dict[str, Any] = dict(columns(self.operations, _OPERATION))
            values |= {"now": now, "network_version": network_version}
            found.append(("add_operations", values))
        if self.moves:
            found.append(("add_entries", self._entries()))
        for query, rows, arrays in (
            ("add_sale_lines", self.sale_lines, _SALE_LINE),
            ("add_holds", self.holds, _HOLD),
            ("end_holds", self.hold_ends, _HOLD_END),
            ("close_batches", self.batches, _BATCH),
            ("add_vouchers", self.vouchers, _VOUCHER),
            ("add_memberships", sorted(self.memberships), _MEMBERSHIP),
            ("add_uses", self.uses, _USE),
            ("add_offline_operations", self.offline, _OFFLINE),
            ("add_offline_exceptions", self.exceptions, _EXCEPTION),
        ):
            if rows:
                values = {
                    name: array(column)
                    for (name, array), column in zip(
                        arrays.items(), zip(*rows, strict=True), strict=True
                    )
                }
                if query in ("add_memberships", "add_vouchers"):
                    values["now"] = now
                found.append((query, values))
        return found

    def _entries(self) -> dict[str, str]:
        """Put the ids of purses and lots in: new ones have got theirs by now."""
        moves = [move for _operation, _line, _card, move in self.moves]
        places = [_place(card, move) for _operation, _line, card, move in self.moves]
        return {
            "operations": integers(row[0] for row in self.moves),
            "lines": integers(row[1] for row in self.moves),
            "purses": integers(purse for purse, _lot in places),
            "lots": integers(lot for _purse, lot in places),
            "programs": words([move.key[0] for move in moves]),
            "units": words([move.key[1] for move in moves]),
            **columns(moves, _ENTRY),
        }


def _place(card: CardRow, move: Move) -> tuple[int, int | None]:
    purse = card.purses[move.key]
    if move.lot is None:
        return purse.id, None
    lot = purse.lot(move.lot.valid_until)
    assert lot is not None
    return purse.id, lot.id


_OPERATION: tuple[ColumnOf, ...] = (
    ("ids", "id", integers),
    ("days", "business_day", moments),
    ("terminals", "terminal", words),
    ("batches", "batch", integers),
    ("numbers", "number", integers),
    ("commands", "command", words),
    ("rcs", "rc", words),
    ("cards", "card_id", integers),
    ("issuers", "issuer", words),
    ("branches", "branch", words),
    ("currencies", "currency", words),
    ("amounts", "amount", integers),
    ("discounts", "discount", integers),
    ("dues", "amount_due", integers),
    ("originals", "original_id", integers),
    ("references", "reference", words),
    ("local_times", "local_time", moments),
    ("digests", "body_digest", digests),
    ("decisions", "decision", documents),
    ("answers", "answer", documents),
    ("others", "other_card_id", integers),
)
Arrays = dict[str, Callable[[Any], str]]
_ENTRY: tuple[ColumnOf, ...] = (
    ("accounts", "account", words),
    ("events", "event", words),
    ("posted", "posted", integers),
    ("held", "held", integers),
    ("carry", "carry", integers),
    ("versions", "version", integers),
    ("posted_after", "posted_after", integers),
    ("held_after", "held_after", integers),
)
_SALE_LINE: Arrays = {
    "operations": integers,
    "lines": integers,
    "groups": words,
    "taxes": integers,
    "gross": integers,
    "discounts": integers,
    "bonuses": integers,
    "tendered": integers,
}
_HOLD: Arrays = {"operations": integers, "cards": integers, "expires": moments}
_HOLD_END: Arrays = {"holds": integers, "operations": integers, "hows": words}
_BATCH: Arrays = {"terminals": words, "batches": integers, "operations": integers}
_MEMBERSHIP: Arrays = {"cards": integers, "types": words, "issuers": words}
_USE: Arrays = {"issuers": words, "amounts": integers}
_OFFLINE: Arrays = {
    "operations": integers,
    "terminals": words,
    "batches": integers,
    "numbers": integers,
    "cards": integers,
    "days": moments,
    "amounts": integers,
    "counters": integers,
    "versions": integers,
}
_EXCEPTION: Arrays = {
    "operations": integers,
    "lines": integers,
    "kinds": words,
    "amounts": integers,
    "rcs": words,
}
_VOUCHER: Arrays = {
    "codes": words,
    "cards": integers,
    "programs": words,
    "issuers": words,
    "kinds": words,
    "values": integers,
    "products": words,
    "ends": moments,
    "operations": integers,
}
