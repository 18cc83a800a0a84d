"""demo/day.csv: what terminals send on one day, and what they must be answered."""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from ekarte_core import REQUESTS, BatchTotal, Request, Voucher
from ekarte_stack.home import CHECKOUT

DAY = CHECKOUT / "demo" / "day.csv"
NETWORK = CHECKOUT / "demo" / "network.json"
UNSTORED = frozenset({"inquire", "echo", "status"})
APPROVED = ("00", "10")
TENDER_OF = {
    "gift_card": "gift",
    "bonus_amount": "bonus",
    "bonus_visit": "bonus",
    "credit_card": "credit",
    "bonus_prize": "voucher",
}
LOADABLE = ("gift_card", "visit_pass", "credit_card")  # the first that fits
EXCHANGED = "points"  # what pays in an exchange is not money
NAMED = "#"  # `terminal/batch/operation#what`: a voucher that this answer told of


class DemoNetwork:
    """Who owns what in demo/network.json."""

    def __init__(self, path: Path = NETWORK) -> None:
        document = json.loads(path.read_text())
        branches = {b["code"]: b["issuer"] for b in document["branches"]}
        [zone] = {b["time_zone"] for b in document["branches"]}
        self.zone = ZoneInfo(zone)
        self.terminals: dict[str, dict[str, str]] = {
            terminal["id"]: terminal for terminal in document["terminals"]
        }
        self.seller = {
            number: branches[terminal["branch"]]
            for number, terminal in self.terminals.items()
        }
        self.issuer_of = {p["code"]: p["issuer"] for p in document["programs"]}
        self.kind_of = {p["code"]: p["kind"] for p in document["programs"]}
        self.program_names = {p["code"]: p["name"] for p in document["programs"]}
        self.names = {i["code"]: i["name"] for i in document["issuers"]}
        self.outside = {i["code"] for i in document["issuers"] if not i["in_odoo"]}


Key = tuple[str, int, int]


@cache
def demo_network() -> DemoNetwork:
    """Return the demo network, read once."""
    return DemoNetwork()


@dataclass(frozen=True)
class Wanted:
    """The answer that an operation must get; sums in cents.

    `taken` is what the card paid, `points` what it earned, `saved` the discount, each
    by program; answers say nothing of `saved`.
    """

    rc: str
    amount: int
    discount: int
    amount_due: int
    taken: Mapping[str, int]
    points: Mapping[str, int]
    converted: int
    rate: int
    saved: Mapping[str, int]
    balances: Mapping[str, int]
    vouchers: tuple[str, ...]
    totals: tuple[BatchTotal, ...]

    @property
    def approved(self) -> bool:
        return self.rc in APPROVED


@dataclass(frozen=True)
class Row:
    """One operation of the day.

    Attributes:
        place: position in the file, from 0.
        after: places of the operations that must have been answered before,
            because they were made with the same card.
        cards: whose it is, then others that are named.
        loads: the program that is paid for: of a gift card, a pass, a credit; for
            a refund, of the load that is given back.
        send: '' or what is special: repeat, conflict, late.
    """

    place: int
    request: Request = field(repr=False)
    wanted: Wanted
    send: str
    note: str
    after: tuple[int, ...] = ()
    cards: tuple[str, ...] = ()
    loads: str = ""

    @property
    def key(self) -> Key:
        return self.request.key

    @property
    def tendered(self) -> dict[str, int]:
        """What the card paid by kind of tender, as answers say it."""
        sums: dict[str, int] = {}
        for program, amount in self.wanted.taken.items():
            tender = self.tender(program)
            sums[tender] = sums.get(tender, 0) + amount
        return sums

    def tender(self, program: str) -> str:
        """What a program's value is called when it pays here."""
        if self.request.command == "redeem":
            return EXCHANGED
        return TENDER_OF[demo_network().kind_of[program]]

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
    wanted = [_wanted(line) for line in raw]
    cards = _cards_of_rows(requests)
    after = _dependencies(requests, cards)
    loads = _loads(requests, wanted)
    return [
        Row(
            place=place,
            request=request,
            wanted=wanted[place],
            send=line["send"],
            note=line["note"],
            after=tuple(after[place]),
            cards=tuple(cards[place]),
            loads=loads[place],
        )
        for place, (line, request) in enumerate(zip(raw, requests, strict=True))
    ]


def _cards_of_rows(requests: list[Request]) -> list[list[str]]:
    """The cards that each row names, or the operation that it refers to."""
    known: dict[Key, list[str]] = {}
    found = []
    for request in requests:
        cards = _cards(request)
        if not cards and request.original is not None:
            cards = known.get(original_key(request), [])
        known.setdefault(request.key, cards)
        found.append(cards)
    return found


def _dependencies(
    requests: list[Request], cards_of_rows: list[list[str]]
) -> list[list[int]]:
    """The last operation with each of its cards, if another terminal made it."""
    last: dict[str, int] = {}
    after: list[list[int]] = []
    for place, (request, cards) in enumerate(zip(requests, cards_of_rows, strict=True)):
        before = {last[card] for card in cards if card in last}
        after.append(
            sorted(b for b in before if requests[b].terminal != request.terminal)
        )
        last.update(dict.fromkeys(cards, place))
    return after


def _loads(requests: list[Request], wanted: list[Wanted]) -> list[str]:
    """The program that each row pays for, or gives back what was paid for."""
    network = demo_network()
    found: dict[Key, str] = {}
    loads = []
    for request, answer in zip(requests, wanted, strict=True):
        program = ""
        if request.command in ("activate", "top_up") and request.amount:
            shown = {name.partition(".")[0] for name in answer.balances}
            fitting = [
                code
                for kind in LOADABLE
                for code in sorted(shown)
                if network.kind_of[code] == kind and request.program in ("", code)
            ]
            program = fitting[0] if fitting else ""
        elif request.command == "refund":
            program = found.get(original_key(request), "")
        found.setdefault(request.key, program)
        loads.append(program)
    return loads


def original_key(request: Request) -> Key:
    """The key of the operation that a request refers to."""
    original = request.original
    assert original is not None
    terminal = original.terminal or request.terminal
    return (terminal, original.batch, original.operation)


def _cards(request: Request) -> list[str]:
    """The numbers themselves, whatever the reader saw: the card's and others'."""
    seen = [request.card, request.other, request.referrer]
    return [ref.value.lstrip(";").partition("=")[0] for ref in seen if ref]


def _request(line: Mapping[str, str]) -> Request:
    card = {"kind": line["card_kind"], "value": line["card"]} if line["card"] else None
    return REQUESTS.from_tree(
        {
            "command": line["command"],
            "terminal": line["terminal"],
            "batch": int(line["batch"]),
            "operation": int(line["operation"]),
            "local_time": line["time"],
            "card": card,
            "access_code": line["access_code"] or None,
            "amount": int(line["amount"]) if line["amount"] else None,
            "lines": [_line(part) for part in _parts(line["lines"])],
            "tender": _tender(line),
            "original": _original(line["original"], line["terminal"]),
            "partial": line["partial"] == "yes",
            "reference": line["reference"],
            "totals": msgspec.to_builtins(_totals(line["totals"])),
            "referrer": {"value": line["referrer"]} if line["referrer"] else None,
            "other": {"value": line["other"]} if line["other"] else None,
            "program": line["program"],
            "reason": line["reason"],
            "new_access_code": line["new_access_code"] or None,
            "consents": {
                name: said == "yes"
                for name, _, said in (
                    part.partition(":") for part in _parts(line["consents"])
                )
            },
        }
    )


def _line(part: str) -> dict[str, str | int]:
    """`group:amount`, or with article and quantity `group:amount:sku:quantity`."""
    group, amount, *article = part.split(":")
    named = dict(zip(("sku", "quantity"), article, strict=False))
    return {"group": group, "amount": int(amount), **named}


def _tender(line: Mapping[str, str]) -> dict[str, str | int] | None:
    money = {
        name: int(line[f"tender_{name}"])
        for name in ("gift", "bonus", "credit")
        if line[f"tender_{name}"]
    }
    voucher = line["tender_voucher"]
    return {**money, "voucher": voucher} if money or voucher else None


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
        amount=number("gross"),
        discount=number("discount"),
        amount_due=number("amount_due"),
        taken=dict(_pairs(line["taken"])),
        points=dict(_pairs(line["points"])),
        converted=number("converted"),
        rate=number("rate"),
        saved=dict(_pairs(line["saved"])),
        balances=dict(_pairs(line["balances"])),
        vouchers=tuple(_parts(line["vouchers"])),
        totals=_totals(line["host_totals"]),
    )


def _parts(text: str) -> list[str]:
    """`part;part`; nothing is no part."""
    return [part for part in text.split(";") if part]


def _pairs(text: str) -> Iterator[tuple[str, int]]:
    """`name:number;name:number`; a name may be empty."""
    for part in _parts(text):
        name, _, number = part.rpartition(":")
        yield name, int(number)


def _totals(text: str) -> tuple[BatchTotal, ...]:
    """`command:count:amount;…`."""
    parts = [part.split(":") for part in _parts(text)]
    return tuple(
        BatchTotal(command=command, count=int(count), amount=int(amount))
        for command, count, amount in parts
    )


def voucher_name(voucher: Voucher) -> str:
    """What a voucher is for: `PROGRAM/money/500`, `PROGRAM/goods/bookmark`."""
    what = voucher.product or voucher.value
    return f"{voucher.program}/{voucher.kind}/{what}"
