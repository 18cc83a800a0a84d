"""Keys change, cards, codes and repeats stay: what is old is renewed as it is touched.

Numbers are not kept, so no job in the background can make new tokens: a card gets its
new one when it is next used, under its lock. Operations are never touched.
"""

import logging
from collections.abc import Collection, Iterable, Mapping

import msgspec

from ekarte_core.errors import KeyringInvalid
from ekarte_core.keyring import CODE_BYTES, TOKEN_BYTES, Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.arrays import digests, integers
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.statements import send
from ekarte_core.marks import STOP_KINDS
from ekarte_core.rules.identity import Identity

_logger = logging.getLogger(__name__)

KEY_ID_BYTES = 2
Tokens = Mapping[int, bytes]
"""An identifier's tokens by key id, the current key first."""


class KeyUse(msgspec.Struct, frozen=True):
    """How much still needs a key; `key` is None for codes that noted none."""

    purpose: str
    key: int | None
    what: str
    count: int


def current(tokens: Tokens) -> bytes:
    """Return the token that a new card would get."""
    return next(iter(tokens.values()))


def claim_of(tokens: Tokens) -> bytes:
    """Return the token under the lowest key: the one all gateways have in common."""
    return tokens[min(tokens)]


def renew_tokens(
    cr: Cursor,
    keyring: Keyring,
    cards: Iterable[store.CardRow],
    identifiers: Iterable[Tokens],
) -> dict[bytes, store.CardRow]:
    """Return locked cards by the current token of their identifiers.

    A card with the token of a lower key gets the current one; that of a higher key, a
    spare one here, belongs to a gateway that is further on, and stays.
    """
    found = {card.token: card for card in cards}
    if len(keyring.ids("card_token")) == 1:
        return found
    by_token: dict[bytes, store.CardRow] = {}
    renewed: list[store.CardRow] = []
    for tokens in identifiers:
        keys = [key for key, token in tokens.items() if token in found]
        if len(keys) > 1:
            ids = sorted(found[tokens[key]].id for key in keys)
            _logger.warning("one identifier has several cards: %s", ids)
        if keys:
            card = by_token[current(tokens)] = found[tokens[keys[0]]]
            if keys[0] < keyring.token_key:
                _keep_code(card)
                card.token = current(tokens)
                card.stop_key = 0
                renewed.append(card)
    if renewed:
        cr.execute(
            SQL["retoken_cards"],
            {
                "ids": [card.id for card in renewed],
                "tokens": [card.token for card in renewed],
                "token_key": keyring.token_key,
            },
        )
    return by_token


def stop_token_of(
    keyring: Keyring, card_token: bytes, identity: Identity
) -> bytes | None:
    """Return what the ledger keeps for the stop list; None for kinds not on it."""
    if identity.kind not in STOP_KINDS:
        return None
    return keyring.sealed_stop_token(card_token, identity.kind, identity.number)


def renew_stop_tokens(
    cr: Cursor,
    keyring: Keyring,
    seen: Iterable[tuple[store.CardRow | None, Identity | None]],
) -> None:
    """Give locked cards that are here with their number a stop token they lack."""
    stale: dict[int, tuple[store.CardRow, Identity]] = {}
    for card, identity in seen:
        if card is None or identity is None or card.stop_key >= keyring.stop_key_id:
            continue
        if identity.kind in STOP_KINDS:
            stale[card.id] = card, identity
    if not stale:
        return
    tokens = [stop_token_of(keyring, card.token, one) for card, one in stale.values()]
    values = {
        "ids": integers(stale),
        "tokens": digests(tokens),
        "key": keyring.stop_key_id,
    }
    send(cr, [("renew_stop_tokens", values)])
    for card, _identity in stale.values():
        card.stop_key = keyring.stop_key_id


def by_current(
    cards: Iterable[store.CardRow], identifiers: Iterable[Tokens]
) -> dict[bytes, store.CardRow]:
    """Return cards that are only looked at, by the current token; renews nothing."""
    found = {card.token: card for card in cards}
    return {
        current(tokens): next(found[one] for one in tokens.values() if one in found)
        for tokens in identifiers
        if any(one in found for one in tokens.values())
    }


def known(cr: Cursor, identifiers: Iterable[Tokens]) -> set[bytes]:
    """Return the current tokens of identifiers that the ledger knows by any key."""
    wanted = list(identifiers)
    ids = store.card_ids(cr, [token for tokens in wanted for token in tokens.values()])
    return {
        current(tokens)
        for tokens in wanted
        if any(token in ids for token in tokens.values())
    }


def claim(cr: Cursor, identifiers: Collection[Tokens], *, wait: bool) -> set[bytes]:
    """Return the current tokens of identifiers that may be registered now.

    With one key the tokens themselves keep two gateways apart. With several, gateways
    may make tokens with different keys: they meet in the claim under the lowest.
    """
    if all(len(tokens) == 1 for tokens in identifiers):
        return {current(tokens) for tokens in identifiers}
    claims = sorted(claim_of(tokens) for tokens in identifiers)
    cr.execute(
        SQL["claim_tokens_waiting" if wait else "claim_tokens"], {"tokens": claims}
    )
    free = [bytes(token) for (token,) in cr.fetchall()]
    cr.execute(SQL["claim_cards"], {"tokens": free})
    ours = {bytes(token) for (token,) in cr.fetchall()}
    return {current(tokens) for tokens in identifiers if claim_of(tokens) in ours}


def code_record(keyring: Keyring, card: store.CardRow, code: str) -> bytes:
    """Return what is stored of an access code: pepper's id, salt, digest."""
    salt = card.token
    digest = keyring.access_code_digest(salt, code)
    return _key_bytes(keyring.code_key) + salt + digest


def proves_code(keyring: Keyring, card: store.CardRow, code: str) -> bool:
    """Compare an access code with the card's; a right one moves to the current key.

    Raises:
        KeyringInvalid: the code was made with a key that the keyring has no more.
    """
    assert card.access_code is not None
    key, salt, digest = _parts(card)
    right = keyring.same_code(salt, code, digest, key)
    # A higher key, spare here, is of a gateway that is further on: that stays.
    if right and (key or 0) < keyring.code_key:
        card.access_code = (
            _key_bytes(keyring.code_key) + salt + keyring.access_code_digest(salt, code)
        )
        card.touched = True
    return right


def check_keys(cr: Cursor, keyring: Keyring) -> None:
    """Refuse to work with a keyring that cannot find cards of this ledger.

    Raises:
        KeyringInvalid: with the keys that are missing, and how many cards need them.
    """
    keys = {
        "tokens": list(keyring.ids("card_token")),
        "codes": list(keyring.ids("access_code")),
    }
    cr.execute(SQL["cards_of_lost_keys"], keys)
    lost = [f"{purpose} {key} ({n} cards)" for purpose, key, n in cr.fetchall()]
    if lost:
        raise KeyringInvalid(f"the keyring lacks keys in use: {', '.join(lost)}")


def key_use(cr: Cursor) -> list[KeyUse]:
    """Return what each key is still needed for; one that is not listed may go."""
    cr.execute(SQL["key_use"])
    return [KeyUse(*row) for row in cr.fetchall()]


def _keep_code(card: store.CardRow) -> None:
    """Note the salt of an old code before the token that it was goes away."""
    if card.access_code is not None and len(card.access_code) == CODE_BYTES:
        card.access_code = _key_bytes(0) + card.token + card.access_code
        card.touched = True


def _parts(card: store.CardRow) -> tuple[int | None, bytes, bytes]:
    """Return key id (None: not noted), salt and digest of a card's code."""
    record = card.access_code
    assert record is not None
    if len(record) == CODE_BYTES:
        return None, card.token, record
    head, end = record[:KEY_ID_BYTES], KEY_ID_BYTES + TOKEN_BYTES
    return int.from_bytes(head, "big") or None, record[KEY_ID_BYTES:end], record[end:]


def _key_bytes(key: int) -> bytes:
    return key.to_bytes(KEY_ID_BYTES, "big")
