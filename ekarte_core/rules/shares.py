"""Splitting a sum exactly."""

from collections.abc import Iterable

from ekarte_core.rules.purses import share


def spread(total: int, weights: Iterable[int]) -> list[int]:
    """Split `total` over the weights so that the parts sum to it exactly."""
    weights = list(weights)
    if not total:
        return [0] * len(weights)
    whole = sum(weights)
    parts = []
    given = seen = 0
    for weight in weights:
        seen += weight
        upto = share(total, seen, whole) if whole else 0
        parts.append(upto - given)
        given = upto
    return parts
