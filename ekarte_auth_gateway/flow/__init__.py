"""From task to answer, and what happens without a task."""

from ekarte_auth_gateway.flow.board import Board, Device
from ekarte_auth_gateway.flow.counters import Counters
from ekarte_auth_gateway.flow.desk import Desk, Limits
from ekarte_auth_gateway.flow.housekeeping import Housekeeping, Rhythm, forever
from ekarte_auth_gateway.flow.key_book import KeyBook
from ekarte_auth_gateway.flow.settlement import Schedule, Settlement
from ekarte_auth_gateway.flow.threads import LedgerAway, LedgerThread

__all__ = [
    "Board",
    "Counters",
    "Desk",
    "Device",
    "Housekeeping",
    "KeyBook",
    "LedgerAway",
    "LedgerThread",
    "Limits",
    "Rhythm",
    "Schedule",
    "Settlement",
    "forever",
]
