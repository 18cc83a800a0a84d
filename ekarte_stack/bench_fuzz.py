"""``./ekarte bench fuzz``: changed messages at every decoder, for as long as asked."""

import argparse
import dataclasses
import json
import platform
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ekarte_stack.fuzzing.fuzzer import Figures, Fuzzer, Target
from ekarte_stack.fuzzing.targets import targets
from ekarte_stack.steps import say


def fuzz(options: argparse.Namespace) -> int:
    """Give each decoder its part of the time; tell the figures and what was found."""
    report = run(targets(), options.seed, 60 * options.minutes)
    for text in ending(report):
        say(text)
    if options.json:
        Path(options.json).write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    return 1 if report["findings"] else 0


def run(all_: Sequence[Target], seed: int, seconds: float) -> dict[str, Any]:
    """Fuzz these decoders; return the report."""
    began_s = time.monotonic()
    figures = []
    say(f"seed {seed}, {len(all_)} decoders, {seconds:g} s")
    for number, target in enumerate(all_):
        left_s = max(seconds - (time.monotonic() - began_s), 0)
        one = Fuzzer(target, seed).run(left_s / (len(all_) - number))
        say(line(one))
        figures.append(one)
    return report_of(figures, seed, time.monotonic() - began_s)


def line(one: Figures) -> str:
    """Return the figures of one decoder in a line."""
    return (
        f"   {one.target:22} {one.inputs:8} inputs {one.understood:8} understood"
        f" {one.edges:5} edges {one.corpus:4} kept, slowest {one.slowest_ms} ms"
    )


def report_of(figures: list[Figures], seed: int, seconds: float) -> dict[str, Any]:
    """Return the report that is written as JSON."""
    return {
        "seed": seed,
        "seconds": round(seconds),
        "python": platform.python_version(),
        "inputs": sum(one.inputs for one in figures),
        "edges": sum(one.edges for one in figures),
        "findings": [str(found) for one in figures for found in one.findings],
        "decoders": [_row(one) for one in figures],
    }


def _row(one: Figures) -> dict[str, Any]:
    row = dataclasses.asdict(one)
    row["findings"] = len(one.findings)
    return row


def ending(report: dict[str, Any]) -> Iterator[str]:
    """Yield what was found, and the sums."""
    yield from report["findings"]
    yield (
        f"{report['inputs']} inputs, {report['edges']} edges in {report['seconds']} s:"
        f" {len(report['findings'])} findings"
    )
