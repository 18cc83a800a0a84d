"""The network document in the ledger: published, read back, looked for."""

import hashlib
from datetime import datetime
from typing import Any

import msgspec

from ekarte_core.errors import NetworkInvalid, NetworkMissing
from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network, Told, read_network
from ekarte_core.network.terms import SettlingTerms, settling_terms
from ekarte_core.rules.identity import identify
from ekarte_core.service.freezing import frozen_faults
from ekarte_core.values import CardRef


def publish(cr: Cursor, body: bytes | str | dict[str, Any], now: datetime) -> int:
    """Check a network document and make it the current version.

    Publishing what is current already changes nothing; what it has that would not be
    published anew goes on working. Returns the version.

    Raises:
        NetworkInvalid: nothing is published, the old version stays.
    """
    network = read_network(body)
    canonical = msgspec.json.format(msgspec.json.encode(network.document), indent=1)
    digest = hashlib.sha256(canonical).digest()
    cr.execute(SQL["document_digest"])
    row = cr.fetchone()
    if row is not None and bytes(row[1]) == digest:
        return int(row[0])
    before = int(row[0]) if row is not None else 0
    terms = settling_terms(network)
    frozen = frozen_faults(cr, network, before, terms) if before else []
    faults = [*network.guards(), *frozen]
    if faults:
        raise NetworkInvalid(faults)
    version = before + 1
    cr.execute(
        SQL["add_document"],
        {"version": version, "now": now, "sha256": digest, "body": canonical.decode()},
    )
    _write_terms(cr, version, terms)
    return version


def _write_terms(cr: Cursor, version: int, terms: list[SettlingTerms]) -> None:
    if not terms:
        return
    cr.execute(
        SQL["add_terms"],
        {
            "version": version,
            "programs": [one.program for one in terms],
            "sellers": [one.seller for one in terms],
            "tax_rates": [one.tax_rate_bp for one in terms],
            "prices": [one.price_bp for one in terms],
            "visit_prices": [one.visit_price for one in terms],
            "shares": [one.breakage_share_bp for one in terms],
            "liable": [one.liable for one in terms],
            "as_payment": [one.as_payment for one in terms],
        },
    )


def current_network(cr: Cursor) -> Network:
    """Read the current network document.

    Raises:
        NetworkMissing: nothing has been published yet.
    """
    cr.execute(SQL["read_document"])
    row = cr.fetchone()
    if row is None:
        raise NetworkMissing(
            "no network document yet: publish one from Odoo (E-karte > Network), or "
            "with `python -m ekarte_core publish FILE --dsn DSN`"
        )
    return with_told(cr, read_network(row[1], row[0]))


def with_told(cr: Cursor, network: Network) -> Network:
    """Return the network with the versions of parameters of now; itself if it has."""
    cr.execute(SQL["parameters_number"])
    number = int(cr.fetchone()[0])
    if number == network.told.number:
        return network
    cr.execute(SQL["parameters_versions"], {"branches": list(network.branches)})
    return network.telling(Told(number, dict(cr.fetchall())))


def network_version(cr: Cursor) -> int:
    """Return the current version, 0 when there is none."""
    cr.execute(SQL["last_version"])
    return int(cr.fetchone()[0])


def network_key(cr: Cursor) -> tuple[int, bytes]:
    """Return the current version and its digest; (0, b"") when there is none.

    For who keeps a network between transactions that may yet be rolled back: a version
    that never came to be may have been another one under the same number.
    """
    cr.execute(SQL["document_digest"])
    row = cr.fetchone()
    return (int(row[0]), bytes(row[1])) if row is not None else (0, b"")


def find_card(cr: Cursor, keyring: Keyring, card: CardRef) -> int | None:
    """Return the id of the card with this identifier, or None."""
    identity = identify(card)
    if identity is None:
        return None
    tokens = keyring.card_tokens(identity.kind, identity.number).values()
    found = store.card_ids(cr, list(tokens))
    return next((found[token] for token in tokens if token in found), None)
