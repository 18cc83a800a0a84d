"""The spreadsheet of a clearing statement, opened again by another library."""

import io
from datetime import date

from openpyxl import load_workbook

from odoo.tests import BaseCase, tagged

from ..clearing_workbook import ROWS_MAX, Column, Fact, Sheet, write_workbook

COLUMNS = (
    Column("Program"),
    Column("Day", "date"),
    Column("Operations", "count", total=True),
    Column("Amount", "money", total=True),
)
ROWS = (
    ("Gift card", date(2026, 11, 3), 2, 0.1),
    ("=1+1", date(2026, 11, 4), 1, 0.2),
    ("https://example.com", date(2026, 11, 5), 1, -12345.67),
)


@tagged("post_install", "-at_install")
class TestClearingWorkbook(BaseCase):
    def test_numbers_are_numbers_and_dates_are_dates(self):
        page = self._open()["Lines"]
        self.assertEqual(page["C2"].value, 2)
        self.assertEqual(page["D4"].value, -12345.67)
        self.assertEqual(page["B3"].value.date(), date(2026, 11, 4))
        self.assertEqual(page["D2"].number_format, "#,##0.00")

    def test_text_from_outside_is_never_a_formula_nor_a_link(self):
        page = self._open()["Lines"]
        self.assertEqual((page["A3"].value, page["A3"].data_type), ("=1+1", "s"))
        self.assertIsNone(page["A4"].hyperlink)

    def test_sums_are_formulas_that_show_their_sum(self):
        self.assertEqual(self._open()["Lines"]["D5"].value, -12345.37)
        self.assertEqual(self._open()["Lines"]["C5"].value, 4)
        self.assertEqual(self._open(False)["Lines"]["D5"].value, "=SUM(D2:D4)")
        self.assertEqual(self._open()["Lines"]["A5"].value, "Total")

    def test_the_head_stays_in_sight_and_filters(self):
        page = self._open()["Lines"]
        self.assertEqual(page.freeze_panes, "A2")
        self.assertEqual(page.auto_filter.ref, "A1:D4")

    def test_a_table_of_nothing_has_a_head_and_no_sums(self):
        page = self._open(rows=[])["Lines"]
        self.assertEqual(
            [[cell.value for cell in row] for row in page.rows],
            [[column.label for column in COLUMNS]],
        )

    def test_facts_stand_below_the_title(self):
        page = self._open()["Summary"]
        self.assertEqual(page["A1"].value, "Statement 1")
        self.assertEqual((page["A3"].value, page["B3"].value), ("Balance", -70.5))
        self.assertTrue(page["B3"].font.bold)
        self.assertEqual((page["A4"].value, page["B4"].value), ("Bank", None))

    def test_more_rows_than_a_sheet_takes_are_refused(self):
        with self.assertRaises(ValueError):
            self._write([ROWS[0]] * (ROWS_MAX + 1))

    def _open(self, values=True, rows=ROWS):
        return load_workbook(io.BytesIO(self._write(rows)), data_only=values)

    @staticmethod
    def _write(rows):
        facts = [Fact("Balance", -70.5, "money", strong=True), Fact("Bank", False)]
        sheets = [Sheet("Lines", COLUMNS, rows)]
        return write_workbook("Statement 1", "Summary", facts, sheets, "Total")
