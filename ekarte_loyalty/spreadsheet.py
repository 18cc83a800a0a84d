"""Tables that people bring: CSV or XLSX, read as text, with the place of each cell.

Nothing is guessed silently: a number that a spreadsheet has rounded is told as such.
What is written for spreadsheets never becomes a formula.
"""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from zipfile import ZipFile

import openpyxl

from odoo.tools import LazyTranslate

_lt = LazyTranslate(__name__)

ROWS_MAX = 200_000
COLUMNS_MAX = 60
EXACT_MAX = 10**15
"""Spreadsheets keep fifteen digits of a number; the rest becomes zeros."""
ZIP_HEAD = b"PK\x03\x04"
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Some spreadsheets take the wide ones for the usual."""
UNPACKED_MAX = 128 * 1024 * 1024
"""Bytes of an XLSX when it is unpacked: twice what its most rows come to."""
DIGITS_MAX = 30
"""Before or behind the point; what is longer is no number of anything here."""


_DAYS = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d\d?)-(?P<day>\d\d?)"),
    re.compile(r"(?P<day>\d\d?)\.(?P<month>\d\d?)\.(?P<year>\d{4})"),
)


class TableInvalid(ValueError):
    """The file is no table that can be read; the message is for people."""

    def __str__(self):
        """Return it for programmers: a translation needs to know for whom."""
        return repr(self.args[0])

    def told(self, env):
        """Return the message in the language of who reads it."""
        (message,) = self.args
        return message if isinstance(message, str) else env._(message)


class Row(NamedTuple):
    """One row: its number as people see it, from 1 with the header; cells as text."""

    number: int
    cells: list[str]


def read_table(content: bytes) -> Iterator[Row]:
    """Yield the rows of a CSV or XLSX file, the header first, without empty ones.

    Raises:
        TableInvalid: neither, or larger than any import.
    """
    source = _xlsx(content) if content.startswith(ZIP_HEAD) else _csv(content)
    for number, cells in enumerate(source, start=1):
        if number > ROWS_MAX:
            raise TableInvalid(_lt("more than %(rows)s rows", rows=ROWS_MAX))
        if any(cells):
            yield Row(number, cells[:COLUMNS_MAX])


def write_csv(rows: list[list[str]]) -> bytes:
    """Write rows as CSV that spreadsheets open as text, in UTF-8 with its mark."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerows([plain(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def plain(text: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text


def to_decimal(text: str) -> Decimal | None:
    """Return a number as people type it, `1 234,50` or `1234.50`; None: it is none."""
    clean = text.replace("\xa0", "").replace(" ", "").replace(",", ".")
    try:
        number = Decimal(clean)
    except InvalidOperation:
        return None
    # Of 1e999999999 a whole number would fill the memory.
    usual = number.is_finite() and abs(number.adjusted()) <= DIGITS_MAX
    return number if usual else None


def to_day(text: str) -> date | None:
    """Return a day as people write it, `2026-12-31` or `31.12.2026`; None: it is none.

    Days with slashes are not guessed: half the world means another one.
    """
    found = next((one for form in _DAYS if (one := form.fullmatch(text.strip()))), None)
    if found is None:
        return None
    try:
        return date(**{part: int(digits) for part, digits in found.groupdict().items()})
    except ValueError:
        return None


def _csv(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise TableInvalid(_lt("neither XLSX nor CSV in UTF-8")) from fault
    head = text.partition("\n")[0]
    delimiter = max(";,\t", key=head.count)
    try:
        for row in csv.reader(io.StringIO(text), delimiter=delimiter, strict=True):
            yield [_as_typed(cell.strip()) for cell in row]
    except csv.Error as fault:
        raise TableInvalid(_lt("the CSV is damaged: %(fault)s", fault=fault)) from fault


def _as_typed(cell: str) -> str:
    """Return what `plain` was given."""
    return cell[1:] if cell.startswith("'") and plain(cell[1:]) == cell else cell


def _xlsx(content: bytes) -> Iterator[list[str]]:
    try:
        with ZipFile(io.BytesIO(content)) as packed:
            unpacked = sum(part.file_size for part in packed.infolist())
        if unpacked > UNPACKED_MAX:
            raise TableInvalid(_lt("the XLSX is larger than any import"))
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True
        )
        # Within bounds: a sheet may say that it is as large as sheets can be.
        sheet = book.worksheets[0]
        columns = min(sheet.max_column or COLUMNS_MAX, COLUMNS_MAX)
        for row in sheet.iter_rows(
            max_row=ROWS_MAX + 1, max_col=columns, values_only=True
        ):
            yield [_text(cell) for cell in row]
    except TableInvalid:
        raise
    # The library tells what is wrong with a file by whatever it stumbles over.
    except Exception as fault:
        raise TableInvalid(_lt("the XLSX is damaged")) from fault


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (datetime, date)):
        return value.isoformat()[:10]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        exact = Decimal(repr(value))
        whole = exact == exact.to_integral_value()
        if abs(exact) >= EXACT_MAX:
            return ROUNDED
        return str(int(exact)) if whole else str(exact)
    return str(value).strip()


ROUNDED = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for a number that is too long to be one: its column has to be text."""
