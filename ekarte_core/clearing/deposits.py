"""Deposits (C6): what a member leaves with the operator against its debts."""

from ekarte_core.clearing.postings import ClearingPosting


def deposit_postings(
    operator: str, member: str, amount: int, outside: frozenset[str] = frozenset()
) -> list[ClearingPosting]:
    """C6 in both books; a negative amount is paid back.

    ADP deposit with the union, LDP deposits of members, BNK money in transit.
    """
    rows = [
        (member, "ADP", amount, operator),
        (member, "BNK", -amount, operator),
        (operator, "BNK", amount, member),
        (operator, "LDP", -amount, member),
    ]
    return [
        ClearingPosting(
            company=company, account=account, amount=moved, row="C6", partner=partner
        )
        for company, account, moved, partner in rows
        if moved and company not in outside
    ]
