"""Reading and locking cards, and writing their state back. Lent cursor, no commit."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.rules.identity import Identity
from ekarte_core.rules.plan import Decision, Original, SaleLine
from ekarte_core.rules.purses import Lot, Purse, PurseKey, Undone

Key = tuple[str, int, int]  # terminal, batch, operation number

_decision = msgspec.json.Decoder(Decision)

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
    "refunded",
    "refunded_discount",
    "original_id",
)


class CardRow(msgspec.Struct, kw_only=True):
    """A card locked by this transaction, with its purses. `touched`: to be written."""

    id: int
    token: bytes
    kind: str
    first6: str
    last4: str
    state: str
    access_code: bytes | None
    access_tries: int
    purses: dict[PurseKey, Purse] = {}
    card_types: set[str] = set()
    touched: bool = False
    moved: set[PurseKey] = set()

    @property
    def masked(self) -> str:
        """The number as people may see it."""
        return f"{self.first6}******{self.last4}"


class KnownKey(msgspec.Struct, frozen=True):
    """What the ledger knows of an operation key."""

    digest: bytes | None  # None: not used yet
    answer: str
    rc: str
    buried: bool  # reversed before it came: the key is taken, it is refused
    closed: bool


def card_ids(cr: Cursor, tokens: Sequence[bytes]) -> dict[bytes, int]:
    """Return the ids of known tokens; locks nothing."""
    if not tokens:
        return {}
    cr.execute(SQL["cards_by_token"], {"tokens": list(tokens)})
    return {bytes(token): card_id for card_id, token in cr.fetchall()}


def existing_ids(cr: Cursor, ids: Iterable[int]) -> set[int]:
    """Return which of these card ids exist; locks nothing."""
    cr.execute(SQL["cards_by_id"], {"ids": list(ids)})
    return {row[0] for row in cr.fetchall()}


def card_ids_of_keys(cr: Cursor, keys: Sequence[Key]) -> list[int | None]:
    """Return for each operation key the card it was made with, else None."""
    found: list[int | None] = [None] * len(keys)
    if keys:
        cr.execute(SQL["cards_of_keys"], _key_arrays(keys))
        for place, card_id in cr.fetchall():
            found[place - 1] = card_id
    return found


def add_cards(
    cr: Cursor,
    cards: dict[bytes, Identity],
    token_key: int,
    now: datetime,
    *,
    wait: bool,
) -> None:
    """Add identifiers in state new; sorted, so that rivals never deadlock.

    With `wait` false, those that another transaction is adding are left out.
    """
    query = SQL["claim_tokens_waiting" if wait else "claim_tokens"]
    cr.execute(query, {"tokens": sorted(cards)})
    rows = [(bytes(token), cards[bytes(token)]) for (token,) in cr.fetchall()]
    cr.execute(
        SQL["add_cards"],
        {
            "tokens": [token for token, _ in rows],
            "kinds": [identity.kind for _, identity in rows],
            "first6": [identity.first6 for _, identity in rows],
            "last4": [identity.last4 for _, identity in rows],
            "token_key": token_key,
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
    wanted = {"ids": list(ids), "tokens": list(tokens)}
    if not (wanted["ids"] or wanted["tokens"]):
        return {}
    cr.execute(SQL["lock_cards" if wait else "lock_free_cards"], wanted)
    return {
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
        )
        for row in cr.fetchall()
    }


def share_batches(cr: Cursor, batches: Iterable[tuple[str, int]]) -> None:
    """Keep these batches open until the transaction ends; a close waits for it."""
    wanted = sorted(set(batches))
    if wanted:
        terminals, numbers = zip(*wanted, strict=True)
        cr.execute(
            SQL["share_batches"],
            {"terminals": list(terminals), "batches": list(numbers)},
        )


def own_batch(cr: Cursor, terminal: str, batch: int) -> None:
    """Wait until nobody else works in a batch, and keep others out."""
    cr.execute(SQL["own_batch"], {"terminal": terminal, "batch": batch})


def read_purses(cr: Cursor, cards: dict[int, CardRow]) -> None:
    """Read the purses of locked cards, with their lots."""
    if not cards:
        return
    cr.execute(SQL["purses"], {"ids": list(cards)})
    purses: dict[int, Purse] = {}
    for row in cr.fetchall():
        purse = purses.get(row[1])
        if purse is None:
            purse = purses[row[1]] = Purse(
                id=row[1],
                program=row[2],
                issuer=row[3],
                unit=row[4],
                goods_group=row[5],
                posted=row[6],
                held=row[7],
                credit_limit=row[8],
                carry=row[9],
                version=row[10],
                period_start=row[11],
            )
            cards[row[0]].purses[purse.key] = purse
        if row[12] is not None:
            purse.lots.append(
                Lot(
                    id=row[12],
                    valid_until=row[13],
                    issued=row[14],
                    posted=row[15],
                    held=row[16],
                    carry=row[17],
                )
            )


def known_keys(cr: Cursor, keys: Sequence[Key]) -> list[KnownKey]:
    """Return what is known of each key, in order."""
    if not keys:
        return []
    cr.execute(SQL["known_keys"], _key_arrays(keys))
    found: dict[int, KnownKey] = {}
    for place, digest, answer, rc, buried, closed in cr.fetchall():
        found[place] = KnownKey(
            None if digest is None else bytes(digest), answer, rc, buried, closed
        )
    return [found[place] for place in range(1, len(keys) + 1)]


def originals(cr: Cursor, keys: Sequence[Key]) -> list[tuple[Original, str] | None]:
    """Return for each key the operation with its answer, or None.

    An authorization that was captured stands for its confirmation in refunds: see
    `captured_by` of the second look-up in `service`.
    """
    found: list[tuple[Original, str] | None] = [None] * len(keys)
    if not keys:
        return found
    cr.execute(SQL["originals"], _key_arrays(keys))
    for place, answer, decision, *fields in cr.fetchall():
        original = Original(
            decision=_decision.decode(decision),
            **dict(zip(_ORIGINAL, fields, strict=True)),
        )
        found[place - 1] = (original, answer)
    return found


def key_of(cr: Cursor, operation_id: int) -> Key:
    """Return the key of an operation."""
    cr.execute(SQL["key_of_operation"], {"id": operation_id})
    terminal, batch, number = cr.fetchone()
    return terminal, batch, number


def moves_of(cr: Cursor, operation_id: int) -> tuple[Undone, ...]:
    """Return the purse moves of an operation."""
    cr.execute(SQL["entries_of_operation"], {"id": operation_id})
    return tuple(Undone(*row) for row in cr.fetchall())


def refunded_groups(cr: Cursor, operation_id: int) -> dict[str, tuple[int, int]]:
    """Return what refunds took back of a purchase: {group: (gross, discount)}."""
    cr.execute(SQL["refunded_groups"], {"id": operation_id})
    return {group: (gross, discount) for group, gross, discount in cr.fetchall()}


def sale_lines(cr: Cursor, operation_id: int) -> tuple[SaleLine, ...]:
    """Return the accounting rows of an operation."""
    cr.execute(SQL["sale_lines_of_operation"], {"id": operation_id})
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
    cr.execute(SQL["batch_totals"], {"terminal": terminal, "batch": batch})
    return {command: (count, amount) for command, count, amount in cr.fetchall()}


class OperationIds:
    """Operation ids, fetched in blocks; gaps after a roll-back are harmless."""

    def __init__(self, block: int) -> None:
        """Fetch at least `block` ids at a time."""
        self._block = block
        self._ids: list[int] = []

    def take(self, cr: Cursor, count: int) -> Iterator[int]:
        """Return `count` fresh ids, rising."""
        if len(self._ids) < count:
            cr.execute(SQL["next_operation_ids"], {"count": max(count, self._block)})
            self._ids = [row[0] for row in cr.fetchall()]
        taken, self._ids = self._ids[:count], self._ids[count:]
        return iter(taken)


def open_purses(cr: Cursor, cards: Iterable[CardRow]) -> None:
    """Give an id to every purse and lot that a rule has opened."""
    moved = [
        (card.id, card.purses[key]) for card in cards for key in sorted(card.moved)
    ]
    new = [(card_id, purse) for card_id, purse in moved if not purse.id]
    if new:
        cr.execute(
            SQL["add_purses"],
            {
                "cards": [card_id for card_id, _ in new],
                "programs": [purse.program for _, purse in new],
                "issuers": [purse.issuer for _, purse in new],
                "units": [purse.unit for _, purse in new],
                "groups": [purse.goods_group for _, purse in new],
            },
        )
        ids = {(row[0], (row[1], row[2], row[3])): row[4] for row in cr.fetchall()}
        for card_id, purse in new:
            purse.id = ids[card_id, purse.key]
    _open_lots(cr, [purse for _, purse in moved])


def _open_lots(cr: Cursor, purses: Iterable[Purse]) -> None:
    new = [(purse, lot) for purse in purses for lot in purse.lots if not lot.id]
    if not new:
        return
    cr.execute(
        SQL["add_lots"],
        {
            "purses": [purse.id for purse, _ in new],
            "ends": [lot.valid_until for _, lot in new],
        },
    )
    ids = {(row[0], row[1]): row[2] for row in cr.fetchall()}
    for purse, lot in new:
        lot.id = ids[purse.id, lot.valid_until]


def card_updates(cr: Cursor, cards: Iterable[CardRow], now: datetime) -> list[bytes]:
    """Return the statements that write back purses that moved and changed cards."""
    cards = list(cards)
    found = []
    purses = [card.purses[key] for card in cards for key in sorted(card.moved)]
    if purses:
        columns = {
            plural: [getattr(purse, name) for purse in purses]
            for plural, name in _PURSE_UPDATE
        }
        found.append(cr.mogrify(SQL["update_purses"], columns))
    lots = [lot for purse in purses for lot in purse.lots if lot.moved]
    if lots:
        columns = {
            plural: [getattr(lot, name) for lot in lots] for plural, name in _LOT_UPDATE
        }
        found.append(cr.mogrify(SQL["update_lots"], columns))
    touched = [card for card in cards if card.touched]
    if touched:
        columns = {
            "ids": [card.id for card in touched],
            "states": [card.state for card in touched],
            "codes": [card.access_code for card in touched],
            "tries": [card.access_tries for card in touched],
        }
        found.append(cr.mogrify(SQL["update_cards"], {**columns, "now": now}))
    return found


_PURSE_UPDATE = (
    ("ids", "id"),
    ("posted", "posted"),
    ("held", "held"),
    ("carry", "carry"),
    ("versions", "version"),
    ("period_starts", "period_start"),
    ("valid_untils", "next_end"),
)
_LOT_UPDATE = (
    ("ids", "id"),
    ("issued", "issued"),
    ("posted", "posted"),
    ("held", "held"),
    ("carry", "carry"),
)


def _key_arrays(keys: Sequence[Key]) -> dict[str, list[Any]]:
    return {
        "terminals": [terminal for terminal, _, _ in keys],
        "batches": [batch for _, batch, _ in keys],
        "numbers": [number for _, _, number in keys],
    }
