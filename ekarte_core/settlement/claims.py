"""Claims: what each line of a settlement makes one issuer owe another.

They are the clearing items of the journal table, of outside issuers too, each pair
once: `creditor` is to receive `amount`, and `debtor` to pay it. Who is the creditor
goes by the event, not by the sign: refunds are claims below zero.
"""

import msgspec

from ekarte_core.settlement.document import SettlementDocument, SettlementLine
from ekarte_core.settlement.journal import EXPIRED, Posting, postings

PAID_IN = ("gift_load", "credit_pay")
INTO_POOL = ("bonus_earn", "bonus_grant", *EXPIRED)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """`amount`: minor units; `line`: position in the document."""

    line: int
    creditor: str
    debtor: str
    amount: int


def claims(document: SettlementDocument) -> list[Claim]:
    """All claims of a document between issuers, in the order of its lines.

    A line of sums that cancel out has a claim of zero: its operations are claims yet.
    """
    clearing: dict[int, list[Posting]] = {}
    for posting in postings(msgspec.structs.replace(document, outside=())):
        if posting.account == "CLR":
            clearing.setdefault(posting.line, []).append(posting)
    found = []
    for line in document.lines:
        items = clearing.get(line.line, [])
        for one, other in sorted(_pairs(line, items)):
            creditor, debtor = _in_order(line, one, other)
            amount = sum(
                item.amount
                for item in items
                if (item.company, item.partner) == (creditor, debtor)
            )
            found.append(
                Claim(line=line.line, creditor=creditor, debtor=debtor, amount=amount)
            )
    return found


def _pairs(line: SettlementLine, items: list[Posting]) -> set[tuple[str, str]]:
    parties = {(item.company, item.partner) for item in items}
    if not parties and line.seller != line.issuer:
        parties = {(line.seller, line.issuer)}
    return {(min(pair), max(pair)) for pair in parties}


def _in_order(line: SettlementLine, one: str, other: str) -> tuple[str, str]:
    """The creditor first: it is owed by who bears the liability, or by who took in.

    Into a pool the issuer pays, and has its share of the breakage out of it.
    """
    owing = line.bearer
    if line.event in PAID_IN:
        owing = line.seller
    elif line.event in INTO_POOL:
        owing = line.issuer
    return (other, one) if one == owing else (one, other)
