"""What is asked of the ledger for an operation with a bank part. Pure.

A sale is two operations there: a hold under a number of ours, and the confirmation
under the terminal's own, so that a reversal or a refund finds it. Numbers of ours are
the terminal's with a batch that no terminal can send.
"""

import msgspec

from ekarte_auth_gateway.bank.cards import BankNumber
from ekarte_core import BankCourse, Original, Request, body_of

Key = tuple[str, int, int]

_OURS = 1_000_000
"""Terminals have batches below; each of ours lies so many higher than the last."""
HOLD, RELEASE, BURY, UNDO = (_OURS * place for place in (1, 2, 3, 4))


def name_of(key: Key) -> str:
    """Name an operation in a log or in a step: terminal/batch/number."""
    return "/".join(str(part) for part in key)


def key_named(name: str) -> Key:
    """Return the key of an operation from its name."""
    terminal, batch, number = name.rsplit("/", 2)
    return terminal, int(batch), int(number)


def hold_request(request: Request) -> Request:
    """Return the quote and hold; of an `authorize` under its own number."""
    batch = request.batch + (HOLD if request.command == "sale" else 0)
    return msgspec.structs.replace(request, command="authorize", batch=batch, bank=None)


def probe_request(request: Request) -> Request:
    """Return a request that only finds out what has become of a used number."""
    key = Original(batch=request.batch + HOLD, operation=request.operation)
    return Request(
        command="confirm",
        terminal=request.terminal,
        batch=request.batch,
        operation=request.operation,
        original=key,
    )


def confirmation_of(request: Request) -> str:
    """Return the confirmation of a sale as JSON: it holds no number and no code."""
    if request.command != "sale":
        return ""
    confirmation = Request(
        command="confirm",
        terminal=request.terminal,
        batch=request.batch,
        operation=request.operation,
        original=Original(batch=request.batch + HOLD, operation=request.operation),
        currency=request.currency,
        reference=request.reference,
        language=request.language,
        slip=request.slip,
        local_time=request.local_time,
    )
    return msgspec.json.encode(confirmation).decode()


def release_request(course: BankCourse) -> Request:
    """Return the reversal of the hold."""
    hold = HOLD if course.command == "sale" else 0
    return _reverse(course.key, RELEASE, hold)


def bury_request(course: BankCourse) -> Request | None:
    """Return the reversal of a sale that is not to be booked, now or ever."""
    return _reverse(course.key, BURY, 0) if course.command == "sale" else None


def undo_request(key: Key) -> Request:
    """Return the reversal of what was booked under this number."""
    return _reverse(key, UNDO, 0)


def _reverse(key: Key, under: int, of: int) -> Request:
    terminal, batch, number = key
    return Request(
        command="reverse",
        terminal=terminal,
        batch=batch + under,
        operation=number,
        original=Original(batch=batch + of, operation=number),
    )


def content_of(request: Request, card: BankNumber) -> bytes:
    """Return what a repeat must share: all but what is made anew for each message.

    That is the block of the bank card's code, and what its chip says.
    """
    assert request.bank is not None
    ref = msgspec.structs.replace(request.bank.card, value=card.number)
    part = msgspec.structs.replace(
        request.bank, card=ref, pin_block="", expiry="", chip=""
    )
    return body_of(msgspec.structs.replace(request, bank=part))
