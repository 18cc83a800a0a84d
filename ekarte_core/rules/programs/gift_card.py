"""Gift card: money loaded when sold, spent until empty.

Seed: "Взнос денег на карту при продаже … на любую сумму … в любом филиале …
при нехватке средств на счете – блокировать операцию".
"""

from typing import ClassVar, Literal

from ekarte_core.rules.programs.kind import (
    RATE_BP_MAX,
    AcceptAt,
    Fault,
    Kind,
    between,
)


class GiftCard(Kind, frozen=True, kw_only=True):
    """Parameters of a gift card program; money in minor units."""

    tender: ClassVar[str] = "gift"

    denominations: tuple[int, ...] = ()  # empty: any sum
    min_load: int = 1
    max_balance: int = 100_000_00
    reloadable: bool = True
    valid_months: int = 0  # 0: for ever; counted from each load
    notice_days: int = 0  # tell the holder so many days before
    accept_at: AcceptAt = "own"
    vat_class: Literal["mpv", "spv"] = "mpv"  # tax when used, or when sold
    tax_rate_bp: int = 0  # spv: the one rate of all goods it may buy

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = []
        if any(value <= 0 for value in self.denominations):
            found.append(("denominations", "each must be above zero"))
        if any(not self.min_load <= x <= self.max_balance for x in self.denominations):
            found.append(("denominations", "each must fit min_load and max_balance"))
        if not 1 <= self.min_load <= self.max_balance:
            found.append(("min_load", "must be at least 1 and at most max_balance"))
        found += between(self.valid_months, 0, 1200, "valid_months")
        found += between(self.notice_days, 0, 36_500, "notice_days")
        found += between(self.tax_rate_bp, 0, RATE_BP_MAX, "tax_rate_bp")
        if (self.vat_class == "spv") != (self.tax_rate_bp > 0):
            found.append(("tax_rate_bp", "goes together with tax when sold"))
        return found

    def load_refusal(self, amount: int, balance: int, loads: int) -> str:
        """Say why `amount` may not be loaded: '', 'amount', 'limit' or 'reload'."""
        if loads and not self.reloadable:
            return "reload"
        if amount < self.min_load:
            return "amount"
        if self.denominations and amount not in self.denominations:
            return "amount"
        if balance + amount > self.max_balance:
            return "limit"
        return ""
