"""What may happen at a terminal, as a table: each transport must leave one ledger.

A scenario is a row of steps on cards of its own. A step names its cards by their kind
("gift", "club2"), other steps by their names. The table knows nothing of transports:
whatever has `terminal_id` and `send` can play it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from ekarte_core import (
    Answer,
    BatchTotal,
    CardRef,
    Line,
    Offline,
    Original,
    Request,
    Tender,
)
from tests.gateway import town

RIGA = ZoneInfo("Europe/Riga")
PASS, PRIZE, CREDIT, CODE = "9990003", "9990004", "9990005", "9990006"
RANGES = {
    "gift": town.GIFT[:7],
    "club": town.CLUB[:7],
    "pass": PASS,
    "prize": PRIZE,
    "credit": CREDIT,
}


def _card_type(code: str, span: str, *programs: str, **more: Any) -> dict[str, Any]:
    return {
        "code": code,
        "issuer": "GROCER",
        "name": code,
        "programs": programs,
        "ranges": [
            {
                "from": f"{span}000000000",
                "to": f"{span}999999999",
                "check": "luhn",
            }
        ],
        **more,
    }


def _program(code: str, kind: str, **parameters: Any) -> dict[str, Any]:
    return {
        "code": code,
        "issuer": "GROCER",
        "kind": kind,
        "name": code,
        "parameters": parameters,
    }


def document() -> dict[str, Any]:
    """The town's network with passes, prizes and local credit."""
    whole = town.document()
    whole["programs"] += [
        _program("GRO-PASS", "visit_pass", visits=3, price=3000),
        _program("GRO-GUEST", "attendance"),
        _program(
            "GRO-PRIZE",
            "bonus_prize",
            step=1000,
            questionnaire_points=2,
            referral_points=3,
            prizes=[
                {"at": 5, "value": 1000},
                {"at": 2, "voucher_kind": "goods", "product": "COFFEE"},
            ],
        ),
        _program("GRO-CREDIT", "credit_card", credit_limit=10_000),
    ]
    whole["card_types"] += [
        _card_type("GRO-PASS", PASS, "GRO-PASS", "GRO-GUEST"),
        _card_type("GRO-PRIZE", PRIZE, "GRO-PRIZE", auto_register=True),
        _card_type("GRO-CREDIT", CREDIT, "GRO-CREDIT"),
    ]
    for terminal in whole["terminals"]:
        terminal["offline"] = OFFLINE
    return whole


OFFLINE = {"amount_max": 100_000, "card_day_max": 100_000, "count_max": 100}


@dataclass(frozen=True)
class Step:
    """One request and the answer code that it gets.

    Attributes:
        name: by which later steps refer to this one.
        again: the step whose request is sent once more; `fields` change it.
        fields: of the request; see `_field` for what stands for other things.
    """

    command: str
    rc: str
    name: str = ""
    again: str = ""
    fields: dict[str, Any] = field(default_factory=dict)


def step(command: str, rc: str = "00", name: str = "", again: str = "", **fields: Any):
    return Step(command, rc, name, again, fields)


GOODS = (
    Line(sku="MILK", group="food", quantity="2.000", amount=300),
    Line(sku="HAM; SMOKED", group="food", quantity="0.350", amount=1200),
    Line(sku="BAG", amount=500),
)
FIRST_PRIZE, SECOND_PRIZE = (
    {"lines": (Line(sku=number, amount=0),), "program": "GRO-PRIZE"} for number in "12"
)
COFFEE = (Line(sku="COFFEE", amount=250), Line(sku="CAKE", amount=750))


@dataclass(frozen=True)
class Voucher:
    """Stands for the code of a voucher of a step's answer."""

    of: str
    place: int = 0


@dataclass(frozen=True)
class Totals:
    """Stands for the totals that a step's answer told."""

    of: str


SCENARIOS: dict[str, list[Step]] = {
    "a hold is captured as it is": [
        step("activate", card="gift", amount=5000),
        step("authorize", name="hold", card="gift", amount=3000),
        step("inquire", card="gift"),
        step("confirm", original="hold"),
        step("inquire", card="gift"),
    ],
    "a hold is captured in part, and not twice": [
        step("activate", card="gift", amount=5000),
        step("authorize", name="hold", card="gift", amount=3000),
        step("confirm", original="hold", amount=2500),
        step("confirm", rc="77", original="hold", amount=100),
    ],
    "a hold is reversed, and captured no more": [
        step("activate", card="gift", amount=5000),
        step("authorize", name="hold", card="gift", amount=3000),
        step("reverse", original="hold"),
        step("confirm", rc="25", original="hold"),
    ],
    "a sale of three lines is discounted and earns": [
        step("sale", name="sale", card="club", lines=GOODS, reference="čeks 88/1"),
        step("sale", card="club", amount=7000),
        step("inquire", card="club"),
        step("inquire", card="club", lines=GOODS),
    ],
    "gift and bonus money pay a part": [
        step("activate", card="gift", amount=5000),
        step("sale", card="club", amount=20_000),
        step("sale", card="club", amount=2000, tender=Tender(bonus=100)),
        step("sale", card="gift", lines=GOODS, tender=Tender(gift=700)),
        step("sale", card="gift", amount=100, tender=Tender()),
        step("sale", rc="13", card="gift", amount=100, tender=Tender(gift=200)),
    ],
    "less than asked is welcome": [
        step("activate", card="gift", amount=1000),
        step("sale", rc="51", card="gift", amount=1500),
        step("sale", rc="10", card="gift", amount=1500, partial=True),
    ],
    "a sale is reversed": [
        step("activate", card="gift", amount=5000),
        step("sale", name="sale", card="gift", amount=3000),
        step("reverse", original="sale"),
        step("reverse", rc="00", original="sale"),
        step("inquire", card="gift"),
    ],
    "a reversal overtakes its original": [
        step("activate", card="gift", amount=5000),
        step("reverse", original="late"),
        step("sale", rc="05", name="late", card="gift", amount=700),
        step("inquire", card="gift"),
    ],
    "goods come back in parts, up to the original": [
        step("sale", name="sale", card="club", lines=GOODS),
        step("refund", original="sale", amount=500),
        step("refund", original="sale", lines=GOODS[:1]),
        step("refund", original="sale", amount=1200),
        step("refund", rc="13", original="sale", amount=1),
    ],
    "goods paid by gift money come back to the card": [
        step("activate", card="gift", amount=5000),
        step("sale", name="sale", card="gift", amount=3000),
        step("refund", original="sale", amount=1000),
        step("inquire", card="gift"),
    ],
    "a gift card is loaded again": [
        step("sale", rc="78", card="gift", amount=100),
        step("activate", name="load", card="gift", amount=1000),
        step("top_up", card="gift", amount=1500),
        step("top_up", rc="13", card="gift", amount=1),
        step("refund", original="load", amount=1000),
        step("sale", rc="54", card="gift", amount=100),
    ],
    "a card is blocked, unblocked and lost": [
        step("activate", card="gift", amount=1000),
        step("block", card="gift"),
        step("sale", rc="62", card="gift", amount=100),
        step("unblock", card="gift"),
        step("sale", card="gift", amount=100),
        step("block", card="gift", reason="lost"),
        step("sale", rc="41", card="gift", amount=100),
    ],
    "a lost card is replaced by a new one": [
        step("activate", card="gift", amount=1000),
        step("sale", name="sale", card="gift", amount=300),
        step("block", card="gift", reason="stolen"),
        step("replace", card="gift", other="gift2"),
        step("sale", rc="54", card="gift", amount=100),
        step("sale", card="gift2", amount=600),
        step("refund", original="sale", amount=300),
        step("inquire", card="gift2"),
    ],
    "a purchase paid elsewhere earns": [
        step("accrue", name="earned", card="club", lines=GOODS, reference="88/2"),
        step("reverse", original="earned"),
        step("accrue", name="more", card="club", amount=4000),
        step("refund", original="more", amount=1000),
        step("inquire", card="club"),
    ],
    "points buy a prize": [
        step("sale", name="sale", card="prize", amount=7000),
        step("redeem", name="chosen", card="prize", **FIRST_PRIZE),
        step("redeem", card="prize", **SECOND_PRIZE),
        step("redeem", rc="51", card="prize", **SECOND_PRIZE),
        step("inquire", card="prize"),
    ],
    "a voucher pays once": [
        step("sale", card="prize", amount=10_000),
        step("redeem", name="chosen", card="prize", **FIRST_PRIZE),
        step("voucher", card="prize", voucher=Voucher("chosen")),
        step("voucher", rc="57", card="prize", voucher=Voucher("chosen")),
        step("redeem", name="other", card="prize", **FIRST_PRIZE),
        step("sale", card="prize", amount=400, voucher=Voucher("other")),
    ],
    "a voucher makes goods free": [
        step("sale", card="prize", amount=3000),
        step("redeem", name="chosen", card="prize", **SECOND_PRIZE),
        step("sale", rc="57", card="prize", amount=900, voucher=Voucher("chosen")),
        step("voucher", card="prize", lines=COFFEE, voucher=Voucher("chosen")),
    ],
    "a pass gives its visits": [
        step("activate", rc="13", card="pass", amount=2000, program="GRO-PASS"),
        step("activate", card="pass", amount=3000, program="GRO-PASS"),
        step("check_in", name="first", card="pass"),
        step("check_in", card="pass"),
        step("reverse", original="first"),
        step("check_in", card="pass"),
        step("check_in", card="pass"),
        step("inquire", card="pass"),
    ],
    "credit is used and paid": [
        step("activate", card="credit"),
        step("sale", name="sale", card="credit", amount=4000),
        step("sale", rc="61", card="credit", amount=7000),
        step("sale", card="credit", amount=2000, tender=Tender(credit=500)),
        step("top_up", card="credit", amount=1000),
        step("refund", original="sale", amount=400),
        step("inquire", card="credit"),
    ],
    "a questionnaire and a friend give points": [
        step("sale", card="prize", amount=1000),
        step("enroll", card="prize", consents={"news": True, "sms": False}),
        step("sale", card="prize2", amount=2000, referrer="prize"),
        step("inquire", card="prize"),
    ],
    "an access code is set, asked for and locked": [
        step("activate", card="gift", amount=2000, access_code="271828"),
        step("sale", card="gift", amount=100, access_code="271828"),
        step(
            "set_code",
            card="gift",
            access_code="271828",
            new_access_code="1618",
        ),
        step("sale", rc="55", card="gift", amount=100, access_code="271828"),
        step("sale", card="gift", amount=100, access_code="1618"),
        step("sale", rc="55", card="gift", amount=100),
        step("sale", rc="55", card="gift", amount=100, access_code="0000"),
        step("sale", rc="55", card="gift", amount=100, access_code="0001"),
        step("sale", rc="55", card="gift", amount=100, access_code="0002"),
        step("sale", rc="75", card="gift", amount=100, access_code="1618"),
        step("unblock", card="gift"),
        step("sale", card="gift", amount=100, access_code="1618"),
    ],
    "a card is read in other ways": [
        step("activate", card="gift", amount=1000),
        step("sale", card=("track2", "gift", "=29121010000000000"), amount=10),
        step("sale", card=("track2", ";", "gift", "=29121010000000000?"), amount=20),
        step("sale", card=("barcode", "gift"), amount=30),
        step("sale", card=("keyed", "gift"), amount=40),
        step("inquire", rc="14", card=("document", "AB12", "gift")),
        step("inquire", rc="14", card=("phone", "+37120000000")),
        step("inquire", card="gift"),
    ],
    "a repeat is answered as before, other content is not": [
        step("activate", card="gift", amount=1000),
        step("sale", name="sale", card="gift", amount=100),
        step("sale", again="sale"),
        step("sale", rc="94", again="sale", amount=101),
        step("sale", rc="51", name="short", card="gift", amount=1000),
        step("sale", rc="51", again="short"),
        step("inquire", card="gift"),
    ],
    "status tells what became of an operation": [
        step("sale", name="sale", card="club", lines=GOODS),
        step("status", original="sale"),
        step("status", rc="25", original="never"),
        step("sale", rc="78", name="refused", card="gift", amount=100),
        step("status", original="refused"),
        step("inquire", name="never", card="club"),
    ],
    "a batch is closed at the second attempt": [
        step("activate", card="gift", amount=2000),
        step("sale", card="gift", amount=500),
        step("sale", card="gift", amount=700),
        step("sale", rc="51", card="gift", amount=5000),
        step(
            "close",
            rc="95",
            name="differs",
            totals=(BatchTotal(command="sale", count=1, amount=500),),
        ),
        step("close", totals=Totals("differs")),
        step("sale", rc="95", card="gift", amount=100),
    ],
    "what was done offline is booked as it was": [
        step("activate", card="gift", amount=2000),
        step(
            "advice",
            name="sale",
            card="gift",
            amount=1500,
            offline=Offline(command="sale", tendered={"gift": 1500}, counter=7),
        ),
        step("advice", again="sale"),
        step(
            "advice",
            rc="94",
            again="sale",
            amount=1501,
            offline=Offline(command="sale", tendered={"gift": 1500}, amount_due=1),
        ),
        step(
            "advice",
            card="club",
            lines=GOODS,
            offline=Offline(command="sale", discount=90, amount_due=1910),
            reference="88/3",
        ),
        step("advice", card="club", amount=4000, offline=Offline(command="accrue")),
        step("advice", card="gift", amount=1000, offline=Offline(command="top_up")),
        step(
            "advice",
            card="gift",
            amount=500,
            original="sale",
            offline=Offline(command="refund"),
        ),
        step("inquire", card="gift"),
        step("reverse", rc="00", original="late"),
        step(
            "advice",
            rc="05",
            name="late",
            card="gift",
            amount=100,
            offline=Offline(command="sale", tendered={"gift": 100}),
        ),
    ],
    "what did not fit offline is flagged": [
        step("activate", card="gift", amount=500),
        step(
            "advice",
            card="gift",
            amount=1500,
            offline=Offline(command="sale", tendered={"gift": 1500}),
        ),
        step(
            "advice",
            card="club",
            amount=2000,
            offline=Offline(command="sale", discount=500, amount_due=1500),
        ),
        step(
            "advice",
            rc="78",
            card="gift2",
            amount=300,
            offline=Offline(command="sale", tendered={"gift": 300}),
        ),
        step(
            "advice",
            rc="14",
            card=("document", "AB12"),
            amount=300,
            offline=Offline(command="sale", amount_due=300),
        ),
        step("inquire", card="gift"),
    ],
    "a batch that differs is uploaded, then closed": [
        step("activate", card="gift", amount=2000),
        step("sale", name="sale", card="gift", amount=500, tender=Tender(gift=500)),
        step("close", rc="95", totals=()),
        step(
            "advice",
            operation="sale",
            card="gift",
            amount=500,
            offline=Offline(command="sale", tendered={"gift": 500}),
        ),
        step(
            "advice",
            card="gift",
            amount=700,
            offline=Offline(command="sale", tendered={"gift": 700}),
        ),
        step("close", rc="95", name="differs", totals=()),
        step("close", totals=Totals("differs")),
        step(
            "advice",
            card="gift",
            amount=100,
            offline=Offline(command="sale", tendered={"gift": 100}),
        ),
    ],
    "an unknown original is not found": [
        step("confirm", rc="25", original="never"),
        step("refund", rc="25", original="never", amount=100),
        step("echo", name="never"),
    ],
}


OVER_NEXO: tuple[str, ...] = (
    "a hold is captured as it is",
    "a hold is captured in part, and not twice",
    "a hold is reversed, and captured no more",
    "less than asked is welcome",
    "a sale is reversed",
    "a reversal overtakes its original",
    "goods come back in parts, up to the original",
    "goods paid by gift money come back to the card",
    "a gift card is loaded again",
    "a purchase paid elsewhere earns",
    "points buy a prize",
    "a repeat is answered as before, other content is not",
    "status tells what became of an operation",
    "an unknown original is not found",
)
"""What a cash register can say in nexo's words: it knows no codes, vouchers, advices,
visits and blocks, quotes nothing, and cannot sell into a batch that is closed."""


class Player:
    """Plays one scenario at one terminal."""

    def __init__(self, terminal: Any, name: str, now: datetime) -> None:
        self.terminal = terminal
        self.batch = 1 + list(SCENARIOS).index(name)
        self.steps = SCENARIOS[name]
        self._now = now.replace(microsecond=0)
        # No number stands for two operations, whoever counts no batches.
        self._first = self.batch * 100
        self._numbers = {
            made.name: place for place, made in enumerate(self.steps, self._first)
        }
        self._requests: dict[str, Request] = {}
        self._answers: dict[str, Answer] = {}

    def play(self) -> list[Answer]:
        """Send all steps; each must get its answer code."""
        answers = []
        for place, made in enumerate(self.steps, self._first):
            request = self._request(place, made)
            answer = self.terminal.send(request)
            step = place - self._first + 1
            told = f"step {step}, {made.command}: {answer.rc} {answer.message}"
            assert answer.rc == made.rc, told
            if made.name:
                self._requests[made.name] = request
                self._answers[made.name] = answer
            answers.append(answer)
        return answers

    def _request(self, place: int, made: Step) -> Request:
        fields = {name: self._field(name, value) for name, value in made.fields.items()}
        if "voucher" in fields:
            fields["tender"] = Tender(voucher=fields.pop("voucher"))
        if made.again:
            return msgspec.structs.replace(self._requests[made.again], **fields)
        fields.setdefault("operation", place)
        return Request(
            command=made.command,
            terminal=self.terminal.terminal_id,
            batch=self.batch,
            local_time=self._now.astimezone(RIGA),
            language="en",
            **fields,
        )

    def _field(self, name: str, value: Any) -> Any:
        """Put in what a name stands for."""
        if name in ("card", "other", "referrer"):
            return self._card(value)
        if name == "operation":
            return self._numbers[value]
        if name == "original":
            return Original(batch=self.batch, operation=self._numbers[value])
        if isinstance(value, Voucher):
            return self._answers[value.of].vouchers[value.place].code
        if isinstance(value, Totals):
            return self._answers[value.of].totals
        return value

    def _card(self, told: str | tuple[str, ...]) -> CardRef:
        if isinstance(told, str):
            return CardRef(value=self._number(told))
        kind, *pieces = told
        text = [self._number(one) if one in RANGES else one for one in pieces]
        return CardRef(kind=kind, value="".join(text))  # type: ignore[arg-type]  # a kind of the table

    def _number(self, told: str) -> str:
        kind = told.rstrip("0123456789")
        serial = told.removeprefix(kind) or "1"
        return town.number(RANGES[kind], self.batch * 10 + int(serial))
