"""The figures of the gateway's bench as a table for people."""

from collections.abc import Iterator, Mapping
from typing import Any

from ekarte_stack.bench_text import head


def lines(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a report: goals first, then what stands behind them."""
    yield from head(report)
    columns = (
        f"{'p50 ms':>8} {'p99 ms':>8} {'client µs':>9} {'gateway':>8} {'server':>8}"
    )
    yield f"  {'cell':44} {'median/s':>9} {'worst/s':>9} {columns}"
    for name, cell in report["cells"].items():
        yield (
            f"  {name:44} {cell['median']:>9} {cell['worst']:>9} "
            f"{cell['p50_ms']:>8.2f} {cell['p99_ms']:>8.2f} {cell['client_us']:>9} "
            f"{cell['gateway_us']:>8} {cell['server_us']:>8}"
        )
    yield ""
    yield from (f"  overload: {_told(report['P8'])}", f"  idle: {_told(report['P11'])}")
    for check in report["checks"]:
        yield f"  {check}"


def _told(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in row["detail"].items())
