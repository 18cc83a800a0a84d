"""Trials: one fault at a random moment of business, and what the judge says of it."""

import random
import shutil
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from ekarte_stack.chaos import town
from ekarte_stack.chaos.gateways import MODULE
from ekarte_stack.chaos.judge import Verdict, judge, look
from ekarte_stack.chaos.stand import (
    Clients,
    Ledger,
    MakeLedger,
    Place,
    Stand,
    private_ledger,
    stand,
)
from ekarte_stack.steps import StackError, say

Inject = Callable[[Stand, random.Random], None]
WARM_S, COOL_S = (0.3, 0.8), (0.2, 0.4)
TRIALS_PER_LEDGER = 10  # the judge reads all of a ledger each time


@dataclass(frozen=True)
class Fault:
    """One row of the table of faults.

    Attributes:
        name: as `--only` takes it.
        text: what happens, for people.
        inject: makes it happen, at once, and returns when it is over or when `heal`
            shall end it; draws from the dice alone.
        gateways: how many serve.
        cards: on how many the terminals meet.
        module: what they are started as.
        env: what they are told beyond the usual; called for each trial.
        ledger: serves the PostgreSQL, where a fault wants another than a plain one.
        check: finds what else is broken when all is healed and asked again.
        short: whether the short form has it.
        planted: the ledger is careless by itself: who finds nothing is blind.
    """

    name: str
    text: str
    inject: Inject
    gateways: int = 1
    cards: int = town.CARDS
    module: str = MODULE
    env: Callable[[Stand], Mapping[str, str]] = lambda _stand: {}
    ledger: MakeLedger = private_ledger
    check: Callable[[Stand], list[str]] = lambda _stand: []
    short: bool = True
    planted: bool = False


@dataclass
class Report:
    """What came of one fault."""

    fault: Fault
    seed: int
    runs: int = 0
    verdict: Verdict = field(default_factory=Verdict)
    seconds: float = 0.0

    def row(self) -> dict[str, Any]:
        """Return the row of the JSON report."""
        told = self.verdict
        return {
            "runs": self.runs,
            "asked": told.asked,
            "acknowledged": told.acknowledged,
            "in_doubt": told.in_doubt,
            "lost": len(told.lost),
            "doubled": len(told.doubled),
            "disagreements": len(told.disagreements),
            "unsettled": len(told.unsettled),
            "broken": told.broken,
            "complaints": list(told.complaints()),
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
        }


def trial(at: Stand, fault: Fault, seed: str) -> Verdict:
    """Hold one trial on a stand that is whole; leave it whole."""
    at.dice.seed(seed)
    at.begin(seed, fault.cards)
    at.wait(*WARM_S)
    fault.inject(at, at.dice)
    at.heal()
    at.wait(*COOL_S)
    at.clients.end()
    before = at.journals()
    at.repeat()
    mine = {key: one for key, one in before.items() if key[1] == at.batch}
    found = judge(
        before,
        at.journals(),
        look(at.ledger.admin_dsn(at.database)),
        at.place.keyring,
    )
    found.broken += fault.check(at)
    # Lost and broken things stay lost and broken: they are counted in their own trial.
    found.asked = len(mine)
    found.acknowledged = sum(one.approved for one in mine.values())
    found.in_doubt = sum(one.in_doubt for one in mine.values())
    return found


def run(where: Place, faults: Sequence[Fault], rounds: int, seed: int) -> list[Report]:
    """Hold so many trials of each fault."""
    reports = []
    with ExitStack() as stack:
        clients = Clients()
        stack.callback(clients.close)
        for make in dict.fromkeys(fault.ledger for fault in faults):
            with make(where) as ledger:
                ours = [fault for fault in faults if fault.ledger is make]
                reports += on_ledger(where, ledger, clients, ours, rounds, seed)
    return reports


def on_ledger(
    where: Place,
    ledger: Ledger,
    clients: Clients,
    faults: Sequence[Fault],
    rounds: int,
    seed: int,
) -> list[Report]:
    """Hold trials of faults that share a PostgreSQL, one fault after the other."""
    reports = []
    with stand(where, ledger, clients, random.Random(seed)) as at:  # noqa: S311 - picks a moment, guards nothing
        for fault in faults:
            report = Report(fault, seed)
            began_s = time.monotonic()
            try:
                hold(at, report, rounds)
            except StackError:
                keep_logs(at, fault)
                raise
            report.seconds = time.monotonic() - began_s
            say(line(report))
            reports.append(report)
            if not report.verdict.good:
                at.database = ""  # the next fault begins with a sound ledger
    return reports


def hold(at: Stand, report: Report, rounds: int) -> None:
    """Hold so many trials of one fault and note what comes of each."""
    fault = report.fault
    for number in range(rounds):
        fresh = not (at.database and report.verdict.good)
        if fresh or needs_other(at, fault) or at.batch >= TRIALS_PER_LEDGER:
            prepare(at, fault)
        report.runs += 1
        found = trial(at, fault, f"{report.seed}/{fault.name}/{number}")
        if not found.good and report.verdict.good:  # the first tells most
            keep_logs(at, fault)
        report.verdict.add(found)


def keep_logs(at: Stand, fault: Fault) -> None:
    """Keep what the gateways have said: somebody has to find out."""
    at.place.home.log.mkdir(parents=True, exist_ok=True)
    for number, gateway in enumerate(at.gateways):
        kept = at.place.home.log / f"chaos-{fault.name}-{number}.log"
        if gateway.log.exists():  # it may not have come so far
            shutil.copyfile(gateway.log, kept)
        say(f"   what gateway {number} has said: {kept}")


def needs_other(at: Stand, fault: Fault) -> bool:
    """Tell whether a fault wants gateways that the stand has not."""
    there = (len(at.gateways), at.module, at.env)
    return there != (fault.gateways, fault.module, fault.env(at))


def prepare(at: Stand, fault: Fault) -> None:
    """Give a fault an empty ledger and the gateways that it wants."""
    name = f"{fault.name}_{uuid.uuid4().hex[:6]}".replace("-", "_")
    at.new_ledger(name, fault.gateways)
    at.module, at.env = fault.module, fault.env(at)
    at.heal()


def line(report: Report) -> str:
    """Return a report in a line, and what was found below it."""
    told = report.verdict
    head = (
        f"{report.fault.name:22} {report.runs:4} runs {told.asked:7} asked"
        f" {told.acknowledged:7} acknowledged {told.in_doubt:5} in doubt"
        f" {len(told.lost):3} lost {len(told.doubled):3} doubled"
        f" {len(told.disagreements):3} differ {len(told.broken):3} broken"
        f" {report.seconds:6.1f} s"
    )
    return "\n".join([head, *(f"   {text}" for text in told.complaints())])
