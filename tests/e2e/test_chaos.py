"""Fault trials in short; and a ledger with a planted fault must not pass them."""

import dataclasses
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ekarte_stack.chaos.command import chosen
from ekarte_stack.chaos.faults import FAULTS
from ekarte_stack.chaos.stand import Clients, Ledger, Place, place, private_ledger
from ekarte_stack.chaos.trials import Fault, Report, on_ledger
from ekarte_stack.home import Home

SEED = random.SystemRandom().randrange(1, 10**6)
BUSY_S, TRIES = 2, 5
# Nothing breaks; two gateways work on one card, for long.
BUSY = Fault("gateways-busy", "", lambda _at, _dice: time.sleep(BUSY_S), gateways=2)
BY_NAME = {fault.name: fault for fault in (*FAULTS, BUSY)}
PLANTED = {  # where each is to be found, and on how many cards
    "lock_removed": ("gateways-busy", 1),
    "duplicate_look_up_removed": ("net-cut", 6),
    "holds_not_counted": ("net-merge", 2),
}


class Trials:
    """One PostgreSQL and the clients, for all trials of this file."""

    def __init__(self, where: Place, ledger: Ledger, clients: Clients) -> None:
        self.where, self.ledger, self.clients = where, ledger, clients

    def hold(self, *faults: Fault, rounds: int = 1) -> list[Report]:
        print(f"seed {SEED}")
        found = (self.where, self.ledger, self.clients)
        return on_ledger(*found, faults, rounds, SEED)


@pytest.fixture(scope="module")
def trials(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trials]:
    home = Home(tmp_path_factory.mktemp("chaos"))
    with place(home) as where, private_ledger(where) as ledger:
        clients = Clients()
        yield Trials(where, ledger, clients)
        clients.close()


def test_nothing_is_lost_doubled_or_broken_by_any_fault_of_the_short_form(
    trials: Trials,
) -> None:
    faults = [f for f in chosen(None, short=True) if f.ledger is private_ledger]
    reports = trials.hold(*faults)
    assert [list(report.verdict.complaints()) for report in reports] == [[]] * len(
        faults
    )
    rows = {report.fault.name: report.row() for report in reports}
    assert all(row["asked"] and row["acknowledged"] for row in rows.values()), rows


@pytest.mark.parametrize("planted", PLANTED)
def test_the_trials_fail_on_a_ledger_with(trials: Trials, planted: str) -> None:
    name, cards = PLANTED[planted]
    fault = dataclasses.replace(
        BY_NAME[name],
        cards=cards,
        module="tests.e2e.planted_gateway",
        env=lambda _stand: {"PLANTED": planted},
    )
    found: list[str] = []
    for _ in range(TRIES):  # what only rivals meet, they may miss
        (report,) = trials.hold(fault)
        found += report.verdict.complaints()
        if found:
            return
    assert found


def test_the_trials_pass_on_a_ledger_that_is_only_slow(trials: Trials) -> None:
    fault = dataclasses.replace(
        BUSY,
        cards=1,
        module="tests.e2e.planted_gateway",
        env=lambda _stand: {"PLANTED": "nothing"},
    )
    (report,) = trials.hold(fault)
    assert list(report.verdict.complaints()) == []


def test_every_fault_is_told_in_the_documentation() -> None:
    page = (Path(__file__).parents[2] / "docs" / "CHAOS.md").read_text()
    for fault in FAULTS:
        assert f"`{fault.name}`" in page
