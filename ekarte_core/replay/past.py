"""What has been booked, read back as requests that can be asked again."""

import heapq
import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.parser import Parser
from ekarte_core.rules.plan import Decision
from ekarte_core.values import Answer, Line, Original, Request
from ekarte_core.wire import decode_answer

_decisions = Parser(Decision)


class PastOperation(msgspec.Struct, kw_only=True):
    """One booked operation as the ledger keeps it."""

    id: int
    at: datetime
    terminal: str
    batch: int
    number: int
    command: str
    rc: str
    card_id: int
    other_card_id: int | None
    branch: str
    issuer: str
    currency: str
    amount: int
    discount: int
    amount_due: int
    original_id: int | None
    network_version: int
    reference: str
    decision: str
    answer: str
    codes: list[str]
    due_on: date | None  # of a statement
    billed: int | None
    newly_billed: int | None
    program: str | None
    purses: list[int] | None  # whose versions say in which order things happened
    versions: list[int] | None

    @property
    def decided(self) -> Decision:
        """What was decided."""
        return _decisions.from_json(self.decision)

    @property
    def said(self) -> Answer:
        """What was answered; nothing to what the clock did."""
        return decode_answer(self.answer) if self.answer != "{}" else Answer(rc="00")


class CardPast(msgspec.Struct, frozen=True):
    """What a card is, whatever was booked on it."""

    id: int
    kind: str
    first6: str
    last4: str
    registered_at: datetime


def operations(
    cr: Cursor, cards: Sequence[int], until: datetime
) -> list[PastOperation]:
    """Return all that was booked on these cards before a moment, in order."""
    cr.execute(SQL["replay_operations"], {"cards": list(cards), "until": until})
    names = PastOperation.__struct_fields__
    return in_order(
        [PastOperation(**dict(zip(names, row, strict=True))) for row in cr.fetchall()]
    )


def in_order(past: list[PastOperation]) -> list[PastOperation]:
    """Sort operations as they happened.

    Moments come from the clocks of several gateways, and who waits for a card took his
    before he got it; what is certain is the order of each purse's versions, and that
    an operation comes after the one it refers to.
    """
    rows = {one.id: one for one in past}
    after: dict[int, set[int]] = {one.id: set() for one in past}
    moves: dict[int, list[tuple[int, int]]] = {}
    for one in past:
        if one.original_id in rows:
            after[one.id].add(one.original_id)
        for purse, version in zip(one.purses or (), one.versions or (), strict=True):
            moves.setdefault(purse, []).append((version, one.id))
    for chain in moves.values():
        ids = [number for _version, number in sorted(chain)]
        for earlier, later in itertools.pairwise(ids):
            if earlier != later:
                after[later].add(earlier)
    return [rows[number] for number in _sorted(rows, after)]


def _sorted(
    rows: dict[int, PastOperation], after: dict[int, set[int]]
) -> Iterator[int]:
    """Yield ids so that each comes after those it must, else by moment and id."""
    waiting = {number: len(before) for number, before in after.items()}
    followers: dict[int, list[int]] = {}
    for number, before in after.items():
        for earlier in before:
            followers.setdefault(earlier, []).append(number)
    ready = [(rows[n].at, n) for n, count in waiting.items() if not count]
    heapq.heapify(ready)
    while ready:
        _at, number = heapq.heappop(ready)
        yield number
        for follower in followers.get(number, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                heapq.heappush(ready, (rows[follower].at, follower))


def cards(cr: Cursor, ids: Sequence[int]) -> list[CardPast]:
    """Return the cards with these ids."""
    cr.execute(SQL["replay_card_rows"], {"cards": list(ids)})
    return [CardPast(*row) for row in cr.fetchall()]


def memberships(
    cr: Cursor, ids: Sequence[int]
) -> dict[int, list[tuple[str, datetime]]]:
    """Return for each card its card types and since when."""
    cr.execute(SQL["replay_memberships"], {"cards": list(ids)})
    found: dict[int, list[tuple[str, datetime]]] = {}
    for card_id, card_type, since in cr.fetchall():
        found.setdefault(card_id, []).append((card_type, since))
    return found


def families(cr: Cursor, since: datetime, until: datetime) -> Iterator[list[int]]:
    """Yield groups of cards that acted together, with those that acted in the span.

    A card that never met another is a group of its own.
    """
    cr.execute(SQL["replay_cards"], {"since": since, "until": until})
    wanted = [row[0] for row in cr.fetchall()]
    cr.execute(SQL["replay_links"])
    head: dict[int, int] = {}

    def head_of(card: int) -> int:
        while head.get(card, card) != card:
            card = head[card]
        return card

    for one, other in cr.fetchall():
        head[head_of(one)] = head_of(other)
    groups: dict[int, set[int]] = {}
    for card in {*wanted, *head, *head.values()}:
        groups.setdefault(head_of(card), set()).add(card)
    for first in dict.fromkeys(head_of(card) for card in wanted):
        yield sorted(groups[first])


def request_of(past: PastOperation, original: PastOperation | None) -> Request:
    """Return the request that an operation answered, without number and code."""
    decided = past.decided
    asked = decided.asked
    lines = asked.lines or tuple(
        Line(group=line.group, amount=line.gross)
        for line in decided.lines
        if not asked.alone
    )
    only = len(lines) == 1 and not lines[0].group and not asked.lines
    return Request(
        command=past.command if asked.offline is None else "advice",  # type: ignore[arg-type]  # the ledger keeps it as text; it was a command when booked
        terminal=past.terminal,
        batch=past.batch,
        operation=past.number,
        amount=None if asked.alone or (lines and not only) else past.amount,
        currency=past.currency,
        lines=() if only else lines,
        tender=asked.tender,
        partial=asked.partial,
        program=asked.program,
        reason=asked.reason,  # type: ignore[arg-type]  # it was one when booked
        last_day=asked.last_day,
        consents=asked.consents,
        no_discount=asked.no_discount,
        offline=asked.offline,
        local_time=asked.moment,
        original=None
        if original is None
        else Original(
            batch=original.batch,
            operation=original.number,
            terminal=original.terminal,
        ),
        reference=past.reference,
        slip="none",
    )
