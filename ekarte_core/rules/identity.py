"""From what a reader saw to an identifier: kind of number and the number itself.

Magnetic stripe, barcode, typed and contact number of one plastic card are one
identity; bank cards, documents, phones and chips are spaces of their own.
Track 2 layout: ISO/IEC 7813; check digit: ISO/IEC 7812-1 annex B (Luhn).
"""

import re
from typing import Protocol

import msgspec

from ekarte_core.values import CardRef

_TRACK2 = re.compile(r";?(\d{8,19})[=D]\d*\??")
_NUMBER = re.compile(r"[0-9A-Z-]{4,40}")
_SPACE = {
    "pan": "number",
    "track2": "number",
    "barcode": "number",
    "keyed": "number",
    "bank": "bank",
    "document": "document",
    "phone": "phone",
    "chip": "chip",
}


class Range(Protocol):
    """What `admits` needs of a number range."""

    @property
    def kind(self) -> str:
        """Space of identifiers."""

    @property
    def first(self) -> str:
        """First number, empty for all."""

    @property
    def last(self) -> str:
        """Last number, inclusive."""

    @property
    def check(self) -> str:
        """Check digit rule."""


class Identity(msgspec.Struct, frozen=True):
    """A card's identity. Prints masked."""

    kind: str
    number: str

    def __repr__(self) -> str:
        """Show first six and last four only."""
        return f"Identity({self.kind} {self.first6}…{self.last4})"

    @property
    def first6(self) -> str:
        """First six characters of a long number, nothing of a short one."""
        return self.number[:6] if len(self.number) >= 13 else ""

    @property
    def last4(self) -> str:
        """Last four characters."""
        return self.number[-4:]


def identify(card: CardRef) -> Identity | None:
    """Return the identity behind what was read, or None if it is no identifier."""
    text = card.value.strip().upper()
    if card.kind not in _SPACE:
        return None
    if card.kind == "track2" or (card.kind == "bank" and "=" in text):
        track = _TRACK2.fullmatch(text)
        if track is None:
            return None
        text = track.group(1)
    elif card.kind in ("document", "phone"):
        text = re.sub(r"[\s()+./-]", "", text)
    else:
        text = text.replace(" ", "")
    if not _NUMBER.fullmatch(text):
        return None
    return Identity(_SPACE[card.kind], text)


def luhn_ok(number: str) -> bool:
    """Check the Luhn digit of a number of decimal digits."""
    if not (number.isascii() and number.isdigit()):
        return False
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def admits(number_range: Range, identity: Identity) -> bool:
    """Say whether a number range admits an identity, check digit included."""
    if number_range.kind != identity.kind:
        return False
    if number_range.first:
        if len(identity.number) != len(number_range.first):
            return False
        if not number_range.first <= identity.number <= number_range.last:
            return False
    return number_range.check == "none" or luhn_ok(identity.number)
