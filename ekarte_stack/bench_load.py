"""Ledgers of any size for the bench: a small town's, or years of a large one.

The engine makes the history of two sample cards, day by day; bench.sql multiplies it.
"""

import io
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import psycopg2

from ekarte_core import (
    CardRef,
    Keyring,
    LedgerConnection,
    find_card,
    grant,
    migrate,
    publish,
)
from ekarte_stack import bench_town as town
from ekarte_stack.bench_server import new_database
from ekarte_stack.cluster import ADMIN, GATEWAY, Cluster
from ekarte_stack.steps import say, step

_FILE = Path(__file__).with_name("bench.sql")
_PART = re.compile(r"^-- (\w+) --\n(.*?)(?=^-- \w+ --\n|\Z)", re.MULTILINE | re.DOTALL)
QUERIES: Mapping[str, str] = dict(_PART.findall(_FILE.read_text()))
HISTORY_BATCH = 1
TOLD_EVERY = 20  # operations
DAYS_MIN, DAYS_MAX = 4, 40  # by then points have turned into money once


@dataclass(frozen=True)
class Ledger:
    """A filled ledger and how large it was when it was filled."""

    database: str
    cards: int
    operations: int
    entries: int
    megabytes: int


@dataclass(frozen=True)
class Kind:
    """Cards of one kind: the first ones have lived, the others copy their lives."""

    number: Callable[[int], str]
    samples: int
    count: int


def fill(
    server: Cluster, keyring: Keyring, database: str, *, cards: int, entries: int = 0
) -> Ledger:
    """Make a ledger with so many cards and at least so many entries."""
    with step(f"filling ledger {database}: {cards} cards, {entries or 'few'} entries"):
        new_database(server, database)
        with server.connect(database, ADMIN) as connection, connection.cursor() as cr:
            migrate(cr)
            grant(cr, GATEWAY, "gateway")
            publish(cr, town.network_document(), datetime.now(timezone.utc))
        days = _live_through(server, keyring, database, cards, entries)
        say(f"   the sample cards have lived {days} days")
        clubs = cards * town.CLUB_SHARE // 10
        kinds = (
            Kind(town.club_card, town.CLUB_SAMPLES, clubs),
            Kind(town.gift_card, 1, cards - clubs),
        )
        return multiply(server, keyring, database, kinds)


def _live_through(
    server: Cluster, keyring: Keyring, database: str, cards: int, entries: int
) -> int:
    """Give the sample cards as many days as the entries of all cards ask for."""
    gateway = LedgerConnection(server.dsn(GATEWAY, database), keyring)
    today = datetime.now(timezone.utc)
    with closing(gateway), server.connect(database) as connection:
        network = gateway.network(None)
        for day in range(DAYS_MAX):
            now = today - timedelta(days=DAYS_MAX - day)
            requests = town.first_purchases(day, HISTORY_BATCH)
            outcomes = gateway.run(requests, network, now)
            assert [row.rc for row in outcomes] == ["00"] * len(requests)
            found = _rows(connection, "entries_of_samples")
            clubs = cards * town.CLUB_SHARE // 10
            *club, gift = (count for _card, count in found)
            total = sum(club) * clubs // len(club) + gift * (cards - clubs)
            enough = total >= entries
            if enough and day + 1 >= DAYS_MIN:
                return day + 1
    raise AssertionError(f"{entries} entries are too many for {cards} cards")


def _rows(connection: Any, query: str, **values: object) -> list[Any]:
    with connection.cursor() as cr:
        cr.execute(QUERIES[query], values)
        return list(cr.fetchall())


def multiply(
    server: Cluster, keyring: Keyring, database: str, kinds: Sequence[Kind]
) -> Ledger:
    """Give every card of these kinds the history of a sample of its kind."""
    # Ids of copies: above those of the samples, in blocks that cannot meet.
    width = sum(kind.count for kind in kinds)
    values: dict[str, Any] = {"base": 1_000_000, "width": width}
    with closing(psycopg2.connect(server.dsn(ADMIN, database))) as connection:
        with connection, connection.cursor() as cr:
            cr.execute(QUERIES["prepare"])
            _name_copies(cr, keyring, kinds, values["base"])
            cr.execute("ANALYZE bench.copy")
            cr.execute(QUERIES["add_cards"], values)
        with connection, connection.cursor() as cr:
            cr.execute(QUERIES["operations"])
            rows = cr.fetchall()
        for number, place in rows:
            with connection, connection.cursor() as cr:
                at = values | {"id": number, "first": place * width}
                cr.execute(QUERIES["add_operation"], at)
                cr.execute(QUERIES["add_entries"], at)
            if place % TOLD_EVERY == 0:
                say(f"   operation {place} of {len(rows)} is on every card")
        with connection, connection.cursor() as cr:
            cr.execute(QUERIES["finish"])
            cr.execute(QUERIES["count_uses"])
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(QUERIES["analyze"])
        return Ledger(database, *_sizes(connection))


def _sizes(connection: Any) -> tuple[int, int, int, int]:
    ((cards, operations, entries, size),) = _rows(connection, "counted")
    return cards, operations, entries, size // 2**20


def _name_copies(cr: Any, keyring: Keyring, kinds: Sequence[Kind], base: int) -> None:
    """Give each copy a number; the ledger keeps its token and its last four."""
    for place, kind in enumerate(kinds):
        found = [
            find_card(cr, keyring, CardRef(value=kind.number(n)))
            for n in range(kind.samples)
        ]
        text = io.StringIO()
        for n in range(kind.samples, kind.count):
            number = kind.number(n)
            token = keyring.card_token("number", number).hex()
            sample = found[n % kind.samples]
            card = base + len(kinds) * n + place
            text.write(f"{sample}\t{n}\t{card}\t\\\\x{token}\t{number[-4:]}\n")
        text.seek(0)
        cr.copy_expert("COPY bench.copy FROM STDIN", text)
