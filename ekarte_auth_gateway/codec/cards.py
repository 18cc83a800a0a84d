"""How a card stands in a message: DE2, DE35, entry mode DE22, or sub-field ``CN``."""

import re
from collections.abc import Mapping

from ekarte_auth_gateway.codec import tlv
from ekarte_auth_gateway.codec.errors import CodecError
from ekarte_auth_gateway.codec.message import Fields
from ekarte_core import CardRef

PAN_DIGITS_MAX = 19
# What every profile can carry in DE35; other tracks go in `CN`, to the letter.
_PLAIN_TRACK = re.compile(r"(?=.{1,37}\Z)[0-9]+=[0-9]*")

# First two digits of DE22. Anything else with a number in DE2 is a plain number:
# a terminal that read a stripe may send the number alone.
_MODE_OF_KIND = {"keyed": "010", "barcode": "030"}
_KIND_OF_MODE = {mode[:2]: kind for kind, mode in _MODE_OF_KIND.items()}
# All but the ledger's own number of a card, which is for the back office.
_KINDS = (
    "pan",
    "track1",
    "track2",
    "barcode",
    "keyed",
    "bank",
    "document",
    "phone",
    "chip",
)


def read(fields: Mapping[str, str]) -> CardRef | None:
    """Return the card of DE2 or DE35; None when neither is there.

    Raises:
        CodecError: both are there and name different cards.
    """
    number, track = fields.get("2"), fields.get("35")
    if track is not None:
        card = CardRef(kind="track2", value=track)
        if number is not None and number_of(card) != number:
            raise CodecError("DE35", "names another card than DE2")
        return card
    if number is None:
        return None
    kind = _KIND_OF_MODE.get(fields.get("22", "")[:2], "pan")
    return CardRef(kind=kind, value=number)  # type: ignore[arg-type]  # a value of the table


def read_other(value: str) -> CardRef:
    """Return the card of sub-field ``CN``: kind, blank, value."""
    kind, _, number = value.partition(" ")
    if kind not in _KINDS:
        raise CodecError("DE48.CN", f"kind is none of {', '.join(_KINDS)}")
    return CardRef(kind=kind, value=number)  # type: ignore[arg-type]  # a value of the table


def write(card: CardRef | None) -> tuple[Fields, list[tlv.Pair]]:
    """Return the fields and sub-fields that carry a card."""
    if card is None:
        return {}, []
    digits = card.value.isascii() and card.value.isdigit()
    if digits and len(card.value) <= PAN_DIGITS_MAX and card.value:
        if card.kind == "pan":
            return {"2": card.value}, []
        if card.kind in _MODE_OF_KIND:
            return {"2": card.value, "22": _MODE_OF_KIND[card.kind]}, []
    if card.kind == "track2" and _PLAIN_TRACK.fullmatch(card.value):
        return {"35": card.value}, []
    return {}, [("CN", f"{card.kind} {card.value}")]


def number_of(card: CardRef) -> str:
    """The digits that an access code block is bound to."""
    value = card.value
    if card.kind == "track1":
        value = value.partition("^")[0]
    if card.kind == "track2":
        value = value.lstrip(";").partition("=")[0].partition("D")[0]
    return "".join(sign for sign in value if sign.isascii() and sign.isdigit())
