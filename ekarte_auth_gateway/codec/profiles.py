"""Profiles: how one kind of terminals lays the same fields on the wire.

A profile is data. A kind of device that differs in a field or in its length prefix
is another entry of `PROFILES`, made with `variant` (docs/TERMINALS.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ekarte_auth_gateway.codec.fields import FIELDS, Field
from ekarte_auth_gateway.codec.framing import BINARY_2, Length
from ekarte_auth_gateway.codec.layout import Coding, Read, Write, reader, writer

_THIRD_BITMAP = 65


@dataclass(frozen=True, eq=False)
class Profile:
    """One way to write messages.

    Attributes:
        name: as in the network document.
        length: the prefix of each message.
        tpdu: a TPDU stands between prefix and message, counted by the prefix.
        numbers: ``text``: a digit a byte; ``bcd``: two digits a byte, in the message
            type, in length prefixes, in number fields and in track data.
        characters: encoding of texts (and of digits, where they are text).
        pad: a BCD number of odd length gets a 0 in front, or an F behind.
        fields: the table.
        readers: field name to what reads it; `writers` likewise.
    """

    name: str
    length: Length = BINARY_2
    tpdu: bool = False
    numbers: Literal["text", "bcd"] = "text"
    characters: str = "ascii"
    pad: Literal["front", "behind"] = "front"
    fields: Mapping[int, Field] = field(default_factory=lambda: FIELDS, repr=False)
    readers: dict[str, Read] = field(init=False, repr=False)
    writers: dict[str, Write] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make what is used for every message."""
        coding = Coding(self.packed, self.characters, self.pad == "front")
        # 65 is the bit of a third bitmap, which no terminal of ours has.
        rows = [item for item in self.fields.items() if item[0] != _THIRD_BITMAP]
        readers = {str(number): reader(number, row, coding) for number, row in rows}
        writers = {str(number): writer(number, row, coding) for number, row in rows}
        object.__setattr__(self, "readers", readers)
        object.__setattr__(self, "writers", writers)

    @property
    def packed(self) -> bool:
        """Two digits a byte."""
        return self.numbers == "bcd"

    @property
    def type_bytes(self) -> int:
        """Length of the message type on the wire."""
        return 2 if self.packed else 4


def variant(base: Profile, name: str, **changes: Any) -> Profile:
    """Return a profile that differs from another.

    Args:
        base: the profile to start from.
        name: its own name.
        changes: attributes of `Profile`; `fields` names only the rows that differ.
    """
    rows = changes.pop("fields", {})
    return replace(base, name=name, fields={**base.fields, **rows}, **changes)


PROFILE_A = Profile("A")
PROFILE_B = variant(
    PROFILE_A,
    "B",
    tpdu=True,
    numbers="bcd",
    fields={
        49: Field("n", 0, 3, "currency"),
        50: Field("n", 0, 3, "settlement currency"),
        51: Field("n", 0, 3, "billing currency"),
    },
)
PROFILES: dict[str, Profile] = {row.name: row for row in (PROFILE_A, PROFILE_B)}
