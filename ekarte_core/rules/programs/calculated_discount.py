"""Calculated discount: the rate depends on the sum of this purchase.

Seed: "скидка, зависящая от суммы покупки (программа рассчетной скидки)".
"""

from typing import Literal

from ekarte_core.rules.programs.discount import (
    Discount,
    DiscountTier,
    tier_ahead,
    tier_faults,
    tier_rate,
)
from ekarte_core.rules.programs.kind import Fault

RATE_ONE_BP = 10_000


class CalculatedDiscount(Discount, frozen=True, kw_only=True):
    """Tiers of the sum of a purchase.

    `whole`: the rate reached is for all of it; `marginal`: each tier's rate is for the
    part of the sum within the tier.
    """

    tiers: tuple[DiscountTier, ...]
    mode: Literal["whole", "marginal"] = "whole"

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        if not self.tiers:
            return [("tiers", "give at least one")]
        return tier_faults(self.tiers) + self.common_faults()

    def rate_bp(self, spent: int, purchase: int) -> int:
        """The rate of the highest tier that the purchase reaches."""
        return tier_rate(self.tiers, purchase)

    def cents_of(self, purchase: int) -> int | None:
        """The sum over the tiers, half up to the cent once; None in whole mode."""
        if self.mode == "whole":
            return None
        total = 0
        for place, tier in enumerate(self.tiers):
            above = self.tiers[place + 1 :]
            end = min(above[0].from_, purchase) if above else purchase
            total += max(end - tier.from_, 0) * tier.rate
        return (2 * total + RATE_ONE_BP) // (2 * RATE_ONE_BP)

    def next_step(self, spent: int, purchase: int) -> tuple[int, int] | None:
        """(minor units missing in this purchase, rate then), or None at the last."""
        return tier_ahead(self.tiers, purchase)
