"""A small coalition for tests: grocer, fuel company, bookshop, and their terminals.

`Shop` sends requests as a terminal would and keeps count of operation numbers; the
clock stands still until a test moves it.
"""

from datetime import datetime, timedelta, timezone
from typing import Any

import psycopg2

from ekarte_core import (
    Answer,
    CardRef,
    Keyring,
    LedgerConnection,
    Line,
    Network,
    Original,
    Outcome,
    Replay,
    Request,
    Tender,
    decode_answer,
    publish,
    rebuild,
    replay,
    verify,
)

BEGINNING = datetime(2020, 1, 1, tzinfo=timezone.utc)
CLUB = "999000100000"
GIFT = "999000200000"
FUEL = "999000300000"
BOOK = "999000400000"
BOOK_GIFT = "999000500000"
PLAY = "999000600000"  # of the card type that `network_with` adds
PLAY_GOLD = "999000700000"


def number(prefix: str, serial: int = 1) -> str:
    """Return a 16-digit number with a right Luhn digit: prefix, serial, check digit."""
    body = f"{prefix}{serial:0{15 - len(prefix)}d}"
    total = 0
    for place, digit in enumerate(reversed(body)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return f"{body}{-total % 10}"


def network_document() -> dict[str, Any]:
    """A coalition of three with every kind of program."""
    return {
        "format": 1,
        "name": "Test coalition",
        "coalitions": [
            {"code": "LV", "name": "LV", "issuers": ["GROCER", "FUEL", "BOOKS"]}
        ],
        "issuers": [
            {"code": "GROCER", "name": "Grocer", "language": "en"},
            {"code": "FUEL", "name": "Fuel", "language": "en"},
            {"code": "BOOKS", "name": "Books", "language": "en", "in_odoo": False},
        ],
        "branches": [
            {"code": "G1", "issuer": "GROCER", "name": "Grocer Centre"},
            {"code": "G2", "issuer": "GROCER", "name": "Grocer Teika"},
            {"code": "F1", "issuer": "FUEL", "name": "Fuel Jugla"},
            {"code": "B1", "issuer": "BOOKS", "name": "Books Old Town"},
        ],
        "goods_groups": [
            {"code": "food", "name": "Food"},
            {"code": "fuel", "name": "Fuel"},
            {"code": "books", "name": "Books", "tax_rate_bp": 500},
        ],
        "programs": [
            {
                "code": "GIFT",
                "issuer": "GROCER",
                "kind": "gift_card",
                "name": "Gift card",
                "parameters": {
                    "min_load": 500,
                    "max_balance": 50000,
                    "accept_at": "coalition",
                },
            },
            {
                "code": "BONUS",
                "issuer": "GROCER",
                "kind": "bonus_amount",
                "name": "Bonus",
                "parameters": {"step": 500, "convert_at": 10, "convert_to": 100},
            },
            {
                "code": "DISC",
                "issuer": "GROCER",
                "kind": "accumulated_discount",
                "name": "Discount",
                "parameters": {
                    "base_rate": 500,
                    "step_amount": 5000,
                    "step_rate": 100,
                    "max_rate": 1500,
                },
            },
            {
                "code": "DISC-TEIKA",
                "issuer": "GROCER",
                "kind": "accumulated_discount",
                "name": "Discount Teika",
                "branches": ["G2"],
                "overrides": "DISC",
                "parameters": {
                    "base_rate": 300,
                    "step_amount": 5000,
                    "step_rate": 100,
                    "max_rate": 1000,
                },
            },
            {
                "code": "FUEL-DISC",
                "issuer": "FUEL",
                "kind": "fixed_discount",
                "name": "Fuel discount",
                "parameters": {"rate": 200, "after_spend": 10000, "groups": ["fuel"]},
            },
            {
                "code": "BOOK-DISC",
                "issuer": "BOOKS",
                "kind": "fixed_discount",
                "name": "Book discount",
                "parameters": {"rate": 500},
            },
            {
                "code": "BOOK-GIFT",
                "issuer": "BOOKS",
                "kind": "gift_card",
                "name": "Book gift",
                "parameters": {"denominations": [1000, 2000, 5000]},
            },
        ],
        "card_types": [
            _card_type("GRO-CLUB", "GROCER", ["1"], ["BONUS", "DISC"], auto=True),
            _card_type("GRO-GIFT", "GROCER", ["2"], ["GIFT"], code="optional"),
            _card_type("FUEL-CLUB", "FUEL", ["1", "3"], ["FUEL-DISC"], auto=True),
            _card_type("BOOK-CLUB", "BOOKS", ["1", "4"], ["BOOK-DISC"], auto=True),
            _card_type("BOOK-GIFT", "BOOKS", ["5"], ["BOOK-GIFT"]),
        ],
        "terminals": [
            {"id": "00000011", "branch": "G1"},
            {"id": "00000012", "branch": "G1", "protocol": "iso8583"},
            {"id": "00000021", "branch": "G2"},
            {"id": "00000031", "branch": "F1", "hold_s": 3600},
            {"id": "00000041", "branch": "B1"},
            {"id": "00000099", "branch": "G1", "state": "blocked"},
        ],
    }


def changed(code: str, **parameters: Any) -> dict[str, Any]:
    """The test network with other parameters of one program."""
    document = network_document()
    for program in document["programs"]:
        if program["code"] == code:
            program["parameters"] |= parameters
    return document


def program(
    code: str, kind: str, issuer: str = "GROCER", **parameters: Any
) -> dict[str, Any]:
    """One program of a network document; what every kind has goes on top with `|`."""
    return {
        "code": code,
        "issuer": issuer,
        "kind": kind,
        "name": code.capitalize(),
        "parameters": parameters,
    }


def network_with(*programs: dict[str, Any], **card_type: Any) -> dict[str, Any]:
    """The test network and card types PLAY and PLAY-GOLD of the grocer's.

    Their cards, PLAY and PLAY_GOLD, take part in the programs given, and in nothing
    else; each issuer of a program gets such a card type. The first purchase registers
    them, unless they have credit.
    """
    document = network_document()
    document["programs"] += programs
    document["terminals"].append({"id": "00000071", "branch": "G1", "protocol": "odoo"})
    for issuer in dict.fromkeys(["GROCER", *(one["issuer"] for one in programs)]):
        mine = [one for one in programs if one["issuer"] == issuer]
        codes = [one["code"] for one in mine if not one.get("overrides")]
        auto = all(one["kind"] != "credit_card" for one in mine)
        for name, span in (("PLAY", "6"), ("PLAY-GOLD", "7")):
            code_ = name if issuer == "GROCER" else f"{issuer}-{name}"
            play = _card_type(code_, issuer, [span], codes, auto=auto)
            document["card_types"].append(play | card_type)
    return document


def _card_type(
    code_: str,
    issuer: str,
    spans: list[str],
    programs: list[str],
    *,
    auto: bool = False,
    code: str = "none",
) -> dict[str, Any]:
    return {
        "code": code_,
        "issuer": issuer,
        "name": code_,
        "programs": programs,
        "auto_register": auto,
        "access_code": code,
        "ranges": [
            {
                "kind": "number",
                "from": f"999000{span}000000000",
                "to": f"999000{span}999999999",
                "check": "luhn",
            }
            for span in spans
        ],
    }


class Shop:
    """Sends requests and keeps the clock."""

    def __init__(
        self, dsn: str, keyring: Keyring, ledger: LedgerConnection, now: datetime
    ) -> None:
        self.dsn, self.keyring, self.ledger, self.now = dsn, keyring, ledger, now
        self.numbers: dict[str, int] = {}
        self.last: Outcome | None = None
        self._looking: Any = None
        self.publish(network_document())

    def publish(self, document: dict[str, Any]) -> None:
        with self._look().cursor() as cr:
            publish(cr, document, self.now)
        self.network: Network = self.ledger.network(None)

    def later(self, **delta: float) -> None:
        self.now += timedelta(**delta)

    def request(
        self,
        command: Any,
        card: str | None = None,
        amount: int | None = None,
        *,
        terminal: str = "00000011",
        batch: int = 1,
        operation: int | None = None,
        gift: int | None = None,
        bonus: int | None = None,
        credit: int | None = None,
        voucher: str | None = None,
        original: Request | None = None,
        lines: list[tuple[str, int] | Line] | None = None,
        **more: Any,
    ) -> Request:
        if operation is None:
            operation = self.numbers[terminal] = self.numbers.get(terminal, 0) + 1
        tender = None
        if any(part is not None for part in (gift, bonus, credit, voucher)):
            tender = Tender(
                gift=gift or 0,
                bonus=bonus or 0,
                credit=credit or 0,
                voucher=voucher or "",
            )
        for name in ("referrer", "other"):
            if isinstance(more.get(name), str):
                more[name] = CardRef(value=more[name])
        return Request(
            command=command,
            terminal=terminal,
            batch=batch,
            operation=operation,
            card=CardRef(value=card) if card else None,
            amount=amount,
            tender=tender,
            lines=tuple(
                line if isinstance(line, Line) else Line(group=line[0], amount=line[1])
                for line in lines or ()
            ),
            original=Original(batch=original.batch, operation=original.operation)
            if original
            else None,
            **more,
        )

    def run(self, *requests: Request) -> list[Answer]:
        outcomes = self.ledger.run(requests, self.network, self.now)
        self.last = outcomes[-1]
        return [decode_answer(outcome.answer) for outcome in outcomes]

    def send(self, request: Request) -> Answer:
        return self.run(request)[0]

    def do(self, command: str, *args: Any, **kwargs: Any) -> Answer:
        return self.send(self.request(command, *args, **kwargs))

    def balance(self, card: str, program: str, unit: str = "EUR", **kw: Any) -> int:
        answer = self.do("inquire", card, **kw)
        assert answer.rc == "00", answer
        return next(
            (
                row.value
                for row in answer.balances
                if (row.program, row.unit) == (program, unit)
            ),
            0,
        )

    def available(self, card: str, program: str, unit: str = "EUR", **kw: Any) -> int:
        answer = self.do("inquire", card, **kw)
        assert answer.rc == "00", answer
        return next(
            (
                row.available
                for row in answer.balances
                if (row.program, row.unit) == (program, unit)
            ),
            0,
        )

    def gift(self, amount: int, serial: int = 1) -> str:
        """Sell a gift card of the grocer with so much on it; returns its number."""
        card = number(GIFT, serial)
        assert self.do("activate", card, amount).rc == "00"
        return card

    def club(self, *amounts: int, serial: int = 1) -> str:
        """A club card with purchases at the grocer's; returns its number."""
        card = number(CLUB, serial)
        for amount in amounts:
            assert self.do("sale", card, amount).rc == "00"
        return card

    def expire(self) -> int:
        return self.ledger.expire_holds(self.network, self.now)

    def sql(self, query: str, *params: Any) -> list[tuple[Any, ...]]:
        with self._look().cursor() as cr:
            cr.execute(query, params)
            return cr.fetchall() if cr.description else []

    def replayed(
        self, draft: Network | None = None, since: datetime = BEGINNING
    ) -> Replay:
        """What other rules, or the very same, would have decided."""
        with self._look().cursor() as cr:
            return replay(cr, draft, since, self.now + timedelta(days=1))

    def broken(self) -> list[str]:
        """Codes of invariants that do not hold, and "rebuilt": balances differ."""
        with self._look().cursor() as cr:
            found = [row.code for row in verify(cr) if not row.holds]
            differences = [x for part in rebuild(cr) for x in part.differences]
        if differences and not {"I0", "I2", "I4", "I8"} & set(found):
            # What no invariant looks at: when a purse's next lot ends.
            found.append("rebuilt")
        return found

    def close(self) -> None:
        self.ledger.close()
        if self._looking is not None:
            self._looking.close()

    def _look(self) -> Any:
        """A connection of the test's own, to look behind the ledger's back."""
        if self._looking is None:
            self._looking = psycopg2.connect(self.dsn)
            self._looking.autocommit = True
        return self._looking
