"""The settlement's bench runs: a small one, so that it does not rot in between."""

import json

import pytest

from ekarte_stack import bench_settlement
from ekarte_stack.bench_customers import CLUB, CLUBS, FLEET, GIFT, GIFTS, Crowd, kinds
from ekarte_stack.bench_gateway import Served
from ekarte_stack.steps import StackError

TINY = bench_settlement.Scope(entries=4_000, days=8, seconds=2, per_second=40)


def test_thousands_of_entries_reach_the_books_and_the_invariants_hold() -> None:
    report = bench_settlement.run(TINY, "ekarte_t_settlement")
    row = report["P10"]
    sizes = row["detail"]["sizes"]
    assert sizes["entries"] >= TINY.entries
    assert sizes["operations"] < sizes["entries"]
    assert sizes["journal_entries"] > TINY.days  # two companies keep their books here
    assert sizes["clearing_lines"] > sizes["lines"] > 0  # value was used elsewhere
    assert row["median"] == row["worst"] > 0
    assert row["p99_ratio"] > 0
    assert report["checks"] == ["all 13 invariants hold after the run"]
    assert "P10" in "\n".join(bench_settlement.lines_of(report))
    json.dumps(report)


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
