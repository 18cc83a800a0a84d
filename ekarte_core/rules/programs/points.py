"""What the kinds that give points share."""

from typing import Literal, Protocol

from ekarte_core.rules.programs.kind import (
    COUNT_MAX,
    DAYS_MAX,
    RATE_BP_MAX,
    AcceptAt,
    Fault,
    Kind,
    Receipt,
    between,
)

FACTOR_ONE_BP = 10_000


class Points(Kind, frozen=True, kw_only=True):
    """A program whose purchases, visits or friends bring points."""

    expire_days: int = 0  # 0: for ever
    expire_at: Literal["day", "month", "year"] = "day"  # burn at the end of it
    notice_days: int = 0  # tell the holder so many days before
    earn_on_gift: bool = True
    accept_at: AcceptAt = "coalition"
    clawback: Literal["deduct", "negative", "absorb"] = "deduct"
    deferral_policy: Literal["none", "lot", "cohort"] = "lot"
    likelihood_bp: int = RATE_BP_MAX  # how likely a point is ever used
    own_use: Literal["discount", "mpv"] = "discount"  # lowers the price, or pays it
    questionnaire_points: int = 0

    def points_faults(self) -> list[Fault]:
        """Return the faults of what all points programs have."""
        found = between(self.expire_days, 0, DAYS_MAX, "expire_days")
        found += between(self.notice_days, 0, DAYS_MAX, "notice_days")
        found += between(
            self.questionnaire_points, 0, COUNT_MAX, "questionnaire_points"
        )
        found += between(self.likelihood_bp, 0, RATE_BP_MAX, "likelihood_bp")
        return found

    def paid(self, receipt: Receipt) -> dict[str, int]:
        """What of a purchase may earn, by goods group."""
        return receipt.paid if self.earn_on_gift else receipt.paid_without_gift

    def points(self, receipt: Receipt) -> int:
        """Points for one receipt, rounded down once; none unless the kind says so."""
        return 0

    def to_next_point(self, receipt: Receipt) -> int:
        """Minor units that were missing for a point; 0 where money does not count."""
        return 0

    def worth(self, points: int) -> tuple[int, int]:
        """Nominal value of points as a fraction (minor units × den, den)."""
        return 0, 1

    def value_of(self, points: int) -> int:
        """Nominal value of points, minor units, rounded down; 0 if never money."""
        value, parts = self.worth(points)
        return value // parts


class Convertible(Points, frozen=True, kw_only=True):
    """Points that turn into money on the card at `convert_at`."""

    convert_at: int = 0  # 0: points stay points
    convert_to: int = 0

    def convertible_faults(self) -> list[Fault]:
        """Return the faults of the conversion and of the points."""
        found = []
        if (self.convert_at > 0) != (self.convert_to > 0):
            found.append(("convert_to", "convert_at and convert_to go together"))
        if self.convert_at < 0 or self.convert_to < 0:
            found.append(("convert_at", "must not be negative"))
        return found + self.points_faults()

    def conversions(self, points: int) -> int:
        """How many times `convert_at` points turn into `convert_to` of money."""
        return points // self.convert_at if self.convert_at else 0

    def worth(self, points: int) -> tuple[int, int]:
        """Nominal value of points: `convert_to` for each `convert_at`."""
        if not self.convert_at:
            return 0, 1
        return points * self.convert_to, self.convert_at


class BySteps(Protocol):
    """A program that gives points for each whole step of what was paid."""

    @property
    def step(self) -> int:
        """Minor units of a step."""

    @property
    def points_per_step(self) -> int:
        """Points for each."""

    @property
    def min_amount(self) -> int:
        """Purchases below it earn nothing."""

    @property
    def group_factor(self) -> dict[str, int]:
        """How much a goods group counts, basis points."""


def points_by_steps(program: BySteps, paid: dict[str, int]) -> int:
    """Points for one receipt, by what was paid for each goods group."""
    if sum(paid.values()) < max(program.min_amount, 1):
        return 0
    steps, _missing = stepped(paid, program.step, program.group_factor)
    return steps * program.points_per_step


def missing_to_step(program: BySteps, paid: dict[str, int]) -> int:
    """Minor units that were missing for the next step (factor 1)."""
    _steps, missing = stepped(paid, program.step, program.group_factor)
    return max(missing, program.min_amount - sum(paid.values()))


def step_faults(program: BySteps) -> list[Fault]:
    """Return the faults of steps and factors."""
    found = []
    if program.step <= 0:
        found.append(("step", "must be above zero"))
    if program.points_per_step <= 0:
        found.append(("points_per_step", "must be above zero"))
    if program.min_amount < 0:
        found.append(("min_amount", "must not be negative"))
    if any(not 0 <= factor <= 1_000_000 for factor in program.group_factor.values()):
        found.append(("group_factor", "must be 0 to 1000000 basis points"))
    return found


def stepped(
    paid_by_group: dict[str, int], step: int, factors: dict[str, int]
) -> tuple[int, int]:
    """Return (whole steps, minor units missing to the next one)."""
    weighted = sum(
        paid * factors.get(group, FACTOR_ONE_BP)
        for group, paid in paid_by_group.items()
    )
    steps, over = divmod(weighted, step * FACTOR_ONE_BP)
    return steps, -(-(step * FACTOR_ONE_BP - over) // FACTOR_ONE_BP)
