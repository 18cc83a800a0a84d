"""What terminals have missed, as all gateways know it: unknown cards, wrong codes."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL


class Guessed(msgspec.Struct, frozen=True):
    """A terminal's last miss, and when all of its misses are forgotten."""

    missed_at: datetime
    clear_at: datetime


def share_guesses(
    cr: Cursor, misses: Mapping[str, timedelta], now: datetime
) -> dict[str, Guessed]:
    """Add what terminals have missed; return all that is not forgotten.

    Args:
        cr: of the caller's transaction.
        misses: by terminal, how much longer until it is forgotten.
        now: the time of the misses.
    """
    if misses:
        terminals = sorted(misses)  # two gateways never wait for each other in a circle
        spans = [misses[terminal] for terminal in terminals]
        cr.execute(
            SQL["note_guesses"], {"terminals": terminals, "spans": spans, "now": now}
        )
    cr.execute(SQL["guesses"], {"now": now})
    return {terminal: Guessed(*times) for terminal, *times in cr.fetchall()}
