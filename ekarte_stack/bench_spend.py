"""``./ekarte bench spend``: P13, the same payment by Odoo's own loyalty and by ours.

Both on one PostgreSQL, in turn: Odoo served with worker processes, asked over its API
by several clients; our gateways, asked over signed HTTP. Then many tills pay with one
card at the same moment, and what it bought is counted.
"""

import argparse
import http.client
import json
import os
import statistics
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from ekarte_core import CardRef, Request, Tender, load_keyring
from ekarte_stack import bench_load, bench_rival, bench_text
from ekarte_stack import machine as machines
from ekarte_stack.bench_doors import Doors, gateways
from ekarte_stack.bench_gateway import expect_approvals
from ekarte_stack.bench_lines import Load, Phase, client
from ekarte_stack.bench_messages import HEAD_END, MAKERS
from ekarte_stack.bench_rival import Rival, at_once, served_rival
from ekarte_stack.bench_town import TERMINALS, gift_card, terminals
from ekarte_stack.developer import make_keyring
from ekarte_stack.locks import only_one
from ekarte_stack.machine import Machine
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.steps import say, step

DATABASE, LEDGER = "ekarte_bench_spend", "ekarte_bench_spend_ledger"
GOAL, STRETCH = 50, 200
EURO = 100
ONE_CARD = 50  # on it, and asked for by each till
GATEWAYS, CONNECTIONS = 2, 32
EXPECTED = 1500  # a second, before it has shown more; see bench_gateway.EXPECTED
WAIT_S = 30.0
PAYMENTS = {"gift": 1}


@dataclass(frozen=True)
class Scope:
    """How much is measured."""

    rounds: int = 3
    seconds: float = 8
    clients: int = 4  # of Odoo; more of them wait for its workers
    tills: tuple[int, ...] = (2, 8, 32)
    cards: int = 20_000
    seed: int = 1


@dataclass
class Ours:
    """Our gateways on a ledger beside Odoo's database."""

    doors: list[Doors]
    keyring: Path
    scope: Scope
    batch: int = 1
    rates: list[float] = field(default_factory=list)

    def spends(self) -> float:
        """Pay by gift cards over signed HTTP; return how many a second."""
        self.batch += 1
        expected = max([EXPECTED, *self.rates])
        load = Load(
            protocol="http",
            ports=tuple(door.http for door in self.doors),
            connections=CONNECTIONS,
            keyring=self.keyring,
            cards=self.scope.cards,
            batch=self.batch,
            seed=self.scope.seed,
            count=int(1.5 * expected * self.scope.seconds) + 10 * CONNECTIONS,
            phases=(Phase(self.scope.seconds),),
            mix=PAYMENTS,
        )
        with client(load) as tills:
            tills.start()
            replies = tills.result()
        expect_approvals(replies)
        self.rates.append(replies.per_second)
        return replies.per_second

    def tills(self, count: int) -> tuple[int, float]:
        """Pay at so many tills at once with one card; how many could, what is left."""
        assert count <= TERMINALS
        self.batch += 1
        card = CardRef(value=gift_card(self.scope.cards + self.batch))
        names = terminals()[:count]
        whole = ONE_CARD * EURO
        loaded = Request(
            command="activate",
            card=card,
            amount=whole,
            terminal=names[0],
            batch=self.batch,
            operation=1_000,
        )
        assert self._ask(loaded)["rc"] == "00"
        paid: dict[str, Any] = {
            "command": "sale",
            "card": card,
            "amount": whole,
            "tender": Tender(gift=whole),
            "batch": self.batch,
            "operation": 1,
        }
        codes: list[str] = []

        def pay(name: str) -> None:
            codes.append(self._ask(Request(terminal=name, **paid))["rc"])

        at_once([partial(pay, name) for name in names])
        looked = self._ask(
            Request(
                command="inquire",
                card=card,
                terminal=names[0],
                batch=self.batch,
                operation=1_001,
            )
        )
        (left,) = (row.get("value", 0) for row in looked["balances"])
        return codes.count("00"), left / EURO

    def _ask(self, request: Request) -> dict[str, Any]:
        """Send one signed message on a connection of its own; return the answer."""
        place = terminals().index(request.terminal)
        message = MAKERS["http"](load_keyring(self.keyring))(request)
        head, _, body = message.raw.partition(HEAD_END)
        first, *rows = head.decode().split("\r\n")
        door = http.client.HTTPConnection(
            LOOPBACK, self.doors[place % len(self.doors)].http, timeout=WAIT_S
        )
        with closing(door):
            headers = dict(row.split(": ", 1) for row in rows)
            door.request("POST", first.split()[1], body, headers)
            answer: dict[str, Any] = msgspec.json.decode(door.getresponse().read())
        return answer


@contextmanager
def our_gateways(machine: Machine, scope: Scope) -> Iterator[Ours]:
    """Run gateways on a new ledger on the same server as Odoo's database."""
    keyring = make_keyring(machine)
    bench_load.fill(machine.cluster, load_keyring(keyring), LEDGER, cards=scope.cards)
    try:
        with gateways(machine.cluster, keyring, LEDGER, GATEWAYS) as doors:
            yield Ours(doors, keyring, scope)
    finally:
        machine.databases.drop(LEDGER)


def measure(rival: Rival, ours: Ours, scope: Scope) -> dict[str, Any]:
    """Go through all rounds, then let the tills race."""
    theirs: list[float] = []
    with step("every worker of Odoo has done it once"):
        rival.spends(2 * scope.clients, 0.1)
    load = round(os.getloadavg()[0], 1)
    for round_ in range(scope.rounds):
        with step(f"round {round_ + 1} of {scope.rounds}"):
            theirs.append(rival.spends(scope.clients, scope.seconds))
            say(f"   Odoo's loyalty, sales order paid {theirs[-1]:20.1f}/s")
            say(f"   our gateways, signed HTTP        {ours.spends():20.1f}/s")
    races: dict[str, dict[str, Any]] = {}
    with step("one card of 50.00, asked for 50.00 by many at once"):
        for count in scope.tills:
            races[str(count)] = {
                "Odoo's tills": _told(bench_rival.tills(rival, count, ONE_CARD)),
                "Odoo's sales orders": _told(
                    bench_rival.office(rival, count, ONE_CARD)
                ),
                "our terminals": _told(ours.tills(count)),
            }
            say(f"   {count} at once: {races[str(count)]}")
    return gather(theirs, ours.rates, races) | {
        "machine": {
            "postgresql": "",
            "cores": os.cpu_count(),
            "load_before": load,
            "load_after": round(os.getloadavg()[0], 1),
        }
    }


def _told(found: tuple[int, float]) -> dict[str, float]:
    return {"paid": found[0], "left": found[1]}


def gather(
    theirs: list[float], ours: list[float], races: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """Return P13 as the benches tell it."""
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return {
        "P13": {
            "goal": GOAL,
            "stretch": STRETCH,
            "median": round(statistics.median(ratios), 1),
            "worst": round(min(ratios), 1),
            "unit": "x",
            "also": all(
                race["our terminals"] == {"paid": 1, "left": 0}
                for race in races.values()
            ),
            "what": "payments by gift card a second, against Odoo's own loyalty",
            "detail": {
                "ours, signed HTTP": [round(rate, 1) for rate in ours],
                "Odoo, sales order": [round(rate, 2) for rate in theirs],
                "one card of 50.00": races,
            },
        }
    }


def lines_of(report: dict[str, Any]) -> Iterator[str]:
    """Yield the report as a table for people."""
    yield from bench_text.head(report)
    detail = report["P13"]["detail"]
    for name in ("ours, signed HTTP", "Odoo, sales order"):
        yield (
            f"  {name:20} "
            + "".join(f"{rate:>10}" for rate in detail[name])
            + "  a second"
        )
    yield ""
    yield "  One card of 50.00; many at once ask for 50.00: who got it, what is left"
    for count, race in detail["one card of 50.00"].items():
        for who, row in race.items():
            paid, left = row["paid"], row["left"]
            yield f"  {count:>4} {who:22} {paid:>4} paid {left:>10.2f} left"


def run(scope: Scope) -> dict[str, Any]:
    """Measure on databases of its own."""
    machine = machines.prepare()
    with (
        only_one(machine.home, "bench"),
        machines.running_cluster(machine),
        our_gateways(machine, scope) as ours,
        served_rival(machine, DATABASE) as rival,
    ):
        report = measure(rival, ours, scope)
        version = machine.cluster.execute("SHOW server_version")[0][0]
        report["machine"]["postgresql"] = version
        return report


def spend(options: argparse.Namespace) -> int:
    """Measure, print the table; 0 when the goal is reached."""
    report = run(
        Scope(rounds=options.rounds, seconds=options.seconds, seed=options.seed)
    )
    say("\n".join(lines_of(report)))
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n")
    return 0 if bench_text.is_reached(report["P13"]) else 1
