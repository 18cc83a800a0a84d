"""Which cards a wave works on: found, registered where a purchase may, and locked."""

from collections.abc import Mapping
from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import CardType
from ekarte_core.rules.identity import Identity
from ekarte_core.service import rotating
from ekarte_core.service.job import (
    MAKES_CARD,
    READ_ONLY,
    Job,
    Second,
    qualifies,
    second_ref,
)
from ekarte_core.values import CardRef


def lock_jobs(
    cr: Cursor,
    jobs: list[Job],
    network: Network,
    keyring: Keyring,
    now: datetime,
    *,
    wait: bool,
) -> dict[int, store.CardRow]:
    """Lock the cards of all jobs and give each job its own, or mark it busy.

    With each card comes the card whose purses it uses; the second card of a job (the
    referrer, a replacement) is locked by the same statement, so that nobody waits
    crosswise. Jobs that only look lock nothing and are never busy for a lock.
    """
    writing = [job for job in jobs if not _only_looks(job)]
    locked = _lock(cr, writing, keyring, now, wait=wait)
    for job in writing:
        job.card, job.busy = locked.of(job)
        if job.second is not None:
            job.second.card, second_busy = locked.of(job.second)
            job.busy = job.busy or second_busy
    seen = [(one.card, one.identity) for one in _named(writing)]
    rotating.renew_stop_tokens(cr, keyring, seen)
    looking = [job for job in jobs if job.request.command == "inquire"]
    looking = [job for job in looking if _only_looks(job)]
    cards = {**locked.cards}
    if looking:
        looked = _look(cr, looking, locked)
        cards |= looked.cards
        for job in looking:
            job.card, job.busy = looked.of(job)
    _admit_noted(jobs, network)
    return cards


def _only_looks(job: Job) -> bool:
    """Say whether a job changes no card: a wrong access code is counted on it."""
    command = job.request.command
    counts = command == "inquire" and job.request.access_code is not None
    return command in READ_ONLY and not counts


def _named(jobs: list[Job]) -> list[Job | Second]:
    """All that names a card: jobs, and the second card of some."""
    return [*jobs, *(job.second for job in jobs if job.second is not None)]


def _lock(
    cr: Cursor, jobs: list[Job], keyring: Keyring, now: datetime, *, wait: bool
) -> "_Locked":
    """Lock the cards of jobs that may change them; register those that are to be."""
    _cards_of_originals(cr, jobs)
    named = _named(jobs)
    tokens = {one.token: one.tokens for one in named if one.token}
    ids = {one.card_id for one in named if one.card_id and not one.token}
    every = {token for one in tokens.values() for token in one.values()}
    cards = store.lock_cards(cr, ids, every, wait=wait)
    found = rotating.renew_tokens(cr, keyring, cards.values(), tokens.values())
    missing = tokens.keys() - found.keys()
    busy: set[bytes] = set()
    if missing:
        fresh = _to_register(jobs, missing)
        busy = rotating.known(cr, [tokens[token] for token in missing])
        fresh = {token: one for token, one in fresh.items() if token not in busy}
        if fresh:
            register(cr, fresh, tokens, keyring, now, wait=wait)
        # What a rival has put on file since the first look is as busy as what he holds.
        again = fresh.keys() | busy if wait else fresh.keys()
        if again:
            wanted = [tokens[token] for token in again]
            every = {token for one in wanted for token in one.values()}
            added = store.lock_cards(cr, (), every, wait=wait)
            cards |= added
            found |= rotating.renew_tokens(cr, keyring, added.values(), wanted)
            busy = (busy | fresh.keys()) - found.keys()
    elsewhere = (
        store.existing_ids(cr, ids - cards.keys()) if ids - cards.keys() else set()
    )
    return _Locked(cards, found, busy, elsewhere)


def register(
    cr: Cursor,
    fresh: Mapping[bytes, Identity],
    tokens: Mapping[bytes, rotating.Tokens],
    keyring: Keyring,
    now: datetime,
    *,
    wait: bool,
) -> None:
    """Put identifiers on file in state new, those that nobody else is adding now.

    Args:
        cr: a lent cursor.
        fresh: identities by their current token.
        tokens: all tokens of each, by the same.
        keyring: keys of the tokens.
        now: the server's clock.
        wait: False leaves out what a rival adds at this moment.
    """
    ours = rotating.claim(cr, [tokens[token] for token in fresh], wait=wait)
    free = {
        token: store.NewCard(one, rotating.stop_token_of(keyring, token, one))
        for token, one in fresh.items()
        if token in ours
    }
    keys = (keyring.token_key, keyring.stop_key_id)
    store.add_cards(cr, free, keys, now, wait=wait)


def _look(cr: Cursor, jobs: list[Job], locked: "_Locked") -> "_Locked":
    """Read the cards of jobs that only look; of locked ones they see the locked row."""
    tokens = {job.token: job.tokens for job in jobs if job.token}
    ids = {job.card_id for job in jobs if job.card_id and not job.token}
    every = {token for one in tokens.values() for token in one.values()}
    cards = store.read_cards(cr, ids, every) | locked.cards
    for card in cards.values():
        if card.id not in locked.cards or card.account is None:
            card.account = cards.get(card.account_id)
    return _Locked(
        cards, rotating.by_current(cards.values(), tokens.values()), set(), set()
    )


def _admit_noted(jobs: list[Job], network: Network) -> None:
    """What a number admits was noted with the card of who is named by its id."""
    for job in jobs:
        request, second = job.request, job.second
        if job.card is not None and _by_id(request.card):
            job.admitted = _noted(job.card, network)
        other = second.card if second is not None else None
        if second is not None and other is not None and _by_id(second_ref(request)):
            second.admitted = _noted(other, network)


def _by_id(card: CardRef | None) -> bool:
    return card is not None and card.kind == "ledger"


def _noted(card: store.CardRow, network: Network) -> tuple[CardType, ...]:
    return network.still_admitting(card.noted, card.kind, card.first6)


class _Locked:
    """What was locked, and what somebody else holds."""

    def __init__(
        self,
        cards: dict[int, store.CardRow],
        found: dict[bytes, store.CardRow],
        busy: set[bytes],
        elsewhere: set[int],
    ) -> None:
        self.cards, self._found = cards, found
        self._busy, self._elsewhere = busy, elsewhere

    def of(self, named: Job | Second) -> tuple[store.CardRow | None, bool]:
        """Return a request's card, and whether it has to come again for it."""
        if named.token:
            card, busy = self._found.get(named.token), named.token in self._busy
        elif named.card_id is not None:
            card = self.cards.get(named.card_id)
            busy = named.card_id in self._elsewhere
        else:
            return None, False
        # Its account may be locked by another, or have changed meanwhile.
        return card, busy or (card is not None and card.account is None)


def may_register(job: Job) -> bool:
    """Say whether a command of this kind registers its identifier here."""
    if job.request.command == "activate":
        return bool(job.admitted)
    return any(registers(kind, job) for kind in job.admitted)


def registers(kind: CardType, job: Job) -> bool:
    """Say whether a card type gives out its cards by this request."""
    assert job.branch is not None
    if not kind.auto_register or kind.issuer != job.branch.issuer:
        return False
    return not qualify_missing(kind, job)


def qualify_missing(kind: CardType, job: Job) -> int:
    """What the purchase lacks to be given a card of this type, minor units."""
    request = job.request
    bought = request.amount or sum(line.amount for line in request.lines)
    if not qualifies(request):
        bought = 0
    return max(kind.qualify_amount - bought, 0)


def _cards_of_originals(cr: Cursor, jobs: list[Job]) -> None:
    """A request may leave the card out where it names an operation."""
    named = [job for job in jobs if job.original_key is not None]
    keys = [job.original_key for job in named if job.original_key is not None]
    found = store.card_ids_of_keys(cr, keys)
    for job, (card_id, other_id) in zip(named, found, strict=True):
        job.card_id = job.card_id or card_id
        if other_id is not None and job.second is None:
            job.second = Second(card_id=other_id)


def _to_register(jobs: list[Job], missing: set[bytes]) -> dict[bytes, Identity]:
    fresh = {
        job.token: job.identity
        for job in jobs
        if job.identity is not None
        and job.token in missing
        and job.request.command in MAKES_CARD
        and may_register(job)
    }
    for job in jobs:
        second = job.second
        if second is None or second.identity is None or second.token not in missing:
            continue
        if job.request.command == "replace" and second.admitted:
            fresh[second.token] = second.identity
    return fresh
