"""The settlement document: settled operations as summary lines for accounting.

One line for each day × event × seller × issuer × branch × program × tax rate; two of
sales and loads, where Odoo books a part of them as documents of its own.
The document names no card. Odoo accepts an `id` once and posts one journal entry
for each company and day from `postings()` (journal.py).
"""

from datetime import date, datetime
from typing import Literal

import msgspec

FORMAT = 1

Event = Literal[
    "sale",
    "gift_load",
    "gift_spend",
    "gift_expire",
    "bonus_earn",
    "bonus_spend",
    "bonus_expire",
    "bonus_grant",
    "voucher_spend",
    "voucher_expire",
    "exchange_spend",
    "pass_load",
    "pass_use",
    "pass_expire",
    "credit_spend",
    "credit_pay",
    "credit_bill",
    "credit_charge",
    "credit_write_off",
    "gift_pay_out",
    "gift_charge_back",
    "gift_restore",
    "bonus_restore",
    "voucher_restore",
    "credit_restore",
]


class SettlementLine(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """A sum of like entries; refunds and reversals are inside, negative.

    Attributes:
        line: position in the document, from 1; drill-down goes by it.
        day: business day of the branch.
        event: what happened, a key of the journal table.
        seller: issuer at whose branch it happened.
        issuer: issuer of the program, who is liable; the seller for `sale`.
        tax_rate_bp: basis points, 0 where no tax belongs to the event; of a gift card
            event: it is taxed when sold.
        amount: minor units. `sale`: taxable gross; load, spend, pay: nominal value;
            `exchange_spend`: what the seller is paid; `bonus_earn`, `bonus_grant`,
            `bonus_expire`: points; `pass_load`, `pass_use`, `pass_expire`: visits;
            `credit_bill`: newly billed; `*_restore`: nominal value put back.
        carry: minor units of liability that the event built up (earn, grant, load,
            restore) or released (spend, use, expire, pay out, charge back), or of
            credit given (`credit_spend`) or paid back (`credit_pay`), always with the
            sign of `amount`.
        tendered: of a `sale`: part of `amount` that was paid by card value; of a
            `gift_charge_back`: what had been used already and is lost.
        reimbursed: minor units that pass through clearing for it: what the issuer owes
            the seller, rounded once for each operation; None: `amount`. Of a
            `bonus_expire` in a pool: the issuer's share of the breakage.
        price_bp: the part of `amount` that is reimbursed, basis points.
        billed: of credit given or paid back: the part that statements had named.
        liable: who bears the liability, where that is not `issuer`: a pool's operator.
        as_payment: the seller's own bonus money was a payment, not a price reduction.
        operations: how many operations stand behind the line.
        books_sales: whether this document books the sale (the load's takings). False
            at branches whose own register does, and for what terminals of Odoo sold.
    """

    line: int
    day: date
    event: Event
    seller: str
    issuer: str
    branch: str
    program: str = ""
    tax_rate_bp: int = 0
    currency: str = "EUR"
    amount: int
    carry: int = 0
    tendered: int = 0
    reimbursed: int | None = None
    price_bp: int = 10_000
    billed: int = 0
    liable: str = ""
    as_payment: bool = False
    operations: int
    books_sales: bool = True

    @property
    def bearer(self) -> str:
        """Who bears the liability: the issuer, or the operator of its pool."""
        return self.liable or self.issuer

    @property
    def owed(self) -> int:
        """What passes through clearing for it."""
        return self.amount if self.reimbursed is None else self.reimbursed


class SettlementDocument(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True
):
    """What Odoo receives. `outside`: issuers who keep no company in Odoo."""

    format: int = FORMAT
    id: int
    created_at: datetime
    cutoff: datetime
    network_version: int
    outside: tuple[str, ...] = ()
    lines: tuple[SettlementLine, ...]
