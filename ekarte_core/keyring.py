"""Secret keys, kept outside the database: they turn numbers into tokens.

The keyring is a small text file, one key a line: ``purpose id hex``, or the same with
the word ``spare`` after it. Purposes: ``card_token`` (numbers to tokens),
``access_code`` (pepper of access codes), ``terminal`` (master from which each
terminal's key is derived, RFC 5869) and, only where it is needed, ``bank`` (numbers of
bank cards that a reversal may have to name, ADR 0028).

Of several keys of a purpose the one with the highest id makes what is new; the others
still recognise what they made. A spare key recognises and makes nothing new: so that
every gateway can learn a key before one of them uses it (docs/OPERATIONS.md). There is
one ``terminal`` key, besides spare ones: a new one would make every terminal's key new.
"""

import hmac
import os
import re
import secrets
import stat
from pathlib import Path

from ekarte_core.errors import KeyringInvalid
from ekarte_core.marks import stop_token

NEEDED = ("card_token", "access_code", "terminal")
PURPOSES = (*NEEDED, "bank")
KEY_BYTES = 32
TOKEN_BYTES = 16
PSEUDONYM_BYTES = 12
CODE_BYTES = 32
NUMBER = re.compile(r"[1-9][0-9]{0,3}")
HEX_KEY = re.compile(rf"[0-9a-fA-F]{{{2 * KEY_BYTES}}}")

WIRE_KEYS = 10_000
"""A terminal's key by hand has a version below it (`key_version` of the network); what
follows key N over the wire is N * WIRE_KEYS + 1, + 2 and so on. Key N + 1 is never told
over the wire: who took key N, and all that was told under it, is shut out by it."""


def next_key_version(version: int) -> int | None:
    """Return the version that follows one over the wire; None: by hand only."""
    if version < WIRE_KEYS:
        return version * WIRE_KEYS + 1
    following = version + 1
    return following if following % WIRE_KEYS else None


def key_in_force(handed: int, used: int) -> int:
    """Return which of two versions is in force.

    Args:
        handed: the network's.
        used: the newest that the terminal got over the wire and has used; 0: none.
    """
    return used if used // WIRE_KEYS >= handed else handed


class Keyring:
    """Keys by purpose and id. Prints without them."""

    def __init__(
        self,
        keys: dict[tuple[str, int], bytes],
        spare: frozenset[tuple[str, int]] = frozenset(),
    ) -> None:
        """Take keys as {(purpose, id): 32 bytes}; `spare` ones make nothing new."""
        used = sorted(keys.keys() - spare)
        self._current = dict(used)  # the highest id of a purpose comes last
        missing = [purpose for purpose in NEEDED if purpose not in self._current]
        if missing:
            raise KeyringInvalid(f"the keyring has no key for: {', '.join(missing)}")
        if sum(purpose == "terminal" for purpose, _ in used) > 1:
            # With a second one every terminal would need its own key anew: ADR 0010.
            raise KeyringInvalid("keep one key for: terminal")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise KeyringInvalid(f"every key has {KEY_BYTES} bytes")
        self._keys = keys
        self._ids = {
            purpose: _current_first(
                self._current[purpose], [n for name, n in keys if name == purpose]
            )
            for purpose in PURPOSES
            if purpose in self._current
        }

    def __repr__(self) -> str:
        """Show which key ids exist, never a key."""
        return f"Keyring({', '.join(f'{p}/{n}' for p, n in sorted(self._keys))})"

    @property
    def token_key(self) -> int:
        """Id of the key that new card tokens are made with."""
        return self._current["card_token"]

    @property
    def code_key(self) -> int:
        """Id of the key that new access codes are digested with."""
        return self._current["access_code"]

    def ids(self, purpose: str) -> tuple[int, ...]:
        """Ids of all keys of a purpose, the current one first."""
        return self._ids.get(purpose, ())

    def card_token(self, kind: str, number: str) -> bytes:
        """Return the 16-byte token of an identifier; equal numbers, equal tokens."""
        return self.card_tokens(kind, number)[self.token_key]

    def card_tokens(self, kind: str, number: str) -> dict[int, bytes]:
        """Return the tokens of an identifier under every key, the current one first."""
        message = f"card|{kind}|{number}".encode()
        return {
            key: self._mac("card_token", message, key)[:TOKEN_BYTES]
            for key in self._ids["card_token"]
        }

    def access_code_digest(self, salt: bytes, code: str) -> bytes:
        """Return the 32-byte digest stored for a card's access code."""
        return self._mac("access_code", salt + code.encode())

    def same_code(
        self, salt: bytes, code: str, digest: bytes, key: int | None = None
    ) -> bool:
        """Compare an access code with a stored digest, in constant time.

        `key` is the id it was made with, None where nobody noted it.
        """
        keys = self._ids["access_code"] if key is None else (key,)
        message = salt + code.encode()
        found = [
            hmac.compare_digest(self._mac("access_code", message, one), digest)
            for one in keys
        ]
        return any(found)

    def body_digest(self, body: bytes) -> bytes:
        """Return the 16-byte digest that tells a repeat from other content."""
        return self._mac("card_token", b"body|" + body)[:TOKEN_BYTES]

    def same_body(self, body: bytes, digest: bytes) -> bool:
        """Say whether a digest is of this content, whichever key made it."""
        return digest in {
            self._mac("card_token", b"body|" + body, key)[:TOKEN_BYTES]
            for key in self._ids["card_token"]
        }

    def draw_seed(self, key: int, number: int, terms: str) -> bytes:
        """Return the 32-byte seed of a draw, from the key it was opened with.

        Nobody can know it without the keyring, so nothing secret has to be stored.

        Raises:
            KeyringInvalid: the keyring no longer has that key.
        """
        return self._mac("card_token", f"draw|{number}|{terms}".encode(), key)

    def draw_pseudonym(self, key: int, number: int, account_id: int) -> str:
        """Return the name of an account in a draw's public list: 24 hex digits."""
        message = f"pseudonym|{number}|{account_id}".encode()
        return self._mac("card_token", message, key)[:PSEUDONYM_BYTES].hex()

    def bank_key(self, number: int) -> bytes:
        """Return the 32-byte key that numbers of bank cards are enciphered under.

        Raises:
            KeyringInvalid: the keyring no longer has that key.
        """
        return self._mac("bank", b"ekarte bank card", number)

    def terminal_key(self, terminal: str, version: int) -> bytes:
        """Return the 32-byte key of a terminal (HKDF-SHA256, one block, RFC 5869)."""
        extracted = self._mac("terminal", b"ekarte terminal key")
        info = f"terminal|{terminal}|{version}".encode() + b"\x01"
        return hmac.digest(extracted, info, "sha256")

    def chip_key(self, issuer: str) -> bytes:
        """Return the 32-byte key of an issuer's chip cards, for its own terminals."""
        extracted = self._mac("terminal", b"ekarte terminal key")
        info = f"chip card|{issuer}".encode() + b"\x01"
        return hmac.digest(extracted, info, "sha256")

    @property
    def stop_key_id(self) -> int:
        """Id of the key that new entries of the stop list are made with."""
        return self._current["terminal"]

    def stop_key(self, number: int) -> bytes:
        """Return the 32-byte key of the stop list, which every terminal is given.

        Raises:
            KeyringInvalid: the keyring no longer has the key that it is derived from.
        """
        extracted = self._mac("terminal", b"ekarte terminal key", number)
        return hmac.digest(extracted, b"stop list\x01", "sha256")

    def sealed_stop_token(self, card_token: bytes, kind: str, number: str) -> bytes:
        """Return an identifier's stop token as the ledger keeps it.

        Sealed, for the key that made it is known to every terminal: who had a copy of
        the database besides could try out all numbers.
        """
        key = self.stop_key_id
        return self._seal(card_token, stop_token(self.stop_key(key), kind, number), key)

    def opened_stop_token(self, card_token: bytes, sealed: bytes, key: int) -> bytes:
        """Return a stop token from what the ledger keeps of it."""
        return self._seal(card_token, sealed, key)

    def _seal(self, card_token: bytes, content: bytes, key: int) -> bytes:
        pad = self._mac("terminal", b"stop seal|" + card_token, key)
        return bytes(a ^ b for a, b in zip(content, pad, strict=False))

    def _mac(self, purpose: str, message: bytes, number: int | None = None) -> bytes:
        number = self._current[purpose] if number is None else number
        key = self._keys.get((purpose, number))
        if key is None:
            raise KeyringInvalid(f"the keyring has no key {purpose} {number}")
        return hmac.digest(key, message, "sha256")


def _current_first(current: int, ids: list[int]) -> tuple[int, ...]:
    return (current, *sorted((n for n in ids if n != current), reverse=True))


def load_keyring(path: str | os.PathLike[str]) -> Keyring:
    """Read a keyring file.

    Raises:
        KeyringInvalid: missing file, readable by group or others, or a bad line.
    """
    file = Path(path)
    if not file.is_file():
        raise KeyringInvalid(
            f"no keyring at {file}: "
            f"make one with `python -m ekarte_core keyring {file}`"
        )
    if file.stat().st_mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise KeyringInvalid(f"{file} is open to others: chmod 640 {file}")
    keys = {}
    spare = set()
    for number, line in enumerate(file.read_text().splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split()
        if (
            len(parts) not in (3, 4)
            or parts[0] not in PURPOSES
            or not NUMBER.fullmatch(parts[1])
            or parts[3:] not in ([], ["spare"])
        ):
            raise KeyringInvalid(f"{file} line {number}: want `purpose id hex [spare]`")
        if not HEX_KEY.fullmatch(parts[2]):
            raise KeyringInvalid(f"{file} line {number}: a key is 64 hex digits")
        if (parts[0], int(parts[1])) in keys:
            raise KeyringInvalid(f"{file} line {number}: this key stands twice")
        keys[parts[0], int(parts[1])] = bytes.fromhex(parts[2])
        if parts[3:]:
            spare.add((parts[0], int(parts[1])))
    return Keyring(keys, frozenset(spare))


def write_new_keyring(path: str | os.PathLike[str]) -> None:
    """Write a keyring with fresh random keys, mode 0600; never overwrites."""
    lines = [f"{purpose} 1 {secrets.token_hex(KEY_BYTES)}\n" for purpose in PURPOSES]
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.writelines(lines)
