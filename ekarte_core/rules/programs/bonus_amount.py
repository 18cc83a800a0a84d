"""Bonus by sum: points for each whole step of what was really paid.

Seed: "за каждые целые 5 латов начисление 1 бонуса … 7Лс=1Б, 17.50Лс=3Б. Когда
накопленные бонусы достигают 10Б, их стирать и добавлять 1Лс как дебет на карту".
"""

from typing import Literal

import msgspec

FACTOR_ONE_BP = 10_000
EXPIRE_DAYS_MAX = 36_500


class BonusAmount(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """Parameters of a bonus program; money in minor units, factors in bp."""

    step: int
    points_per_step: int = 1
    min_amount: int = 0
    convert_at: int = 0  # 0: points stay points
    convert_to: int = 0
    expire_days: int = 0  # 0: for ever
    expire_at: Literal["day", "month", "year"] = "day"  # burn at the end of it
    group_factor: dict[str, int] = {}
    earn_on_gift: bool = True
    accept_at: Literal["own", "coalition"] = "coalition"
    clawback: Literal["deduct", "absorb"] = "deduct"
    deferral_policy: Literal["none", "lot"] = "lot"

    def faults(self) -> list[tuple[str, str]]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        if self.step <= 0:
            found.append(("step", "must be above zero"))
        if self.points_per_step <= 0:
            found.append(("points_per_step", "must be above zero"))
        if self.min_amount < 0:
            found.append(("min_amount", "must not be negative"))
        if (self.convert_at > 0) != (self.convert_to > 0):
            found.append(("convert_to", "convert_at and convert_to go together"))
        if self.convert_at < 0 or self.convert_to < 0:
            found.append(("convert_at", "must not be negative"))
        if not 0 <= self.expire_days <= EXPIRE_DAYS_MAX:
            found.append(("expire_days", "must be 0 to 36500"))
        if any(not 0 <= factor <= 1_000_000 for factor in self.group_factor.values()):
            found.append(("group_factor", "must be 0 to 1000000 basis points"))
        return found

    def points(self, paid_by_group: dict[str, int]) -> int:
        """Points for one receipt: rounded down, once.

        Args:
            paid_by_group: what was really paid for each goods group, minor units.
        """
        if sum(paid_by_group.values()) < max(self.min_amount, 1):
            return 0
        weighted = sum(
            paid * self.group_factor.get(group, FACTOR_ONE_BP)
            for group, paid in paid_by_group.items()
        )
        return weighted // (self.step * FACTOR_ONE_BP) * self.points_per_step

    def to_next_point(self, paid_by_group: dict[str, int]) -> int:
        """Minor units that were missing for the next point (factor 1)."""
        weighted = sum(
            paid * self.group_factor.get(group, FACTOR_ONE_BP)
            for group, paid in paid_by_group.items()
        )
        missing = self.step * FACTOR_ONE_BP - weighted % (self.step * FACTOR_ONE_BP)
        to_least = self.min_amount - sum(paid_by_group.values())
        return max(-(-missing // FACTOR_ONE_BP), to_least)

    def conversions(self, points: int) -> int:
        """How many times `convert_at` points turn into `convert_to` of money."""
        return points // self.convert_at if self.convert_at else 0

    def value_of(self, points: int) -> int:
        """Nominal value of points, minor units, rounded down; 0 if never money."""
        return points * self.convert_to // self.convert_at if self.convert_at else 0
