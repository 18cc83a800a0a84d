"""The stored slip in the form that was asked for. Pure: the answer in the ledger stays.

A wish is `none`, `text` (the lines as they are stored: nothing to do here),
`text:<columns>` or `escpos:<profile>`. In the last two all copies stand one after the
other, each with its mark, so the answer then says that one is to be printed.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

import msgspec

from ekarte_auth_gateway.slips.paper import slip_bytes
from ekarte_core import Answer, SlipLine, slip_marks, slip_rows


class Wish(NamedTuple):
    """What a request wants: rows of so many columns, or bytes for a profile."""

    columns: int = 0
    profile: str = ""

    @property
    def any(self) -> bool:
        """Say whether something is to be rendered at all."""
        return bool(self.columns or self.profile)


@lru_cache(maxsize=256)
def wish_of(slip: str) -> Wish:
    """Return what `Request.slip` asks for, one that has been checked."""
    kind, _, rest = slip.partition(":")
    if not rest:
        return Wish()
    return Wish(columns=int(rest)) if kind == "text" else Wish(profile=rest)


def rendered(
    answer: Answer, wish: Wish, columns: int, languages: Sequence[str]
) -> Answer:
    """Return the answer with its slip rendered; of a status answer, the original's.

    Args:
        answer: as the ledger stored it.
        wish: one that asks for something.
        columns: of the terminal's paper, where the wish does not tell.
        languages: for the marks of the copies; the first that slips speak is taken.
    """
    if answer.original is not None:
        original = _one(answer.original, wish, columns, languages, reprint=True)
        return msgspec.structs.replace(answer, original=original)
    return _one(answer, wish, columns, languages, reprint=False)


def _one(
    answer: Answer, wish: Wish, columns: int, languages: Sequence[str], *, reprint: bool
) -> Answer:
    if not answer.slip:
        return answer
    copies = copies_of(answer, languages, reprint=reprint)
    if wish.profile:
        made = slip_bytes(copies, wish.profile, columns)
        return msgspec.structs.replace(answer, slip=(), slip_bytes=made, copies=1)
    slip: list[SlipLine] = []
    for lines in copies:
        if slip:
            slip.append(SlipLine(text="", style="cut"))
        slip += plain(lines, wish.columns)
    return msgspec.structs.replace(answer, slip=tuple(slip), copies=1)


def plain(lines: Iterable[SlipLine], columns: int) -> list[SlipLine]:
    """Return rows as slip lines that a terminal may print as they are."""
    made = []
    for row in slip_rows(lines, columns, large=False):
        if row.kind == "text":
            made.append(SlipLine(text=row.text, style="bold" if row.bold else ""))
        elif row.kind == "cut":
            made.append(SlipLine(text="", style="cut"))
        else:  # nobody can print a code as text: what it says, for the eye
            content = SlipLine(text=row.text, align="center")
            made += [
                SlipLine(text=piece.text) for piece in slip_rows([content], columns)
            ]
    return made


def copies_of(
    answer: Answer, languages: Sequence[str], *, reprint: bool
) -> list[list[SlipLine]]:
    """Return the lines of each copy: the seller's is signed, the customer's is not."""
    marks = slip_marks(*languages)
    head = []
    if reprint:
        head = [_mark(marks.reprint, size="double")]
    if answer.copies <= 1:
        return [[*head, *answer.slip]]
    unsigned = [line for line in answer.slip if line.style != "signature"]
    return [
        [*head, *answer.slip, _BLANK, _mark(marks.seller)],
        [*head, *unsigned, _BLANK, _mark(marks.customer)],
    ]


_BLANK = SlipLine(text="")


def _mark(text: str, size: Literal["", "double"] = "") -> SlipLine:
    return SlipLine(text=text, align="center", style="bold", size=size)
