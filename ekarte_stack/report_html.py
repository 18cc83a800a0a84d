"""The report as one page that needs nothing else: pictures in SVG, tables below."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from ekarte_stack.day_file import APPROVED
from ekarte_stack.report import Report, Transport
from ekarte_stack.report_text import euros, kind_told, number

WIDTH = 420
LABEL = 262  # room for the longest answer code
ROOM = 62  # room for a figure behind a bar of many
FIGURE = 90  # room for a sum behind its bar
SVG_HEAD = '<svg viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
COLOURS = ("#2f7d4f", "#3b6ea5", "#b0763a", "#7d5fa5")
STYLE = """
:root { color-scheme: light dark; --ink: #1c2321; --soft: #66706c; --card: #ffffff;
  --page: #f3f5f2; --line: #d9dedb; --good: #2f7d4f; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7ece9; --soft: #9aa5a0;
  --card: #1d2421; --page: #131816; --line: #333c38;
  --good: #6cc48f; --bad: #ff8a80; } }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 76rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.8rem; } h2 { margin: 0 0 .6rem; font-size: 1.05rem; }
.lead { color: var(--soft); margin: .2rem 0 1.5rem; }
.verdict { font-weight: 600; } .good { color: var(--good); } .bad { color: var(--bad); }
.grid { display: grid; gap: 1rem;
  grid-template-columns: repeat(auto-fit, minmax(22rem, 1fr)); }
section { background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.2rem; overflow-x: auto; }
section.wide { grid-column: 1 / -1; }
svg { width: 100%; height: auto; display: block; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; }
svg .soft { fill: var(--soft); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th { color: var(--soft); font-weight: 500; }
th.text, td.text { text-align: left; }
ul { list-style: none; margin: 0; padding: 0; columns: 2 24rem; }
li { break-inside: avoid; padding: .1rem 0; }
li small { display: block; color: var(--bad); }
"""


class Bar(NamedTuple):
    """One bar of a chart."""

    label: str
    value: int
    colour: str


def page(report: Report) -> str:
    """Return the whole page."""
    parts = "\n".join(_sections(report))
    verdict = (
        f'<span class="good">all {len(report.checks)} checks hold</span>'
        if report.good
        else '<span class="bad">some checks failed</span>'
    )
    again = " The ledger knew the day already." if report.again else ""
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Baltā karte: the trading day</title><style>{STYLE}</style></head>
<body><main>
<h1>Baltā karte: the trading day</h1>
<p class="lead">{report.operations} operations in {report.seconds:.1f} s,
{report.per_second:.0f} a second.{again} <span class="verdict">{verdict}</span></p>
<div class="grid">
{parts}
</div></main></body></html>
"""


def _sections(report: Report) -> Iterator[str]:
    """Rows of three that are about as high as each other, then the tables."""
    yield _section("Sales, EUR", _bars(_of_issuers(report, {"": "sales"}), euros))
    what = {"loaded": "gift_loaded", "spent": "gift_spent"}
    yield _section("Gift money, EUR", _bars(_of_issuers(report, what), euros))
    what = {"from points": "converted", "used": "bonus_used"}
    yield _section("Bonus money, EUR", _bars(_of_issuers(report, what), euros))
    codes = list(report.issuers)
    colour_of = {code: COLOURS[n % len(COLOURS)] for n, code in enumerate(codes)}
    owed = [
        Bar(
            f"{report.names[debtor]} → {report.names[creditor]}",
            amount,
            colour_of[debtor],
        )
        for creditor, debtor, amount in report.claims
    ]
    yield _section("Clearing: who owes whom, EUR", _bars(owed, euros))
    yield _section("Operations by hour", _hours(report.hours))
    yield _section("Answer times", _times(report.transports))
    yield _section("Credit, passes, vouchers, EUR", _bars(_others(report), euros))
    given = [Bar(name, cents, colour_of[code]) for name, code, cents in report.saved]
    # By the file's date and clock: which of two programs that share the week or the
    # day gave it depends on them.
    yield _section("Discount by program, by the day's clock", _rows(given, euros))
    told = [
        Bar(f"{rc} {meaning}", count, COLOURS[0] if rc in APPROVED else COLOURS[2])
        for rc, meaning, count in report.codes
    ]
    yield _section("Answers by code", _rows(told))
    yield _section("What each kind of program did", _kinds(report), wide=True)
    if report.entries:
        yield _section("Journal entries in Odoo", _entries(report), wide=True)
    yield _section("Checks", _checks(report), wide=True)


def _others(report: Report) -> list[Bar]:
    """Card value that is neither gift money nor bonus money."""
    what = {
        "bought on credit": "credit_used",
        "credit paid back": "credit_paid",
        "passes sold": "passes_sold",
        "vouchers used": "voucher_used",
        "points exchanged for goods": "exchanged",
    }
    return _of_issuers(report, what)


def _of_issuers(report: Report, what: Mapping[str, str]) -> list[Bar]:
    """Bars of some figures for every issuer that has them, in the issuer's colour."""
    bars = []
    for place, (code, figures) in enumerate(report.issuers.items()):
        for label, name in what.items():
            value = getattr(figures, name)
            title = f"{report.names[code]}, {label}" if label else report.names[code]
            if value or not label:
                bars.append(Bar(title, value, COLOURS[place % len(COLOURS)]))
    return bars


def _section(title: str, body: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f"<section{kind}><h2>{escape(title)}</h2>{body}</section>"


def _bars(bars: Sequence[Bar], show: Callable[[int], str]) -> str:
    """Each bar below its label, its figure behind it."""
    most = max((bar.value for bar in bars), default=1) or 1
    parts = []
    for place, bar in enumerate(bars):
        top = place * 46
        long = max(3, bar.value * (WIDTH - FIGURE) // most) if bar.value else 0
        parts.append(
            f'<text x="0" y="{top + 15}" class="soft">{escape(bar.label)}</text>'
            f'<rect x="0" y="{top + 21}" width="{long}" height="18" rx="3"'
            f' fill="{bar.colour}"/>'
            f'<text x="{long + 7}" y="{top + 35}">{show(bar.value)}</text>'
        )
    return _svg(len(bars) * 46, "bars", parts)


def _rows(bars: Sequence[Bar], show: Callable[[int], str] = number) -> str:
    """Many bars, one line each, squeezed: what is biggest leaves little to the rest."""
    parts = []
    most = max((bar.value for bar in bars), default=1) or 1
    for place, bar in enumerate(bars):
        top = place * 21
        long = max(3, bar.value * (WIDTH - LABEL - ROOM) // most)
        parts.append(
            f'<text x="0" y="{top + 15}">{escape(bar.label)}</text>'
            f'<rect x="{LABEL}" y="{top + 4}" width="{long}" height="13" rx="2"'
            f' fill="{bar.colour}"/>'
            f'<text x="{LABEL + long + 6}" y="{top + 15}">{show(bar.value)}</text>'
        )
    return _svg(len(bars) * 21 + 4, "bars", parts)


def _hours(hours: Sequence[tuple[int, int]]) -> str:
    """One column for each hour of the day."""
    most = max((count for _, count in hours), default=1)
    step = WIDTH // max(len(hours), 1)
    columns = []
    for place, (hour, count) in enumerate(hours):
        high = count * 150 // most
        left = place * step + 4
        columns.append(
            f'<rect x="{left}" y="{170 - high}" width="{step - 8}" height="{high}"'
            f' rx="3" fill="{COLOURS[0]}"/>'
            f'<text x="{left}" y="{164 - high}" class="soft">{count}</text>'
            f'<text x="{left}" y="190">{hour:02}</text>'
        )
    return _svg(200, "operations by hour", columns)


def _times(transports: Sequence[Transport]) -> str:
    """How long all answers took, from the quickest to the slowest."""
    top = max((one.p99_ms for one in transports), default=1.0) * 1.15
    parts = [
        f'<line x1="0" y1="170" x2="{WIDTH}" y2="170" stroke="var(--line)"/>',
        f'<text x="0" y="12" class="soft">{top:.1f} ms</text>',
        '<text x="0" y="190" class="soft">quickest</text>',
        f'<text x="{WIDTH}" y="190" class="soft" text-anchor="end">slowest</text>',
    ]
    for place, one in enumerate(transports):
        count = max(len(one.times_ms) - 1, 1)
        points = " ".join(
            f"{n * WIDTH / count:.1f},{170 - min(ms / top, 1) * 160:.1f}"
            for n, ms in enumerate(one.times_ms)
        )
        colour = COLOURS[place % len(COLOURS)]
        parts.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}"'
            ' stroke-width="2"/>'
            f'<text x="55" y="{32 + 19 * place}" style="fill:{colour}">'
            f"{escape(one.name)}: half within {one.p50_ms:.0f} ms,"
            f" 99 of 100 within {one.p99_ms:.0f} ms</text>"
        )
    return _svg(200, "answer times", parts)


def _svg(height: int, label: str, parts: Sequence[str]) -> str:
    head = SVG_HEAD.format(width=WIDTH, height=height, label=escape(label))
    return f"{head}{''.join(parts)}</svg>"


def _kinds(report: Report) -> str:
    rows = "".join(
        f'<tr><td class="text">{escape(row.kind)}</td><td>{row.programs}</td>'
        f'<td class="text">{escape(kind_told(row))}</td></tr>'
        for row in report.kinds
    )
    return (
        '<table><tr><th class="text">Kind</th><th>Programs</th>'
        '<th class="text">EUR; discounts before goods came back</th></tr>'
        f"{rows}</table>"
    )


def _entries(report: Report) -> str:
    rows = "".join(
        f'<tr><td class="text">{escape(entry.name)}</td>'
        f'<td class="text">{escape(entry.company)}</td>'
        f'<td class="text">{escape(entry.day)}</td><td>{entry.settlement}</td>'
        f"<td>{entry.lines}</td><td>{euros(entry.debit)}</td></tr>"
        for entry in report.entries
    )
    return (
        '<table><tr><th class="text">Entry</th><th class="text">Company</th>'
        '<th class="text">Day</th><th>Settlement</th><th>Lines</th><th>EUR</th></tr>'
        f"{rows}</table>"
    )


def _checks(report: Report) -> str:
    items = []
    for check in report.checks:
        kind, mark = ("good", "✓") if check.good else ("bad", "✗")
        details = "".join(f"<small>{escape(text)}</small>" for text in check.details)
        items.append(
            f'<li><span class="{kind}">{mark}</span> {escape(check.text)}{details}</li>'
        )
    return f"<ul>{''.join(items)}</ul>"
