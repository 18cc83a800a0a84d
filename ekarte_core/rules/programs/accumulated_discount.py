"""Accumulated discount: the rate grows with what the card has spent.

Seed: "Базовая скидка 5% … Когда накопленная сумма превышает рубеж 50Лс, к базовой
скидке плюсуется 1% … новой скидкой уже при следующей покупке … 15% … Срок 1 год.
После этого срока все накопленные суммы обнуляются".
"""

from typing import Literal

import msgspec

from ekarte_core.rules.programs.fixed_discount import RATE_BP_MAX


class DiscountTier(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """From this accumulated sum on (minor units), this rate (basis points)."""

    from_: int
    rate: int


class AccumulatedDiscount(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """Parameters: either base/step/max, or `tiers`; groups accumulate apart."""

    base_rate: int = 0
    step_amount: int = 0
    step_rate: int = 0
    max_rate: int = 0
    tiers: tuple[DiscountTier, ...] = ()
    period_months: int = 12  # 0: never reset
    groups: tuple[str, ...] = ()
    count: Literal["net", "gross"] = "net"

    def faults(self) -> list[tuple[str, str]]:
        """Return (parameter, message) pairs; empty when the program can run."""
        if self.tiers:
            return self._tier_faults()
        found = []
        if self.step_amount <= 0:
            found.append(("step_amount", "must be above zero, or give tiers"))
        if self.step_rate <= 0:
            found.append(("step_rate", "must be above zero"))
        if not 0 <= self.base_rate <= self.max_rate <= RATE_BP_MAX:
            found.append(("max_rate", "needs 0 <= base_rate <= max_rate <= 10000"))
        return found + self._period_faults()

    def _tier_faults(self) -> list[tuple[str, str]]:
        found = []
        starts = [tier.from_ for tier in self.tiers]
        if starts != sorted(set(starts)) or starts[0] < 0:
            found.append(("tiers", "must rise, start at zero or above, not repeat"))
        if any(not 0 <= tier.rate <= RATE_BP_MAX for tier in self.tiers):
            found.append(("tiers", "rates must be 0 to 10000 basis points"))
        if self.base_rate or self.step_amount or self.step_rate or self.max_rate:
            found.append(("tiers", "give either tiers or base/step/max, not both"))
        return found + self._period_faults()

    def _period_faults(self) -> list[tuple[str, str]]:
        if not 0 <= self.period_months <= 1200:
            return [("period_months", "must be between 0 and 1200")]
        return []

    def rate_bp(self, accumulated: int) -> int:
        """The rate for a purchase made after `accumulated` was collected."""
        if self.tiers:
            reached = [tier.rate for tier in self.tiers if tier.from_ <= accumulated]
            return reached[-1] if reached else 0
        steps = accumulated // self.step_amount
        return min(self.base_rate + steps * self.step_rate, self.max_rate)

    def next_step(self, accumulated: int) -> tuple[int, int] | None:
        """(minor units missing, rate then), or None at the highest rate."""
        if self.tiers:
            ahead = [tier for tier in self.tiers if tier.from_ > accumulated]
            return (ahead[0].from_ - accumulated, ahead[0].rate) if ahead else None
        if self.rate_bp(accumulated) >= self.max_rate:
            return None
        missing = self.step_amount - accumulated % self.step_amount
        return missing, self.rate_bp(accumulated + missing)
