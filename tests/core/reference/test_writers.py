"""Real concurrency: eight writers on the same hundred small cards."""

import random

from tests.core.reference.crowd import LIMIT, trade
from tests.core.shop import Shop


def test_eight_writers_on_a_hundred_small_cards_keep_every_cent(
    shop: Shop, dice: random.Random
):
    sums = trade(shop, dice, cards_=100, groups=25)
    assert sums.codes["00"] > 100, sums.codes
    assert max(sums.credit.values()) <= LIMIT
    assert sums.visits.total() > 0
