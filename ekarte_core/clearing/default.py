"""Default of a member (C7): its deposit, its receivables, then the others' loss.

The loss is shared by what each of the others issued lately, no member above its cap
nor above what it was to receive; what nobody bears stays a claim of the operator.
"""

from collections.abc import Mapping

import msgspec

from ekarte_core.clearing.postings import ClearingPosting


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """What a debt is paid from, minor units; the parts sum to `debt`."""

    debt: int
    from_deposit: int
    from_receivables: int
    losses: dict[str, int]
    uncovered: int


def default_drill(
    debt: int,
    deposit: int,
    receivables: int,
    weights: Mapping[str, int],
    caps: Mapping[str, int],
) -> Drill:
    """Say what becomes of a debt when its debtor pays nothing.

    Args:
        debt: what the defaulter owes the union.
        deposit: what it has paid in.
        receivables: what the union owes it.
        weights: what each of the others issued lately; the loss is shared by that.
        caps: the most that each of the others bears.
    """
    from_deposit = min(debt, max(0, deposit))
    rest = debt - from_deposit
    from_receivables = min(rest, max(0, receivables))
    rest -= from_receivables
    losses = _shared(rest, weights, caps)
    return Drill(
        debt=debt,
        from_deposit=from_deposit,
        from_receivables=from_receivables,
        losses=losses,
        uncovered=rest - sum(losses.values()),
    )


def _shared(
    loss: int, weights: Mapping[str, int], caps: Mapping[str, int]
) -> dict[str, int]:
    """Share by weight; what a cap leaves over is shared among those below theirs."""
    borne = dict.fromkeys(sorted(weights), 0)
    able = {one for one in weights if weights[one] > 0 and caps.get(one, 0) > 0}
    rest = loss
    while rest and able:
        parts = _by_weight(rest, {one: weights[one] for one in sorted(able)})
        for one, part in parts.items():
            taken = min(part, caps[one] - borne[one])
            borne[one] += taken
            rest -= taken
        able = {one for one in able if borne[one] < caps[one]}
    return {one: part for one, part in borne.items() if part}


def _by_weight(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Whole cents that sum to the total: each rounds what all up to it have."""
    whole = sum(weights.values())
    parts, seen, given = {}, 0, 0
    for one, weight in weights.items():
        seen += weight
        upto = (2 * total * seen + whole) // (2 * whole)
        parts[one] = upto - given
        given = upto
    return parts


def default_postings(
    operator: str, defaulter: str, drill: Drill, outside: frozenset[str] = frozenset()
) -> list[ClearingPosting]:
    """C7 in every company's books; what nobody bears stays with the operator."""
    rows = [
        (operator, "LDP", drill.from_deposit, defaulter),
        (operator, "ARI", -drill.from_deposit, defaulter),
        (defaulter, "APU", drill.from_deposit, operator),
        (defaulter, "ADP", -drill.from_deposit, operator),
        (operator, "API", drill.from_receivables, defaulter),
        (operator, "ARI", -drill.from_receivables, defaulter),
        (defaulter, "APU", drill.from_receivables, operator),
        (defaulter, "ARU", -drill.from_receivables, operator),
    ]
    for one, part in drill.losses.items():
        rows.append((operator, "ARI", -part, defaulter))
        rows.append((one, "XLS", part, ""))
        if one != operator:
            rows.append((operator, "API", part, one))
            rows.append((one, "ARU", -part, operator))
    return [
        ClearingPosting(
            company=company, account=account, amount=amount, row="C7", partner=partner
        )
        for company, account, amount, partner in rows
        if amount and company not in outside
    ]
