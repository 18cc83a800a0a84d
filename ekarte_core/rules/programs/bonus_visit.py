"""Bonus by visit: a point for each visit or purchase, whatever the sum.

Seed: "накопление бонусов за посещение/покупку (бонусная программа от числа
использования)".
"""

from typing import ClassVar

from ekarte_core.rules.programs.kind import (
    COUNT_MAX,
    MINUTES_MAX,
    Fault,
    Receipt,
    at_least,
    between,
)
from ekarte_core.rules.programs.points import Convertible


class BonusVisit(Convertible, frozen=True, kw_only=True):
    """Parameters; a visit too soon or too often is a visit without a point."""

    visits: ClassVar[bool] = True

    points_per_visit: int = 1
    min_amount: int = 0
    max_per_day: int = 0  # 0: no limit
    min_gap_minutes: int = 0

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = between(self.points_per_visit, 1, COUNT_MAX, "points_per_visit")
        found += at_least(self.min_amount, 0, "min_amount")
        found += between(self.max_per_day, 0, COUNT_MAX, "max_per_day")
        found += between(self.min_gap_minutes, 0, MINUTES_MAX, "min_gap_minutes")
        return found + self.convertible_faults()

    def points(self, receipt: Receipt) -> int:
        """Points for one visit: of the whole purchase, or of a check-in."""
        if receipt.visit_only:
            return 0 if self.min_amount else self.points_per_visit
        if sum(self.paid(receipt).values()) <= 0 and not self.earn_on_gift:
            return 0
        enough = sum(receipt.net.values()) >= self.min_amount
        return self.points_per_visit if enough else 0

    def to_next_point(self, receipt: Receipt) -> int:
        """Minor units that the purchase lacked to count as a visit."""
        return max(self.min_amount - sum(receipt.net.values()), 0)
