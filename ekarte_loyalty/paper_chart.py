"""Bars for paper: where each stands, in whole points of a drawing.

Printers of PDF draw plain SVG without scripts; so the drawing is made here.
"""

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 945, 200
LEFT, BOTTOM = 85, 24
"""Room for the scale and for what stands below the bars."""
LINES = 4
LABELS_MAX = 12


class Bar(NamedTuple):
    """One bar, and what stands below it ('' where there is no room)."""

    x: int
    y: int
    width: int
    height: int
    label: str


class Line(NamedTuple):
    """A line of the scale: its height in the drawing, and its value."""

    y: int
    value: int


class Chart(NamedTuple):
    """All that is drawn."""

    bars: list[Bar]
    lines: list[Line]


def chart(labels: Sequence[str], values: Sequence[int]) -> Chart:
    """Lay bars out for values of any unit, whole; what is below zero has no bar."""
    top = round_up(max([1, *values]))
    height = HEIGHT - BOTTOM - 10
    room = (WIDTH - LEFT) // max(len(values), 1)
    every = -(-len(labels) // LABELS_MAX)
    bars = []
    for place, value in enumerate(values):
        tall = max(value, 0) * height // top
        width = max(room * 7 // 10, 1)
        x = LEFT + place * room + (room - width) // 2
        label = "" if place % every else labels[place]
        bars.append(Bar(x, HEIGHT - BOTTOM - tall, width, tall, label))
    lines = [
        Line(HEIGHT - BOTTOM - height * step // LINES, top * step // LINES)
        for step in range(LINES + 1)
    ]
    return Chart(bars, lines)


def round_up(value: int) -> int:
    """Return the next number that a scale ends with: 4, 8, 12, 20, 40 …"""
    power = 1
    while True:
        for lead in (4, 8, 12, 20):
            if lead * power >= value:
                return lead * power
        power *= 10
