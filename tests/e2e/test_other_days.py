"""Other days than the one in the file: engine and oracle must agree on every one.

They share no code (demo/oracle.py), so what both say is hardly a common mistake.
"""

import subprocess
import sys

import pytest

from ekarte_stack import day as player
from ekarte_stack.day_check import differences
from ekarte_stack.day_file import demo_network, read_day
from ekarte_stack.home import CHECKOUT
from ekarte_stack.report_figures import from_file, from_ledger
from ekarte_stack.report_ledger import Ledger

SEEDS = (1, 1208, 45_991)
# Days of little but refunds, reversals, holds, vouchers and friends (demo/storm.py).
STORM, STORMS = ["--storm"], (4, 21)


@pytest.mark.parametrize(
    ("seed", "kind"), [*((seed, []) for seed in SEEDS), *((s, STORM) for s in STORMS)]
)
def test_a_day_of_another_seed_is_answered_as_the_oracle_says(
    seed, kind, new_ledger, tmp_path
):
    print(f"seed {seed} {kind}")
    file = tmp_path / "day.csv"
    maker = CHECKOUT / "demo" / "make_day.py"
    subprocess.run(
        [sys.executable, str(maker), "--seed", str(seed), "--out", str(file), *kind],
        check=True,
    )
    day, network = read_day(file), demo_network()
    ledger = new_ledger()
    played = player.play_rows(ledger.run(), day)
    assert len(day) > 500
    assert differences(played, again=False) == []
    with Ledger(ledger.dsn) as reader:
        booked = from_ledger(reader, day, network)
        assert booked.differences(from_file(day, network)) == []
        assert [found.code for found in reader.verify() if not found.holds] == []
