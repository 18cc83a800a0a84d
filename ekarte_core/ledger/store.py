"""Reading and locking cards, and writing their state back. Lent cursor, no commit."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, Literal

import msgspec

from ekarte_core.ledger.arrays import digests, integers, moments, words
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.statements import Call, run, send
from ekarte_core.parser import Parser
from ekarte_core.rules.credit import Statement
from ekarte_core.rules.identity import Identity
from ekarte_core.rules.plan import Decision, Original, SaleLine
from ekarte_core.rules.purses import (
    CREDIT,
    ITEM,
    VOUCHER,
    Lot,
    Purse,
    PurseKey,
    Undone,
)

# A parameter, the attribute that it is a column of, and how it is written.
ColumnOf = tuple[str, str, Callable[[Sequence[Any]], str]]
Key = tuple[str, int, int]  # terminal, batch, operation number

_decisions = Parser(Decision)

# Columns of query `originals` after place, answer and decision.
_ORIGINAL = (
    "id",
    "command",
    "rc",
    "card_id",
    "issuer",
    "amount",
    "discount",
    "amount_due",
    "hold",
    "hold_expires_at",
    "hold_how",
    "hold_ended_by",
    "reversed",
    "restored",
    "refunded",
    "refunded_discount",
    "original_id",
    "other_card_id",
    "network_version",
    "at",
)


class VoucherRow(msgspec.Struct, frozen=True):
    """What a voucher's code stands for."""

    code: str
    program: str
    kind: Literal["money", "goods"]
    value: int
    product: str
    valid_until: datetime | None


class CardRow(msgspec.Struct, kw_only=True):
    """A card locked by this transaction, or only read. `touched`: to be written.

    `account` is the card whose purses it uses, itself as a rule; purses, statements
    and vouchers are those of the account only.
    """

    id: int
    token: bytes
    kind: str
    first6: str
    last4: str
    state: str
    access_code: bytes | None
    access_tries: int
    account_id: int = 0
    registered_at: datetime | None = None
    facts: frozenset[str] = frozenset()
    noted: Sequence[str] = ()  # card types that admitted its number
    stop_key: int = 0  # what its stop token was made with; 0: it has none
    purses: dict[PurseKey, Purse] = {}
    card_types: set[str] = set()
    statements: tuple[Statement, ...] = ()
    vouchers: dict[str, VoucherRow] = {}
    shared: bool = False  # looked up only where it matters
    heir: bool = False  # took its account over; looked up only for who leaves
    touched: bool = False
    moved: set[PurseKey] = set()
    opened: list[tuple[int, Purse]] = []  # card id and purse, not written yet
    opened_lots: list[tuple[int, Lot]] = []  # purse id and lot
    account: "CardRow | None" = None  # None: not locked, the card is busy

    @property
    def facts_text(self) -> str:
        """What is known of the holder, as it is written."""
        return ",".join(sorted(self.facts))

    @property
    def masked(self) -> str:
        """The number as people may see it."""
        return f"{self.first6}******{self.last4}"


class KnownKey(msgspec.Struct, frozen=True):
    """What the ledger knows of an operation key."""

    digest: bytes | None  # None: not used yet
    answer: str
    rc: str
    command: str
    amount: int
    card_id: int | None
    closed: bool

    @property
    def buried(self) -> bool:
        """Reversed before it came: the key is taken, it is refused."""
        return self.command == "buried"


def card_ids(cr: Cursor, tokens: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of known tokens; locks nothing."""
    if not tokens:
        return {}
    run(cr, "cards_by_token", {"tokens": digests(tokens)})
    return {bytes(token): card_id for card_id, token in cr.fetchall()}


def existing_ids(cr: Cursor, ids: Iterable[int]) -> set[int]:
    """Return which of these card ids exist; locks nothing."""
    run(cr, "cards_by_id", {"ids": integers(ids)})
    return {row[0] for row in cr.fetchall()}


def card_ids_of_keys(
    cr: Cursor, keys: Sequence[Key]
) -> list[tuple[int | None, int | None]]:
    """Return for each operation key its card and its second card, else None."""
    found: list[tuple[int | None, int | None]] = [(None, None)] * len(keys)
    if keys:
        run(cr, "cards_of_keys", _key_arrays(keys))
        for place, card_id, other_id in cr.fetchall():
            found[place - 1] = (card_id, other_id)
    return found


class NewCard(msgspec.Struct, frozen=True):
    """An identifier about to be put on file; the sealed stop token of its kinds."""

    identity: Identity
    stop_token: bytes | None


def add_cards(
    cr: Cursor,
    cards: dict[bytes, NewCard],
    keys: tuple[int, int],
    now: datetime,
    *,
    wait: bool,
) -> None:
    """Add identifiers in state new; sorted, so that rivals never deadlock.

    `keys`: ids of the keys that made the tokens and the stop tokens. With `wait` false,
    those that another transaction is adding are left out.
    """
    query = "claim_tokens_waiting" if wait else "claim_tokens"
    run(cr, query, {"tokens": digests(sorted(cards))})
    rows = [bytes(token) for (token,) in cr.fetchall()]
    identities = [cards[token].identity for token in rows]
    run(
        cr,
        "add_cards",
        {
            "tokens": digests(rows),
            "kinds": words([identity.kind for identity in identities]),
            "first6": words([identity.first6 for identity in identities]),
            "last4": words([identity.last4 for identity in identities]),
            "token_key": keys[0],
            "stop_tokens": digests(cards[token].stop_token for token in rows),
            "stop_key": keys[1],
            "now": now,
        },
    )


def lock_cards(
    cr: Cursor, ids: Iterable[int], tokens: Iterable[bytes] = (), *, wait: bool
) -> dict[int, CardRow]:
    """Lock cards in sorted order, by id or token.

    With `wait` false, cards that another transaction holds locked are left out.
    This is the only place where the ledger takes row locks.
    """
    wanted = {"ids": integers(ids), "tokens": digests(tokens)}
    if wanted["ids"] == wanted["tokens"] == "{}":
        return {}
    run(cr, "lock_cards" if wait else "lock_free_cards", wanted)
    return _card_rows(cr)


def read_cards(
    cr: Cursor, ids: Iterable[int], tokens: Iterable[bytes] = ()
) -> dict[int, CardRow]:
    """Read cards, by id or token, to be looked at only; locks nothing."""
    wanted = {"ids": integers(ids), "tokens": digests(tokens)}
    if wanted["ids"] == wanted["tokens"] == "{}":
        return {}
    run(cr, "read_cards", wanted)
    return _card_rows(cr)


def note_types(cr: Cursor, ids: Sequence[int], types: Sequence[str]) -> None:
    """Note which card types admit the numbers of locked cards."""
    send(cr, [("note_types", {"ids": list(ids), "types": ",".join(types)})])


def _card_rows(cr: Cursor) -> dict[int, CardRow]:
    cards = {
        row[0]: CardRow(
            id=row[0],
            token=bytes(row[1]),
            kind=row[2],
            first6=row[3],
            last4=row[4],
            state=row[5],
            access_code=None if row[6] is None else bytes(row[6]),
            access_tries=row[7],
            card_types=set(row[8]),
            account_id=row[9],
            registered_at=row[10],
            facts=frozenset(row[11]),
            noted=row[12],
            stop_key=row[13],
        )
        for row in cr.fetchall()
    }
    for card in cards.values():
        card.account = cards.get(card.account_id)
    return cards


def share_batches(cr: Cursor, batches: Iterable[tuple[str, int]]) -> None:
    """Keep these batches open until the transaction ends; a close waits for it."""
    wanted = sorted(set(batches))
    if wanted:
        terminals, numbers = zip(*wanted, strict=True)
        values = {"terminals": words(terminals), "batches": integers(numbers)}
        send(cr, [("share_batches", values)])


def own_batch(cr: Cursor, terminal: str, batch: int) -> None:
    """Wait until nobody else works in a batch, and keep others out."""
    run(cr, "own_batch", {"terminal": terminal, "batch": batch})


def read_rights(cr: Cursor, cards: Iterable[CardRow]) -> None:
    """Read statements and vouchers of the accounts that have such purses."""
    accounts = {card.id: card for card in cards}
    owing = [
        c.id for c in accounts.values() if any(_owes(p) for p in c.purses.values())
    ]
    if owing:
        run(cr, "statements_of", {"ids": integers(owing)})
        for card_id, program, due_on, amount, paid in cr.fetchall():
            accounts[card_id].statements += (
                Statement(program=program, due_on=due_on, amount=amount, paid=paid),
            )
    # A voucher that was moved has left an empty purse behind.
    holders: dict[str, list[CardRow]] = {}
    for card in accounts.values():
        for purse in card.purses.values():
            if purse.unit in (VOUCHER, ITEM):
                holders.setdefault(purse.goods_group, []).append(card)
    if holders:
        run(cr, "vouchers_of", {"codes": words(list(holders))})
        for row in cr.fetchall():
            for card in holders[row[0]]:
                card.vouchers[row[0]] = VoucherRow(*row)


def _owes(purse: Purse) -> bool:
    return purse.unit == CREDIT and purse.posted < 0


def mark_shared(cr: Cursor, cards: Iterable[CardRow]) -> None:
    """Mark the cards whose account other cards use too."""
    known = {card.id: card for card in cards}
    if known:
        run(cr, "shared_accounts", {"ids": integers(known)})
        for (card_id,) in cr.fetchall():
            known[card_id].shared = True


def mark_heirs(cr: Cursor, cards: Iterable[CardRow]) -> None:
    """Mark the cards that stand for the card whose account they use."""
    known = {card.id: card for card in cards if card.account_id != card.id}
    if known:
        run(cr, "heirs", {"ids": integers(known)})
        for (card_id,) in cr.fetchall():
            known[card_id].heir = True


def known_keys(cr: Cursor, keys: Sequence[Key]) -> list[KnownKey]:
    """Return what is known of each key, in order."""
    if not keys:
        return []
    run(cr, "known_keys", _key_arrays(keys))
    found: dict[int, KnownKey] = {}
    for place, digest, *known in cr.fetchall():
        found[place] = KnownKey(None if digest is None else bytes(digest), *known)
    return [found[place] for place in range(1, len(keys) + 1)]


def originals(cr: Cursor, keys: Sequence[Key]) -> list[tuple[Original, str] | None]:
    """Return for each key the operation with its answer, or None.

    An authorization that was captured stands for its confirmation in refunds.
    """
    found: list[tuple[Original, str] | None] = [None] * len(keys)
    if not keys:
        return found
    run(cr, "originals", _key_arrays(keys))
    for place, answer, decision, *fields in cr.fetchall():
        original = Original(
            decision=_decisions.from_json(decision),
            **dict(zip(_ORIGINAL, fields, strict=True)),
        )
        found[place - 1] = (original, answer)
    return found


def key_of(cr: Cursor, operation_id: int) -> Key:
    """Return the key of an operation."""
    run(cr, "key_of_operation", {"id": operation_id})
    terminal, batch, number = cr.fetchone()
    return terminal, batch, number


def moves_of(cr: Cursor, operation_id: int) -> tuple[Undone, ...]:
    """Return the purse moves of an operation."""
    run(cr, "entries_of_operation", {"id": operation_id})
    return tuple(Undone(*row) for row in cr.fetchall())


def refunded_groups(cr: Cursor, operation_id: int) -> dict[str, tuple[int, int]]:
    """Return what refunds took back of a purchase: {group: (gross, discount)}."""
    run(cr, "refunded_groups", {"id": operation_id})
    return {group: (gross, discount) for group, gross, discount in cr.fetchall()}


def sale_lines(cr: Cursor, operation_id: int) -> tuple[SaleLine, ...]:
    """Return the accounting rows of an operation."""
    run(cr, "sale_lines_of_operation", {"id": operation_id})
    return tuple(
        SaleLine(
            group=group,
            tax_rate_bp=tax,
            gross=gross,
            discount=discount,
            bonus=bonus,
            tendered=tendered,
        )
        for group, tax, gross, discount, bonus, tendered in cr.fetchall()
    )


def batch_totals(cr: Cursor, terminal: str, batch: int) -> dict[str, tuple[int, int]]:
    """Return {command: (count, sum of amounts)} of a batch's approved operations."""
    run(cr, "batch_totals", {"terminal": terminal, "batch": batch})
    return {command: (count, amount) for command, count, amount in cr.fetchall()}


def open_purses(cr: Cursor, cards: Iterable[CardRow], ids: OperationIds) -> None:
    """Give an id to every purse and lot that a rule has opened."""
    moved = [(card, card.purses[key]) for card in cards for key in sorted(card.moved)]
    new = [(card, purse) for card, purse in moved if not purse.id]
    if new:
        numbers = ids.purses.take(cr, len(new))
        for card, purse in new:
            purse.id = next(numbers)
            card.opened.append((card.id, purse))
    lots = [
        (card, purse, lot) for card, purse in moved for lot in purse.lots if not lot.id
    ]
    if lots:
        numbers = ids.lots.take(cr, len(lots))
        for card, purse, lot in lots:
            lot.id = next(numbers)
            card.opened_lots.append((purse.id, lot))


def card_updates(cards: Iterable[CardRow], now: datetime) -> list[Call]:
    """Return the statements that write back purses that moved and changed cards.

    Updates stand first: on a lent REPEATABLE READ cursor they are what notices that the
    snapshot is too old (40001), before an insert trips over a rival's row.
    """
    cards = list(cards)
    found: list[Call] = []
    opened = [row for card in cards for row in card.opened]
    new = {purse.id for _card_id, purse in opened}
    purses = [card.purses[key] for card in cards for key in sorted(card.moved)]
    old = [purse for purse in purses if purse.id not in new]
    if old:
        found.append(("update_purses", columns(old, _PURSE)))
    opened_lots = [row for card in cards for row in card.opened_lots]
    new_lots = {lot.id for _purse_id, lot in opened_lots}
    lots = [lot for purse in purses for lot in purse.lots if lot.moved]
    old_lots = [lot for lot in lots if lot.id not in new_lots]
    if old_lots:
        found.append(("update_lots", columns(old_lots, _LOT)))
    touched = [card for card in cards if card.touched]
    if touched:
        values = columns(touched, _CARD_UPDATE)
        found.append(("update_cards", {**values, "now": now}))
    if opened:
        values = columns([purse for _card_id, purse in opened], _PURSE + _NEW_PURSE)
        values["cards"] = integers(card_id for card_id, _purse in opened)
        found.append(("add_purses", values))
    if opened_lots:
        values = columns([lot for _purse_id, lot in opened_lots], _LOT + _NEW_LOT)
        values["purses"] = integers(purse_id for purse_id, _lot in opened_lots)
        found.append(("add_lots", values))
    return found


def columns(rows: Sequence[Any], names: Sequence[ColumnOf]) -> dict[str, str]:
    """Return the values of a statement: one array for each attribute of the rows."""
    assert len(names) > 1  # of one attribute the getter makes no tuples
    taken = zip(*map(attrgetter(*[name for _, name, _ in names]), rows), strict=True)
    return {
        plural: array(column)
        for (plural, _, array), column in zip(names, taken, strict=True)
    }


_PURSE: tuple[ColumnOf, ...] = (
    ("ids", "id", integers),
    ("posted", "posted", integers),
    ("held", "held", integers),
    ("credit_limits", "credit_limit", integers),
    ("carry", "carry", integers),
    ("versions", "version", integers),
    ("period_starts", "period_start", moments),
    ("valid_untils", "next_end", moments),
    ("last_ats", "last_at", moments),
    ("day_counts", "day_count", integers),
)
_LOT: tuple[ColumnOf, ...] = (
    ("ids", "id", integers),
    ("issued", "issued", integers),
    ("posted", "posted", integers),
    ("held", "held", integers),
    ("carry", "carry", integers),
)
_NEW_PURSE: tuple[ColumnOf, ...] = (
    ("programs", "program", words),
    ("issuers", "issuer", words),
    ("units", "unit", words),
    ("groups", "goods_group", words),
)
_NEW_LOT: tuple[ColumnOf, ...] = (("ends", "valid_until", moments),)
_CARD_UPDATE: tuple[ColumnOf, ...] = (
    ("ids", "id", integers),
    ("states", "state", words),
    ("codes", "access_code", digests),
    ("tries", "access_tries", integers),
    ("accounts", "account_id", integers),
    ("facts", "facts_text", words),
    ("registered", "registered_at", moments),
)


def _key_arrays(keys: Sequence[Key]) -> dict[str, str]:
    return {
        "terminals": words([terminal for terminal, _, _ in keys]),
        "batches": integers(batch for _, batch, _ in keys),
        "numbers": integers(number for _, _, number in keys),
    }
