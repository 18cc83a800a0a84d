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
        issuer: issuer who is liable (of the program); the seller for `sale`.
        tax_rate_bp: basis points, 0 where no tax belongs to the event.
        amount: minor units. `sale`: taxable gross; load, spend, pay: nominal value;
            `exchange_spend`: what the seller is paid; `bonus_earn`, `bonus_grant`,
            `bonus_expire`: points; `pass_load`, `pass_use`, `pass_expire`: visits.
        carry: minor units of liability that the event built up (earn, grant, load) or
            released (spend, use, expire), or of credit given (`credit_spend`) or paid
            back (`credit_pay`), always with the sign of `amount`.
        tendered: `sale` only: part of `amount` that was paid by card value.
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
    operations: int
    books_sales: bool = True


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
