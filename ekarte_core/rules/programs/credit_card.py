"""Credit card: buy now, pay the statement later.

Seed: "многоразовая локальная кредитная карта (постоплата покупок)".
"""

from datetime import date, timedelta
from typing import ClassVar

from ekarte_core.rules.programs.kind import (
    DAYS_MAX,
    AcceptAt,
    Fault,
    Kind,
    at_least,
    between,
)


class CreditCard(Kind, frozen=True, kw_only=True):
    """Parameters; the limit in minor units, a statement on a day of each month."""

    tender: ClassVar[str] = "credit"

    credit_limit: int
    statement_day: int = 1
    due_days: int = 14
    block_overdue_days: int = 0  # refused so many days after the due day
    accept_at: AcceptAt = "own"

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = at_least(self.credit_limit, 1, "credit_limit")
        found += between(self.statement_day, 1, 28, "statement_day")
        found += between(self.due_days, 0, DAYS_MAX, "due_days")
        found += between(self.block_overdue_days, 0, DAYS_MAX, "block_overdue_days")
        return found

    def last_statement_day(self, today: date) -> date:
        """The latest statement day that has come, today included."""
        if today.day >= self.statement_day:
            return today.replace(day=self.statement_day)
        month_before = today.replace(day=1) - timedelta(days=1)
        return month_before.replace(day=self.statement_day)

    def due_on(self, statement: date) -> date:
        """The day until which a statement is to be paid."""
        return statement + timedelta(days=self.due_days)

    def blocked_after(self, due: date) -> date:
        """The last day on which an unpaid statement does not stop the card."""
        return due + timedelta(days=self.block_overdue_days)
