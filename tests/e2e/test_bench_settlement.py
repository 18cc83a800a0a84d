"""Who trades while a settlement is measured."""

import pytest

from ekarte_stack import bench_settlement
from ekarte_stack.bench_beside import Served
from ekarte_stack.bench_customers import CLUB, CLUBS, FLEET, GIFT, GIFTS, Crowd, kinds
from ekarte_stack.steps import StackError


def test_every_card_of_the_crowd_has_lived() -> None:
    copies = 7
    alive = {kind.number(n) for kind in kinds(copies) for n in range(kind.count)}
    asked = Crowd(copies, seed=1).requests(2_000)
    found = {request.card.value for request in asked if request.card}
    assert found <= alive
    assert len(found) == copies * (CLUBS + GIFTS)  # no payment on credit meanwhile
    assert {CLUB(0), GIFT(0), FLEET(0)} <= alive


def test_who_came_between_two_moments_is_counted_and_no_one_else() -> None:
    served = Served(came=[1.0, 2.0, 3.0, 4.0], waited=[0.004, 0.002, 0.001, 0.009])
    assert served.between(2.0, 4.0) == [1.0, 2.0]
    with pytest.raises(StackError, match="no authorization"):
        bench_settlement.percentiles(served.between(5.0, 6.0))
