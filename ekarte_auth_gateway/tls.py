"""TLS at the gateway's doors, and the client certificates that terminals have.

A certificate is known by its fingerprint: SHA-256 over its DER, in lower hex, as
`openssl x509 -fingerprint -sha256` tells it without the colons. The network document
binds fingerprints to terminals; the authority (EKARTE_TLS_CLIENT_CA) only says which
certificates come through the handshake at all.
"""

import asyncio
import hashlib
import logging
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ekarte_auth_gateway.ports import is_open

log = logging.getLogger(__name__)

DOORS = ("http", "iso8583", "iso8583-B", "frame", "nexo")
"""What may have TLS, by the names that the figures have for their connections."""

HANDSHAKE_S = 10.0


class TlsInvalid(Exception):
    """The certificate, its key or the authority cannot be used."""


@dataclass(frozen=True)
class TlsSettings:
    """Files in PEM; `doors` are those that have TLS, the others are open."""

    certificate: Path
    key: Path
    client_ca: Path | None
    doors: tuple[str, ...]


class Tls:
    """The context of all doors; its files can be read anew while it serves."""

    def __init__(self, settings: TlsSettings) -> None:
        """Read the files.

        Raises:
            TlsInvalid: naming the setting, never what a file holds.
        """
        self._settings = settings
        self._context = _context(settings)

    def context(self, door: str) -> ssl.SSLContext | None:
        """Return the context of a door; None: this door is open."""
        return self._context if door in self._settings.doors else None

    def reload(self) -> None:
        """Use the files as they are now, for connections that come from now on.

        They are tried on a context of their own first: with a broken file the old
        certificate stays in use.
        """
        try:
            _context(self._settings)
            _load(self._context, self._settings)
        except TlsInvalid as fault:
            log.error(  # noqa: TRY400 - the sentence says it all
                "certificates stay as they were", extra={"reason": str(fault)}
            )
        else:
            log.info("certificates read")


def _context(settings: TlsSettings) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    _load(context, settings)
    return context


def _load(context: ssl.SSLContext, settings: TlsSettings) -> None:
    try:
        key_is_open = is_open(settings.key)
        if not key_is_open:
            context.load_cert_chain(settings.certificate, settings.key, _no_password)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        raise TlsInvalid(
            "EKARTE_TLS_CERT and EKARTE_TLS_KEY are no certificate and its key in PEM,"
            " or cannot be read"
        ) from None
    if key_is_open:
        raise TlsInvalid("EKARTE_TLS_KEY may be read by others: chmod 640")
    if settings.client_ca is None:
        return
    try:
        context.load_verify_locations(settings.client_ca)
    except OSError:
        raise TlsInvalid(
            "EKARTE_TLS_CLIENT_CA holds no certificates in PEM, or cannot be read"
        ) from None
    # Those without a certificate may come; which terminals need one, the network says.
    context.verify_mode = ssl.CERT_OPTIONAL


def _no_password() -> str:
    """A key with a password would ask on a console that nobody watches."""
    raise ValueError("the key has a password")


def fingerprint(transport: asyncio.BaseTransport | None) -> str:
    """Return the fingerprint of the peer's certificate; '' where there is none."""
    found = None if transport is None else transport.get_extra_info("ssl_object")
    shown = None if found is None else found.getpeercert(binary_form=True)
    return hashlib.sha256(shown).hexdigest() if shown else ""


def unknown_doors(doors: Sequence[str]) -> list[str]:
    """Return those that are no doors."""
    return [door for door in doors if door not in DOORS]
