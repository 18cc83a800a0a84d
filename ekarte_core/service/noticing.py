"""Notices: holders are told that value ends, once for each lot."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What of a card's account ends, and when; the unit says how to read `amount`."""

    card_id: int
    issuer: str
    program: str
    unit: str
    amount: int
    valid_until: datetime


def take_notices(
    cr: Cursor, network: Network, now: datetime, limit: int = 500
) -> list[Notice]:
    """Return what is to be announced now, and remember that it was.

    Whoever sends the notices does it in the same transaction: it is told once, or not
    yet. Two at once get different ones.
    """
    programs = dict(_notice_days(network))
    if not programs:
        return []
    cr.execute(
        SQL["take_notices"],
        {
            "programs": list(programs),
            "until": [now + timedelta(days=days) for days in programs.values()],
            "now": now,
            "limit": limit,
        },
    )
    return [
        Notice(
            card_id=card_id,
            issuer=issuer,
            program=program,
            unit=unit,
            amount=amount,
            valid_until=valid_until,
        )
        for card_id, issuer, program, unit, amount, valid_until in cr.fetchall()
    ]


def _notice_days(network: Network) -> Iterator[tuple[str, int]]:
    for program in network.document.programs:
        days = getattr(network.parameters(program.code), "notice_days", 0)
        if days and not program.overrides:
            yield program.code, days
