"""The bank card's number: read from what the terminal sent, kept only enciphered.

AES-256-GCM under a key of the keyring's purpose ``bank``; the operation's key is the
associated data, so that no row serves another operation (docs/adr/0028).
"""

import os
from datetime import datetime

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ekarte_core import BankPart, Keyring, SealedCard

NONCE_BYTES = 12
_EXPIRY_SIGNS = 4
_LAST_SIGNS = 4


class CardLost(Exception):
    """The number was enciphered under a key that is gone, or the row is damaged."""


class BankNumber(msgspec.Struct, frozen=True, kw_only=True):
    """A bank card's number, and what its chip says. Prints the last four."""

    number: str
    track2: str = ""
    expiry: str = ""
    chip: str = ""

    def __repr__(self) -> str:
        """Show the last four only."""
        return f"BankNumber(****{self.last4})"

    @property
    def last4(self) -> str:
        """What people may see of it."""
        return self.number[-_LAST_SIGNS:]


def read_card(part: BankPart) -> BankNumber:
    """Return the number, and track 2 where the stripe was read."""
    track = part.card.value.removeprefix(";").removesuffix("?").replace("D", "=")
    number, _, rest = track.partition("=")
    chip = part.chip.upper()
    if not rest:
        return BankNumber(number=number, expiry=part.expiry, chip=chip)
    expiry = rest[:_EXPIRY_SIGNS]
    return BankNumber(number=number, track2=track, expiry=expiry, chip=chip)


class Vault:
    """Enciphers numbers for the time in which a reversal may have to name them."""

    def __init__(self, keyring: Keyring) -> None:
        """Take the keyring; it may have no key for this, then nothing is kept."""
        self._keyring = keyring
        self._ids = keyring.ids("bank")

    @property
    def usable(self) -> bool:
        """Whether the keyring has a key for bank cards."""
        return bool(self._ids)

    def seal(
        self, key: tuple[str, int, int], number: str, wipe_at: datetime
    ) -> SealedCard:
        """Encipher the number for an operation."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = AESGCM(self._keyring.bank_key(self._ids[0]))
        sealed = cipher.encrypt(nonce, number.encode(), _bound(key))
        return SealedCard(key=self._ids[0], sealed=nonce + sealed, wipe_at=wipe_at)

    def open(self, key: tuple[str, int, int], key_id: int, sealed: bytes) -> str:
        """Decipher it again.

        Raises:
            CardLost: the key is gone, or the row is not this operation's.
        """
        if key_id not in self._ids:
            raise CardLost(f"the keyring has no key bank {key_id}")
        cipher = AESGCM(self._keyring.bank_key(key_id))
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            return cipher.decrypt(nonce, text, _bound(key)).decode()
        except InvalidTag:
            raise CardLost("a bank card's row is damaged") from None


def _bound(key: tuple[str, int, int]) -> bytes:
    return "|".join(str(part) for part in key).encode()
