"""Identifiers on file: who keeps no numbers speaks of a card by its ledger id.

A card on file in state `new` is no card yet: it is what a refused first purchase leaves
behind. Which card types admit its number is noted with it, because from the id alone
nobody could tell; whoever has the number before him notes it again.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.statements import send
from ekarte_core.network.compiled import Network
from ekarte_core.rules.identity import Identity, identify
from ekarte_core.service import rotating
from ekarte_core.service.locking import register
from ekarte_core.values import CardRef


class NotedCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card on file: its ledger id, and what people may see of its number.

    `types`: codes of the card types that admit its number; known to `note_cards` only.
    """

    id: int
    masked: str
    state: str
    kind: str
    types: tuple[str, ...] = ()


def note_card(
    cr: Cursor, network: Network, keyring: Keyring, card: CardRef, now: datetime
) -> NotedCard | None:
    """Put an identifier on file, without making it a card; safe to repeat.

    On a lent cursor, which it does not commit. Returns None where no card type of any
    issuer admits it.

    Raises:
        psycopg2 errors, serialization failures among them: the caller retries.
    """
    identity = identify(card)
    if identity is None:
        return None
    admitted = network.admitting(identity)
    tokens = keyring.card_tokens(identity.kind, identity.number)
    row = _on_file(cr, tokens)
    if not admitted and (row is None or row.state == "new"):
        return None
    if row is None:
        wanted = {rotating.current(tokens): tokens}
        fresh = dict.fromkeys(wanted, identity)
        register(cr, fresh, wanted, keyring, now, wait=True)
        row = _on_file(cr, tokens)
        assert row is not None, "a rival who was quicker has committed by now"
    if row.token != rotating.current(tokens):  # shown here, perhaps never again
        cards = store.lock_cards(cr, [row.id], wait=True)
        rotating.renew_tokens(cr, keyring, cards.values(), [tokens])
        rotating.renew_stop_tokens(cr, keyring, [(cards.get(row.id), identity)])
        send(cr, store.card_updates(cards.values(), now))
    types = sorted(kind.code for kind in admitted)
    if types != sorted(row.noted):
        store.lock_cards(cr, [row.id], wait=True)
        store.note_types(cr, [row.id], types)
    return _noted(row)


def note_cards(
    cr: Cursor,
    network: Network,
    keyring: Keyring,
    cards: Sequence[CardRef],
    now: datetime,
) -> list[NotedCard | None]:
    """Put many identifiers on file, as `note_card` does; at most some hundred.

    Returns one for each, in their order; None where no card type admits it.
    """
    found: dict[bytes, tuple[Identity, rotating.Tokens, tuple[str, ...]]] = {}
    places: list[bytes] = []
    for card in cards:
        identity = identify(card)
        types = _types_of(identity, network)
        if identity is None or not types:
            places.append(b"")
            continue
        tokens = keyring.card_tokens(identity.kind, identity.number)
        places.append(rotating.current(tokens))
        found[places[-1]] = (identity, tokens, types)
    rows = _rows_of(cr, keyring, found, now)
    noted = {}
    for token, (_identity, _tokens, types) in found.items():
        noted[token] = msgspec.structs.replace(_noted(rows[token]), types=types)
    return [noted.get(place) for place in places]


def _types_of(identity: Identity | None, network: Network) -> tuple[str, ...]:
    admitted = network.admitting(identity) if identity is not None else ()
    return tuple(sorted(kind.code for kind in admitted))


def _rows_of(
    cr: Cursor,
    keyring: Keyring,
    found: Mapping[bytes, tuple[Identity, rotating.Tokens, tuple[str, ...]]],
    now: datetime,
) -> dict[bytes, store.CardRow]:
    """Return the locked rows of identities, those that are new put on file."""
    tokens = {token: one[1] for token, one in found.items()}
    every = [value for one in tokens.values() for value in one.values()]
    known = rotating.by_current(
        store.read_cards(cr, (), every).values(), tokens.values()
    )
    fresh = {token: one[0] for token, one in found.items() if token not in known}
    if fresh:
        register(cr, fresh, tokens, keyring, now, wait=True)
    cards = store.lock_cards(cr, (), every, wait=True)
    rows = rotating.renew_tokens(cr, keyring, cards.values(), tokens.values())
    seen = [(rows.get(token), one[0]) for token, one in found.items()]
    rotating.renew_stop_tokens(cr, keyring, seen)
    send(cr, store.card_updates(cards.values(), now))
    by_types: dict[tuple[str, ...], list[int]] = {}
    for token, (_identity, _tokens, types) in found.items():
        if tuple(sorted(rows[token].noted)) != types:
            by_types.setdefault(types, []).append(rows[token].id)
    for types, ids in by_types.items():
        store.note_types(cr, ids, types)
    return rows


def card_of(cr: Cursor, card_id: int) -> NotedCard | None:
    """Return the card with this ledger id; locks nothing."""
    row = store.read_cards(cr, [card_id]).get(card_id)
    return None if row is None else _noted(row)


def _on_file(cr: Cursor, tokens: rotating.Tokens) -> store.CardRow | None:
    cards = store.read_cards(cr, (), tokens.values())
    found = rotating.by_current(cards.values(), [tokens])
    return found.get(rotating.current(tokens))


def _noted(row: store.CardRow) -> NotedCard:
    return NotedCard(id=row.id, masked=row.masked, state=row.state, kind=row.kind)
