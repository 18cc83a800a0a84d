"""Local credit: the limit, what is overdue, payments and statements.

The purse holds the debt as a value not above zero. Statements are rows; one is paid
when what came in after it (payments, returned goods) reaches its amount.
"""

from datetime import date

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.purses import CREDIT, Purse, Sheet
from ekarte_core.rules.running import CreditRunning


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """A statement and what has come in since; minor units."""

    program: str
    due_on: date
    amount: int
    paid: int

    @property
    def unpaid(self) -> int:
        """What is still open of it."""
        return max(self.amount - self.paid, 0)


def open_account(sheet: Sheet, credit: CreditRunning) -> Purse:
    """Return the credit purse with today's limit."""
    running, parameters = credit
    purse = sheet.open(running.code, running.issuer, CREDIT)
    # A limit that was lowered under the debt cannot be written; over_limit knows.
    purse.credit_limit = max(parameters.credit_limit, purse.held - purse.posted)
    return purse


def over_limit(sheet: Sheet, credit: CreditRunning) -> int:
    """Open the account; return what its written limit has above the program's."""
    return open_account(sheet, credit).credit_limit - credit[1].credit_limit


def overdue(
    credit: CreditRunning, statements: tuple[Statement, ...], today: date
) -> int:
    """Return what is unpaid of statements whose time is over, minor units."""
    running, parameters = credit
    late = [
        statement.unpaid
        for statement in statements
        if statement.program == running.code
        and parameters.blocked_after(statement.due_on) < today
    ]
    return max(late, default=0)


def pay(sheet: Sheet, credit: CreditRunning, amount: int) -> Rc:
    """Take a payment; 13 above the debt."""
    purse = open_account(sheet, credit)
    if not 0 < amount <= -purse.posted:
        return Rc.AMOUNT
    sheet.owe(purse, "credit_pay", "pay", amount)
    return Rc.OK
