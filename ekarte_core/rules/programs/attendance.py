"""Attendance: visits of regular customers are counted.

Seed: "учет посещаемости постоянных клиентов".
"""

from typing import ClassVar

from ekarte_core.rules.programs.kind import MINUTES_MAX, Fault, Kind, between


class Attendance(Kind, frozen=True, kw_only=True):
    """Parameters: a second check-in within the gap is refused."""

    visits: ClassVar[bool] = True

    min_gap_minutes: int = 0

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        return between(self.min_gap_minutes, 0, MINUTES_MAX, "min_gap_minutes")
