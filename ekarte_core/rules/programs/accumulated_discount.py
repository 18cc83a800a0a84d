"""Accumulated discount: the rate grows with what the card has spent.

Seed: "Базовая скидка 5% … Когда накопленная сумма превышает рубеж 50Лс, к базовой
скидке плюсуется 1% … новой скидкой уже при следующей покупке … 15% … Срок 1 год.
После этого срока все накопленные суммы обнуляются". "Процент скидки можно
уменьшить, если покупатель не активен."
"""

from typing import Literal

from ekarte_core.rules.programs.discount import (
    Discount,
    DiscountTier,
    tier_ahead,
    tier_faults,
    tier_rate,
)
from ekarte_core.rules.programs.kind import (
    DAYS_MAX,
    RATE_BP_MAX,
    Fault,
    Receipt,
    between,
)


class AccumulatedDiscount(Discount, frozen=True, kw_only=True):
    """Parameters: either base/step/max, or `tiers`; groups accumulate apart."""

    base_rate: int = 0
    step_amount: int = 0
    step_rate: int = 0
    max_rate: int = 0
    tiers: tuple[DiscountTier, ...] = ()
    period_months: int = 12  # 0: never reset
    idle_days: int = 0  # 0: an idle card keeps its rate
    idle_step_rate: int = 0  # what it loses for each whole idle_days
    count: Literal["net", "gross"] = "net"

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = self._form_faults() + self.common_faults()
        found += between(self.period_months, 0, 1200, "period_months")
        found += between(self.idle_days, 0, DAYS_MAX, "idle_days")
        found += between(self.idle_step_rate, 0, RATE_BP_MAX, "idle_step_rate")
        if (self.idle_days > 0) != (self.idle_step_rate > 0):
            found.append(("idle_step_rate", "goes together with idle_days"))
        return found

    def _form_faults(self) -> list[Fault]:
        if self.tiers:
            found = tier_faults(self.tiers)
            if self.base_rate or self.step_amount or self.step_rate or self.max_rate:
                found.append(("tiers", "give either tiers or base/step/max, not both"))
            return found
        found = []
        if self.step_amount <= 0:
            found.append(("step_amount", "must be above zero, or give tiers"))
        if self.step_rate <= 0:
            found.append(("step_rate", "must be above zero"))
        if not 0 <= self.base_rate <= self.max_rate <= RATE_BP_MAX:
            found.append(("max_rate", "needs 0 <= base_rate <= max_rate <= 10000"))
        return found

    @property
    def months(self) -> int:
        """Months after which all sums start again."""
        return self.period_months

    def turnover_group(self, group: str) -> str:
        """Each of its goods groups accumulates on its own."""
        return group if group in self.groups else ""

    @property
    def turnover_groups(self) -> tuple[str, ...]:
        """The turnover purses it has."""
        return self.groups or ("",)

    def rate_bp(self, spent: int, purchase: int = 0) -> int:
        """The rate for a purchase made after `spent` was accumulated."""
        if self.tiers:
            return tier_rate(self.tiers, spent)
        steps = spent // self.step_amount
        return min(self.base_rate + steps * self.step_rate, self.max_rate)

    def next_step(self, spent: int, purchase: int = 0) -> tuple[int, int] | None:
        """(minor units missing, rate then), or None at the highest rate."""
        if self.tiers:
            return tier_ahead(self.tiers, spent)
        if self.rate_bp(spent) >= self.max_rate:
            return None
        missing = self.step_amount - spent % self.step_amount
        return missing, self.rate_bp(spent + missing)

    def turnover(self, receipt: Receipt) -> dict[str, int]:
        """What was paid (or the price before discount), each group on its own."""
        counted = receipt.gross if self.count == "gross" else receipt.paid
        if self.groups:
            return {g: a for g, a in counted.items() if g in self.groups}
        return {"": sum(counted.values())}

    @property
    def days_of_idleness(self) -> int:
        """Days without a purchase that lower the rate."""
        return self.idle_days

    def shrunk(self, accumulated: int, times: int) -> int:
        """The smallest sum with the rate that is left; never below that of nothing.

        Spell by spell, so that it does not matter how many are counted at once.
        """
        left = accumulated
        for _spell in range(times):
            if not left:
                break
            left = min(left, self._sum_for(self.rate_bp(left) - self.idle_step_rate))
        return left

    def _sum_for(self, rate: int) -> int:
        """The smallest accumulated sum of the highest rate not above `rate`."""
        if self.tiers:
            below = [tier.from_ for tier in self.tiers if tier.rate <= rate]
            return below[-1] if below else 0
        steps = max(rate - self.base_rate, 0) // self.step_rate
        return steps * self.step_amount
