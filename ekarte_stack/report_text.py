"""The report for a terminal window: aligned tables, colour only for a person."""

import os
import sys
from collections.abc import Iterator, Sequence

from ekarte_stack.report import Report
from ekarte_stack.report_figures import KindRow

GREEN, RED, BOLD, DIM, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[1m", "\x1b[2m", "\x1b[0m"
BAR = "▏▎▍▌▋▊▉█"
BAR_WIDTH = 24


def colour_wanted() -> bool:
    """Tell whether somebody looks who can see colours."""
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ


class Painter:
    """Puts colour on text, or leaves it as it is."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, *codes: str) -> str:
        return f"{''.join(codes)}{text}{PLAIN}" if self._colour else text


def euros(cents: int) -> str:
    """1234567 becomes 12 345.67; zero becomes a dash."""
    if not cents:
        return "–"
    whole, part = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}.{part:02}".replace(",", " ")


def number(count: int) -> str:
    """1234 becomes 1 234; zero becomes a dash."""
    return f"{count:,}".replace(",", " ") if count else "–"


def lines(report: Report, *, colour: bool) -> Iterator[str]:
    """Return the report line by line."""
    paint = Painter(colour=colour)
    yield from _head(report, paint)
    yield from _issuers(report, paint)
    yield from _kinds(report, paint)
    yield from _claims(report, paint)
    yield from _answers(report, paint)
    yield from _transports(report, paint)
    yield from _entries(report, paint)
    yield from _checks(report, paint)


def _head(report: Report, paint: Painter) -> Iterator[str]:
    yield ""
    title = "Baltā karte: the trading day"
    yield paint(f"  {title}", BOLD)
    yield paint(f"  {'═' * len(title)}", DIM)
    yield (
        f"  {report.operations} operations in {report.seconds:.1f} s, "
        f"{report.per_second:.0f} a second"
        + (f"; {report.retried} sent more than once" if report.retried else "")
    )
    if report.again:
        yield "  The ledger knew this day already: every operation was repeated, and"
        yield "  nothing was booked again."


def _issuers(report: Report, paint: Painter) -> Iterator[str]:
    codes = list(report.issuers)
    rows = [["EUR", *(report.names[code] for code in codes), "all"]]
    for label, name, show in (
        ("sales, gross", "sales", euros),
        ("discount given", "discount", euros),
        ("bonus points issued", "points", number),
        ("points turned into money", "converted", euros),
        ("bonus money used", "bonus_used", euros),
        ("  of it at other issuers", "bonus_used_elsewhere", euros),
        ("gift money loaded", "gift_loaded", euros),
        ("gift money spent", "gift_spent", euros),
        ("  of it at other issuers", "gift_spent_elsewhere", euros),
        ("bought on credit", "credit_used", euros),
        ("  of it at other issuers", "credit_used_elsewhere", euros),
        ("credit paid back", "credit_paid", euros),
        ("vouchers used", "voucher_used", euros),
        ("passes sold", "passes_sold", euros),
        ("points exchanged for goods", "exchanged", euros),
    ):
        values = [getattr(report.issuers[code], name) for code in codes]
        rows.append([label, *(show(value) for value in values), show(sum(values))])
    yield from _table("By issuer", rows, paint)


# What each figure of a kind is called, and how it is written.
KIND_FIGURES = {
    "points": ("{} points", number),
    "loaded": ("{} paid in", euros),
    "used": ("{} used", euros),
    "saved": ("{} off", euros),
    "purchases": ("{} purchases", number),
    "tickets": ("{} tickets", number),
    "visits": ("{} visits of passes", number),
    "visited": ("{} visits", number),
}


def kind_told(row: KindRow) -> str:
    """What the programs of one kind did, for reading: `12.00 paid in, 3.40 used`."""
    units = {"points": "{} points exchanged"} if row.kind == "exchange" else {}
    return ", ".join(
        units.get(name, words).format(show(row.figures[name]))
        for name, (words, show) in KIND_FIGURES.items()
        if row.figures.get(name)
    )


def _kinds(report: Report, paint: Painter) -> Iterator[str]:
    if report.kinds:
        rows = [["kind of program", "what it did", "programs"]]
        rows += [
            [row.kind, kind_told(row), number(row.programs)] for row in report.kinds
        ]
        yield from _table(
            "By kind of program, EUR (discounts before goods came back)",
            rows,
            paint,
            text_columns=2,
        )


def _claims(report: Report, paint: Painter) -> Iterator[str]:
    if report.claims:
        rows = [["owes", "to", "EUR"]]
        rows += [
            [report.names[debtor], report.names[creditor], euros(amount)]
            for creditor, debtor, amount in report.claims
        ]
        yield from _table(
            "Clearing: who owes whom, netted", rows, paint, text_columns=2
        )


def _answers(report: Report, paint: Painter) -> Iterator[str]:
    most = max((count for _, _, count in report.codes), default=1)
    rows = [["code", "meaning", "answers", ""]]
    rows += [
        [code, meaning, number(count), _bar(count, most)]
        for code, meaning, count in report.codes
    ]
    yield from _table("Answers by code", rows, paint, text_columns=2)


def _transports(report: Report, paint: Painter) -> Iterator[str]:
    rows = [["transport", "terminals", "answers", "p50 ms", "p99 ms", "slowest ms"]]
    rows += [
        [
            one.name,
            number(one.terminals),
            number(one.answers),
            f"{one.p50_ms:.1f}",
            f"{one.p99_ms:.1f}",
            f"{one.slowest_ms:.1f}",
        ]
        for one in report.transports
    ]
    yield from _table("Answer times", rows, paint)


def _entries(report: Report, paint: Painter) -> Iterator[str]:
    if report.entries:
        rows = [["entry", "company", "day", "settlement", "lines", "EUR"]]
        rows += [
            [
                entry.name,
                entry.company,
                entry.day,
                str(entry.settlement),
                str(entry.lines),
                euros(entry.debit),
            ]
            for entry in report.entries
        ]
        yield from _table("Journal entries in Odoo", rows, paint, text_columns=3)


def _checks(report: Report, paint: Painter) -> Iterator[str]:
    yield ""
    yield paint("  Checks", BOLD)
    for check in report.checks:
        mark = paint("✓", GREEN) if check.good else paint("✗", RED, BOLD)
        yield f"  {mark} {check.text}"
        for detail in check.details:
            yield paint(f"      {detail}", RED)
    yield ""
    failed = sum(not check.good for check in report.checks)
    if failed:
        yield paint(f"  {failed} of {len(report.checks)} checks failed", RED, BOLD)
    else:
        yield paint(f"  all {len(report.checks)} checks hold", GREEN, BOLD)


def _table(
    title: str,
    rows: Sequence[Sequence[str]],
    paint: Painter,
    *,
    text_columns: int = 1,
) -> Iterator[str]:
    """A title, a head and rows; text to the left, numbers to the right."""
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    yield ""
    yield paint(f"  {title}", BOLD)
    for place, row in enumerate(rows):
        cells = [
            cell.ljust(width)
            if n < text_columns or cell[:1] in BAR
            else cell.rjust(width)
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        text = "  " + "  ".join(cells).rstrip()
        yield paint(text, DIM) if place == 0 else text


def _bar(count: int, most: int) -> str:
    """A bar of eighths; something is always more than nothing."""
    eighths = max(1, count * BAR_WIDTH * 8 // most)
    whole, part = divmod(eighths, 8)
    return BAR[-1] * whole + (BAR[part - 1] if part else "")
