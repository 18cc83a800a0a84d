"""Names and numbers: nexo's spelling, ServiceID to operation number and back.

Pure. What a ServiceID becomes never changes: docs/adr/0032.
"""

import hashlib
import re

from ekarte_core import Original

_UPPER = {"id": "ID", "poi": "POI"}
_NUMERIC = re.compile(r"[1-9][0-9]{0,9}")
SERVICE_ID = re.compile(r"[!-~]{1,10}")
_TRANSACTION = re.compile(r"([0-9]{1,6})-([1-9][0-9]{0,11})")

HASHED_FROM = 10**10
"""Numbers below are ServiceIDs as they are, numbers from here on digests of others."""

HASHED_TO = 10**12


def nexo_name(name: str) -> str:
    """Spell a field as nexo does: poi_transaction_id, POITransactionID."""
    return "".join(_UPPER.get(word, word.capitalize()) for word in name.split("_"))


def operation_of(service_id: str) -> int:
    """Return the operation number of a ServiceID: itself, or made of its digest."""
    if _NUMERIC.fullmatch(service_id):
        return int(service_id)
    digest = hashlib.sha256(service_id.encode()).digest()
    number = int.from_bytes(digest[:16], "big")
    return HASHED_FROM + number % (HASHED_TO - HASHED_FROM)


def totals_operation_of(service_id: str) -> int:
    """Return the number under which a ServiceID asks for totals before it closes."""
    # A blank cannot be part of a ServiceID: no message has this number.
    return operation_of(f"totals {service_id}")


def transaction_id(batch: int, operation: int) -> str:
    """Name an operation as POITransactionID.TransactionID does."""
    return f"{batch}-{operation}"


def original_of(transaction: str, terminal: str) -> Original | None:
    """Return the operation that a TransactionID names; None: it is none of ours."""
    found = _TRANSACTION.fullmatch(transaction)
    if found is None:
        return None
    batch, operation = int(found[1]), int(found[2])
    return Original(batch=batch, operation=operation, terminal=terminal)
