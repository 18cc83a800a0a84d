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

DEFER_DAYS_MAX = 50
"""So long may a seller let consumers wait with paying before it is consumer credit."""

MONTH_DAYS_MAX = 31


class CreditCard(Kind, frozen=True, kw_only=True):
    """Parameters; the limit in minor units, a statement on a day of each month."""

    tender: ClassVar[str] = "credit"

    credit_limit: int
    statement_day: int = 1
    due_days: int = 14
    block_overdue_days: int = 0  # refused so many days after the due day
    late_charge: int = 0  # minor units, once for each statement not paid in time
    long_credit: bool = False  # holders may wait longer than consumers may
    accept_at: AcceptAt = "own"
    credit_elsewhere: bool = False  # holders are companies, or the issuer is a lender

    @property
    def accepted_in_coalition(self) -> bool:
        """True when others may sell on it: for consumers that is a loan by a third."""
        return self.accept_at == "coalition" and self.credit_elsewhere

    def faults(self) -> list[Fault]:
        """Return (parameter, message) pairs; empty when the program can run."""
        found = at_least(self.credit_limit, 1, "credit_limit")
        found += between(self.statement_day, 1, 28, "statement_day")
        found += between(self.due_days, 0, DAYS_MAX, "due_days")
        found += between(self.block_overdue_days, 0, DAYS_MAX, "block_overdue_days")
        found += between(self.late_charge, 0, self.credit_limit, "late_charge")
        return found

    def guards(self) -> list[Fault]:
        """Say what needs a decision of people before it is published.

        Directive (EU) 2023/2225, article 2: deferred payment is no consumer credit
        where the seller itself defers, at most 50 days from the supply of the goods,
        without interest. What is bought the day after a statement waits a month more.
        """
        found = []
        most = DEFER_DAYS_MAX - MONTH_DAYS_MAX
        if self.due_days > most and not self.long_credit:
            found.append(
                (
                    "due_days",
                    f"with more than {most} days a purchase may wait longer than "
                    f"{DEFER_DAYS_MAX} days, which is consumer credit (Directive (EU) "
                    "2023/2225): shorten it, or set long_credit",
                )
            )
        if self.accept_at == "coalition" and not self.credit_elsewhere:
            found.append(
                (
                    "accept_at",
                    "credit for goods of others is consumer credit by a third party "
                    "(Directive (EU) 2023/2225): accept it at own branches only, or "
                    "set credit_elsewhere",
                )
            )
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
