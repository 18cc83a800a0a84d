"""Slip lines laid out for paper of so many columns: folded, aligned, nothing cut.

The ledger stores a slip once, as lines that know no paper (`SlipLine`). Here they
become rows of at most `columns` signs. What a printer or a plain text needs beyond
that is made from the rows by others.
"""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, NamedTuple

from ekarte_core.values import SlipLine

COLUMNS_MIN, COLUMNS_MAX = 24, 64
HANG = 2  # how far the second row of a folded sentence stands in
LABEL_MIN = 8  # a label beside a sum is folded in no less than so many columns

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# "5 %" and the hyphenated parts of a number belong together.
_GLUED = re.compile(r"(?<=\d) (?=%)")
_NO_BREAK = "\N{NO-BREAK SPACE}"

Size = Literal["normal", "tall", "double"]


class SlipRow(NamedTuple):
    """One row of paper. `tall`: twice as high; `double`: as wide, too.

    Of kind `qr` or `barcode` the text is the content of a code; `cut` ends a copy.
    `indent`: columns of usual letters before wide ones, which else could not stand in
    the middle.
    """

    text: str
    bold: bool = False
    size: Size = "normal"
    indent: int = 0
    kind: Literal["text", "qr", "barcode", "cut"] = "text"


_CUT = SlipRow("", kind="cut")
_BLANK = SlipRow("")


def slip_rows(
    lines: Iterable[SlipLine], columns: int, *, large: bool = True
) -> list[SlipRow]:
    """Return the rows of one slip.

    Args:
        lines: as the ledger stored them.
        columns: signs in a row of the paper; a row of size `double` has half as many.
        large: False where all letters have one size.
    """
    rows: list[SlipRow] = []
    for line in lines:
        if line.style == "rule":
            rows.append(SlipRow("-" * columns))
        elif line.style == "signature":
            rows += _signature(_clean(line.text), columns)
        elif line.style == "qr" or line.style == "barcode":
            rows += [_BLANK, SlipRow(_clean(line.text), kind=line.style)]
        elif line.style == "cut":
            rows.append(_CUT)
        else:
            rows += _text_rows(line, columns, large=large)
    return rows


def _text_rows(line: SlipLine, columns: int, *, large: bool) -> list[SlipRow]:
    text, right = _clean(line.text), _clean(line.right)
    bold = line.style == "bold"
    size: Size = "normal"
    if large and line.size == "double":
        # Two columns stay those of the other rows, whatever the words' length.
        wide = not right and len(text) <= columns // 2
        if wide:
            spare = columns - 2 * len(text)
            indent = {"left": 0, "center": spare // 2, "right": spare}[line.align]
            return [SlipRow(text, bold, "double", indent)]
        size = "tall"
    return [
        SlipRow(row, bold, size) for row in _aligned(text, right, line.align, columns)
    ]


def _aligned(text: str, right: str, align: str, columns: int) -> list[str]:
    if right and text.endswith(right):
        return _two_columns(text[: -len(right)].rstrip(), right, columns)
    pieces = fold(text, columns)
    if align == "center":
        return [" " * ((columns - len(piece)) // 2) + piece for piece in pieces]
    if align == "right":
        return [piece.rjust(columns) for piece in pieces]
    if len(pieces) == 1:
        return pieces
    rest = " ".join(pieces[1:])
    return [pieces[0]] + [" " * HANG + piece for piece in fold(rest, columns - HANG)]


def _two_columns(label: str, right: str, columns: int) -> list[str]:
    """Put the label to the left edge and the sum to the right one of its last row."""
    room = columns - len(right) - 1
    if room >= min(max(LABEL_MIN, columns // 3), len(label)):
        *above, last = fold(label, room)
        return [*above, last + right.rjust(columns - len(last))]
    return [
        *fold(label, columns),
        *(row.rjust(columns) for row in fold(right, columns)),
    ]


def _signature(label: str, columns: int) -> list[SlipRow]:
    """Leave room to write above a line that begins with what it is for."""
    head = f"{label}: "
    if len(head) > columns // 2:
        return [
            _BLANK,
            *map(SlipRow, fold(label, columns)),
            _BLANK,
            SlipRow("_" * columns),
        ]
    return [_BLANK, _BLANK, SlipRow(head + "_" * (columns - len(head)))]


def fold(text: str, columns: int) -> list[str]:
    """Fold a text at its words; only a word that is longer than a row is broken."""
    rows: list[str] = []
    row = ""
    for word in _GLUED.sub(_NO_BREAK, text).split(" "):
        piece = word
        if row and len(row) + 1 + len(piece) <= columns:
            row += f" {piece}"
            continue
        if row:
            rows.append(row)
        while len(piece) > columns:
            rows.append(piece[:columns])
            piece = piece[columns:]
        row = piece
    rows.append(row)
    return [done.replace(_NO_BREAK, " ") for done in rows]


def _clean(text: str) -> str:
    """One sign a column: composed letters, no control signs, no runs of spaces."""
    text = unicodedata.normalize("NFC", _CONTROL.sub(" ", text))
    return " ".join(text.replace(_NO_BREAK, " ").split())
