"""Bonus and prize: points become vouchers, bring friends, lead to better cards.

Seed: "один бонус дается на каждые потраченные 100 рублей. Накопив 100 бонусов,
покупатель получает жетон на сумму 500 рублей. Если покупатель приведет еще одного
покупателя, то ему на счет начисляются премиальные (50 бонусов) … бонусы могут
“сгорать” … выдается новая карта (серебряная, затем золотая) с большей скидкой."
"""

from typing import Literal

import msgspec

from ekarte_core.rules.programs.kind import (
    COUNT_MAX,
    DAYS_MAX,
    AcceptAt,
    Fault,
    Receipt,
    between,
)
from ekarte_core.rules.programs.points import (
    Points,
    missing_to_step,
    points_by_steps,
    step_faults,
)


class Prize(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A voucher that `at` points buy: `value` off (minor units), or `product`."""

    at: int
    voucher_kind: Literal["money", "goods"] = "money"
    value: int = 0
    product: str = ""
    valid_days: int = 0  # 0: for ever

    def faults(self) -> list[str]:
        """Return what is wrong with it."""
        found = []
        if not 1 <= self.at <= COUNT_MAX:
            found.append("at must be 1 to 1000000")
        if not 0 <= self.valid_days <= DAYS_MAX:
            found.append("valid_days must be 0 to 36500")
        money = self.voucher_kind == "money"
        if money and (self.value <= 0 or self.product):
            found.append("a money voucher has a value and no product")
        if not money and (self.value or not self.product):
            found.append("a goods voucher has a product and no value")
        return found


class PrizeTier(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """From so many points ever earned on, the card may become one of this type."""

    at: int
    card_type: str


class BonusPrize(Points, frozen=True, kw_only=True):
    """Parameters; one prize is given by itself, of several the customer chooses."""

    step: int
    points_per_step: int = 1
    min_amount: int = 0
    group_factor: dict[str, int] = {}
    accept_at: AcceptAt = "own"
    prizes: tuple[Prize, ...] = ()
    referral_points: int = 0
    tiers: tuple[PrizeTier, ...] = ()
    questionnaire_prize: int = 0  # number of the prize given for a questionnaire

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = step_faults(self)
        for number, prize in enumerate(self.prizes):
            found += [(f"prizes[{number}]", fault) for fault in prize.faults()]
        found += between(self.referral_points, 0, COUNT_MAX, "referral_points")
        found += between(
            self.questionnaire_prize, 0, len(self.prizes), "questionnaire_prize"
        )
        starts = [tier.at for tier in self.tiers]
        if starts != sorted(set(starts)) or any(start < 1 for start in starts):
            found.append(("tiers", "must rise, start above zero, not repeat"))
        return found + self.points_faults()

    @property
    def own_prize(self) -> Prize | None:
        """The prize that is given by itself."""
        return self.prizes[0] if len(self.prizes) == 1 else None

    def points(self, receipt: Receipt) -> int:
        """Points for one receipt: rounded down, once."""
        return points_by_steps(self, self.paid(receipt))

    def to_next_point(self, receipt: Receipt) -> int:
        """Minor units that were missing for the next point (factor 1)."""
        return missing_to_step(self, self.paid(receipt))

    def counters(self, receipt: Receipt) -> dict[str, int]:
        """Purchases, where the first one rewards who brought the customer."""
        bought = sum(receipt.paid.values()) > 0 and not receipt.visit_only
        return {"purchases": 1} if self.referral_points and bought else {}

    def worth(self, points: int) -> tuple[int, int]:
        """Nominal value of points, where one prize of money stands for them."""
        prize = self.own_prize
        if prize is None or not prize.value:
            return 0, 1
        return points * prize.value, prize.at

    def tier_of(self, earned: int) -> PrizeTier | None:
        """The highest tier that so many points ever earned reach."""
        reached = [tier for tier in self.tiers if tier.at <= earned]
        return reached[-1] if reached else None

    def next_tier(self, earned: int) -> PrizeTier | None:
        """The next tier above so many points ever earned."""
        return next((tier for tier in self.tiers if tier.at > earned), None)
