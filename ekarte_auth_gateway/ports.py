"""What the flow needs of the world, as protocols: real things and fakes fit both."""

import stat
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol, TypeVar

from ekarte_core import Cursor, Network, Outcome, ParametersBook, Request

T = TypeVar("T")

Clock = Callable[[], datetime]
"""Returns now, with a zone. Tests pass a fixed one."""


class Ledger(Protocol):
    """The part of `ekarte_core.LedgerConnection` that the gateway uses.

    One thread owns one. Every method may raise `psycopg2.OperationalError` when
    the database is away.
    """

    def run(
        self, requests: Sequence[Request], network: Network, now: datetime
    ) -> list[Outcome]:
        """Execute a group in one transaction; outcomes in the requests' order."""
        ...

    def remember_nonces(
        self, nonces: Sequence[tuple[str, str]], now: datetime
    ) -> list[bool]:
        """Remember (terminal, nonce) pairs; False for one that was seen before."""
        ...

    def network(self, known: Network | None) -> Network:
        """Return the published network; `known` itself while nothing newer is."""
        ...

    def expire_holds(self, network: Network, now: datetime, limit: int = 500) -> int:
        """Release holds whose time is over; return how many."""
        ...

    def clock(
        self, network: Network, now: datetime, limit: int = 500
    ) -> dict[str, int]:
        """Do what the clock has to do; return how many operations each work made."""
        ...

    def fold_exposure(self, now: datetime) -> int:
        """Fold what issuers came to owe others; return for how many of them."""
        ...

    def sweep(self, now: datetime) -> object:
        """Forget old nonces."""
        ...

    def seal(self, now: datetime) -> int:
        """Continue the hash chain; return how many operations were sealed."""
        ...

    def build_settlement(
        self, network: Network, now: datetime, cutoff: datetime
    ) -> int | None:
        """Write a document over what is not settled yet; None: there is nothing."""
        ...

    def pending_settlements(self) -> list[tuple[int, bytes]]:
        """Return the documents that Odoo has not accepted yet, oldest first."""
        ...

    def settlement_accepted(self, settlement: int, reply: str, now: datetime) -> None:
        """Note that Odoo has a document."""
        ...

    def settlement_failed(self, settlement: int, reason: str, now: datetime) -> None:
        """Note why a document could not be delivered."""
        ...

    def parameters(self, work: Callable[[ParametersBook], T]) -> T:
        """Work with stop list and versions of parameters, in one transaction."""
        ...

    def lend(self, work: Callable[[Cursor], T]) -> T:
        """Run work on a lent cursor, in a transaction of its own."""
        ...

    def close(self) -> None:
        """Hang up."""
        ...


OpenLedger = Callable[[], Ledger]


class OfficeSilent(Exception):
    """Odoo did not answer, or not as itself; every other document would fail too."""


class OfficeRefused(Exception):
    """Odoo answered that it will not have this document, and why."""


class Office(Protocol):
    """Where settlement documents go: Odoo."""

    async def deliver(self, document: bytes) -> str:
        """Deliver one document; return Odoo's reply.

        Raises:
            OfficeSilent, OfficeRefused: with a reason that holds no secret.
        """
        ...


def is_open(file: Path) -> bool:
    """Say whether a secret's file may be read by others, or written by its group.

    Raises:
        OSError: it cannot be looked at.
    """
    return bool(file.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP))
