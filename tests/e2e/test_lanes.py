"""Two lanes of suites: side by side, each in its time, readable, none lost."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ekarte_stack import lanes, tests
from ekarte_stack.home import CHECKOUT
from ekarte_stack.result import Result
from tests.e2e.whole_stack import wait_until

INTERRUPTED = """
import signal, subprocess, sys
from pathlib import Path
from ekarte_stack import lanes

folder = Path(sys.argv[1])
# Who was started in the background of a shell has inherited to ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

def work(name):
    sleeper = subprocess.Popen(["sleep", "300"])
    (folder / name).write_text(f"{sleeper.pid}\\n")
    print(f"{name} had begun", flush=True)
    sleeper.wait()

lanes.run([lanes.Task(name, lambda name=name: work(name)) for name in ("one", "two")],
          folder)
"""


def passing(number: int = 1) -> Result:
    return Result(passed=number)


def test_two_are_side_by_side_and_who_waits_for_another_comes_after_it(tmp_path: Path):
    def meet(mine: str, other: str) -> Result:
        (tmp_path / mine).touch()
        wait_until((tmp_path / other).exists, f"{other} beside {mine}")
        return passing()

    def after() -> Result:
        assert (tmp_path / "a done").exists()
        return passing()

    def first() -> Result:
        meet("a", "b")
        time.sleep(0.2)
        (tmp_path / "a done").touch()
        return passing()

    total = lanes.run(
        [
            lanes.Task("second", after, after=("first", "nobody")),
            lanes.Task("first", first),
            lanes.Task("beside", lambda: meet("b", "a")),
        ],
        tmp_path,
    )
    assert (total.passed, total.failed) == (3, 0)


def test_each_suite_s_output_stays_together(tmp_path: Path, capfd):
    def talk(name: str) -> Result:
        for number in range(3):
            print(f"{name} {number}")
            subprocess.run(["echo", f"{name} {number} from below"], check=True)
            time.sleep(0.05)
        return passing()

    names = ("left", "right")
    lanes.run(
        [lanes.Task(name, lambda name=name: talk(name)) for name in names], tmp_path
    )
    said = [line.split()[0] for line in capfd.readouterr().out.splitlines()]
    assert said[:2] == ["->", "->"]
    rest = said[2:]
    assert rest in ([one] * 6 + [other] * 6 for one, other in (names, names[::-1]))


def test_every_failure_is_in_the_sum_and_the_lanes_go_on(tmp_path: Path):
    def failing() -> Result:
        found = passing(2)
        found.complain("core: one test")
        return found

    def raising() -> Result:
        raise ValueError("our bug")

    total = lanes.run(
        [
            lanes.Task("core", failing),
            lanes.Task("dies", lambda: os._exit(3)),
            lanes.Task("raises", raising),
            lanes.Task("last", passing),
            lanes.Task("after all", passing, after=("core", "dies", "raises")),
        ],
        tmp_path,
    )
    assert total.passed == 4
    assert sorted(total.complaints) == [
        "core: one test",
        "dies: ended with 3",
        "raises: ended with 1",
    ]
    assert "our bug" in (tmp_path / "test-raises.log").read_text()


def test_a_long_silence_is_broken_by_how_far_each_suite_is(tmp_path: Path, capfd):
    def slow() -> Result:
        print("..... [  7%]\n..... [ 42%]", flush=True)
        time.sleep(1)
        return passing()

    tasks = [lanes.Task("slow", slow), lanes.Task("quick", passing)]
    lanes.run(tasks, tmp_path, beat_s=0.3)
    assert "0 min: slow 42 %" in capfd.readouterr().out


def test_an_interrupt_ends_both_lanes_with_all_they_started(tmp_path: Path):
    run = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(tmp_path)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    notes = [tmp_path / name for name in ("one", "two")]
    wait_until(lambda: all(n.exists() and n.read_text() for n in notes), "both lanes")
    run.send_signal(signal.SIGINT)
    said, _ = run.communicate(timeout=lanes.END_S)
    assert run.returncode != 0
    for note in notes:
        assert f"{note.name} had begun\n{note.name}: interrupted\n" in said
        assert not Path(f"/proc/{int(note.read_text())}").exists()


def test_no_more_than_two_run_at_once(tmp_path: Path):
    def work(name: str) -> Result:
        (tmp_path / name).touch()
        found = len(list(tmp_path.glob("busy-*")))
        time.sleep(0.1)
        (tmp_path / name).unlink()
        assert found <= lanes.WIDTH
        return passing()

    names = [f"busy-{number}" for number in range(5)]
    total = lanes.run(
        [lanes.Task(name, lambda name=name: work(name)) for name in names], tmp_path
    )
    assert (total.passed, total.failed) == (5, 0)


@pytest.mark.parametrize("arguments", [(), ("-k", "word")])
def test_every_suite_has_its_place(arguments):
    session = tests.Session(machine=None, fast=False, arguments=arguments)
    titles = {title for title, _ in tests.suites(session)}
    placed = [*tests.SIDE_BY_SIDE, *tests.ALONE]
    assert len(placed) == len(set(placed))
    assert titles <= set(placed)
    if not arguments:
        assert titles == set(placed) - {tests.WHOLE, tests.YEAR}


def test_a_suite_that_hangs_at_its_end_is_killed_and_has_failed(tmp_path: Path):
    report = tmp_path / "hung.xml"
    report.write_text('<testsuite><testcase classname="a" name="b"/></testsuite>')
    code = tests.within(0.2, ["sleep", "300"], os.environ)
    assert code == tests.TOO_LONG
    told = tests.read_report(report, "tests/hung", code, may_be_empty=False)
    assert told.passed == 1
    assert told.complaints == ["tests/hung: killed, for it did not end in time"]


def test_a_suite_that_ends_tells_its_own_code():
    assert tests.within(60, ["sh", "-c", "exit 3"], os.environ) == 3


def test_nobody_waits_for_a_suite_that_is_not_there():
    for title, after in tests.SIDE_BY_SIDE.items():
        assert set(after) <= set(tests.SIDE_BY_SIDE) - {title}
