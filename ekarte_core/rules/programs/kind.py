"""What every kind of program answers; a kind says only where it differs.

The rules ask each program of a card the same questions and never look at the kind's
name. Money is minor units, rates are basis points, durations days.
"""

from typing import ClassVar, Literal

import msgspec

Fault = tuple[str, str]  # parameter, message

RATE_BP_MAX = 10_000
DAYS_MAX = 36_500
MINUTES_MAX = 1_000_000
COUNT_MAX = 1_000_000

AcceptAt = Literal["own", "coalition"]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """A booked purchase as programs see it, by goods group, minor units.

    Attributes:
        gross: before discount.
        net: after discount.
        paid: what was really paid: net less bonus money and vouchers.
        paid_without_gift: the same less gift money.
        visit_only: nothing was bought, the customer only checked in.
    """

    gross: dict[str, int] = {}
    net: dict[str, int] = {}
    paid: dict[str, int] = {}
    paid_without_gift: dict[str, int] = {}
    visit_only: bool = False


class Kind(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Parameters of a program; by default it does nothing."""

    tender: ClassVar[str] = ""  # its money pays under this name
    visits: ClassVar[bool] = False  # a check-in is its business

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        return []

    def guards(self) -> list[Fault]:
        """Return like pairs of what may run, but not without people's decision."""
        return []

    @property
    def accepted_in_coalition(self) -> bool:
        """True when its value may be used at other issuers of the coalition."""
        return getattr(self, "accept_at", "own") == "coalition"

    def turnover(self, receipt: Receipt) -> dict[str, int]:
        """What a purchase adds to its turnover purses, by goods group of the purse."""
        return {}

    def counters(self, receipt: Receipt) -> dict[str, int]:
        """What a purchase adds to its other counters, by unit."""
        return {}


def at_least(value: int, least: int, name: str) -> list[Fault]:
    """Return the fault of a number that is too small."""
    return [] if value >= least else [(name, f"must be at least {least}")]


def between(value: int, least: int, most: int, name: str) -> list[Fault]:
    """Return the fault of a number out of its range."""
    return [] if least <= value <= most else [(name, f"must be {least} to {most}")]
