"""A clearing statement as a spreadsheet: what is in it is told by the caller.

Numbers are written as numbers and dates as dates, so that people can go on reckoning;
whatever came from outside is written as text, so that a name that begins with `=` never
becomes a formula.
"""

import io
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import xlsxwriter

# What Excel takes in one sheet, less the header and the line of sums.
ROWS_MAX = 1_048_576 - 2
FORMS = {
    "text": {},
    "count": {"num_format": "#,##0"},
    "money": {"num_format": "#,##0.00"},
    "date": {"num_format": "yyyy-mm-dd", "align": "left"},
}


class Column(NamedTuple):
    """A column: its heading, and how what stands below it is written."""

    label: str
    form: str = "text"
    width: int = 14
    total: bool = False


class Sheet(NamedTuple):
    """A table; `rows` are as long as `columns`."""

    name: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]


class Fact(NamedTuple):
    """One line of the first sheet."""

    label: str
    value: object
    form: str = "text"
    strong: bool = False


def write_workbook(
    title: str, name: str, facts: Iterable[Fact], sheets: Iterable[Sheet], total: str
) -> bytes:
    """Return the bytes of an XLSX file.

    Args:
        title: heading of the first sheet.
        name: name of the first sheet.
        facts: what the first sheet says, one below the other.
        sheets: the tables that follow.
        total: the word before the sums of a table.

    Raises:
        ValueError: a table has more rows than a sheet takes.
    """
    file = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(file, options) as book:
        styles = _styles(book)
        _write_facts(book.add_worksheet(name), styles, title, facts)
        for sheet in sheets:
            _write_table(book.add_worksheet(sheet.name), styles, sheet, total)
    return file.getvalue()


def _styles(book):
    styles = {
        (form, strong): book.add_format({**look, "bold": strong})
        for form, look in FORMS.items()
        for strong in (False, True)
    }
    styles |= {
        (form, "total"): book.add_format({**look, "bold": True, "top": 1})
        for form, look in FORMS.items()
    }
    styles["title"] = book.add_format({"bold": True, "font_size": 14})
    styles["head"] = book.add_format(
        {"bold": True, "bg_color": "#E7E9ED", "bottom": 1, "text_wrap": True}
    )
    return styles


def _write_facts(page, styles, title, facts):
    page.set_column(0, 0, 32)
    page.set_column(1, 1, 44)
    page.write_string(0, 0, title, styles["title"])
    for row, fact in enumerate(facts, start=2):
        page.write_string(row, 0, fact.label, styles["text", fact.strong])
        _write(page, row, 1, fact.value, fact.form, styles[fact.form, fact.strong])
    page.fit_to_pages(1, 0)


def _write_table(page, styles, sheet, total):
    if len(sheet.rows) > ROWS_MAX:
        raise ValueError(f"{len(sheet.rows)} rows do not fit into one sheet")
    for number, column in enumerate(sheet.columns):
        page.set_column(number, number, column.width)
        page.write_string(0, number, column.label, styles["head"])
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    for row, values in enumerate(sheet.rows, start=1):
        for number, (column, value) in enumerate(
            zip(sheet.columns, values, strict=True)
        ):
            _write(page, row, number, value, column.form, styles[column.form, False])
    if sheet.rows:
        page.autofilter(0, 0, len(sheet.rows), len(sheet.columns) - 1)
        _write_sums(page, styles, sheet, total)


def _write_sums(page, styles, sheet, total):
    """Formulas, so that they go on being right, with the sum that a viewer shows."""
    last = len(sheet.rows)
    for number, column in enumerate(sheet.columns):
        look = styles[column.form if column.total else "text", "total"]
        if not column.total:
            page.write_string(last + 1, number, "" if number else total, look)
            continue
        letter = xlsxwriter.utility.xl_col_to_name(number)
        # Hundredths, summed as whole numbers: no trace of binary fractions.
        hundredths = sum(round((row[number] or 0) * 100) for row in sheet.rows)
        page.write_formula(
            last + 1,
            number,
            f"=SUM({letter}2:{letter}{last + 1})",
            look,
            hundredths / 100,
        )


def _write(page, row, number, value, form, look):
    if value is None or value is False or value == "":
        page.write_blank(row, number, None, look)
    elif form in ("money", "count"):
        page.write_number(row, number, value, look)
    elif form == "date":
        page.write_datetime(row, number, value, look)
    else:
        page.write_string(row, number, str(value), look)
