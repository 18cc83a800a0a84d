"""The bench's figures as a table for people."""

from collections.abc import Iterator, Mapping
from typing import Any


def goals(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of a report that has goals: P1 and the like."""
    return {code: row for code, row in report.items() if "goal" in row}


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a report: goals first, then what stands behind them."""
    machine = report["machine"]
    yield ""
    yield (
        f"  PostgreSQL {machine['postgresql']}, {machine['cores']} cores, load average "
        f"{machine['load_before']} before, {machine['load_after']} after"
    )
    yield ""
    yield f"  {'':4} {'goal':>10} {'median':>8} {'worst':>8}  what"
    for code, row in goals(report).items():
        sign = "✓" if row["median"] >= row["goal"] else "✗"
        yield (
            f"{sign} {code:4} {row['goal']:>8} {row['unit'][-1]} {row['median']:>8.2f} "
            f"{row['worst']:>8.2f}  {row['what']}"
        )
    yield ""
    head = f"{'median/s':>9} {'worst/s':>9} {'client µs':>9} {'server µs':>9}"
    yield f"  {'cell':42} {head}  a group takes, p50 and p99"
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
