"""An advice unfolded: the request that would have been sent, had anybody answered."""

from collections.abc import Container

import msgspec

from ekarte_core.values import Offline, Request, Tender

PAYS = frozenset({"sale", "voucher"})  # may take value and give discount
NOTHING_DUE = frozenset({"accrue", "check_in"})


def unfolded(advice: Request) -> tuple[Request, str]:
    """Return the request for what was done, and the field that makes no sense, or ''.

    No access code is looked at: what was done was done without the ledger.
    """
    offline = advice.offline
    if offline is None:
        return advice, "offline"
    request = msgspec.structs.replace(
        advice,
        command=offline.command,
        offline=None,
        tender=_tender(advice, offline) if offline.command in PAYS else None,
        access_code=None,
        partial=False,
        no_discount=False,
    )
    if advice.local_time is None:
        return request, "local_time"
    return request, _unlike_itself(request, offline)


def _tender(advice: Request, offline: Offline) -> Tender:
    taken = offline.tendered
    return Tender(
        gift=taken.get("gift", 0),
        bonus=taken.get("bonus", 0),
        credit=taken.get("credit", 0),
        voucher=advice.tender.voucher if advice.tender is not None else "",
    )


def _unlike_itself(request: Request, offline: Offline) -> str:
    """Name the figure that the others contradict; '' where they agree."""
    tendered = sum(offline.tendered.values())
    nameless = request.tender is None or not request.tender.voucher
    sells = offline.command in PAYS
    checks = (
        ("tender", nameless and bool(offline.tendered.get("voucher"))),
        ("offline.discount", bool(offline.discount) and not (sells or _back(offline))),
        ("offline.tendered", bool(tendered) and not (sells or _back(offline))),
        ("offline.amount_due", offline.amount_due not in _dues(request, offline)),
    )
    return next((field for field, wrong in checks if wrong), "")


def _back(offline: Offline) -> bool:
    return offline.command == "refund"


def _dues(request: Request, offline: Offline) -> Container[int]:
    """Return what may have been due, by the other figures."""
    amount = request.amount or sum(line.amount for line in request.lines)
    tendered = sum(offline.tendered.values())
    if offline.command == "voucher" and not amount:
        amount = tendered  # by itself it buys for what it is worth
    if offline.command in PAYS:
        return (amount - offline.discount - tendered,)
    if offline.command in NOTHING_DUE:
        return (0,)
    return range(amount + 1) if _back(offline) else (0, amount)
