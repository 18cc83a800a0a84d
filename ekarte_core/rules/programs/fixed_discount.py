"""Fixed discount: one rate, at once or after the card has spent enough.

Seed: "фиксированная скидка … сразу при покупке карты, либо … после того, как
владелец карты потратит определенную денежную сумму".
"""

import msgspec

RATE_BP_MAX = 10_000


class FixedDiscount(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """Parameters of a fixed discount; rate in basis points, money in minor units."""

    rate: int
    after_spend: int = 0
    groups: tuple[str, ...] = ()  # empty: all goods

    def faults(self) -> list[tuple[str, str]]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        if not 0 < self.rate <= RATE_BP_MAX:
            found.append(("rate", "must be 1 to 10000 basis points"))
        if self.after_spend < 0:
            found.append(("after_spend", "must not be negative"))
        return found

    def rate_bp(self, spent: int) -> int:
        """The rate for a card that had spent `spent` before this purchase."""
        return self.rate if spent >= self.after_spend else 0

    def next_step(self, spent: int) -> tuple[int, int] | None:
        """(minor units missing, rate then), or None when nothing is missing."""
        if spent >= self.after_spend:
            return None
        return self.after_spend - spent, self.rate
