"""Faults that callers of the core may meet. Refusals are not here: see codes.py.

House rule: a refusal is a returned answer code, a fault of the world is an
exception, our own bug is an assertion. Messages name fields and positions,
never values: a card number must not reach a log through an exception.
"""

import re

_LONG = re.compile(r"[0-9]{8,}")


class EkarteError(Exception):
    """Base of every exception the core raises on purpose."""


class NetworkInvalid(EkarteError):
    """The network document breaks its schema or contradicts itself."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        """Keep the faults as (path, message) pairs, a path like ``$.programs[2]``.

        The schema's messages quote what is wrong: a number of a card goes from them.
        """
        self.faults = [(path, _LONG.sub("…", message)) for path, message in faults]
        super().__init__(
            "\n".join(f"{path}: {message}" for path, message in self.faults)
        )


class NetworkMissing(EkarteError):
    """No network document has been published into this ledger yet."""


class RequestInvalid(EkarteError):
    """The request cannot be read; `field` is the JSON path of the first fault.

    `rc` is the answer code: 13 where the fault is in an amount, else 30.
    """

    def __init__(self, field: str, message: str, rc: str = "30") -> None:
        """Name the field and what is wrong with it, never its value."""
        self.field = field
        self.rc = rc
        super().__init__(f"{field}: {message}")


class KeyringInvalid(EkarteError):
    """The keyring file is missing, readable by others, or lacks a key."""


class DrawRefused(EkarteError):
    """What was asked of a draw cannot be: bad terms, too early, or not what it was."""


class CommitInDoubt(EkarteError):
    """The commit's fate is unknown: the caller must ask again by operation key."""


class SchemaBehind(EkarteError):
    """The database has not been migrated to the version this code needs."""
