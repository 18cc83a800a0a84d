"""What the three kinds of discount share."""

import msgspec

from ekarte_core.rules.programs.kind import RATE_BP_MAX, Fault, Kind, between


class DiscountTier(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """From this sum on (minor units), this rate (basis points)."""

    from_: int
    rate: int


class Discount(Kind, frozen=True, kw_only=True):
    """A program that lowers prices. `groups` empty: all goods."""

    groups: tuple[str, ...] = ()
    questionnaire_rate: int = 0  # added once the questionnaire is filled in

    def common_faults(self) -> list[Fault]:
        """Return the faults of what all discounts have."""
        return between(self.questionnaire_rate, 0, RATE_BP_MAX, "questionnaire_rate")

    def turnover_group(self, group: str) -> str:
        """Return which turnover purse a goods group counts into ('': the common)."""
        return ""

    @property
    def turnover_groups(self) -> tuple[str, ...]:
        """The turnover purses it has."""
        return ("",)

    @property
    def months(self) -> int:
        """Months after which its turnover starts again, 0: never."""
        return 0

    @property
    def days_of_idleness(self) -> int:
        """So many days without a purchase lower the rate; 0: never."""
        return 0

    def shrunk(self, accumulated: int, times: int) -> int:
        """What is left of an accumulated sum after so many idle spells."""
        return accumulated

    def rate_bp(self, spent: int, purchase: int) -> int:
        """The rate for a card that had spent so much before this purchase."""
        return 0

    def cents_of(self, purchase: int) -> int | None:
        """The discount of the whole purchase where no single rate gives it."""
        return None

    def next_step(self, spent: int, purchase: int) -> tuple[int, int] | None:
        """(minor units missing, rate then), or None at the highest rate."""
        return None


def tier_faults(tiers: tuple[DiscountTier, ...]) -> list[Fault]:
    """Return the faults of tiers: they rise, and rates are rates."""
    found = []
    starts = [tier.from_ for tier in tiers]
    if starts != sorted(set(starts)) or starts[0] < 0:
        found.append(("tiers", "must rise, start at zero or above, not repeat"))
    if any(not 0 <= tier.rate <= RATE_BP_MAX for tier in tiers):
        found.append(("tiers", "rates must be 0 to 10000 basis points"))
    return found


def tier_rate(tiers: tuple[DiscountTier, ...], sum_minor: int) -> int:
    """Return the rate of the highest tier that a sum reaches."""
    reached = [tier.rate for tier in tiers if tier.from_ <= sum_minor]
    return reached[-1] if reached else 0


def tier_ahead(
    tiers: tuple[DiscountTier, ...], sum_minor: int
) -> tuple[int, int] | None:
    """Return (missing, rate) of the next tier, or None at the last."""
    ahead = [tier for tier in tiers if tier.from_ > sum_minor]
    return (ahead[0].from_ - sum_minor, ahead[0].rate) if ahead else None
