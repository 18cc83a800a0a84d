"""The judge: what clients wrote down, what the ledger holds, what the rules say.

Three witnesses that know nothing of each other must tell the same story: the journals
(`journal`), the ledger's own rows with its invariants, and a second ledger in plain
Python (`model`) that is fed with what was committed, in the order of the commits.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import psycopg2

from ekarte_core import Answer, Keyring, decode_answer, verify
from ekarte_stack.chaos import town
from ekarte_stack.chaos.journal import Asked, Key
from ekarte_stack.chaos.model import Booked, Model
from ekarte_stack.chaos.queries import QUERIES

EXPIRE, BURIED = "expire", "buried"
HOUSE = "~"  # terminals that nobody holds in his hand begin with it
TOLD_MAX = 5
UNKNOWN, MEANWHILE = "78", timedelta(seconds=5)
PAYING = ("sale", "authorize", "confirm", "refund")


@dataclass(frozen=True)
class Row:
    """One operation of the ledger."""

    id: int
    key: Key
    command: str
    rc: str
    at: datetime
    original_id: int | None
    answer: Answer
    token: bytes | None


@dataclass(frozen=True)
class Seen:
    """What the ledger held in one moment; operations in the order of their commits."""

    operations: list[Row]
    cards: dict[bytes, tuple[str, int, int]]
    broken: list[str]


@dataclass
class Verdict:
    """What came of one trial, or of several of one fault.

    Attributes:
        asked: operations in the journals.
        acknowledged: of these, approved before anything was asked again.
        in_doubt: of these, not answered by then.
        lost: acknowledged and not there, or there with other content.
        doubled: answered in two ways, or booked twice.
        disagreements: where the ledger and the model differ.
        broken: invariants that do not hold.
        unsettled: still without an answer after all was asked again.
    """

    asked: int = 0
    acknowledged: int = 0
    in_doubt: int = 0
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    disagreements: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing was found."""
        return not any(self.complaints())

    def complaints(self) -> Iterator[str]:
        """Name what was found, a few of each kind."""
        for kind in ("lost", "doubled", "disagreements", "broken", "unsettled"):
            rows = getattr(self, kind)
            for text in rows[:TOLD_MAX]:
                yield f"{kind}: {text}"
            if len(rows) > TOLD_MAX:
                yield f"{kind}: and {len(rows) - TOLD_MAX} more"

    def add(self, other: "Verdict") -> None:
        """Count another trial in."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def look(dsn: str) -> Seen:
    """Read the ledger and check its invariants, all in one snapshot."""
    with closing(psycopg2.connect(dsn)) as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cr:
            cr.execute(QUERIES["operations"])
            operations = [_row(*values) for values in cr.fetchall()]
            cr.execute(QUERIES["cards"])
            cards = {bytes(token): tuple(rest) for token, *rest in cr.fetchall()}
            broken = [
                f"{found.code}: {found.broken} ({found.sample})"
                for found in verify(cr)
                if not found.holds
            ]
    return Seen(operations, cards, broken)


def _row(*values: Any) -> Row:
    number, terminal, batch, operation, command, rc, at, original, answer, token = (
        values
    )
    return Row(
        id=number,
        key=(terminal, batch, operation),
        command=command,
        rc=rc,
        at=at,
        original_id=original,
        # What the house does by itself is answered to nobody.
        answer=Answer(rc=rc) if terminal.startswith(HOUSE) else _answer(answer),
        token=None if token is None else bytes(token),
    )


def _answer(text: str) -> Answer:
    return decode_answer(text.encode())


def judge(
    before: Mapping[Key, Asked],
    after: Mapping[Key, Asked],
    seen: Seen,
    keyring: Keyring,
) -> Verdict:
    """Compare the three witnesses.

    Args:
        before: the journals as the clients left them.
        after: the same, and what they were told when everything was asked again.
        seen: the ledger after that.
        keyring: what cards are called in the ledger.
    """
    verdict = Verdict(
        asked=len(before),
        acknowledged=sum(asked.approved for asked in before.values()),
        in_doubt=sum(asked.in_doubt for asked in before.values()),
        broken=list(seen.broken),
    )
    rows: dict[Key, list[Row]] = {}
    for row in seen.operations:
        rows.setdefault(row.key, []).append(row)
    _compare_journals(verdict, before, after, rows, keyring)
    _replay(verdict, after, seen, keyring)
    return verdict


def _compare_journals(
    verdict: Verdict,
    before: Mapping[Key, Asked],
    after: Mapping[Key, Asked],
    rows: Mapping[Key, list[Row]],
    keyring: Keyring,
) -> None:
    for key, asked in after.items():
        found = rows.get(key, [])
        if asked.in_doubt:
            verdict.unsettled.append(f"{asked.request!r}")
        if asked.stumbled:
            verdict.disagreements.append(f"{asked.request!r} was answered 96")
        if not asked.agrees:
            codes = [answer.rc for answer, _raw in asked.final]
            verdict.doubled.append(f"{asked.request!r} was answered {codes}")
        if len(found) > 1:
            verdict.doubled.append(f"{asked.request!r} is there {len(found)} times")
        promised = before[key].final if key in before else []
        for answer, _raw in promised[:1]:
            if (fault := _unlike(asked, answer, found, keyring)) and (
                answer.rc in ("00", "10") or found
            ):
                verdict.lost.append(f"{asked.request!r}: {fault}")
    for key, found in rows.items():
        # An operation that was taken back before it came, and never came, is buried.
        asked_by_us = key in after or found[0].command == BURIED
        if not asked_by_us and not key[0].startswith(HOUSE):
            verdict.doubled.append(f"{found[0].command} {key} was asked by nobody")


def _unlike(asked: Asked, told: Answer, found: list[Row], keyring: Keyring) -> str:
    """Say in what the ledger's row is not what was told; empty: in nothing."""
    if not found:
        return "is not there"
    (row, *_) = found
    if row.command == BURIED:
        return "" if told.rc == row.rc else f"told {told.rc}, kept {row.rc}"
    if row.command != asked.request.command:
        return f"is there as {row.command}"
    card = asked.request.card
    token = keyring.card_token("number", card.value) if card is not None else None
    if told.rc in ("00", "10") and token not in (None, row.token):
        return "is there with another card"
    kept = row.answer
    for name in ("rc", "amount", "amount_due", "tendered"):
        if getattr(told, name) != getattr(kept, name):
            return f"{name}: told {getattr(told, name)}, kept {getattr(kept, name)}"
    return ""


def _replay(
    verdict: Verdict, after: Mapping[Key, Asked], seen: Seen, keyring: Keyring
) -> None:
    """Feed the model with what was committed; compare every answer and every card."""
    model = Model(town.HOLDS)
    by_id: dict[int, Key] = {}
    on_file: dict[bytes, datetime] = {}
    for row in seen.operations:
        if row.token is not None:
            on_file.setdefault(row.token, row.at)
    for row in seen.operations:
        by_id[row.id] = row.key
        if row.command == EXPIRE:
            verdict.disagreements += _expire(model, by_id, row)
        elif row.key in after and row.command != BURIED:
            request = after[row.key].request
            model.file([request])
            card = request.card
            token = keyring.card_token("number", card.value) if card else b""
            if _came_too_early(row, on_file.get(token)):
                model.booked[row.key] = Booked(request, row.rc)
                continue
            verdict.disagreements += _compare(model.answer(request, row.at), row)
    verdict.disagreements += _compare_cards(model, seen, keyring)


def _came_too_early(row: Row, on_file: datetime | None) -> bool:
    """Tell whether a card was refused as unknown while it was being put on file.

    A card that is not on file cannot be locked: such a refusal, which moves nothing,
    may be decided before the card is sold and committed after it.
    """
    unknown = row.token is None and row.rc == UNKNOWN
    return unknown and on_file is not None and row.at < on_file + MEANWHILE


def _expire(model: Model, by_id: Mapping[int, Key], row: Row) -> Iterator[str]:
    hold = model.booked.get(by_id.get(row.original_id or 0, ("", 0, 0)))
    if hold is None or hold.hold != "open" or hold.ends is None or hold.ends > row.at:
        yield f"hold {row.original_id} was ended by the clock, not by the model"
        return
    model.expire_one(hold)


def _compare(want: Booked, row: Row) -> Iterator[str]:
    told = f"{row.command} {'/'.join(map(str, row.key))}"
    if want.rc != row.rc:
        yield f"{told}: answered {row.rc}, by the model {want.rc}"
    elif want.approved and row.command in PAYING:
        paid = sum(row.answer.tendered.values())
        if paid != want.taken * (-1 if row.command == "refund" else 1):
            yield f"{told}: {paid} from the card, by the model {want.taken}"


def _compare_cards(model: Model, seen: Seen, keyring: Keyring) -> Iterator[str]:
    for number, card in model.cards.items():
        token = keyring.card_token("number", number)
        found = seen.cards.get(token, ("new", 0, 0))
        want = (card.state, card.balance, card.held)
        if found != want:
            yield f"card ****{number[-4:]} has {found}, by the model {want}"


def codes(asked: Mapping[Key, Asked]) -> Counter[str]:
    """Count the answers of journals by their code; '' is no answer yet."""
    return Counter(a.final[0][0].rc if a.final else "" for a in asked.values())
