"""demo/day.csv: what terminals send on one day, and what they must be answered."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import msgspec

from ekarte_core import BatchTotal, Request
from ekarte_stack.home import CHECKOUT

DAY = CHECKOUT / "demo" / "day.csv"
NETWORK = CHECKOUT / "demo" / "network.json"
UNSTORED = frozenset({"inquire", "echo", "status"})
APPROVED = ("00", "10")


class DemoNetwork:
    """Who owns what in demo/network.json."""

    def __init__(self, path: Path = NETWORK) -> None:
        document = json.loads(path.read_text())
        branches = {b["code"]: b["issuer"] for b in document["branches"]}
        self.terminals: dict[str, dict[str, str]] = {
            terminal["id"]: terminal for terminal in document["terminals"]
        }
        self.seller = {
            number: branches[terminal["branch"]]
            for number, terminal in self.terminals.items()
        }
        self.issuer_of = {p["code"]: p["issuer"] for p in document["programs"]}
        self.kind_of = {p["code"]: p["kind"] for p in document["programs"]}
        self.names = {i["code"]: i["name"] for i in document["issuers"]}
        self.outside = {i["code"] for i in document["issuers"] if not i["in_odoo"]}

    def is_gift(self, program: str) -> bool:
        return self.kind_of[program] == "gift_card"


Key = tuple[str, int, int]


@cache
def demo_network() -> DemoNetwork:
    """Return the demo network, read once."""
    return DemoNetwork()


@dataclass(frozen=True)
class Wanted:
    """The answer that an operation must get; sums in cents.

    `taken` is what the card paid, `points` what it earned, each by program.
    """

    rc: str
    discount: int
    amount_due: int
    taken: Mapping[str, int]
    points: Mapping[str, int]
    converted: int
    rate: int
    balances: Mapping[str, int]
    totals: tuple[BatchTotal, ...]

    @property
    def approved(self) -> bool:
        return self.rc in APPROVED

    @property
    def tendered(self) -> dict[str, int]:
        """What the card paid by kind of tender, as answers say it."""
        sums: dict[str, int] = {}
        for program, amount in self.taken.items():
            tender = "gift" if demo_network().is_gift(program) else "bonus"
            sums[tender] = sums.get(tender, 0) + amount
        return sums


@dataclass(frozen=True)
class Row:
    """One operation of the day.

    Attributes:
        place: position in the file, from 0.
        after: places of the operations that must have been answered before,
            because they were made with the same card.
        send: '' or what is special: repeat, conflict, late.
    """

    place: int
    request: Request = field(repr=False)
    wanted: Wanted
    send: str
    note: str
    after: tuple[int, ...] = ()

    @property
    def key(self) -> Key:
        return self.request.key

    @property
    def name(self) -> str:
        """How a person finds the row again; never the card."""
        key = "/".join(str(part) for part in self.key)
        return f"seq {self.place + 1} ({self.request.command} {key})"


def read_day(path: Path = DAY) -> list[Row]:
    """Read the file; say for each row which earlier ones it depends on."""
    with path.open(newline="", encoding="utf-8") as file:
        raw = list(csv.DictReader(file))
    requests = [_request(line) for line in raw]
    after = _dependencies(requests)
    return [
        Row(
            place=place,
            request=request,
            wanted=_wanted(line),
            send=line["send"],
            note=line["note"],
            after=tuple(after[place]),
        )
        for place, (line, request) in enumerate(zip(raw, requests, strict=True))
    ]


def _dependencies(requests: list[Request]) -> list[list[int]]:
    """The last operation with the same card, if another terminal made it."""
    card_of: dict[Key, str] = {}
    last: dict[str, int] = {}
    after: list[list[int]] = []
    for place, request in enumerate(requests):
        card = _card_number(request)
        if not card and request.original is not None:
            card = card_of.get(original_key(request), "")
        if card:
            card_of.setdefault(request.key, card)
        before = last.get(card) if card else None
        foreign = before is not None and (requests[before].terminal != request.terminal)
        after.append([before] if before is not None and foreign else [])
        if card:
            last[card] = place
    return after


def original_key(request: Request) -> Key:
    """The key of the operation that a request refers to."""
    original = request.original
    assert original is not None
    terminal = original.terminal or request.terminal
    return (terminal, original.batch, original.operation)


def _card_number(request: Request) -> str:
    """The number itself, whatever the reader saw."""
    seen = request.card.value if request.card else ""
    return seen.lstrip(";").partition("=")[0]


def _request(line: Mapping[str, str]) -> Request:
    gift, bonus = int(line["tender_gift"] or 0), int(line["tender_bonus"] or 0)
    card = {"kind": line["card_kind"], "value": line["card"]} if line["card"] else None
    return msgspec.convert(
        {
            "command": line["command"],
            "terminal": line["terminal"],
            "batch": int(line["batch"]),
            "operation": int(line["operation"]),
            "local_time": line["time"],
            "card": card,
            "access_code": line["access_code"] or None,
            "amount": int(line["amount"]) if line["amount"] else None,
            "lines": [{"group": g, "amount": a} for g, a in _pairs(line["lines"])],
            "tender": {"gift": gift, "bonus": bonus} if gift or bonus else None,
            "original": _original(line["original"], line["terminal"]),
            "partial": line["partial"] == "yes",
            "reference": line["reference"],
            "totals": msgspec.to_builtins(_totals(line["totals"])),
        },
        Request,
    )


def _original(text: str, sender: str) -> dict[str, str | int] | None:
    """`terminal/batch/operation`; a terminal need not name itself."""
    if not text:
        return None
    terminal, batch, operation = text.split("/")
    named = {"terminal": terminal} if terminal != sender else {}
    return {**named, "batch": int(batch), "operation": int(operation)}


def _wanted(line: Mapping[str, str]) -> Wanted:
    def number(name: str) -> int:
        return int(line[name] or 0)

    return Wanted(
        rc=line["rc"],
        discount=number("discount"),
        amount_due=number("amount_due"),
        taken=dict(_pairs(line["taken"])),
        points=dict(_pairs(line["points"])),
        converted=number("converted"),
        rate=number("rate"),
        balances=dict(_pairs(line["balances"])),
        totals=_totals(line["host_totals"]),
    )


def _pairs(text: str) -> Iterator[tuple[str, int]]:
    """`name:number;name:number`; a name may be empty."""
    for part in filter(None, text.split(";")):
        name, _, number = part.rpartition(":")
        yield name, int(number)


def _totals(text: str) -> tuple[BatchTotal, ...]:
    """`command:count:amount;…`."""
    parts = [part.split(":") for part in filter(None, text.split(";"))]
    return tuple(
        BatchTotal(command=command, count=int(count), amount=int(amount))
        for command, count, amount in parts
    )
