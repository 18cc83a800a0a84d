"""The bench runs: a small one, so that it does not rot between real runs."""

import json
from collections import Counter
from pathlib import Path

from ekarte_stack import bench, bench_text
from ekarte_stack.bench_town import GIFT_LOAD, Crowd, club_card
from ekarte_stack.home import Home

TINY = bench.Scope(
    rounds=1,
    seconds=1,
    cards=400,
    large_cards=800,
    entries=12_000,
    pgbench_scale=1,
    clients=(2,),
    modes=("simple",),
    drivers=((1, 2),),
)


def test_the_ledger_is_measured_and_its_invariants_hold(tmp_path: Path) -> None:
    report = bench.measure(Home(tmp_path), TINY)
    assert set(bench_text.goals(report)) == {"P1", "P2", "P9"}
    assert all(row["worst"] > 0 for row in bench_text.goals(report).values())
    assert report["ledgers"]["ledger_large"]["entries"] >= TINY.entries
    assert len(report["checks"]) == 2
    assert "P9" in "\n".join(bench_text.lines(report))
    json.dumps(report)


def test_the_crowd_is_the_same_for_the_same_seed() -> None:
    def said(seed: int) -> list[str]:
        crowd = Crowd(cards=1000, batch=7, seed=seed)
        return [str(request.card) for request in crowd.requests(50)]

    assert said(1) == said(1)
    assert said(1) != said(2)


def test_a_fast_machine_empties_no_gift_card_either() -> None:
    crowd = Crowd(cards=10, batch=1, seed=1)
    asked: Counter[str] = Counter()
    for request in crowd.requests(20_000):
        if request.card and request.tender:
            asked[request.card.value] += request.tender.gift
    assert len(asked) == 3
    assert 500 * max(asked.values()) < GIFT_LOAD  # of ten million requests


def test_writers_never_meet_on_a_card_or_a_terminal() -> None:
    def met(share: int) -> tuple[set[str], set[str]]:
        crowd = Crowd(cards=200, batch=1, seed=1, share=share, shares=2)
        found = crowd.requests(3000)
        cards = {request.card.value for request in found if request.card}
        return cards, {request.terminal for request in found}

    (one, till), (other, other_till) = met(0), met(1)
    assert not one & other
    assert not till & other_till


def test_an_operation_number_is_used_once_but_for_repeats() -> None:
    crowd = Crowd(cards=1000, batch=1, seed=1)
    found = crowd.requests(20_000)
    keys = {request.key: request for request in found}
    assert all(keys[request.key] == request for request in found)
    assert 0.98 < len(keys) / len(found) < 1


def test_card_numbers_have_the_right_check_digit() -> None:
    assert club_card(80227) == "9990001000802273"
