"""From what a reader saw to an identifier: kind of number and the number itself.

Magnetic stripe, barcode, typed and contact number of one plastic card are one
identity; bank cards, documents, phones and chips are spaces of their own.
Track layouts: ISO/IEC 7813; check digits: ISO/IEC 7812-1 annex B (Luhn), and that of
EAN-13 (GS1 General Specifications 7.9).
"""

import re
from collections.abc import Callable
from typing import Protocol

import msgspec

from ekarte_core.values import CardRef, tail

_TRACK1 = re.compile(r"%?B(\d{8,19})\^[^?^]{2,26}\^[^?^]*\??")
_TRACK2 = re.compile(r";?(\d{8,19})[=D]\d*\??")
_NUMBER = re.compile(r"[0-9A-Z-]{4,40}")
_SPACE = {
    "pan": "number",
    "track1": "number",
    "track2": "number",
    "barcode": "number",
    "keyed": "number",
    "bank": "bank",
    "document": "document",
    "phone": "phone",
    "chip": "chip",
}


FIRST6_FROM = 13
"""Signs that a number has at least whose first six people may see."""


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
        return self.number[:6] if len(self.number) >= FIRST6_FROM else ""

    @property
    def last4(self) -> str:
        """Last four characters, fewer of a short number."""
        return tail(self.number)


def identify(card: CardRef) -> Identity | None:
    """Return the identity behind what was read, or None if it is no identifier."""
    text = card.value.strip().upper()
    if card.kind not in _SPACE:
        return None
    stripe = _stripe(card.kind, text)
    if stripe is not None:
        track = stripe.fullmatch(text)
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


def _stripe(kind: str, text: str) -> "re.Pattern[str] | None":
    """Return the layout of a magnetic stripe; a bank card's may be read as it comes."""
    if kind == "track1" or (kind == "bank" and "^" in text):
        return _TRACK1
    return _TRACK2 if kind == "track2" or (kind == "bank" and "=" in text) else None


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)  # twice a digit, its digits added


def luhn_ok(number: str) -> bool:
    """Check the Luhn digit of a number of decimal digits."""
    if not (number.isascii() and number.isdigit()):
        return False
    digits = [ord(digit) - 48 for digit in reversed(number)]
    return (sum(digits[::2]) + sum(_DOUBLED[d] for d in digits[1::2])) % 10 == 0


def ean13_ok(number: str) -> bool:
    """Check the last digit of a 13-digit article number."""
    if not (number.isascii() and number.isdigit() and len(number) == 13):
        return False
    digits = [ord(digit) - 48 for digit in number]
    return (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


CHECKS: dict[str, Callable[[str], bool]] = {"luhn": luhn_ok, "ean13": ean13_ok}
"""Rules of check digits that a number range may ask for."""


def admits(number_range: Range, identity: Identity) -> bool:
    """Say whether a range admits an identity, its check digit included."""
    first, last, number = number_range.first, number_range.last, identity.number
    if number_range.kind != identity.kind:
        return False
    if first and not (len(number) == len(first) and first <= number <= last):
        return False
    check = CHECKS.get(number_range.check)
    return check is None or check(number)
