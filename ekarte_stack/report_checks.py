"""What the report promises, each with a tick or a cross."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from ekarte_core import Answer, decode_answer
from ekarte_stack.day_check import differences
from ekarte_stack.day_file import UNSTORED, DemoNetwork, Row
from ekarte_stack.day_player import HTTP, Played
from ekarte_stack.report_books import Books
from ekarte_stack.report_figures import Figures
from ekarte_stack.report_ledger import Ledger

DETAILS_MAX = 8
HOLDINGS = {
    "LGC": "gift liability in the general ledger is",
    "LBN": "bonus liability in the general ledger is",
    "LPS": "what unused visits stand for in the general ledger is",
    "ALC": "local credit in the general ledger is",
}
BESIDE = {"ALC": ("ALB",)}
"""Where the rest of a holding stands: credit that is on a statement."""
ACCOUNT_OF = {"gift_card": "LGC", "visit_pass": "LPS", "credit_card": "ALC"}


@dataclass(frozen=True)
class Check:
    """One promise. `details` say what breaks it."""

    text: str
    good: bool
    details: tuple[str, ...] = ()


def check(text: str, faults: Iterable[str]) -> Check:
    """A promise that holds when nothing was found against it."""
    found = list(faults)
    more = len(found) - DETAILS_MAX
    shown = [*found[:DETAILS_MAX], *([f"and {more} more"] if more > 0 else [])]
    return Check(text, not found, tuple(shown))


def answer_checks(
    played: Played, day: Sequence[Row], ledger: Ledger, *, again: bool
) -> Iterator[Check]:
    """Answers against the file, against their repeats and against the ledger."""
    yield check(
        f"all {len(day)} answers are as demo/day.csv expects",
        differences(played, again=again),
    )
    firsts = played.by_key()
    twice = [told for told in played.told if told.row.send == "repeat"]
    yield check(
        f"{len(twice)} repeated operations got the same answer, byte for byte",
        [
            told.row.name
            for told in twice
            if not told.raw or told.raw != firsts[told.row.key].raw
        ],
    )
    stored = ledger.answers(day)
    kept = [
        told for told in firsts.values() if told.row.request.command not in UNSTORED
    ]
    heard = [told for told in kept if told.transport == HTTP]
    # On a second day every stored answer is a repeat: the ledger's, not a new one.
    verb = "repeated by" if again else "stored in"
    yield check(
        f"{len(heard)} answers over HTTP are {verb} the ledger, byte for byte",
        [
            told.row.name
            for told in heard
            if stored.get(told.row.key, "").encode() != told.raw
        ],
    )
    others = [told for told in kept if told.transport != HTTP]
    yield check(
        f"{len(others)} answers over ISO 8583 say what the ledger has stored",
        [
            told.row.name
            for told in others
            if told.answer is None
            or not stored.get(told.row.key)
            or _said(told.answer) != _said(decode_answer(stored[told.row.key]))
        ],
    )


def _said(answer: Answer) -> Answer:
    """An answer without the texts, which ISO 8583 cuts where they do not fit."""
    return msgspec.structs.replace(answer, message="", explain=(), slip=())


def ledger_checks(
    ledger: Ledger, from_ledger: Figures, from_file: Figures
) -> Iterator[Check]:
    """The ledger's sums against the file's, and the ledger against itself."""
    yield check(
        "sales, discounts and card value of every kind in the ledger are the file's",
        from_ledger.differences(from_file),
    )
    for found in ledger.verify():
        broken = [f"{found.broken} found: {found.sample}"] if found.broken else []
        yield check(
            f"{found.code} {found.sentence[0].lower()}{found.sentence[1:]}", broken
        )


def books_checks(
    books: Books,
    ledger: Ledger,
    claims: Mapping[tuple[str, str], int],
    network: DemoNetwork,
) -> Iterator[Check]:
    """The general ledgers against the card ledger."""
    inside = {
        code: name
        for code, name in network.names.items()
        if code not in network.outside
    }
    yield check("all that closed batches hold has reached Odoo", books.missing)
    yield check(
        "every settlement is posted, none waits in Odoo",
        [
            *books.waiting,
            *(f"{e.name} is {e.state}" for e in books.entries if e.state != "posted"),
            *(f"{n} has no entry" for n in inside.values() if not _entries(books, n)),
        ],
    )
    keys = [(entry.settlement, entry.company, entry.day) for entry in books.entries]
    yield check(
        "each settlement is posted once for each company and day",
        [f"settlement {k[0]}, {k[1]}, {k[2]}" for k in set(keys) if keys.count(k) > 1],
    )
    owed = _owed(ledger, network)
    for account, what in HOLDINGS.items():
        yield check(
            f"V1 {what} the card ledger's",
            _unequal(
                (
                    name,
                    -sum(
                        books.balance(name, key)
                        for key in (account, *BESIDE.get(account, ()))
                    ),
                    owed.get((code, account), 0),
                )
                for code, name in inside.items()
            ),
        )
    yield check(
        "the card tender account of each company is empty",
        _unequal((name, books.balance(name, "TND"), 0) for name in inside.values()),
    )
    yield from _clearing_checks(books, claims, network, inside)


def _clearing_checks(
    books: Books,
    claims: Mapping[tuple[str, str], int],
    network: DemoNetwork,
    inside: Mapping[str, str],
) -> Iterator[Check]:
    pairs = [(a, b) for a in inside for b in network.names if a != b]
    yield check(
        "V3 clearing: each company claims and owes what the entries of the cards say",
        _unequal(
            (
                f"{inside[one]} with {network.names[other]}",
                books.balances.get((inside[one], "CLR", network.names[other]), 0),
                claims.get((one, other), 0),
            )
            for one, other in pairs
        ),
    )
    # What the books here do not hold, the outside issuer has in books of its own.
    elsewhere = sum(
        amount for (one, _), amount in claims.items() if one in network.outside
    )
    here = sum(books.balance(name, "CLR") for name in inside.values())
    yield check(
        "V3 clearing sums to zero over all issuers, the outside one counted",
        _unequal([("all", here + elsewhere, 0)]),
    )


def _owed(ledger: Ledger, network: DemoNetwork) -> dict[tuple[str, str], int]:
    owed: dict[tuple[str, str], int] = {}
    for issuer, program, carry in ledger.rows("carried"):
        key = (issuer, ACCOUNT_OF.get(network.kind_of[program], "LBN"))
        owed[key] = owed.get(key, 0) + carry
    return owed


def _unequal(rows: Iterable[tuple[str, int, int]]) -> list[str]:
    return [
        f"{name}: {is_now / 100:.2f}, not {should_be / 100:.2f}"
        for name, is_now, should_be in rows
        if is_now != should_be
    ]


def _entries(books: Books, company: str) -> int:
    return sum(entry.company == company for entry in books.entries)
