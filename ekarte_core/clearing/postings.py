"""The journal rows of clearing: C1, C2, C3 of a cycle, and the loss of a dispute.

Accounts: CLR union clearing, ARU and APU due from and to the union in a member's
books, ARI and API the same seen by the operator, XFE and RFE the fee paid and earned,
VATI and VATO its tax, XLS losses, XCL cross-redemption difference.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from ekarte_core.clearing.fees import Fee
from ekarte_core.clearing.positions import Positions, net

Row = Literal["C1", "C2", "C3", "C5", "C6", "C7"]
TO_BE_PAID = frozenset({"ARU", "APU", "ARI", "API"})
TAXED = frozenset({"XFE", "VATI", "RFE", "VATO"})


class ClearingPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One journal item: `amount` minor units, positive debit, negative credit.

    `member`: whose statement the item settles; "" on CLR.
    """

    company: str
    account: str
    amount: int
    row: Row
    partner: str = ""
    member: str = ""
    tax_rate_bp: int = 0


class ClearingCycle(msgspec.Struct, frozen=True, kw_only=True):
    """What is posted: the matrix without disputed lines, and each issuer's fee.

    `outside`: members who keep no books here; `by_document`: those of them whom the
    operator sends an invoice or a bill instead of an item of an entry.
    """

    operator: str
    positions: Positions
    fees: Mapping[str, Fee]
    fee_tax_rate_bp: int = 0
    outside: frozenset[str] = frozenset()
    by_document: frozenset[str] = frozenset()


def cycle_postings(cycle: ClearingCycle) -> list[ClearingPosting]:
    """All journal items of a cycle, without those of outside issuers' own books.

    The items of each company sum to zero (asserted).
    """
    balances = net(cycle.positions)
    found: list[ClearingPosting] = []
    for member, balance in balances.items():
        found += _cleared(cycle.positions, member)
        if member != cycle.operator:
            fee = cycle.fees.get(member, Fee())
            found += _at_member(cycle, member, balance, fee)
            found += _at_operator(cycle, member, balance, fee)
    found = [item for item in found if item.amount]
    for company in {item.company for item in found}:
        assert not sum(i.amount for i in found if i.company == company), company
    return [item for item in found if item.company not in cycle.outside]


def _cleared(matrix: Positions, member: str) -> Iterator[ClearingPosting]:
    """C1: the account with each of the others is emptied."""
    others = {one for pair in matrix for one in pair} - {member}
    for other in sorted(others):
        owed = matrix.get((other, member), 0) - matrix.get((member, other), 0)
        yield ClearingPosting(
            company=member, account="CLR", amount=-owed, row="C1", partner=other
        )


def set_off(balance: int, fee: Fee) -> int:
    """C3: the part of a fee that a creditor's payout pays."""
    return max(0, min(balance, fee.total))


def _at_member(
    cycle: ClearingCycle, member: str, balance: int, fee: Fee
) -> Iterator[ClearingPosting]:
    """What a member is to receive from the union, or to pay to it, and its fee."""
    paid = set_off(balance, fee)
    rows: tuple[tuple[Row, str, int], ...] = (
        ("C1", "ARU" if balance > 0 else "APU", balance),
        ("C2", "XFE", fee.fee),
        ("C2", "VATI", fee.tax),
        ("C2", "APU", -fee.total),
        ("C3", "APU", paid),
        ("C3", "ARU", -paid),
    )
    for row, account, amount in rows:
        yield _item(cycle, member, member, row, account, amount)


def _at_operator(
    cycle: ClearingCycle, member: str, balance: int, fee: Fee
) -> Iterator[ClearingPosting]:
    """The operator's mirror: of what members owe, and of what they are owed.

    An invoice or bill to a member has the claim and the fee; then the entry only
    bridges to it, through the clearing account with that member.
    """
    paid = set_off(balance, fee)
    rows: tuple[tuple[Row, str, int], ...] = (
        ("C1", "API" if balance > 0 else "ARI", -balance),
        ("C2", "ARI", fee.total),
        ("C2", "RFE", -fee.fee),
        ("C2", "VATO", -fee.tax),
    )
    if member in cycle.by_document:
        rows = (("C1", "CLR", -balance),)
    for row, account, amount in (*rows, ("C3", "API", paid), ("C3", "ARI", -paid)):
        yield _item(cycle, cycle.operator, member, row, account, amount)


def _item(
    cycle: ClearingCycle, company: str, member: str, row: Row, account: str, amount: int
) -> ClearingPosting:
    """An item between a member and the operator, in the books of either."""
    return ClearingPosting(
        company=company,
        account=account,
        amount=amount,
        row=row,
        partner=cycle.operator if company == member else member,
        member=member if account in TO_BE_PAID else "",
        tax_rate_bp=cycle.fee_tax_rate_bp if account in TAXED else 0,
    )


def ruling_postings(
    creditor: str, debtor: str, amount: int, outside: frozenset[str] = frozenset()
) -> list[ClearingPosting]:
    """C5 without value back to the card: the creditor's loss, the debtor's gain."""
    found = [
        ClearingPosting(company=creditor, account="XLS", amount=amount, row="C5"),
        ClearingPosting(
            company=creditor, account="CLR", amount=-amount, row="C5", partner=debtor
        ),
        ClearingPosting(
            company=debtor, account="CLR", amount=amount, row="C5", partner=creditor
        ),
        ClearingPosting(company=debtor, account="XCL", amount=-amount, row="C5"),
    ]
    return [item for item in found if item.amount and item.company not in outside]
