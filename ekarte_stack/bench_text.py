"""The bench's figures as a table for people."""

from collections.abc import Iterator, Mapping
from typing import Any


def goals(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a report that has goals: P1 and the like."""
    return {code: row for code, row in report.items() if "goal" in row}


def is_reached(row: Mapping[str, Any]) -> bool:
    """Tell whether a goal is reached in the median; `also` is what else must hold."""
    below, above = row["median"] <= row["goal"], row["median"] >= row["goal"]
    return bool(below if row.get("at_most") else above) and bool(row.get("also", True))


def head(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what stands above all: the machine, and the goals."""
    machine = report["machine"]
    yield ""
    yield (
        f"  PostgreSQL {machine['postgresql']}, {machine['cores']} cores, load average "
        f"{machine['load_before']} before, {machine['load_after']} after"
    )
    yield ""
    yield f"  {'':4} {'goal':>10} {'median':>8} {'worst':>8}  what"
    yield from rows(report)
    yield ""


def rows(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each goal."""
    for code, row in goals(report).items():
        sign = "✓" if is_reached(row) else "✗"
        least = "≤" if row.get("at_most") else "≥"
        yield (
            f"{sign} {code:4} {least} {row['goal']:>6g} {row['unit']:3} "
            f"{row['median']:>6.2f} {row['worst']:>8.2f}  {row['what']}"
        )


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a report: goals first, then what stands behind them."""
    yield from head(report)
    columns = f"{'median/s':>9} {'worst/s':>9} {'client µs':>9} {'server µs':>9}"
    yield f"  {'cell':42} {columns}  a group takes, p50 and p99"
    for name, cell in report["cells"].items():
        times = ""
        if "group_p50_ms" in cell:
            times = f"{cell['group_p50_ms']:>7.2f} {cell['group_p99_ms']:>7.2f} ms"
        yield (
            f"  {name:42} {cell['median']:>9} {cell['worst']:>9} "
            f"{cell['client_us']:>9} {cell['server_us']:>9}  {times}"
        )
    yield ""
    for name, sizes in report["ledgers"].items():
        yield f"  ledger {name}: " + ", ".join(f"{v} {k}" for k, v in sizes.items())
    for check in report["checks"]:
        yield f"  {check}"
