"""Answer codes, in descending precedence: the first that applies is returned.

The numbers are ISO 8583 field 39 values as used by card hosts; the order is ours and
is walked by tests/core/test_precedence.py. A message that cannot be read at all is
answered 30, or 13 for a number out of range, before anything else is looked at. HTTP
sends the same two digits in ``rc``.
"""

from enum import Enum


class Rc(str, Enum):
    """Two-digit answer code. Members stand in order of precedence."""

    MAC = "63"
    TERMINAL = "58"
    BRANCH = "03"
    FORMAT = "30"
    COMMAND = "12"
    DUPLICATE = "94"
    BATCH = "95"
    ORIGINAL = "25"
    MISMATCH = "77"
    CARD_UNKNOWN = "14"
    STOLEN = "43"
    LOST = "41"
    EXPIRED = "54"
    BLOCKED = "62"
    NOT_ACTIVE = "78"
    CARD_WRONG = "57"
    CODE_LOCKED = "75"
    CODE_WRONG = "55"
    TOO_OFTEN = "65"
    RULE = "05"
    AMOUNT = "13"
    LIMIT = "61"
    SHORT = "51"
    ELSEWHERE = "60"
    NO_ROUTE = "92"
    SILENT = "91"
    FAULT = "96"
    PARTIAL = "10"
    OK = "00"

    def __str__(self) -> str:
        """Print the two digits, not the member's name."""
        return self.value


APPROVED = frozenset({Rc.OK, Rc.PARTIAL})
"""Codes under which value moved (or would move) as answered."""

# Codes that speak of the moment or the sender, not of the operation: never stored
# under the key, so that the terminal may send the same operation again.
TRANSIENT = frozenset(
    {
        Rc.MAC,
        Rc.FORMAT,
        Rc.TERMINAL,
        Rc.BRANCH,
        Rc.COMMAND,
        Rc.DUPLICATE,
        Rc.SILENT,
        Rc.NO_ROUTE,
        Rc.FAULT,
    }
)
