"""Parts of a message: how the attributes of a struct become tags and texts, and back.

A table has one row for each part. A tree of plain values lies between the texts and
the core's structs, so that msgspec checks what was put together.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from ekarte_auth_gateway.codec import tlv
from ekarte_auth_gateway.codec.errors import CodecError

Tree = dict[str, Any]

WHOLE_DIGITS_MAX = 18
_SURELY_SHORT = tlv.VALUE_BYTES_MAX // 4  # characters: UTF-8 has up to four bytes each
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Kind(NamedTuple):
    """How one value stands in a text. `read` takes the text and its place."""

    write: Callable[[Any], str]
    read: Callable[[str, str], Any]


class Part(NamedTuple):
    """One row: a tag, the attribute that it holds, and how.

    Attributes:
        tag: two capitals or digits.
        name: attribute of the struct; ``tender.gift`` for one inside another.
        kind: of the value, or of each value.
        shape: one · many: repeated, a tuple · pieces: one long text, cut into
            repeated pieces · named: repeated, a dict.
        always: written though it has its default, when what holds it is there.
    """

    tag: str
    name: str
    kind: Kind
    shape: Literal["one", "many", "pieces", "named"] = "one"
    always: bool = False


class _Row:
    """A part with what writing needs to know, looked up once."""

    __slots__ = (
        "apart",
        "default",
        "inner",
        "nothing",
        "place",
        "shape",
        "tag",
        "write",
    )

    def __init__(
        self, part: Part, struct: type[msgspec.Struct], names: set[str]
    ) -> None:
        outer, _, inner = part.name.rpartition(".")
        attributes = [row.name for row in msgspec.structs.fields(struct)]
        self.tag, self.shape, self.write = part.tag, part.shape, part.kind.write
        self.place = attributes.index(outer or inner)
        self.nothing = _default(struct, outer) if outer else None
        self.inner = inner if outer else ""
        holder = _struct_in(struct, outer) if outer else struct
        known = None if holder is None or part.always else _default(holder, inner)
        self.default = known
        prefix = part.name + "."
        # Of a dict: these have rows of their own.
        self.apart = {n.removeprefix(prefix) for n in names if n.startswith(prefix)}

    def texts_of(self, there: object) -> list[str]:
        """Return the texts of what the attribute, or its outer one, holds."""
        held: Any = self._inside(there) if self.inner else there
        if held is None:
            return []
        write = self.write
        if self.shape == "one":
            return [write(held)]
        if self.shape == "many":
            return [write(one) for one in held]
        if self.shape == "named":
            return [write(pair) for pair in held.items() if pair[0] not in self.apart]
        return tlv.pieces(write(held))

    def _inside(self, outer: object) -> object:
        """Return what the inner attribute holds; None: nothing worth a text."""
        if isinstance(outer, dict):
            held = outer.get(self.inner)
        else:
            held = getattr(outer, self.inner)
        return None if held == self.default else held


def _struct_in(struct: type[msgspec.Struct], name: str) -> type[msgspec.Struct] | None:
    """Return the struct that an attribute may hold; None: it holds a dict."""
    kind = next(row.type for row in msgspec.structs.fields(struct) if row.name == name)
    for one in (kind, *get_args(kind)):
        if isinstance(one, type) and issubclass(one, msgspec.Struct):
            return one
    return None


def _default(struct: type[msgspec.Struct], name: str) -> object:
    row = next(row for row in msgspec.structs.fields(struct) if row.name == name)
    if row.default_factory is not msgspec.NODEFAULT:
        return row.default_factory()
    return None if row.default is msgspec.NODEFAULT else row.default


class Table:
    """Rows for one struct, ready for use in both directions."""

    def __init__(self, struct: type[msgspec.Struct], *parts: Part) -> None:
        """Take the rows in the order in which they are written."""
        self.parts = parts
        self.rows = {part.tag: part for part in parts}
        assert len(self.rows) == len(parts), "a tag stands twice"
        names = {part.name for part in parts}
        rows = [_Row(part, struct, names) for part in parts]
        # What is passed over most often stands ready: place and default.
        self._writing = [
            (row.place, row.nothing if row.inner else row.default, row) for row in rows
        ]

    def write(self, value: msgspec.Struct) -> list[tlv.Pair]:
        """Return tags and texts of what a struct holds; defaults are left out.

        Raises:
            CodecError: something that has no text, such as a semicolon in a record.
        """
        # Most attributes hold their default: they cost one comparison each.
        held = msgspec.structs.astuple(value)
        return [
            (row.tag, text)
            for place, default, row in self._writing
            if (there := held[place]) is not None and there != default
            for text in row.texts_of(there)
        ]

    def read(self, pair: tlv.Pair, place: str, tree: Tree) -> bool:
        """Put one part of a message into a tree; False: the table has no such tag.

        Raises:
            CodecError: not of its kind, or given twice.
        """
        part = self.rows.get(pair[0])
        if part is None:
            return False
        outer, _, name = part.name.rpartition(".")
        holder = tree.setdefault(outer, {}) if outer else tree
        _put(holder, name, part, part.kind.read(pair[1], place), place)
        return True

    def place_of(self, name: str) -> str:
        """Return the tag that holds an attribute; "" when none does."""
        return next((tag for tag, row in self.rows.items() if row.name == name), "")


def _put(holder: Tree, name: str, part: Part, value: object, place: str) -> None:
    if part.shape == "many":
        holder.setdefault(name, []).append(value)
    elif part.shape == "pieces":
        holder[name] = f"{holder.get(name, '')}{value}"
    elif isinstance(value, tuple):
        _add(holder.setdefault(name, {}), value[0], value[1], place)
    elif isinstance(value, dict):
        # A row of its own may hold another part of the same struct.
        inner = holder.setdefault(name, {})
        for key, cell in value.items():
            _add(inner, key, cell, place)
    else:
        _add(holder, name, value, place)


def _add(holder: Tree, name: str, value: object, place: str) -> None:
    if name in holder:
        raise CodecError(place, "is given twice")
    holder[name] = value


def whole(text: str, place: str) -> int:
    """Read a whole number."""
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit() and len(digits) <= WHOLE_DIGITS_MAX):
        raise CodecError(place, "is not a whole number")
    return int(text)


def _flag(text: str, place: str) -> bool:
    if text not in ("0", "1"):
        raise CodecError(place, "is neither 0 nor 1")
    return text == "1"


def speakable(text: str) -> str:
    """Make a text for people fit: one line, not longer than a part may be."""
    if len(text) <= _SURELY_SHORT and text.isprintable():
        return text
    return tlv.shorten(_CONTROL.sub(" ", text))


def _as_it_is(text: str, _place: str) -> str:
    return text


WHOLE = Kind(str, whole)
TEXT = Kind(str, _as_it_is)
SPOKEN = Kind(speakable, _as_it_is)
FLAG = Kind(lambda value: "1" if value else "0", _flag)
BASE64 = Kind(lambda value: base64.b64encode(value).decode(), _as_it_is)
MOMENT = Kind(lambda value: value.isoformat(), _as_it_is)
"""Base64 and RFC 3339: msgspec reads them when the struct is made."""


def record(struct: type[msgspec.Struct], columns: str, optional: str = "") -> Kind:
    """Make the kind of a struct whose attributes stand side by side.

    Args:
        struct: tells which columns are numbers.
        columns: names, with semicolons between them, as in the text. Only the last
            may hold a semicolon itself.
        optional: the name of one more column, left out when it is empty.
    """
    names = columns.split(";")
    rows = {field.name: field for field in msgspec.structs.fields(struct)}
    numbers = {name for name, row in rows.items() if row.type is int}
    texts = {name for name, row in rows.items() if row.type is str}

    def write(value: msgspec.Struct) -> str:
        cells = [_cell(getattr(value, name)) for name in names]
        if optional and (more := getattr(value, optional)):
            cells.append(_cell(more))
        if any(";" in cell for cell in cells[:-1]):
            raise CodecError("", f"{columns}: only the last may hold a semicolon")
        return ";".join(cells)

    def read(text: str, place: str) -> Tree:
        known = [*names, optional] if optional else names
        cells = text.split(";", len(known) - 1)
        if len(cells) < len(names):
            raise CodecError(place, f"is not {columns}")
        tree: Tree = {}
        for name, cell in zip(known, cells, strict=False):
            if name in numbers:
                tree[name] = whole(cell, place)
            elif cell or name in texts:
                tree[name] = cell
        return tree

    return Kind(write, read)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _read_card(text: str, place: str) -> Tree:
    kind, blank, value = text.partition(" ")
    if not blank:
        raise CodecError(place, "is not kind, blank, value")
    return {"kind": kind, "value": value}


CARD = Kind(lambda card: f"{card.kind} {card.value}", _read_card)


def _read_sum(text: str, place: str) -> tuple[str, int]:
    amount, semicolon, name = text.partition(";")
    if not semicolon:
        raise CodecError(place, "is not amount;name")
    return name, whole(amount, place)


def _read_consent(text: str, place: str) -> tuple[str, bool]:
    purpose, _, given = text.rpartition(";")
    return purpose, _flag(given, place)


# Of a dict: name and value together.
SUM = Kind(lambda pair: f"{pair[1]};{pair[0]}", _read_sum)
CONSENT = Kind(lambda pair: f"{pair[0]};{pair[1]:d}", _read_consent)

_PATH = re.compile(r"`\$\.(\w+)(?:\[\.\.\.\]|\[\d+\])?(?:\.(\w+))?")


def fault_in(fault: msgspec.ValidationError) -> tuple[str, ...]:
    """Return the attribute at fault, the outer one alone and with the inner one.

    The value is not told: it may be a card number.
    """
    found = _PATH.search(str(fault))
    if found is None:
        return ()
    return (f"{found[1]}.{found[2]}", found[1]) if found[2] else (found[1],)
