"""What is to be told later, with the card: sealed, one file an operation.

The journal holds no card numbers. An advice needs one, so it lies here until its batch
is closed: AES-GCM under a key derived from the terminal's, bound to the operation's
number (docs/adr: the terminal decides alone). Written and on the disk before the slip
is printed.
"""

import hmac
import json
import os
from datetime import date
from hashlib import sha256
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ekarte_core import REQUESTS, CardRef, Request, identify
from ekarte_terminal.disk import write_whole

_NONCE_BYTES = 12
_MARK_BYTES = 8


class VaultBroken(Exception):
    """What is to be told cannot be read; the message says which file."""


class Vault:
    """Sealed advices, and what each card has had on this day."""

    def __init__(self, folder: Path, terminal: str, key: bytes) -> None:
        """Take the folder, the terminal's number and its key."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._terminal = terminal
        self._seal = AESGCM(_derived(key, b"ekarte journal aes-256"))
        self._marks = _derived(key, b"ekarte journal marks")

    def keep(self, advice: Request) -> None:
        """Put an advice on the disk."""
        nonce = os.urandom(_NONCE_BYTES)
        batch, operation = advice.batch, advice.operation
        body = self._seal.encrypt(
            nonce, msgspec.json.encode(advice), self._place(batch, operation)
        )
        write_whole(self._path(batch, operation), nonce + body)

    def advice(self, batch: int, operation: int) -> Request:
        """Return an advice.

        Raises:
            VaultBroken: it is not there, or was sealed with another key.
        """
        path = self._path(batch, operation)
        try:
            content = path.read_bytes()
            nonce, body = content[:_NONCE_BYTES], content[_NONCE_BYTES:]
            text = self._seal.decrypt(nonce, body, self._place(batch, operation))
            return REQUESTS.from_json(text)
        except (OSError, InvalidTag, ValueError):
            raise VaultBroken(
                f"{path.name} cannot be opened: it was sealed with another key"
            ) from None

    def forget(self, batch: int) -> None:
        """Take away what a closed batch had."""
        for path in self._folder.glob(f"{batch:06d}-*.sealed"):
            path.unlink()

    def spent(self, card: CardRef, day: date) -> int:
        """Return what was decided alone with a card on a day, minor units."""
        _, marks = self._read_marks(day)
        return marks.get(self._mark(card), 0)

    def spend(self, card: CardRef, day: date, amount: int) -> None:
        """Count an amount for a card on a day."""
        told, marks = self._read_marks(day)
        mark = self._mark(card)
        marks[mark] = marks.get(mark, 0) + amount
        content = json.dumps({"day": told.isoformat(), "marks": marks}).encode()
        write_whole(self._folder / "spent.json", content)

    def _read_marks(self, day: date) -> tuple[date, dict[str, int]]:
        """Return the day that counts; a clock that goes back begins no new one."""
        path = self._folder / "spent.json"
        if not path.exists():
            return day, {}
        told = json.loads(path.read_bytes())
        of = date.fromisoformat(told["day"])
        return (of, told["marks"]) if of >= day else (day, {})

    def _mark(self, card: CardRef) -> str:
        seen = identify(card)
        assert seen is not None, "refused before"
        content = f"{seen.kind}|{seen.number}".encode()
        return hmac.digest(self._marks, content, sha256)[:_MARK_BYTES].hex()

    def _place(self, batch: int, operation: int) -> bytes:
        return f"{self._terminal}|{batch}|{operation}".encode()

    def _path(self, batch: int, operation: int) -> Path:
        return self._folder / f"{batch:06d}-{operation:012d}.sealed"


def _derived(key: bytes, label: bytes) -> bytes:
    return hmac.digest(key, label + b"\x01", sha256)
