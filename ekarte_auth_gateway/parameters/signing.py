"""Ed25519 signatures of parameter documents, and the file with the keys.

The file holds one or two private keys as PEM, one after the other: the first signs, the
next is made known to terminals before it does.
"""

import hashlib
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from ekarte_auth_gateway.ports import is_open

KEYS_MAX = 2
KEY_ID_CHARS = 16
_END = "-----END PRIVATE KEY-----\n"


class ParametersKeyInvalid(Exception):
    """The file with the keys of parameters cannot be used; says why."""


def key_id_of(public_key: bytes) -> str:
    """Return the name of a public key: the start of its SHA-256, in hex."""
    return hashlib.sha256(public_key).hexdigest()[:KEY_ID_CHARS]


def verify(document: bytes, signature: bytes, public_key: bytes) -> bool:
    """Say whether a document was signed with the key of a public key (32 bytes)."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, document)
    except (InvalidSignature, ValueError):
        return False
    return True


class Signer:
    """Signs with the first of its keys. Prints without them."""

    def __init__(self, keys: Sequence[Ed25519PrivateKey]) -> None:
        """Take one key, or the present one and the next."""
        if not 1 <= len(keys) <= KEYS_MAX:
            raise ParametersKeyInvalid("want one private key, or two in a row")
        self._key = keys[0]
        self.public_keys = [
            key.public_key().public_bytes(
                serialization.Encoding.Raw, serialization.PublicFormat.Raw
            )
            for key in keys
        ]
        self.key_id = key_id_of(self.public_keys[0])

    def __repr__(self) -> str:
        """Show the name of the public key only."""
        return f"Signer({self.key_id})"

    @property
    def announced(self) -> list[tuple[str, bytes]]:
        """Key ids and public keys, the present one first."""
        return [(key_id_of(key), key) for key in self.public_keys]

    def sign(self, document: bytes) -> bytes:
        """Return the signature of a document's text, 64 bytes."""
        return self._key.sign(document)


def load_signer(path: Path) -> Signer:
    """Read the file with the keys.

    Raises:
        ParametersKeyInvalid: missing, open to others, or not Ed25519 keys in PEM.
    """
    try:
        open_to_others, text = is_open(path), path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as fault:
        raise ParametersKeyInvalid(f"{path} cannot be read") from fault
    if open_to_others:
        raise ParametersKeyInvalid(f"{path} is open to others: chmod 600 {path}")
    return Signer([_read(part, path) for part in _parts(text)])


def tend_key_file(path: Path, change: str = "") -> list[str]:
    """Make the file if there is none; return what it holds, a line for each key.

    `change`: "next" adds the key that is to follow, "retire" takes the first one away.

    Raises:
        ParametersKeyInvalid: the change does not fit what is there.
    """
    if not path.exists():
        _write_new(path)
    signer = load_signer(path)
    parts = _parts(path.read_text("ascii"))
    if change == "next":
        if len(parts) == KEYS_MAX:
            raise ParametersKeyInvalid("there is a next key already")
        parts.append(_new_key())
    elif change == "retire":
        if len(parts) < KEYS_MAX:
            raise ParametersKeyInvalid("the only key stays")
        parts.pop(0)
    if change:
        _replace(path, "".join(parts))
        signer = load_signer(path)
    uses = ("signs", "comes next")
    return [
        f"{key_id} {use}: public key {public_key.hex()}"
        for (key_id, public_key), use in zip(signer.announced, uses, strict=False)
    ]


def _parts(text: str) -> list[str]:
    return [part + _END for part in text.split(_END)[:-1]]


def _read(part: str, path: Path) -> Ed25519PrivateKey:
    try:
        key = serialization.load_pem_private_key(part.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # Their words may quote what is in the file.
        raise ParametersKeyInvalid(f"{path} holds no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ParametersKeyInvalid(f"{path} holds a key that is not Ed25519")
    return key


def _new_key() -> str:
    return (
        Ed25519PrivateKey.generate()
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


def _write_new(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(_new_key())


def _replace(path: Path, text: str) -> None:
    """Put another content in place at once, with the rights of the old one."""
    fresh = path.with_name(path.name + ".new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    os.chmod(fresh, stat.S_IMODE(path.stat().st_mode))
    fresh.replace(path)
