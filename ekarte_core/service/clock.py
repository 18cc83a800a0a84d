"""All that the clock does, in one place: who keeps a ledger calls this now and then.

Each work is safe to run twice and in parallel, and does a limited amount at a time:
call it again while it has done something.
"""

from collections.abc import Callable
from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.network.compiled import Network
from ekarte_core.service.billing import charge_late, make_statements
from ekarte_core.service.closing import close_batches
from ekarte_core.service.expiry import expire_holds, expire_lots
from ekarte_core.service.turning import turn_periods

Work = Callable[[Cursor, Network, Keyring, datetime, int], int]

Counts = dict[str, int]  # work to how many operations it made

CLOCK_WORK: dict[str, Work] = {
    "holds": expire_holds,
    "lots": expire_lots,
    "periods": turn_periods,
    "statements": make_statements,
    "charges": charge_late,
    "batches": close_batches,
}
"""What there is to do, in this order."""


def clock(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> Counts:
    """Do all of it on a lent cursor; returns how many operations each work made."""
    return {
        name: work(cr, network, keyring, now, limit)
        for name, work in CLOCK_WORK.items()
    }
