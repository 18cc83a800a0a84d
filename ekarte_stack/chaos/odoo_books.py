"""What Odoo has booked against what the ledger has settled: once, and to the cent.

Three looks at the same books: each document of the ledger with its entries in Odoo, the
balances of the accounts with the sums of the card ledger, and Odoo's own reconciliation
(V1 to V15).
"""

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg2

from ekarte_stack.chaos.judge import look
from ekarte_stack.chaos.queries import QUERIES
from ekarte_stack.odoo_door import OdooDoor
from ekarte_stack.steps import say

SETTLED_WITHIN_S, LOOK_EVERY_S = 240.0, 0.2
ADMINISTRATOR = ("admin", "admin")  # of the demo network
MOVES_VALUE = ("amount", "carry", "tendered")
POSTED = "posted"


@dataclass(frozen=True)
class Paper:
    """A settlement document in the ledger, and what Odoo replied when it took it."""

    body: Any
    reply: Any | None


@dataclass(frozen=True)
class Kept:
    """A settlement document in Odoo."""

    number: int
    state: str
    body: Any


@dataclass(frozen=True)
class Entry:
    """A journal entry in Odoo that belongs to a document."""

    number: int
    name: str
    day: str
    state: str


@dataclass(frozen=True)
class Books:
    """Everything that is compared; `booked` and `owed` in cents, by account."""

    papers: Mapping[int, Paper]
    kept: Sequence[Kept]
    entries: Sequence[Entry]
    booked: Mapping[str, int]
    owed: Mapping[str, int]


def differences(books: Books) -> Iterator[str]:
    """Say in what the general ledger is not what the card ledger has settled."""
    if not books.papers:
        yield "nothing was settled"
    times = Counter(one.number for one in books.kept)
    for number in sorted(times.keys() - books.papers.keys()):
        yield f"settlement {number} is in Odoo alone"
    for number, paper in sorted(books.papers.items()):
        if paper.reply is None:
            yield f"settlement {number} was never accepted"
        if times[number] != 1:
            yield f"settlement {number} is in Odoo {times[number]} times"
    for one in books.kept:
        if one.number in books.papers:
            yield from _unlike(one, books.papers[one.number], books.entries)
    for account, cents in books.owed.items():
        if books.booked[account] != cents:
            yield f"{account}: {books.booked[account]} booked, {cents} on the cards"


def _unlike(one: Kept, paper: Paper, entries: Sequence[Entry]) -> Iterator[str]:
    """Compare one document of Odoo with the ledger's, and its entries with both."""
    if one.body != paper.body:
        yield f"settlement {one.number} has other content in Odoo"
    if one.state != POSTED:
        yield f"settlement {one.number} is {one.state}"
    mine = [entry for entry in entries if entry.number == one.number]
    if any(entry.state != POSTED for entry in mine):
        yield f"settlement {one.number} has entries that are not posted"
    days = Counter(entry.day for entry in mine)
    want = {
        line["day"]
        for line in paper.body["lines"]
        if any(line.get(name) for name in MOVES_VALUE)
    }
    for day in sorted(want | days.keys()):
        if days[day] != (day in want):
            yield f"settlement {one.number} is booked {days[day]} times on {day}"
    names = sorted(entry.name for entry in mine)
    if paper.reply is not None and sorted(paper.reply["moves"]) != names:
        yield f"settlement {one.number} was told as {paper.reply['moves']}, not {names}"


def settle(dsn: str) -> int:
    """Wait until everything is in documents, and these in Odoo; return what is left."""
    end = time.monotonic() + SETTLED_WITHIN_S
    with closing(psycopg2.connect(dsn)) as connection:
        connection.autocommit = True
        while True:
            left: int = _rows(connection, "not_settled")[0][0]
            if not left or time.monotonic() > end:
                return left
            time.sleep(LOOK_EVERY_S)


def read_books(dsn: str) -> Books:
    """Read ledger and general ledger, which share a database, in one snapshot."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        papers = {
            number: Paper(
                json.loads(body), None if reply is None else json.loads(reply)
            )
            for number, body, reply in _rows(connection, "papers")
        }
        kept = [
            Kept(number, state, json.loads(body))
            for number, state, body in _rows(connection, "odoo_documents")
        ]
        entries = [Entry(*row) for row in _rows(connection, "odoo_entries")]
        booked = dict(_rows(connection, "odoo_money"))
        owed = dict(_rows(connection, "card_money"))
    return Books(papers, kept, entries, booked, owed)


def _rows(connection: Any, query: str) -> list[Any]:
    with connection.cursor() as cr:
        cr.execute(QUERIES[query])
        return list(cr.fetchall())


def reconciled(url: str, database: str) -> list[str]:
    """Have Odoo compare everything, as its page does each night; name what is red."""
    with closing(OdooDoor(url, database, *ADMINISTRATOR)) as door:
        opened = door.call("ekarte.reconciliation", "action_open_whole", [])
        names = ["code", "account_key", "gl", "expected", "note", "ok"]
        rows = door.call(
            "ekarte.reconciliation", "search_read", opened["domain"], names
        )
    if not rows:
        return ["Odoo has compared nothing"]
    return [
        f"{row['code']} {row['account_key'] or ''}: {row['gl']} booked,"
        f" {row['expected']} expected {row['note'] or ''}"
        for row in rows
        if not row["ok"]
    ]


def _is_late(reply: Any) -> bool:
    """Tell whether Odoo had booked a document, and its first answer was not heard."""
    return not reply["created"]


def compare(dsn: str, url: str, database: str) -> tuple[int, list[str]]:
    """Settle until nothing is left; return how many documents there are, and faults."""
    left = settle(dsn)
    books = read_books(dsn)
    again = sum(1 for one in books.papers.values() if one.reply and _is_late(one.reply))
    say(f"   {len(books.kept)} settlements in Odoo, {again} of them told by a repeat")
    found = [f"{left} are not settled after {SETTLED_WITHIN_S:.0f} s"] if left else []
    found += [*differences(books), *reconciled(url, database)]
    # What the judge saw before this was settled only in part.
    return len(books.papers), found + look(dsn).broken
