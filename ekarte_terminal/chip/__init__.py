"""Chip cards that keep a copy of their account in their memory.

What a record says and how it survives being torn is pure (`record`); card types are a
table (`types`); `memory` speaks to a card in a reader, `pcsc` finds the reader.
"""

from ekarte_terminal.chip.memory import CardGone, Memory, PinRefused
from ekarte_terminal.chip.record import (
    COPIES_BYTES,
    CardKey,
    Record,
    newest,
    read_copies,
    write_record,
)
from ekarte_terminal.chip.types import TYPES, CardType

__all__ = [
    "COPIES_BYTES",
    "TYPES",
    "CardGone",
    "CardKey",
    "CardType",
    "Memory",
    "PinRefused",
    "Record",
    "newest",
    "read_copies",
    "write_record",
]
