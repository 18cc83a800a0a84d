"""Settlement: booked operations become documents for accounting, each exactly once."""

import hashlib
from datetime import date, datetime, timedelta
from typing import Any

import msgspec

from ekarte_core.errors import RequestInvalid
from ekarte_core.ledger import arrays
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.parser import Parser
from ekarte_core.settlement.document import (
    FORMAT,
    SettlementDocument,
    SettlementLine,
)

_documents = Parser(SettlementDocument)
REASON_CHARS_MAX = 500
# Older operations were settled by the last document, if they were booked by then: days
# of branches begin and end apart, and a booking takes its time.
LOOKED_BACK = timedelta(days=3)
# Columns of query `settlement_lines`.
_COLUMNS = (
    "day",
    "event",
    "seller",
    "issuer",
    "branch",
    "program",
    "tax_rate_bp",
    "currency",
    "amount",
    "carry",
    "tendered",
    "reimbursed",
    "price_bp",
    "billed",
    "liable",
    "as_payment",
    "operations",
    "books_sales",
)


def build_settlement(
    cr: Cursor,
    network: Network,
    now: datetime,
    cutoff: datetime,
    *,
    whole: bool = True,
) -> int | None:
    """Build one document of all booked, unsettled operations that are due.

    Due are operations of closed batches and those before `cutoff`. Unless the `whole`
    ledger is looked at, only those of the last days. Returns the document's id, or None
    when there is nothing to settle.
    """
    cr.execute(SQL["lock_settling"])
    since = None if whole else _since(cr)
    cr.execute(SQL["settling_operations"], {"cutoff": cutoff, "since": since})
    due = cr.fetchall()
    if not due:
        return None
    # As text: a hundred thousand values of a list would be parsed one by one.
    ids = arrays.integers(row[0] for row in due)
    cr.execute(
        SQL["settlement_lines"],
        {
            "ids": ids,
            "versions": list({row[1] for row in due}),
            "registers": [
                b.code for b in network.document.branches if not b.books_sales
            ],
        },
    )
    lines = [
        SettlementLine(line=number, **dict(zip(_COLUMNS, row, strict=True)))
        for number, row in enumerate(cr.fetchall(), start=1)
    ]
    cr.execute(SQL["next_settlement_id"])
    document = SettlementDocument(
        id=cr.fetchone()[0],
        created_at=now,
        cutoff=cutoff,
        network_version=network.version,
        outside=tuple(i.code for i in network.document.issuers if not i.in_odoo),
        lines=tuple(lines),
    )
    body = msgspec.json.encode(document)
    cr.execute(
        SQL["add_settlement"],
        {
            "id": document.id,
            "now": now,
            "cutoff": cutoff,
            "sha256": hashlib.sha256(body).digest(),
            "body": body.decode(),
        },
    )
    cr.execute(SQL["add_settlement_operations"], {"id": document.id, "ids": ids})
    return document.id


def _since(cr: Cursor) -> date | None:
    """Return the first day that may have something left to settle; None: unknown."""
    cr.execute(SQL["last_cutoff"])
    last: datetime | None = cr.fetchone()[0]
    return None if last is None else (last - LOOKED_BACK).date()


def pending_settlements(cr: Cursor) -> list[tuple[int, bytes]]:
    """Return documents that nobody has accepted yet, oldest first: (id, JSON)."""
    cr.execute(SQL["pending_settlements"])
    return [(number, body.encode()) for number, body in cr.fetchall()]


def settlement_accepted(cr: Cursor, number: int, reply: str, now: datetime) -> None:
    """Note that accounting has taken a document over; `reply` is what it said."""
    cr.execute(SQL["accept_settlement"], {"id": number, "now": now, "reply": reply})


def settlement_failed(cr: Cursor, number: int, reason: str, now: datetime) -> None:
    """Note a delivery that did not work, for people to see."""
    cr.execute(
        SQL["fail_settlement"],
        {"id": number, "now": now, "reason": reason[:REASON_CHARS_MAX]},
    )


def read_settlement(body: bytes | str | dict[str, Any]) -> SettlementDocument:
    """Read a settlement document.

    Raises:
        RequestInvalid: naming the field that is wrong.
    """
    try:
        text = msgspec.json.encode(body) if isinstance(body, dict) else body
        document = _documents.from_json(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        message, _, path = str(fault).partition(" - at `")
        raise RequestInvalid(path.rstrip("`") or "$", message) from None
    if document.format != FORMAT:
        raise RequestInvalid("$.format", f"this version reads format {FORMAT}")
    return document
