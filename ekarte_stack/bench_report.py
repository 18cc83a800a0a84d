"""What `bench all` has measured as one page that needs nothing else, plots in SVG.

The first plot has one line for each goal: how many times better than the goal, so that
goals of all units share an axis. Figures that are missed stand there like the others.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from ekarte_stack.bench_text import goals, is_reached
from ekarte_stack.report_html import STYLE

OURS, MISSED, OTHERS = "#2f7d4f", "#b0763a", "#8a949e"
WIDTH, LABEL, FIGURE, LINE = 760, 300, 110, 22
CHARS = 38  # of a label; wider fonts than ours fit too
AXIS_LEAST, AXIS_MOST = 0.1, 100.0
EXTRA = """
svg .axis { stroke: var(--line); } svg .goal { stroke: var(--bad); stroke-width: 1.5; }
svg .whisker { stroke: var(--ink); stroke-width: 1.5; } td.what { white-space: normal; }
section.wide { overflow-x: auto; } .grid { grid-template-columns: 1fr; }
@media print { section { break-inside: avoid; } }
"""


class Bar(NamedTuple):
    """A bar with its worst value as a whisker, if there is one."""

    label: str
    value: float
    colour: str = OURS
    worst: float | None = None


class Axis(NamedTuple):
    """What a plot's bars are measured by."""

    unit: str
    goal: float | None = None
    log: tuple[float, float] | None = None  # least and most of a logarithmic axis


def page(report: Mapping[str, Any]) -> str:
    """Return the whole page."""
    rows = goals(report)
    reached = sum(map(is_reached, rows.values()))
    machine = report["machine"]
    quick = (
        " A quick look: few rounds on small ledgers, no figures to keep."
        if machine.get("quick")
        else ""
    )
    sections = "\n".join(_sections(report))
    return f"""<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>E-karte: measured</title><style>{STYLE}{EXTRA}</style></head>
<body><main>
<h1>E-karte, measured</h1>
<p class="lead">{escape(machine["date"][:16].replace("T", " "))} UTC, commit
{escape(machine["commit"])}. <span class="verdict">{reached} of {len(rows)} goals
reached.</span>{quick}</p>
<div class="grid">
{sections}
</div></main></body></html>
"""


def _sections(report: Mapping[str, Any]) -> Iterator[str]:
    rows = goals(report)
    yield _section(
        "Times better than the goal (median; the whisker ends at the worst round)",
        plot([_ratio(code, row) for code, row in rows.items()], _RATIOS),
    )
    yield _section("Goals", _goals(rows))
    for code, row in report["failed"].items():
        yield _section(f"{code}: not measured", f'<p class="bad">{escape(row)}</p>')
    parts = report["parts"]
    yield from _rates(parts)
    yield from _waits(parts)
    if "P13" in rows:
        yield from _rival(rows["P13"]["detail"])
    yield _section("Where it was measured", _facts(report))


_RATIOS = Axis("×", 1.0, (AXIS_LEAST, AXIS_MOST))


def _ratio(code: str, row: Mapping[str, Any]) -> Bar:
    """Return a goal as a bar: above 1 is better than the goal, whatever its unit."""

    def better(value: float) -> float:
        if not value:
            return AXIS_LEAST
        return row["goal"] / value if row.get("at_most") else value / row["goal"]

    reached = is_reached(row)
    label = f"{'✓' if reached else '✗'} {code}"
    return Bar(
        f"{label}  {row['what']}",
        better(row["median"]),
        OURS if reached else MISSED,
        better(row["worst"]),
    )


def _goals(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of all goals."""
    lines = [
        '<tr><th class="text"></th><th class="text">what</th><th>goal</th>'
        "<th>median</th><th>worst</th></tr>"
    ]
    for code, row in rows.items():
        sign = (
            '<span class="good">✓</span>'
            if is_reached(row)
            else '<span class="bad">✗</span>'
        )
        least = "≤" if row.get("at_most") else "≥"
        unit = escape(row["unit"])
        lines.append(
            f'<tr><td class="text">{sign} {code}</td>'
            f'<td class="text what">{escape(row["what"])}</td>'
            f"<td>{least} {row['goal']:g} {unit}</td><td>{row['median']:,.2f}</td>"
            f"<td>{row['worst']:,.2f}</td></tr>"
        )
    return f"<table>{''.join(lines)}</table>"


def _rates(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what was done each second: pgbench's cells and ours of the same rounds."""
    titles = {
        "ledger": "Ledger without network: requests a second, beside pgbench's TPC-B",
        "gateway": "Gateways end to end: requests a second, beside pgbench's TPC-B",
    }
    for name, title in titles.items():
        if name in parts:
            bars = [
                Bar(cell, row["median"], _colour(cell), row["worst"])
                for cell, row in parts[name]["cells"].items()
            ]
            yield _section(title, plot(bars, Axis("/s")))


def _waits(parts: Mapping[str, Any]) -> Iterator[str]:
    """Yield how long people and terminals wait."""
    if "gateway" in parts:
        bars = [
            Bar(cell, row["p50_ms"], _colour(cell), row["p99_ms"])
            for cell, row in parts["gateway"]["cells"].items()
        ]
        yield _section(
            "Gateways: milliseconds until the answer, p50; the whisker ends at p99",
            plot(bars, Axis("ms", log=(0.1, 1000))),
        )
    if "desk" in parts:
        row, sizes = parts["desk"]["P14"], parts["desk"]["sizes"]
        bars = [
            Bar(what, cell["p50_ms"], OURS, cell["p95_ms"])
            for what, cell in row["detail"].items()
        ]
        told = ", ".join(f"{count:,} {what}" for what, count in sizes.items())
        yield _section(
            f"The merchant's desk ({told}): milliseconds, p50; the whisker ends at p95",
            plot(bars, Axis("ms", row["goal"])),
        )
    if "odoo" in parts:
        row = parts["odoo"]["P12"]
        bars = [
            Bar(
                what, cell["p50_ms"], OTHERS if "Odoo" in what else OURS, cell["p99_ms"]
            )
            for what, cell in row["detail"]["seen"].items()
        ]
        yield _section(
            "Odoo's till: milliseconds until it is seen, p50; the whisker ends at p99",
            plot(bars, Axis("ms", row["goal"])),
        )


def _rival(detail: Mapping[str, Any]) -> Iterator[str]:
    """Yield the comparison with Odoo's own loyalty."""
    bars = [
        Bar(f"{who}, round {n + 1}", rate, OURS if who.startswith("ours") else OTHERS)
        for who in ("ours, signed HTTP", "Odoo, sales order")
        for n, rate in enumerate(detail[who])
    ]
    yield _section(
        "Payments by gift card a second, logarithmic",
        plot(bars, Axis("/s", log=(0.1, 10_000))),
    )
    head = '<tr><th class="text">at once</th><th class="text">who</th>'
    lines = [f"{head}<th>got their 50.00</th><th>left on the card</th></tr>"]
    for count, race in detail["one card of 50.00"].items():
        for who, row in race.items():
            style = "good" if row["paid"] == 1 and row["left"] == 0 else "bad"
            lines.append(
                f'<tr><td class="text">{count}</td><td class="text">{escape(who)}</td>'
                f'<td class="{style}">{row["paid"]}</td>'
                f'<td class="{style}">{row["left"]:.2f}</td></tr>'
            )
    yield _section(
        "One card of 50.00, asked for 50.00 by many at the same moment",
        f"<table>{''.join(lines)}</table>",
    )


def _facts(report: Mapping[str, Any]) -> str:
    """Return the machine, the versions, and how busy it was around each part."""
    rows = {name.replace("_", " "): value for name, value in report["machine"].items()}
    for name, part in report["parts"].items():
        machine = part["machine"]
        rows[f"load average, {name}"] = (
            f"{machine['load_before']} before, {machine['load_after']} after"
        )
        if machine.get("postgresql"):
            rows["PostgreSQL"] = machine["postgresql"]
        for check in part.get("checks", ()):
            rows.setdefault(f"checked, {name}", check)
    cells = (
        f'<tr><td class="text">{escape(name)}</td>'
        f'<td class="text">{escape(str(value))}</td></tr>'
        for name, value in rows.items()
    )
    return f"<table>{''.join(cells)}</table>"


def _colour(cell: str) -> str:
    return OTHERS if cell.startswith("pgbench") else OURS


def _section(title: str, inside: str) -> str:
    return f'<section class="wide"><h2>{escape(title)}</h2>{inside}</section>'


def plot(bars: Sequence[Bar], axis: Axis) -> str:
    """Return horizontal bars, one under the other, the goal as a line across them."""
    top, height = LINE, LINE * (len(bars) + 1) + 6
    room = WIDTH - LABEL - FIGURE
    most = max(
        [axis.goal or 0, *(max(bar.value, bar.worst or 0) for bar in bars)], default=1.0
    )

    def x(value: float) -> float:
        """Return how far from the labels a value stands."""
        if axis.log is None:
            return room * value / (most or 1)
        least, last = axis.log
        held = min(max(value, least), last)
        return room * math.log(held / least) / math.log(last / least)

    parts = [
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="bars, {escape(axis.unit)}">'
    ]
    for mark in _marks(axis, most):
        at = LABEL + x(mark)
        parts.append(
            f"{_line('axis', (at, top - 4), (at, height))}"
            f'<text class="soft" x="{at:.1f}" y="13" text-anchor="middle">{mark:,g}'
            "</text>"
        )
    for n, bar in enumerate(bars):
        parts.append(_bar(bar, top + n * LINE, x, axis))
    if axis.goal is not None:
        at = LABEL + x(axis.goal)
        parts.append(
            f"<g><title>goal {axis.goal:g} {escape(axis.unit)}</title>"
            f"{_line('goal', (at, top - 4), (at, height))}</g>"
        )
    return "".join(parts) + "</svg>"


def _bar(bar: Bar, y: float, x: Any, axis: Axis) -> str:
    """Return one bar with its label, its figure and its whisker."""
    middle = y + LINE / 2
    label = bar.label if len(bar.label) <= CHARS else bar.label[: CHARS - 1] + "…"
    end = max(x(bar.value), x(bar.worst) if bar.worst is not None else 0)
    whisker = ""
    if bar.worst is not None:
        tip = LABEL + x(bar.worst)
        whisker = _line("whisker", (LABEL + x(bar.value), middle), (tip, middle))
        whisker += _line("whisker", (tip, middle - 4), (tip, middle + 4))
    return (
        f'<text x="{LABEL - 8}" y="{middle + 4.5:.1f}" text-anchor="end">'
        f"{escape(label)}<title>{escape(bar.label)}</title></text>"
        f'<rect x="{LABEL}" y="{y + 4}" width="{max(x(bar.value), 1):.1f}" '
        f'height="{LINE - 8}" rx="2" fill="{bar.colour}"/>{whisker}'
        f'<text x="{LABEL + end + 8:.1f}" y="{middle + 4.5:.1f}">'
        f"{_figure(bar.value)} {escape(axis.unit)}</text>"
    )


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    places = zip(("x1", "y1", "x2", "y2"), (*start, *end), strict=True)
    told = " ".join(f'{name}="{place:.1f}"' for name, place in places)
    return f'<line class="{kind}" {told}/>'


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _marks(axis: Axis, most: float) -> list[float]:
    """Return where the axis has a line: at powers of ten, or at some round figures."""
    if axis.log is not None:
        first, last = (round(math.log10(end)) for end in axis.log)
        return [10.0**power for power in range(first, last + 1)]
    step = 10 ** math.floor(math.log10(most or 1))
    if most / step < 3:
        step /= 2
    return [step * n for n in range(int(most / step) + 1)]
