"""Anything a terminal may send is answered with a code, and the ledger stays sound."""

import copy
import logging
import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg2
import psycopg2.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from ekarte_core import (
    Answer,
    BatchTotal,
    CardRef,
    LedgerConnection,
    Line,
    NetworkInvalid,
    Original,
    Outcome,
    Rc,
    Request,
    Tender,
    decode_answer,
    execute,
    postings,
    read_network,
    read_settlement,
)
from tests.core.shop import Shop, network_document, number
from tests.core.test_quote import said

REQUESTS = 1500
TERMINALS = ["00000011", "00000012", "00000021", "00000031", "00000041", "000000OD"]
COMMANDS = (
    ["sale"] * 6
    + ["authorize", "confirm", "reverse", "refund"] * 3
    + ["top_up", "activate", "inquire"] * 2
    + ["block", "close", "echo", "status"]
    + ["unblock"] * 4
)
_GROCER = ["999000100000", "999000700000", "999000200000"]
USED_AT = {
    "00000031": ["999000100000", "999000300000", "999000200000"],
    "00000041": ["999000100000", "999000400000", "999000500000", "999000200000"],
} | dict.fromkeys(["00000011", "00000012", "00000021", "000000OD"], _GROCER)
FOLLOWED = {
    "confirm": ("authorize",),
    "refund": ("sale", "confirm", "authorize"),
    "reverse": ("sale", "authorize", "confirm", "refund", "top_up", "activate"),
    "status": COMMANDS,
}
PURCHASES = ("authorize", "sale")
CODES = {code.value for code in Rc}


def test_random_requests_are_all_answered_and_nothing_breaks(
    shop: Shop, dice: random.Random, caplog: pytest.LogCaptureFixture
):
    shop.publish(_everything(shop))
    crowd = _Crowd(shop, dice)
    codes: Counter = Counter()
    with caplog.at_level(logging.WARNING, logger="ekarte_core"):
        while sum(codes.values()) < REQUESTS:
            group = [crowd.request() for _ in range(dice.choice([1, 4, 16]))]
            outcomes = _run(shop, group, lent=dice.random() < 0.3)
            crowd.approved += [
                row.request for row in outcomes if row.rc in ("00", "10")
            ]
            assert [row.request for row in outcomes] == group
            codes.update(row.rc for row in outcomes)
            # No two groups have their moment to the microsecond in common.
            shop.later(seconds=dice.choice([0, 0, 5, 100, 4000, 90000]), microseconds=1)
            if dice.random() < 0.1:
                shop.expire()
                shop.ledger.expire_lots(shop.network, shop.now)
    assert caplog.text == ""
    assert set(codes) <= CODES - {"96", "91"}, codes
    assert codes["00"] > REQUESTS // 20, codes
    assert shop.broken() == []
    assert _odd_lots(shop) == []
    assert _tender_left(shop) == {}
    found = shop.replayed()
    assert (found.differences, found.figures.refused) == ([], 0)
    assert found.figures.liability == found.figures.liability_was


def test_random_purchases_are_what_was_quoted_before_them(
    shop: Shop, dice: random.Random
):
    shop.publish(_everything(shop))
    crowd = _Crowd(shop, dice)
    agreed = 0
    for _ in range(REQUESTS // 3):
        request = crowd.request()
        quote = None
        if request.command in PURCHASES and (request.amount or request.lines):
            quote = shop.send(_with(request, command="inquire", access_code=None))
        (outcome,) = _run(shop, [request], lent=False)
        if outcome.rc in ("00", "10"):
            crowd.approved.append(request)
        agreed += quote is not None and _agrees(quote, outcome)
        shop.later(seconds=dice.choice([0, 5, 4000]), microseconds=1)
    assert agreed > REQUESTS // 30
    assert shop.broken() == []


def test_several_gateways_and_odoo_at_once_keep_the_ledger_sound(
    shop: Shop, dice: random.Random, caplog: pytest.LogCaptureFixture
):
    shop.publish(_everything(shop))
    shares = (TERMINALS[:2], TERMINALS[2:4], TERMINALS[4:])
    seeds = [dice.randrange(10**9) for _ in shares]
    crowds = [
        _Crowd(shop, random.Random(seed), terminals, first=not number_)
        for number_, (seed, terminals) in enumerate(zip(seeds, shares, strict=True))
    ]
    with (
        caplog.at_level(logging.WARNING, logger="ekarte_core"),
        ThreadPoolExecutor(len(crowds)) as pool,
    ):
        work = [
            pool.submit(_trade, shop, crowd, lent=crowd is crowds[-1])
            for crowd in crowds
        ]
        codes = sum((done.result() for done in work), Counter())
    assert caplog.text == ""
    assert set(codes) <= CODES - {"96", "91"}, codes
    assert codes["00"] > 20, codes
    assert shop.broken() == []
    assert _odd_lots(shop) == []
    assert _tender_left(shop) == {}


def _trade(shop: Shop, crowd: "_Crowd", *, lent: bool) -> Counter:
    """One gateway's work; the last one works as Odoo does, and retries as it does."""
    codes: Counter = Counter()
    ledger = LedgerConnection(shop.dsn, shop.keyring)
    for _ in range(60):
        left = [crowd.request() for _ in range(crowd.dice.choice([1, 4, 8]))]
        while left:
            if lent:
                outcomes = _as_odoo(shop, left)
            else:
                outcomes = ledger.run(left, shop.network, shop.now)
            left = [row.request for row in outcomes if row.status == "busy"]
            done = [row for row in outcomes if row.status != "busy"]
            codes.update(row.rc for row in done)
            crowd.approved += [row.request for row in done if row.rc in ("00", "10")]
            time.sleep(0.002 if left else 0)
    ledger.close()
    return codes


def _as_odoo(shop: Shop, group: list[Request]) -> list:
    for _attempt in range(100):
        connection = psycopg2.connect(shop.dsn)
        connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
        try:
            with connection, connection.cursor() as cr:
                return execute(cr, group, shop.network, shop.keyring, shop.now)
        except (
            psycopg2.errors.SerializationFailure,
            psycopg2.errors.DeadlockDetected,
            psycopg2.errors.LockNotAvailable,
        ):
            time.sleep(0.005)
        finally:
            connection.close()
    raise AssertionError("a hundred times too late")


def _run(shop: Shop, group: list[Request], *, lent: bool) -> list:
    if not lent:
        return shop.ledger.run(group, shop.network, shop.now)
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        outcomes = execute(cr, group, shop.network, shop.keyring, shop.now)
    connection.close()
    return outcomes


def _odd_lots(shop: Shop) -> list:
    return shop.sql(
        "SELECT id, posted, carry FROM ekarte.lot "
        "WHERE carry < 0 OR (posted = 0 AND carry <> 0)"
    )


def _agrees(quote: Answer, outcome: Outcome) -> bool:
    """Compare a quote with what was bought then, where anything was decided.

    A repeat, a closed batch and the access code are no matter of a quote.
    """
    if outcome.rc in ("94", "95", "55", "75") or outcome.status == "repeat":
        return False
    answer = decode_answer(outcome.answer)
    assert said(quote) == said(answer), outcome.request
    assert quote.field == answer.field
    return True


def _tender_left(shop: Shop) -> dict[str, int]:
    """TND is empty after each settled day, at every issuer.

    What Odoo's own terminals sold is in Odoo's documents: those book the tenders of
    goods to TND, and what was loaded.
    """
    shop.later(days=1)
    number_ = shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    body = dict(shop.ledger.pending_settlements())[number_]
    document = read_settlement(body)
    left: Counter = Counter()
    for item in postings(document):
        if item.account == "TND":
            left[item.company] += item.amount
    for line in document.lines:
        if not line.books_sales:
            loaded = line.event in ("gift_load", "credit_pay")
            left[line.seller] += line.tendered - (line.amount if loaded else 0)
    return {company: sum_ for company, sum_ in left.items() if sum_}


class _Crowd:
    """Makes requests that are well formed, and seldom sensible."""

    def __init__(
        self,
        shop: Shop,
        dice: random.Random,
        terminals: list[str] = TERMINALS,
        *,
        first: bool = True,
    ) -> None:
        self.shop, self.dice, self.terminals = shop, dice, terminals
        self.numbers: Counter = Counter()
        self.past: list[Request] = []
        self.approved: list[Request] = []
        prefixes = [f"99900{n}00000" for n in ("01", "02", "03", "04", "05", "07")]
        self.cards = [number(p, n) for p in prefixes for n in range(4)]
        for n in range(4) if first else ():
            shop.gift(40000, n)
            shop.do("activate", number(prefixes[4], n), 500, terminal="00000041")
            shop.do("activate", number(prefixes[5], n), 9000, access_code="4711")
        self.numbers.update(shop.numbers)

    def request(self) -> Request:
        dice = self.dice
        terminal = dice.choice(self.terminals)
        command: Any = dice.choice(COMMANDS)
        if self.past and dice.random() < 0.05:
            return dice.choice(self.past)
        self.numbers[terminal] += 1
        request = Request(
            command=command,
            terminal=terminal,
            batch=dice.choice([1] * 30 + [2]),
            operation=self.numbers[terminal],
            card=self._card(command, terminal),
            access_code=dice.choice([None] * 9 + ["4711"] * 9 + ["1111"]),
            amount=dice.choice([None, 0, 1, 77, 77, 500, 500, 1999, 20000]),
            lines=self._lines(),
            tender=self._tender(),
            original=self._original(command, terminal),
            partial=dice.random() < 0.3,
            reference=dice.choice(["", "8/1"]),
            language=dice.choice(["", "en", "lv", "ru", "et", "xx"]),
            slip=dice.choice(["text", "none"]),
            totals=self._totals(command),
            no_discount=terminal == "000000OD" and dice.random() < 0.2,
        )
        if request.lines and request.amount and dice.random() < 0.9:
            total = sum(line.amount for line in request.lines)
            request = _with(request, amount=total)
        self.past.append(request)
        return request

    def _card(self, command: str, terminal: str) -> CardRef | None:
        dice = self.dice
        if command in ("confirm", "reverse", "refund") and dice.random() < 0.9:
            return None
        if command in ("close", "echo", "status"):
            return None
        if terminal == "000000OD" and dice.random() < 0.3:
            return CardRef(kind="ledger", value=str(dice.randint(1, 30)))
        value = dice.choice(self.cards)
        if dice.random() < 0.8:
            value = number(dice.choice(USED_AT[terminal]), dice.randint(0, 3))
        kind: Any = dice.choice(["pan"] * 5 + ["keyed", "barcode", "track2"])
        if dice.random() < 0.1:
            kind = dice.choice(["document", "bank", "phone"])
            value = dice.choice([value, "4111111111111111", "nonsense", "1"])
        if kind == "track2":
            value = f";{value}=4912?"
        return CardRef(kind=kind, value=value)

    def _lines(self) -> tuple[Line, ...]:
        if self.dice.random() < 0.5:
            return ()
        groups = ["food", "fuel", "books", "", "unheard"]
        return tuple(
            Line(
                group=self.dice.choice(groups),
                amount=self.dice.choice([0, 1, 333, 5000]),
            )
            for _ in range(self.dice.randint(1, 4))
        )

    def _tender(self) -> Tender | None:
        if self.dice.random() < 0.6:
            return None
        sums = [0, 0, 1, 50, 300]
        return Tender(gift=self.dice.choice(sums), bonus=self.dice.choice(sums))

    def _original(self, command: str, terminal: str) -> Original | None:
        if command not in ("confirm", "reverse", "refund", "status", "sale"):
            return None
        if command == "sale" or not self.past:
            return None
        mine = [r for r in self.approved[-150:] if r.terminal == terminal]
        useful = [r for r in mine if r.command in FOLLOWED[command]]
        if useful and self.dice.random() < 0.85:
            past = self.dice.choice(useful[-8:])
        else:
            past = self.dice.choice(self.past[-40:])
        elsewhere = past.terminal if past.terminal != terminal else ""
        return Original(batch=past.batch, operation=past.operation, terminal=elsewhere)

    def _totals(self, command: str) -> tuple[BatchTotal, ...]:
        if command != "close":
            return ()
        return (BatchTotal(command="sale", count=self.dice.randint(1, 2), amount=5),)


def _with(request: Request, **fields: Any) -> Request:
    return Request(
        **(
            {name: getattr(request, name) for name in Request.__struct_fields__}
            | fields
        )
    )


def _everything(shop: Shop) -> dict[str, Any]:
    """Every kind of program, combined in every way."""
    document = network_document()
    parameters = {p["code"]: p["parameters"] for p in document["programs"]}
    parameters["GIFT"] |= {"min_load": 1, "valid_months": 1}
    parameters["BONUS"] |= {
        "step": 70,
        "expire_days": 3,
        "group_factor": {"books": 20000},
    }
    parameters["BOOK-GIFT"] |= {"denominations": [], "reloadable": False}
    document["programs"] += [
        _program("GROUPS", "accumulated_discount", "add", **_TIERS),
        _program("TAIL", "fixed_discount", "compound", rate=333, after_spend=100),
        _program("PLAIN", "bonus_amount", "best", step=500, min_amount=300),
        _program("ALL", "fixed_discount", "add", rate=10000, groups=["books"]),
    ]
    document["card_types"].append(
        {
            "code": "WILD",
            "issuer": "GROCER",
            "name": "Wild",
            "programs": ["GROUPS", "TAIL", "PLAIN", "ALL", "GIFT", "BONUS", "DISC"],
            "ranges": [
                {"from": "9990007000000000", "to": "9990007999999999"},
                {"kind": "document"},
            ],
            "auto_register": True,
            "access_code": "optional",
        }
    )
    document["terminals"].append({"id": "000000OD", "branch": "G1", "protocol": "odoo"})
    for issuer in document["issuers"]:
        issuer["in_odoo"] = True
    assert read_network(document)
    return document


_TIERS = {
    "tiers": [{"from": 0, "rate": 100}, {"from": 300, "rate": 700}],
    "groups": ["food"],
}


def _program(code: str, kind: str, combine: str, **parameters: Any) -> dict[str, Any]:
    return {
        "code": code,
        "issuer": "GROCER",
        "kind": kind,
        "name": code.title(),
        "combine": combine,
        "parameters": parameters,
    }


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.sampled_from(["", "x", "GROCER", "G1", "Europe", "posix", "a\0b", "../x", "/"])
    | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(max_examples=300)
@given(st.data())
def test_any_change_of_a_document_is_read_or_its_place_is_named(data: st.DataObject):
    document = copy.deepcopy(network_document())
    place: Any = document
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        inner = place[key]
        if not (isinstance(inner, (dict, list)) and inner) or data.draw(st.booleans()):
            break
        place = inner
    place[key] = data.draw(JSON)
    try:
        read_network(document)
    except NetworkInvalid as fault:
        found = fault.faults
    else:
        found = [("$", "sound")]
    assert found
    assert all(path.startswith("$") and message for path, message in found)
