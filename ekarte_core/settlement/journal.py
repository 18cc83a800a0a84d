"""The journal table: which accounts each event moves, in whose books.

Account keys (docs/ACCOUNTING.md): BNK takings of terminals, REV sales, VATO output
tax, RBK breakage, LGC gift liability, LBN bonus deferral, LPS pass deferral, ALC local
credit, TND card tender, CLR union clearing, XCL cross-redemption difference, XPM
promotion cost. Row ids G1 … L5 are those of that page.
Every row balances within one company; a refund is the same row with a minus sign.
"""

from collections.abc import Iterator

import msgspec

from ekarte_core.rules.tax import tax_in
from ekarte_core.settlement.document import SettlementDocument, SettlementLine

ACCOUNT_KEYS = (
    "BNK",
    "REV",
    "VATO",
    "LGC",
    "LBN",
    "LPS",
    "ALC",
    "TND",
    "CLR",
    "XCL",
    "XPM",
    "RBK",
)

LIABILITY_OF = {
    "gift_load": "LGC",
    "gift_spend": "LGC",
    "gift_expire": "LGC",
    "bonus_spend": "LBN",
    "bonus_expire": "LBN",
    "bonus_grant": "LBN",
    "voucher_spend": "LBN",
    "voucher_expire": "LBN",
    "exchange_spend": "LBN",
    "pass_load": "LPS",
    "pass_use": "LPS",
    "pass_expire": "LPS",
    "credit_spend": "ALC",
    "credit_pay": "ALC",
}
"""The account where the issuer keeps what an event changes."""

# Debit and credit of events whose two legs are the issuer's own.
OWN_LEGS = {
    "bonus_grant": ("XPM", "LBN"),
    "pass_load": ("REV", "LPS"),
    "pass_use": ("LPS", "REV"),
    "pass_expire": ("LPS", "RBK"),
    "gift_expire": ("LGC", "RBK"),
    "bonus_expire": ("LBN", "RBK"),
    "voucher_expire": ("LBN", "RBK"),
}
PAID_IN = frozenset({"gift_load", "credit_pay"})
# The other leg of an own release: goods paid, or the price of the goods lowered.
RELEASED_INTO = {"gift_spend": "TND", "credit_spend": "TND"}


class Posting(msgspec.Struct, frozen=True, kw_only=True):
    """One journal item: `amount` minor units, positive debit, negative credit."""

    company: str
    account: str
    amount: int
    line: int
    partner: str = ""  # the other issuer, on CLR
    tax_rate_bp: int = 0


def postings(document: SettlementDocument) -> list[Posting]:
    """All journal items of a document, without those of outside issuers.

    The items of one company and day sum to zero (asserted). Companies are issuer
    codes; the caller maps them and the account keys to its books.
    """
    found = []
    for line in document.lines:
        items = [item for item in _of_line(line) if item.amount]
        for company in {item.company for item in items}:
            assert not sum(i.amount for i in items if i.company == company), line
        found += [item for item in items if item.company not in document.outside]
    return found


def _of_line(line: SettlementLine) -> Iterator[Posting]:
    if line.event == "sale":
        yield from _sale(line)
    elif line.event in PAID_IN:
        yield from _paid_in(line)
    elif line.event == "bonus_earn":
        yield _item(line, line.seller, "REV", line.carry)
        yield _item(line, line.issuer, "LBN", -line.carry)
    elif line.event in OWN_LEGS:
        debit, credit = OWN_LEGS[line.event]
        yield _item(line, line.issuer, debit, line.carry)
        yield _item(line, line.issuer, credit, -line.carry)
    elif line.issuer == line.seller:
        yield from _spend_own(line)
    else:
        yield from _spend_elsewhere(line)


def _item(
    line: SettlementLine, company: str, account: str, amount: int, partner: str = ""
) -> Posting:
    rate = line.tax_rate_bp if account in ("REV", "VATO") else 0
    return Posting(
        company=company,
        account=account,
        amount=amount,
        line=line.line,
        partner=partner,
        tax_rate_bp=rate,
    )


def _sale(line: SettlementLine) -> Iterator[Posting]:
    """The terminal's sale itself, where the branch says that Odoo books it."""
    if not line.books_sales:
        return
    tax = tax_in(line.amount, line.tax_rate_bp)
    yield _item(line, line.seller, "BNK", line.amount - line.tendered)
    yield _item(line, line.seller, "TND", line.tendered)
    yield _item(line, line.seller, "REV", -(line.amount - tax))
    yield _item(line, line.seller, "VATO", -tax)


def _paid_in(line: SettlementLine) -> Iterator[Posting]:
    """G1, G2, G3, L4: money paid in; taken by another, it is owed through clearing."""
    takings = "BNK" if line.books_sales else "TND"
    yield _item(line, line.seller, takings, line.amount)
    if line.issuer != line.seller:
        yield _item(line, line.seller, "CLR", -line.amount, line.issuer)
        yield _item(line, line.issuer, "CLR", line.amount, line.seller)
    yield _item(line, line.issuer, LIABILITY_OF[line.event], -line.amount)


def _spend_own(line: SettlementLine) -> Iterator[Posting]:
    """G4, L1 go into the card tender; B3 (discount) is released into revenue."""
    other = RELEASED_INTO.get(line.event, "REV")
    yield _item(line, line.issuer, LIABILITY_OF[line.event], line.carry)
    yield _item(line, line.issuer, other, -line.carry)


def _spend_elsewhere(line: SettlementLine) -> Iterator[Posting]:
    """G5, B4, L2: the issuer owes the seller p (the nominal value) by clearing."""
    yield _item(line, line.seller, "CLR", line.amount, line.issuer)
    yield _item(line, line.seller, "TND", -line.amount)
    yield _item(line, line.issuer, LIABILITY_OF[line.event], line.carry)
    yield _item(line, line.issuer, "XCL", line.amount - line.carry)
    yield _item(line, line.issuer, "CLR", -line.amount, line.seller)
