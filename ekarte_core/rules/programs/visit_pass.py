"""Visit pass: visits paid for beforehand.

Seed: "Предоплата по посещениям. Покупается абонемент на 10 посещений. На 11 раз
производится отказ на посещение."
"""

from typing import ClassVar

import msgspec

from ekarte_core.rules.programs.kind import (
    COUNT_MAX,
    DAYS_MAX,
    AcceptAt,
    Fault,
    Kind,
    at_least,
    between,
)


class VisitPass(Kind, frozen=True, kw_only=True):
    """Parameters; `group`: the goods group whose tax the pass is sold with."""

    visits: ClassVar[bool] = True

    count: int = msgspec.field(name="visits")
    price: int
    valid_days: int = 0  # 0: for ever
    max_per_day: int = 0  # 0: no limit
    notice_days: int = 0  # tell the holder so many days before
    group: str = ""
    accept_at: AcceptAt = "own"
    visit_price: int = 0  # what another issuer is paid for a visit, tax included

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = between(self.count, 1, COUNT_MAX, "visits")
        found += at_least(self.price, 1, "price")
        found += between(self.valid_days, 0, DAYS_MAX, "valid_days")
        found += between(self.max_per_day, 0, COUNT_MAX, "max_per_day")
        found += between(self.notice_days, 0, DAYS_MAX, "notice_days")
        found += at_least(self.visit_price, 0, "visit_price")
        if self.accept_at == "coalition" and not self.visit_price:
            found.append(("visit_price", "visits elsewhere need a price"))
        return found
