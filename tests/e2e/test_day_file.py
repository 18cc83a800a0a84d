"""demo/day.csv is what its maker writes, and holds what a demonstration must show."""

import ast
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise

from ekarte_core import read_network
from ekarte_core.rules.programs import PROGRAM_KINDS
from ekarte_stack.day_file import (
    DAY,
    NAMED,
    NETWORK,
    UNSTORED,
    demo_network,
    read_day,
)
from ekarte_stack.day_player import until_the_day_fits
from ekarte_stack.home import CHECKOUT
from ekarte_stack.report_figures import by_kind, from_file, saved_by_program

MAKER = CHECKOUT / "demo" / "make_day.py"


def make(target, *words):
    done = subprocess.run(
        [sys.executable, str(MAKER), "--out", str(target), *words],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_the_same_seed_writes_the_same_file_and_prints_the_seed(tmp_path):
    told = make(tmp_path / "day.csv")
    assert "seed 20261120" in told
    assert (tmp_path / "day.csv").read_bytes() == DAY.read_bytes()


def test_another_seed_writes_another_day(tmp_path):
    make(tmp_path / "day.csv", "--seed", "7")
    assert (tmp_path / "day.csv").read_bytes() != DAY.read_bytes()


def test_the_oracle_shares_no_code_with_the_engine():
    for path in (CHECKOUT / "demo").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in getattr(node, "names", [])]
            module = getattr(node, "module", "") or ""
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                assert not any(
                    name.startswith("ekarte") for name in [module, *names]
                ), path


def test_the_network_is_one_the_core_accepts():
    network = read_network(NETWORK.read_bytes())
    assert set(network.terminals) == set(demo_network().terminals)


def test_the_day_is_long_enough_and_comes_from_every_terminal():
    day = read_day()
    assert len(day) >= 500
    assert {row.request.terminal for row in day} == set(demo_network().terminals)
    assert {t["protocol"] for t in demo_network().terminals.values()} == {
        "http",
        "iso8583",
    }


def test_every_kind_of_answer_is_there():
    codes = Counter(row.wanted.rc for row in read_day())
    wanted = [
        "00",
        "05",
        "10",
        "13",
        "14",
        "25",
        "41",
        "43",
        "51",
        "54",
        "55",
        "57",
        "61",
        "62",
        "65",
        "75",
        "77",
        "78",
        "94",
        "95",
    ]
    assert set(wanted) <= set(codes)
    assert codes["55"] >= 3


def test_every_command_is_there():
    commands = {row.request.command for row in read_day()}
    wanted = "inquire authorize confirm reverse sale refund top_up activate block"
    wanted += " check_in redeem replace enroll set_code"
    assert {*wanted.split(), "unblock", "close", "echo", "status"} <= commands


def test_every_kind_of_program_does_something_on_the_day():
    network, day = demo_network(), read_day()
    rows = by_kind(from_file(day, network), day, network)
    assert {row.kind for row in rows} == set(PROGRAM_KINDS)
    for row in rows:
        assert row.programs, row.kind
        assert any(value > 0 for value in row.figures.values()), row.kind


def test_the_discounts_of_all_programs_are_those_of_the_purchases():
    day = read_day()
    bought = [row for row in day if row.wanted.approved and not row.send]
    off = sum(
        row.wanted.discount
        for row in bought
        if row.request.command in ("sale", "confirm")
    )
    assert sum(saved_by_program(day).values()) == off


def test_a_voucher_is_named_by_an_answer_that_told_of_it():
    rows = {"/".join(map(str, row.key)): row for row in read_day()}
    named = [row for row in rows.values() if NAMED in voucher_of(row)]
    assert named, "no voucher is used"
    for row in named:
        key, _, name = voucher_of(row).partition(NAMED)
        assert name in rows[key].wanted.vouchers, row.name
        assert rows[key].place < row.place


def voucher_of(row):
    return row.request.tender.voucher if row.request.tender else ""


def test_every_terminal_ends_with_a_close_that_agrees():
    last = {row.request.terminal: row for row in read_day()}
    assert {row.request.command for row in last.values()} == {"close"}
    assert {row.wanted.rc for row in last.values()} == {"00"}


def test_operation_numbers_rise_where_nothing_special_is_sent():
    day = [
        row
        for row in read_day()
        if not row.send and row.request.command not in UNSTORED
    ]
    for terminal in demo_network().terminals:
        numbers = [
            row.request.operation
            for row in day
            if row.request.terminal == terminal and row.wanted.rc != "95"
        ]
        assert all(before < after for before, after in pairwise(numbers))


def test_a_row_waits_for_the_card_s_last_row_at_another_terminal():
    day = read_day()
    waiting = [row for row in day if row.after]
    assert waiting, "no card is seen at two terminals"
    for row in waiting:
        for place in row.after:
            assert place < row.place
            assert day[place].request.terminal != row.request.terminal


def test_the_readme_tells_the_counts_of_the_file():
    readme = (CHECKOUT / "demo" / "README.md").read_text()
    day = read_day()
    assert f"{len(day)} operations" in readme
    for code, count in Counter(row.wanted.rc for row in day).items():
        assert f"| {code} | {count} |" in readme, code


def test_the_day_is_not_begun_a_minute_before_midnight():
    zone = demo_network().zone
    late = datetime(2026, 11, 20, 23, 59, 0, tzinfo=zone)
    early = datetime(2026, 11, 20, 23, 58, 0, tzinfo=zone)
    assert until_the_day_fits(late) == 60
    assert until_the_day_fits(early) == 0
    assert until_the_day_fits(late + timedelta(seconds=60)) == 0
