"""Bonus by sum: points for each whole step of what was really paid.

Seed: "за каждые целые 5 латов начисление 1 бонуса … 7Лс=1Б, 17.50Лс=3Б. Когда
накопленные бонусы достигают 10Б, их стирать и добавлять 1Лс как дебет на карту".
"""

from ekarte_core.rules.programs.kind import Fault, Receipt
from ekarte_core.rules.programs.points import Convertible, factor_faults, stepped


class BonusAmount(Convertible, frozen=True, kw_only=True):
    """Parameters of a bonus program; money in minor units, factors in bp."""

    step: int
    points_per_step: int = 1
    min_amount: int = 0
    group_factor: dict[str, int] = {}

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        if self.step <= 0:
            found.append(("step", "must be above zero"))
        if self.points_per_step <= 0:
            found.append(("points_per_step", "must be above zero"))
        if self.min_amount < 0:
            found.append(("min_amount", "must not be negative"))
        return found + factor_faults(self.group_factor) + self.convertible_faults()

    def points(self, receipt: Receipt) -> int:
        """Points for one receipt: rounded down, once."""
        paid = self.paid(receipt)
        if sum(paid.values()) < max(self.min_amount, 1):
            return 0
        steps, _missing = stepped(paid, self.step, self.group_factor)
        return steps * self.points_per_step

    def to_next_point(self, receipt: Receipt) -> int:
        """Minor units that were missing for the next point (factor 1)."""
        paid = self.paid(receipt)
        _steps, missing = stepped(paid, self.step, self.group_factor)
        return max(missing, self.min_amount - sum(paid.values()))
