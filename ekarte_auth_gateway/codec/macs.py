"""Message authentication codes: 8 bytes over the message before its MAC field.

Three kinds, for three ages of terminals: HMAC-SHA256, AES-CMAC (NIST SP 800-38B) and
the retail MAC (ANSI X9.19, ISO 9797-1 algorithm 3) for devices that have triple DES
only. All are cut to 8 bytes, which is what DE64 holds.
"""

import hmac
from collections.abc import Callable
from typing import Literal, get_args

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

from ekarte_auth_gateway.codec import keys

MAC_BYTES = 8
MacKind = Literal["none", "hmac-sha256", "aes-cmac", "x9.19"]
MAC_KINDS: tuple[str, ...] = get_args(MacKind)

Mac = Callable[[bytes], bytes]
"""Returns the 8 bytes for a message. Holds its key: never print one's insides."""

_DES_BYTES = 8
_NOTHING = bytes(_DES_BYTES)


def mac_of(kind: str, terminal_key: bytes) -> Mac | None:
    """Return the MAC of a terminal; None: it does without.

    Args:
        kind: one of `MAC_KINDS`.
        terminal_key: 32 bytes. HMAC uses it as it is, the others derive theirs.
    """
    if kind == "none":
        return None
    derive = {"aes-cmac": keys.mac_key_aes, "x9.19": keys.mac_key_tdes}.get(kind)
    return mac_with(kind, derive(terminal_key) if derive else terminal_key)


def mac_with(kind: str, key: bytes) -> Mac:
    """Return a MAC under a key that is used as it is.

    Args:
        kind: one of `MAC_KINDS`, not ``none``.
        key: 16 bytes for AES-CMAC and X9.19 (two DES keys), any length for HMAC.

    Raises:
        ValueError: no such kind, or a key of another length.
    """
    if kind == "hmac-sha256":
        return _hmac_sha256(key)
    make = {"aes-cmac": _aes_cmac, "x9.19": _retail}.get(kind)
    if make is None:
        raise ValueError(f"no such MAC: {kind}")
    if len(key) != 2 * _DES_BYTES:
        raise ValueError(f"a key for {kind} has 16 bytes")
    return make(key)


def _hmac_sha256(key: bytes) -> Mac:
    # A copy is quicker than hmac.digest, which also lets other threads take over.
    fresh = hmac.new(key, digestmod="sha256")

    def mac(message: bytes) -> bytes:
        under_way = fresh.copy()
        under_way.update(message)
        return under_way.digest()[:MAC_BYTES]

    return mac


def _aes_cmac(key: bytes) -> Mac:
    fresh = CMAC(AES(key))

    def mac(message: bytes) -> bytes:
        under_way = fresh.copy()
        under_way.update(message)
        return under_way.finalize()[:MAC_BYTES]

    return mac


def _retail(key: bytes) -> Mac:
    """DES-CBC over all with the first key; the last block once more with both."""
    first, second = key[:_DES_BYTES], key[_DES_BYTES:]
    # Three times the same key makes triple DES a single one.
    single, double = TripleDES(first * 3), TripleDES(first + second + first)

    def mac(message: bytes) -> bytes:
        filled = message + bytes(-len(message) % _DES_BYTES)
        chain = Cipher(single, modes.CBC(_NOTHING)).encryptor()
        before = chain.update(filled[:-_DES_BYTES])[-_DES_BYTES:] or _NOTHING
        # CBC with the chained value as start: the last XOR is done there.
        last = Cipher(double, modes.CBC(before)).encryptor()
        return last.update(filled[-_DES_BYTES:])

    return mac
