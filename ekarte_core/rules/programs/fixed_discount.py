"""Fixed discount: one rate, at once or after the card has spent enough.

Seed: "фиксированная скидка … сразу при покупке карты, либо … после того, как
владелец карты потратит определенную денежную сумму".
"""

from ekarte_core.rules.programs.discount import Discount
from ekarte_core.rules.programs.kind import RATE_BP_MAX, Fault, Receipt, at_least


class FixedDiscount(Discount, frozen=True, kw_only=True):
    """Parameters of a fixed discount; rate in basis points, money in minor units."""

    rate: int
    after_spend: int = 0

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        if not 0 < self.rate <= RATE_BP_MAX:
            found.append(("rate", "must be 1 to 10000 basis points"))
        found += at_least(self.after_spend, 0, "after_spend")
        return found + self.common_faults()

    def rate_bp(self, spent: int, purchase: int) -> int:
        """The rate once the card has spent `after_spend`."""
        return self.rate if spent >= self.after_spend else 0

    def next_step(self, spent: int, purchase: int) -> tuple[int, int] | None:
        """(minor units missing, rate then), or None when nothing is missing."""
        if spent >= self.after_spend:
            return None
        return self.after_spend - spent, self.rate

    def turnover(self, receipt: Receipt) -> dict[str, int]:
        """All goods count towards `after_spend`."""
        return {"": sum(receipt.paid.values())} if self.after_spend else {}
