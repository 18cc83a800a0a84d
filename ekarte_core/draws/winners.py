"""Who wins: the same seed and list give the same winners, to anybody who asks.

Numbers are SHA-256 of the seed and a counter of eight bytes that starts at zero and
runs on over all prizes. A number from which the tickets would not all have the same
chance is passed over (rejection sampling); of the others the remainder names the
ticket. Whoever has won is taken out of the list with all tickets.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from hashlib import sha256
from itertools import accumulate

NUMBERS = 2**256


def numbers(seed: bytes) -> Iterator[int]:
    """Yield numbers below 2**256 that nobody can know without the seed."""
    counter = 0
    while True:
        yield int.from_bytes(sha256(seed + counter.to_bytes(8, "big")).digest(), "big")
        counter += 1


def below(source: Iterator[int], end: int) -> int:
    """Return a number of 0 … end − 1, each with exactly the same chance."""
    fair = NUMBERS - NUMBERS % end
    return next(number for number in source if number < fair) % end


def winners(seed: bytes, tickets: Mapping[str, int], prizes: int) -> list[str]:
    """Return who wins the prizes, first prize first; each wins at most once.

    Fewer than `prizes` when there are fewer in the list. The order of `tickets`
    matters: it is the list's.
    """
    source = numbers(seed)
    left = dict(tickets)
    found: list[str] = []
    while left and len(found) < prizes:
        ends = list(accumulate(left.values()))
        place = bisect_right(ends, below(source, ends[-1]))
        winner = list(left)[place]
        del left[winner]
        found.append(winner)
    return found
