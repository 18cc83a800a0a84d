"""Rows of a slip as the bytes of an ESC/POS printer.

A printer has a table of 256 signs at a time, a code page, and each kind of printer has
other pages. python-escpos picks pages that many printers show as rubbish, and prints a
question mark for what the page lacks. So here a page is chosen for each row from a
short list, among those that the printer's profile has, and it is known beforehand that
it holds every sign: what no page holds is written with plainer signs (`printable`).
"""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import qrcode
import qrcode.constants
from PIL import Image

from ekarte_auth_gateway.slips.library import (
    PROFILES,
    QR_ECLEVEL_M,
    CodePages,
    Dummy,
    Encoder,
    get_profile,
)
from ekarte_core import SlipLine, SlipRow, slip_rows

log = logging.getLogger(__name__)

# In order of preference. 1257: Latvian, Lithuanian, Estonian and the euro; 1251:
# Russian and the euro; the others for what these lack, or for printers without them.
PAGES = (
    "CP1257",
    "CP1251",
    "CP866",
    "CP775",
    "CP1252",
    "CP858",
    "CP850",
    "CP852",
    "CP437",
)
QR_DOTS = 6
BARCODE_HEIGHT_DOTS = 64
NARROW_COLUMNS = 40  # from here on the paper is 80 mm wide
WIDE_SIGNS = 8  # of a barcode with broad bars, that it keeps its quiet zones
_UNKNOWN = "_"
_PLAINER = {
    "€": "EUR",
    "−": "-",
    "–": "-",
    "—": "-",
    "‑": "-",
    "…": "...",
    "×": "x",
    "„": '"',
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "‚": "'",
    "‘": "'",
    "’": "'",
    "•": "*",
    "№": "Nr.",
    "ß": "ss",
    "ø": "o",
    "Ø": "O",
    "æ": "ae",
    "Æ": "AE",
    "ł": "l",
    "Ł": "L",
    "đ": "d",
    "Đ": "D",
}
# Where a printer has no Cyrillic page at all: letters people still can read.
_LATIN = {
    **dict(zip("абвгдезийклмнопрстуфхцыэ", "abvgdezijklmnoprstufhcye", strict=True)),
    **{"ё": "jo", "ж": "zh", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "ju", "я": "ja"},
    **{"ъ": "'", "ь": "'"},
}


class Press(NamedTuple):
    """What is known about one kind of printer.

    Attributes:
        pages: code pages that may be used, with the signs beyond ASCII they hold.
        columns: of its usual letters.
        encoder: python-escpos' tables, made once: they take longest.
    """

    profile: str
    pages: tuple[tuple[str, frozenset[str]], ...]
    columns: int
    encoder: Any
    has_qr: bool
    has_barcode: bool
    has_images: bool


def knows(profile: str) -> bool:
    """Say whether there is a printer of this name."""
    return profile in PROFILES


@lru_cache(maxsize=len(PROFILES))
def press(profile: str) -> Press:
    """Return what is known about a printer of this name, one that `knows` knows."""
    found = get_profile(profile)
    has = found.get_code_pages()
    pages = [(name, _signs(name)) for name in PAGES if name in has]
    width = found.profile_data["media"]["width"].get("pixels")
    return Press(
        profile=profile,
        pages=tuple(pages),
        columns=found.get_columns("a"),
        encoder=Encoder(has),
        has_qr=bool(found.supports("qrCode")),
        has_barcode=bool(found.supports("barcodeB")),
        # A width that is not known cannot be kept to, and is told on stdout each time.
        has_images=bool(found.supports("bitImageRaster")) and isinstance(width, int),
    )


def _signs(page: str) -> frozenset[str]:
    encoding = CodePages.get_encoding(page)
    if "data" in encoding:
        return frozenset("".join(encoding["data"])) - {" "}
    raw = bytes(range(128, 256))
    return frozenset(raw.decode(encoding["python_encode"], errors="ignore"))


def slip_bytes(
    copies: Iterable[Sequence[SlipLine]], profile: str, columns: int
) -> bytes:
    """Return what a printer has to get for the copies of a slip.

    Args:
        copies: each cut from the next one.
        profile: one that `knows` knows.
        columns: of the paper; a printer whose letters are wider sets the bound.
    """
    kind = press(profile)
    columns = min(columns, kind.columns)
    return b"".join([_copy(lines, kind, columns) for lines in copies])


def _copy(lines: Iterable[SlipLine], kind: Press, columns: int) -> bytes:
    # A printer of its own for each copy: INIT forgets the code page, `Dummy` does not.
    printer = Dummy(profile=kind.profile, magic_encode_args={"encoder": kind.encoder})
    printer.hw("INIT")
    _write(printer, kind, slip_rows(printable(lines, kind), columns), columns)
    printer.cut()
    return bytes(printer.output)


def _write(printer: Dummy, kind: Press, rows: Iterable[SlipRow], columns: int) -> None:
    look = SlipRow("")
    for row in rows:
        if row.kind == "qr" or row.kind == "barcode":
            _write_code(printer, kind, row, columns)
            continue
        if row.bold != look.bold:
            printer.set(bold=row.bold)
        if row.indent:
            if look.size == "double":
                printer.set(custom_size=True, width=1, height=1)
                look = look._replace(size="normal")
            printer._raw(b" " * row.indent)
        if row.size != look.size:
            wide, high = _SIZES[row.size]
            printer.set(custom_size=True, width=wide, height=high)
        look = row
        for page, text in _runs(f"{row.text}\n", kind):
            if page:
                printer.charcode(page)
                printer.text(text)
            else:  # ASCII is the same on all pages; `text` would pick one for it
                printer._raw(text.encode("ascii"))


_SIZES = {"normal": (1, 1), "tall": (1, 2), "double": (2, 2)}


def _write_code(printer: Dummy, kind: Press, row: SlipRow, columns: int) -> None:
    """Print a code to be scanned, as well as this printer can."""
    printer.set(bold=False, custom_size=True, width=1, height=1, align="center")
    if row.kind == "barcode" and kind.has_barcode:
        # Not `barcode`, which tells on stdout each time that it calls this one.
        printer._hw_barcode(
            "{B" + row.text,
            "CODE128",
            height=BARCODE_HEIGHT_DOTS,
            width=2 if columns < NARROW_COLUMNS or len(row.text) > WIDE_SIGNS else 3,
        )
    elif kind.has_qr:
        printer.qr(row.text, ec=QR_ECLEVEL_M, size=QR_DOTS, native=True)
    elif kind.has_images:
        printer._raw(_qr_image(row.text, kind.profile))
    else:
        printer._raw(f"{row.text}\n".encode("ascii"))
    printer.set(align="left")


@lru_cache(maxsize=16)  # the copies of a slip have the same
def _qr_image(content: str, profile: str) -> bytes:
    """Return a QR code as dots, for printers that cannot draw one.

    With one mask for all. python-escpos would have the best of eight looked for, which
    takes six times as long and is read no better at this size.
    """
    code = qrcode.QRCode(
        error_correction=qrcode.constants.ERROR_CORRECT_M, border=0, mask_pattern=3
    )
    code.add_data(content)
    code.make(fit=True)
    size = code.modules_count
    dots = bytes(0 if dark else 255 for row in code.modules for dark in row)
    image = Image.frombytes("L", (size, size), dots)
    printer = Dummy(profile=profile)
    printer.image(
        image.resize((size * QR_DOTS, size * QR_DOTS), Image.Resampling.NEAREST)
    )
    return bytes(printer.output)


def _runs(text: str, kind: Press) -> list[tuple[str, str]]:
    """Divide a row by the code pages it needs; '' for a run that needs none."""
    signs = frozenset(text) if not text.isascii() else frozenset()
    signs = frozenset(sign for sign in signs if not sign.isascii())
    for page, holds in kind.pages if signs else (("", signs),):
        if signs <= holds:
            return [(page, text)]
    runs: list[tuple[str, str]] = []
    while text:
        page, count = max(
            ((page, _length(text, holds)) for page, holds in kind.pages),
            key=lambda found: found[1],
        )
        assert count, "printable() leaves only signs that some page holds"
        runs.append((page, text[:count]))
        text = text[count:]
    return runs


def _length(text: str, holds: frozenset[str]) -> int:
    for place, sign in enumerate(text):
        if not (sign.isascii() or sign in holds):
            return place
    return len(text)


def printable(lines: Iterable[SlipLine], kind: Press) -> list[SlipLine]:
    """Return the lines in signs that the printer has; widths may change by that."""
    made = []
    for line in lines:
        if line.text.isascii():
            made.append(line)
            continue
        text, right = _printable(line.text, kind), _printable(line.right, kind)
        made.append(
            SlipLine(
                text=text,
                right=right,
                align=line.align,
                style=line.style,
                size=line.size,
            )
        )
    return made


def _printable(text: str, kind: Press) -> str:
    text = unicodedata.normalize("NFC", text)
    if any(all(x.isascii() or x in holds for x in text) for _, holds in kind.pages):
        return text
    return "".join([_plainer(sign, kind.profile) for sign in text])


@lru_cache(maxsize=4096)
def _plainer(sign: str, profile: str) -> str:
    """Return a sign, or what comes nearest to it on this printer."""
    holds = press(profile).pages
    for tried in _attempts(sign):
        if tried and all(
            one.isascii() or any(one in signs for _, signs in holds) for one in tried
        ):
            return tried
    log.warning(
        "a printer lacks a sign: a slip has another in its place",
        extra={"profile": profile, "sign": f"U+{ord(sign):04X}"},
    )
    return _UNKNOWN


def _attempts(sign: str) -> Iterable[str]:
    yield sign
    yield _PLAINER.get(sign, "")
    bare = "".join(
        x for x in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(x)
    )
    if bare != sign:
        yield bare
    yield _LATIN.get(sign, "")
    yield _LATIN.get(sign.lower(), "").capitalize()
