"""Bonus by sum: points for each whole step of what was really paid.

Seed: "за каждые целые 5 латов начисление 1 бонуса … 7Лс=1Б, 17.50Лс=3Б. Когда
накопленные бонусы достигают 10Б, их стирать и добавлять 1Лс как дебет на карту".
"""

from ekarte_core.rules.programs.kind import Fault, Receipt
from ekarte_core.rules.programs.points import (
    Convertible,
    missing_to_step,
    points_by_steps,
    step_faults,
)


class BonusAmount(Convertible, frozen=True, kw_only=True):
    """Parameters of a bonus program; money in minor units, factors in bp."""

    step: int
    points_per_step: int = 1
    min_amount: int = 0
    group_factor: dict[str, int] = {}

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        return step_faults(self) + self.convertible_faults()

    def points(self, receipt: Receipt) -> int:
        """Points for one receipt: rounded down, once."""
        return points_by_steps(self, self.paid(receipt))

    def to_next_point(self, receipt: Receipt) -> int:
        """Minor units that were missing for the next point (factor 1)."""
        return missing_to_step(self, self.paid(receipt))
