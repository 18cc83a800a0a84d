"""Which cards a wave works on: found, registered where a purchase may, and locked."""

from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.network.document import CardType
from ekarte_core.rules.identity import Identity
from ekarte_core.service import rotating
from ekarte_core.service.job import MAKES_CARD, Job, Second, is_purchase


def lock_jobs(
    cr: Cursor, jobs: list[Job], keyring: Keyring, now: datetime, *, wait: bool
) -> dict[int, store.CardRow]:
    """Lock the cards of all jobs and give each job its own, or mark it busy.

    With each card comes the card whose purses it uses; the second card of a job (the
    referrer, a replacement) is locked by the same statement, so that nobody waits
    crosswise.
    """
    _cards_of_originals(cr, jobs)
    seconds = [job.second for job in jobs if job.second is not None]
    named: list[Job | Second] = [*jobs, *seconds]
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
            wanted = [tokens[token] for token in fresh]
            ours = rotating.claim(cr, wanted, wait=wait)
            free = {token: one for token, one in fresh.items() if token in ours}
            store.add_cards(cr, free, keyring.token_key, now, wait=wait)
            every = {token for one in wanted for token in one.values()}
            added = store.lock_cards(cr, (), every, wait=wait)
            cards |= added
            found |= rotating.renew_tokens(cr, keyring, added.values(), wanted)
            busy |= fresh.keys() - found.keys()
    elsewhere = (
        store.existing_ids(cr, ids - cards.keys()) if ids - cards.keys() else set()
    )
    locked = _Locked(cards, found, busy, elsewhere)
    for job in jobs:
        job.card, job.busy = locked.of(job)
        if job.second is not None:
            job.second.card, second_busy = locked.of(job.second)
            job.busy = job.busy or second_busy
    return cards


class _Locked:
    """What was locked, and what somebody else holds."""

    def __init__(
        self,
        cards: dict[int, store.CardRow],
        found: dict[bytes, store.CardRow],
        busy: set[bytes],
        elsewhere: set[int],
    ) -> None:
        self._cards, self._found = cards, found
        self._busy, self._elsewhere = busy, elsewhere

    def of(self, named: Job | Second) -> tuple[store.CardRow | None, bool]:
        """Return a request's card, and whether it has to come again for it."""
        if named.token:
            card, busy = self._found.get(named.token), named.token in self._busy
        elif named.card_id is not None:
            card = self._cards.get(named.card_id)
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
    if not is_purchase(request):
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
