"""What a reader, a scanner or a person brings: a card, or the code of a slip.

Pure. Readers that pose as keyboards send the same text as those on a serial line.
"""

import re

from ekarte_core import CardRef, Original, identify

NUMBER_SIGNS_MIN = 8
CHIP_READ = "CHIP:"  # what a reader of chip cards puts before the number
_SLIP_CODE = re.compile(r"EKARTE:\d+:([0-9A-Z]{8}):(\d{1,6}):(\d{1,12})")
_WRITTEN = re.compile(r"(?:(?P<batch>\d{1,6})/)?(?P<operation>\d{1,12})")


def read_card(text: str, *, typed: bool = False) -> CardRef:
    """Return the card behind what was read or typed.

    Raises:
        ValueError: it is no card; the message does not repeat it.
    """
    text = text.strip()
    # Both tracks in one line: the second is shorter and says the same.
    second = re.search(r";\d{8,19}=\d*\??", text)
    if second is not None:
        card = CardRef(kind="track2", value=second.group())
    elif text.startswith("%"):
        card = CardRef(kind="track1", value=text)
    elif re.fullmatch(r"\d{8,19}[=D]\d*", text):
        card = CardRef(kind="track2", value=text)
    elif text.startswith(CHIP_READ):
        card = CardRef(kind="chip", value=text.removeprefix(CHIP_READ))
    elif text.startswith("+"):
        card = CardRef(kind="phone", value=text)
    else:
        card = CardRef(kind="keyed" if typed else "barcode", value=text)
    seen = identify(card)
    if seen is None or len(seen.number) < NUMBER_SIGNS_MIN:
        raise ValueError("this is no card number: read the card again")
    return card


def read_original(text: str, batch: int) -> Original:
    """Return the operation that a slip's code or a typed number names.

    Raises:
        ValueError: it names none.
    """
    text = text.strip()
    code = _SLIP_CODE.fullmatch(text)
    if code is not None:
        terminal, of_batch, operation = code.groups()
        return Original(
            batch=int(of_batch), operation=int(operation), terminal=terminal
        )
    written = _WRITTEN.fullmatch(text)
    if written is None:
        raise ValueError("write batch/operation as on the slip, like 3/412")
    return Original(
        batch=int(written["batch"] or batch), operation=int(written["operation"])
    )


def masked(card: CardRef) -> str:
    """Return what people may see of a card."""
    seen = identify(card)
    return "****" if seen is None else f"**** {seen.last4}"
