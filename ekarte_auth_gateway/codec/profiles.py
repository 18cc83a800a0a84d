"""Profiles: how one kind of terminals lays the same fields on the wire.

A profile is data. A kind of device that differs in a field or in its length prefix
is another entry of `PROFILES`, made with `variant` (docs/TERMINALS.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from ekarte_auth_gateway.codec.fields import FIELDS, Field
from ekarte_auth_gateway.codec.framing import BINARY_2, Length

# Latin-1 lets our UTF-8 texts pass byte by byte, so that lengths count bytes;
# tlv.py turns the bytes into text.
_BYTE_BY_BYTE = "latin-1"


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
        spec: the same for pyiso8583.
        kinds: field name to kind, for checks.
    """

    name: str
    length: Length = BINARY_2
    tpdu: bool = False
    numbers: Literal["text", "bcd"] = "text"
    characters: str = "ascii"
    pad: Literal["front", "behind"] = "front"
    fields: Mapping[int, Field] = field(default_factory=lambda: FIELDS, repr=False)
    spec: dict[str, dict[str, Any]] = field(init=False, repr=False)
    kinds: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Make what is looked up for every message."""
        spec = {
            "h": self._entry(Field("ans", 0, 0, "header")),
            "t": self._entry(Field("n", 0, 4, "message type")),
            "p": self._entry(Field("b", 0, 8, "bitmap")),
            "1": self._entry(Field("b", 0, 8, "secondary bitmap")),
        }
        spec |= {str(number): self._entry(row) for number, row in self.fields.items()}
        kinds = {str(number): row.kind for number, row in self.fields.items()}
        object.__setattr__(self, "spec", spec)
        object.__setattr__(self, "kinds", kinds)

    @property
    def packed(self) -> bool:
        """Two digits a byte."""
        return self.numbers == "bcd"

    @property
    def type_bytes(self) -> int:
        """Length of the message type on the wire."""
        return 2 if self.packed else 4

    def _entry(self, row: Field) -> dict[str, Any]:
        encoding = {"b": "b", "u": _BYTE_BY_BYTE}.get(row.kind, self.characters)
        entry = {
            "data_enc": encoding,
            "len_enc": self.characters,
            "len_type": row.prefix,
            "max_len": row.size,
            "desc": row.name,
        }
        if self.packed:
            entry |= {"len_enc": "bcd", "len_type": (row.prefix + 1) // 2}
            if row.kind in ("n", "z"):
                pad = {"left_pad": "0"} if self.pad == "front" else {"right_pad": "F"}
                entry |= {"data_enc": "b", "len_count": "nibbles", **pad}
        return entry


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
