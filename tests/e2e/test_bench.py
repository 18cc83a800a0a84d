"""The bench runs: a small one, so that it does not rot between real runs."""

import json
from collections import Counter
from pathlib import Path

from ekarte_core import load_keyring, write_new_keyring
from ekarte_stack import bench, bench_gateway, bench_gateway_text, bench_text
from ekarte_stack.bench_messages import deal, http_end, http_told, iso_end
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


TINY_DOORS = bench_gateway.Scope(
    rounds=1,
    seconds=1,
    overload_s=1,
    probe_s=3,
    idle=40,
    cards=400,
    pgbench_scale=1,
    clients=(2,),
    modes=("simple",),
    processes=(1,),
)


def test_gateways_are_measured_and_the_invariants_of_their_ledger_hold(
    tmp_path: Path,
) -> None:
    report = bench_gateway.measure(Home(tmp_path), TINY_DOORS)
    goals = bench_text.goals(report)
    assert set(goals) == {"P3", "P4", "P5", "P6", "P7", "P8", "P11"}
    assert all(row["worst"] > 0 for row in goals.values())
    flood = report["P8"]["detail"]
    assert sum(flood["codes"].values()) == flood["asked"]
    assert flood["accepted"] > 0 == flood["silence"]
    assert report["P11"]["detail"]["connections"] == 40
    assert len(report["checks"]) == 1
    assert "P11" in "\n".join(bench_gateway_text.lines(report))
    json.dumps(report)


def test_a_goal_to_stay_below_is_missed_from_above() -> None:
    row = {"goal": 250.0, "median": 250.0, "at_most": True}
    assert bench_text.is_reached(row)
    assert not bench_text.is_reached(row | {"median": 251.0})
    assert not bench_text.is_reached(row | {"also": False})
    assert not bench_text.is_reached({"goal": 1.0, "median": 0.9})


def test_an_answer_is_read_when_all_of_it_is_here() -> None:
    answer = b'HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"rc":"00"}'
    assert [http_end(answer[:n]) for n in (20, len(answer) - 1)] == [0, 0]
    assert http_end(answer + b"HTTP") == len(answer)
    assert http_told(answer) == ("", "00")
    assert [iso_end(text) for text in (b"\0", b"\0\3ab")] == [0, 0]
    assert iso_end(b"\0\3abcd") == 5


def test_a_terminal_sends_all_its_messages_over_one_connection(
    tmp_path: Path,
) -> None:
    write_new_keyring(tmp_path / "keyring")
    keyring = load_keyring(tmp_path / "keyring")
    crowd = Crowd(cards=1000, batch=1, seed=1, protocol="iso8583")
    dealt = deal(crowd.requests(2_000), keyring, "iso8583", 32)
    assert sum(map(len, dealt)) == 2_000
    names = [{message.key[:8] for message in row} for row in dealt]
    assert sum(map(len, names)) == len(set().union(*names)) == 256
