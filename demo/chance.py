"""What all customers by chance have in common: when they come, what they spend."""

import random

from customer import Customer
from theatre import Played, Scene, clock

OPEN, SHUT = clock("08:15"), clock("20:35")


def visits(rng: random.Random, fewest: int, most: int) -> list[int]:
    """Times of day at which a customer comes, an hour apart at least."""
    wanted = rng.randint(fewest, most)
    hours = sorted(rng.sample(range(OPEN // 3600, SHUT // 3600), wanted))
    return [min(max(h * 3600 + rng.randint(0, 3000), OPEN), SHUT) for h in hours]


def come(customer: Customer, at: int) -> None:
    """Be there at this time, or later if the last visit took longer."""
    customer.now = max(customer.now, at)


def cents(rng: random.Random, middle: int) -> int:
    """A price as shops have them: most are small, some are big."""
    return max(99, int(rng.lognormvariate(0, 0.7) * middle))


def bring_back(it: Customer, bought: Played, price: int, rng: random.Random) -> Scene:
    """Bring back all of it or a part."""
    back = rng.choice([price, price // 2, max(1, price // 3)])
    where = bought.operation.terminal
    note = "goods come back"
    yield it.does(where, "refund", note, amount=back, original=bought.original)
