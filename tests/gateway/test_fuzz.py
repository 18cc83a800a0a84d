"""Every decoder under a minute of changed messages, and whether the fuzzer finds bugs.

The long run is `./ekarte bench fuzz`.
"""

import json
import random
import time
from argparse import Namespace

import pytest

from ekarte_stack import bench_fuzz
from ekarte_stack.fuzzing.changes import change_json
from ekarte_stack.fuzzing.fuzzer import Finding, Fuzzer, Target
from ekarte_stack.fuzzing.targets import targets
from tests.gateway import planted

SECONDS = 30  # of all decoders together
SEED = random.randrange(2**32)
TARGETS = targets()
INPUTS = 60_000


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_a_decoder_says_what_it_does_not_understand_and_nothing_else(target: Target):
    figures = Fuzzer(target, SEED).run(SECONDS / len(TARGETS))
    print(f"seed {SEED}:", bench_fuzz.line(figures))
    assert not figures.findings, "\n".join(map(str, figures.findings))
    assert figures.understood, "no seed was understood: nothing behind was reached"
    assert figures.edges > 10
    assert figures.inputs > len(target.seeds)


# --- the fuzzer itself


def found_in(
    decode, *, inputs=2000, guided=True, seeds=(b"karte",), **more
) -> list[Finding]:
    """Fuzz a planted bug from one harmless input."""
    modules = (planted.__name__,)
    target = Target("planted", decode, (ValueError,), modules, seeds, **more)
    return Fuzzer(target, 7, guided=guided).run(5, inputs).findings


def test_a_bug_behind_four_doors_is_found_by_its_ways_and_not_by_chance():
    (found,) = found_in(planted.behind_four_doors, inputs=INPUTS)
    assert found.kind == "undocumented error"
    assert "KeyError" in found.told
    assert found.raw == b"EKA7"  # cut down to what it takes
    assert found.raw.hex() in str(found)
    assert "seed 7" in str(found)
    assert not found_in(planted.behind_four_doors, inputs=INPUTS, guided=False)


def test_the_same_seed_finds_the_same():
    once, again = found_in(planted.behind_a_door), found_in(planted.behind_a_door)
    assert once
    assert once == again


def test_what_hangs_is_stopped_and_told():
    began_s = time.process_time()
    (found,) = found_in(planted.hangs_on_an_a, inputs=300, cpu_s=0.1)
    assert found.kind == "too slow"
    assert b"A" in found.raw
    assert time.process_time() - began_s < 30


def test_what_stays_in_memory_is_told():
    kinds = [found.kind for found in found_in(planted.remembers_all)]
    assert kinds == ["memory grows"]


def test_one_input_that_takes_too_much_memory_is_told():
    (found,) = found_in(planted.takes_a_lot, peak_bytes=1_000_000)
    assert found.kind == "too much memory"


def test_a_refusal_that_repeats_a_number_is_told_and_one_without_is_fine():
    sent = (b"9990001000000017",)
    (found,) = found_in(planted.repeats_what_it_was_sent, seeds=sent)
    assert found.kind == "tells a number"
    assert not found_in(planted.names_a_limit, seeds=sent)


def test_a_decoder_without_a_fault_is_left_in_peace():
    assert found_in(planted.is_fine) == []


def test_json_stays_json_and_anything_else_is_refused():
    dice = random.Random(3)
    for _ in range(200):
        json.loads(change_json(b'{"a": [1, {"b": "c"}], "d": true}', dice))
    with pytest.raises(ValueError, match="Expecting"):
        change_json(b"{", dice)


def test_the_bench_tells_its_figures(tmp_path, capsys, monkeypatch):
    file = tmp_path / "fuzz.json"
    monkeypatch.setattr(bench_fuzz, "targets", lambda: TARGETS[:2])
    options = Namespace(minutes=1 / 60, seed=SEED, json=str(file))
    assert bench_fuzz.fuzz(options) == 0
    report = json.loads(file.read_text())
    assert report["seed"] == SEED
    assert [row["target"] for row in report["decoders"]] == [
        target.name for target in TARGETS[:2]
    ]
    assert report["inputs"] == sum(row["inputs"] for row in report["decoders"])
    assert f"seed {SEED}" in capsys.readouterr().out
