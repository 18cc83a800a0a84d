"""Local credit: the limit, what is overdue, payments and statements.

The purse holds the debt as a value not above zero. Statements are rows; one is paid
when what came in after it (payments, returned goods) reaches its amount. A counter
beside the purse holds the part of the debt that has been billed: a statement raises it
to what is owed but for newer purchases, whatever comes in lowers it first.
"""

from datetime import date

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.purses import BILLED, CREDIT, Purse, Sheet
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


def bill(sheet: Sheet, purse: Purse, bought: int) -> int:
    """Bill what is owed, but for what was bought since; returns what is new of it."""
    billed = sheet.open(purse.program, purse.issuer, BILLED)
    owed = max(-purse.posted - max(bought, 0), 0)
    return sheet.count(billed, "credit_bill", max(owed - billed.posted, 0))


def charge(sheet: Sheet, purse: Purse, amount: int) -> None:
    """Add a late charge to the debt, whatever the limit; it is billed at once."""
    purse.credit_limit = max(purse.credit_limit, purse.held - purse.posted + amount)
    sheet.owe(purse, "credit_charge", "charge", -amount)
    billed = sheet.open(purse.program, purse.issuer, BILLED)
    sheet.count(billed, "credit_charge", amount)
