"""A key for each purpose, derived from a terminal's key (docs/TERMINALS.md).

One key must not serve two ciphers: what leaks of one must say nothing of another.
HKDF-Expand with one block (RFC 5869): HMAC-SHA256(terminal key, label, 0x01), cut to
what the cipher needs.
"""

import hmac

_MAC_AES = "ekarte mac aes-128"
_MAC_TDES = "ekarte mac tdes"
_BLOCK_AES = "ekarte pin block aes-128"
_BLOCK_TDES = "ekarte pin block tdes"
_WRAP = "ekarte key wrap aes-256"


def mac_key_aes(terminal_key: bytes) -> bytes:
    """16 bytes for AES-CMAC."""
    return _derive(terminal_key, _MAC_AES, 16)


def mac_key_tdes(terminal_key: bytes) -> bytes:
    """16 bytes with odd parity for the X9.19 MAC."""
    return _odd_parity(_derive(terminal_key, _MAC_TDES, 16))


def block_key_aes(terminal_key: bytes) -> bytes:
    """16 bytes for access code blocks of format 4."""
    return _derive(terminal_key, _BLOCK_AES, 16)


def block_key_tdes(terminal_key: bytes) -> bytes:
    """16 bytes with odd parity for access code blocks of format 0."""
    return _odd_parity(_derive(terminal_key, _BLOCK_TDES, 16))


def wrap_key(terminal_key: bytes, version: int) -> bytes:
    """32 bytes under which the terminal's key of that version travels."""
    return _derive(terminal_key, f"{_WRAP} {version}", 32)


def _derive(terminal_key: bytes, label: str, count: int) -> bytes:
    return hmac.digest(terminal_key, label.encode() + b"\x01", "sha256")[:count]


def _odd_parity(key: bytes) -> bytes:
    """DES keys carry a parity bit in each byte; some devices insist on it."""
    return bytes(byte ^ (not byte.bit_count() % 2) for byte in key)
