"""The report of a played day: gathered here, printed and drawn elsewhere."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ekarte_stack.day_file import DemoNetwork, Row
from ekarte_stack.day_player import Played
from ekarte_stack.report_books import Books, Entry
from ekarte_stack.report_checks import (
    Check,
    answer_checks,
    books_checks,
    ledger_checks,
)
from ekarte_stack.report_figures import (
    Issuer,
    KindRow,
    all_claims,
    by_kind,
    from_file,
    from_ledger,
    saved_by_program,
)
from ekarte_stack.report_ledger import Ledger

MEANINGS = {
    "00": "approved",
    "05": "refused by a rule",
    "10": "approved in part",
    "13": "amount not possible",
    "14": "unknown card",
    "25": "original not found",
    "41": "card lost",
    "43": "card stolen",
    "51": "not enough on the card",
    "54": "expired, closed or replaced",
    "55": "wrong access code",
    "57": "not for this card",
    "61": "over the limit",
    "62": "card blocked",
    "65": "too often",
    "75": "access code locked",
    "77": "does not match the original",
    "78": "card not activated",
    "94": "same number, other content",
    "95": "batch totals differ, or batch closed",
}


@dataclass(frozen=True)
class Transport:
    """Answer times of one transport, in milliseconds."""

    name: str
    terminals: int
    answers: int
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    times_ms: tuple[float, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Report:
    """Everything the report says.

    Attributes:
        again: the ledger knew this day already.
        operations: rows of the day.
        seconds: from the first to the last answer.
        names: issuers by code; `issuers` their figures, in cents.
        kinds: every kind of program and its figures.
        saved: discount by program: (name, issuer, cents), before goods came back.
        codes: (answer code, meaning, how often).
        hours: (hour, operations), by the terminals' clocks.
        claims: [creditor, debtor, cents], those above zero.
        entries: journal entries; empty without Odoo.
    """

    again: bool
    operations: int
    seconds: float
    retried: int
    names: dict[str, str]
    issuers: dict[str, Issuer]
    kinds: list[KindRow]
    saved: list[tuple[str, str, int]]
    codes: list[tuple[str, str, int]]
    hours: list[tuple[int, int]]
    transports: list[Transport]
    claims: list[tuple[str, str, int]]
    entries: list[Entry]
    checks: list[Check]

    @property
    def good(self) -> bool:
        """True when every promise holds."""
        return all(check.good for check in self.checks)

    @property
    def per_second(self) -> float:
        """Operations per second, all terminals together."""
        return self.operations / self.seconds if self.seconds else 0.0


def gather(
    played: Played,
    day: Sequence[Row],
    ledger: Ledger,
    network: DemoNetwork,
    books: Books | None,
    *,
    again: bool,
) -> Report:
    """Put the report together; without `books` it speaks of the ledger alone."""
    booked, claims = from_ledger(ledger, day, network), all_claims(ledger)
    checks = [
        *answer_checks(played, day, ledger, again=again),
        *ledger_checks(ledger, booked, from_file(day, network)),
    ]
    if books is not None:
        checks += books_checks(books, ledger, claims, network)
    heard = Counter(told.answer.rc for told in played.told if told.answer is not None)
    hours = Counter(
        row.request.local_time.hour for row in day if row.request.local_time
    )
    return Report(
        again=again,
        operations=len(played.told),
        seconds=played.seconds,
        retried=sum(told.tries > 1 for told in played.told),
        names=network.names,
        issuers=booked.issuers,
        kinds=by_kind(booked, day, network),
        saved=[
            (network.program_names[code], network.issuer_of[code], cents)
            for code, cents in sorted(
                saved_by_program(day).items(), key=lambda one: -one[1]
            )
        ],
        codes=[(rc, MEANINGS.get(rc, ""), heard[rc]) for rc in sorted(heard)],
        hours=sorted(hours.items()),
        transports=_transports(played),
        claims=[
            (*pair, amount) for pair, amount in sorted(claims.items()) if amount > 0
        ],
        entries=books.entries if books is not None else [],
        checks=checks,
    )


def _transports(played: Played) -> list[Transport]:
    found = []
    for name in sorted({told.transport for told in played.told}):
        mine = [told for told in played.told if told.transport == name]
        times = sorted(told.seconds * 1000 for told in mine)
        found.append(
            Transport(
                name=name,
                terminals=len({told.row.request.terminal for told in mine}),
                answers=len(times),
                p50_ms=_at(times, 50),
                p99_ms=_at(times, 99),
                slowest_ms=times[-1],
                times_ms=tuple(times),
            )
        )
    return found


def _at(times: Sequence[float], percent: int) -> float:
    """The time that so many per cent of the answers did not exceed."""
    return times[min(len(times) - 1, len(times) * percent // 100)]


def as_dict(report: Report) -> dict[str, Any]:
    """The report as plain data: no card, no code, no key in it."""
    plain = asdict(report)
    for transport in plain["transports"]:
        del transport["times_ms"]
    return plain | {"good": report.good, "per_second": report.per_second}


def write_files(report: Report, folder: Path, page: str) -> Mapping[str, Path]:
    """Write report.json and report.html into a folder; return where they are."""
    paths = {"json": folder / "report.json", "html": folder / "report.html"}
    text = json.dumps(as_dict(report), indent=2, ensure_ascii=False)
    paths["json"].write_text(text + "\n", encoding="utf-8")
    paths["html"].write_text(page, encoding="utf-8")
    return paths
