"""Which cards a wave works on: found, registered where a purchase may, and locked."""

from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.rules.identity import Identity
from ekarte_core.service import rotating
from ekarte_core.service.job import MAKES_CARD, Job


def lock_jobs(
    cr: Cursor, jobs: list[Job], keyring: Keyring, now: datetime, *, wait: bool
) -> dict[int, store.CardRow]:
    """Lock the cards of all jobs and give each job its own, or mark it busy."""
    _cards_of_originals(cr, jobs)
    tokens = {job.token: job.tokens for job in jobs if job.token}
    ids = {job.card_id for job in jobs if job.card_id and not job.token}
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
    for job in jobs:
        if job.token:
            job.card, job.busy = found.get(job.token), job.token in busy
        elif job.card_id is not None:
            job.card, job.busy = cards.get(job.card_id), job.card_id in elsewhere
    return cards


def may_register(job: Job) -> bool:
    """Say whether a command of this kind registers its identifier here."""
    assert job.branch is not None
    if job.request.command == "activate":
        return bool(job.admitted)
    return any(
        kind.auto_register and kind.issuer == job.branch.issuer for kind in job.admitted
    )


def _cards_of_originals(cr: Cursor, jobs: list[Job]) -> None:
    """A request may leave the card out where it names an operation."""
    named = [job for job in jobs if job.original_key is not None]
    keys = [job.original_key for job in named if job.original_key is not None]
    for job, card_id in zip(named, store.card_ids_of_keys(cr, keys), strict=True):
        job.card_id = job.card_id or card_id


def _to_register(jobs: list[Job], missing: set[bytes]) -> dict[bytes, Identity]:
    return {
        job.token: job.identity
        for job in jobs
        if job.identity is not None
        and job.token in missing
        and job.request.command in MAKES_CARD
        and may_register(job)
    }
