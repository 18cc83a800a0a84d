"""All benches in one report: the goals in one file and on one page."""

import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ekarte_stack import bench_all, bench_report, bench_text, odoo_pages
from ekarte_stack.bench_report import Axis, Bar
from ekarte_stack.steps import StackError

MACHINE = {"load_before": 0.1, "load_after": 1.2, "postgresql": "15.18"}
P1 = {"goal": 1.5, "median": 1.2, "worst": 0.9, "unit": "x B", "what": "groups of 32"}
CELL = {"median": 4200, "worst": 3900, "p50_ms": 7.5, "p99_ms": 31.0}
P13 = {
    "goal": 50,
    "median": 250.0,
    "worst": 210.0,
    "unit": "x",
    "what": "payments",
    "detail": {
        "ours, signed HTTP": [1000.0, 1100.0],
        "Odoo, sales order": [4.2, 4.0],
        "one card of 50.00": {
            "8": {
                "Odoo's tills": {"paid": 8, "left": -350.0},
                "our terminals": {"paid": 1, "left": 0.0},
            }
        },
    },
}
LOOKS = {"a card's <form>": {"who": "operator", "p50_ms": 40.0, "p95_ms": 70.0}}
P14 = {"goal": 300, "median": 40.0, "worst": 70.0, "unit": "ms", "at_most": True}


def told(**failing: str) -> dict[str, Any]:
    def fails(why: str) -> Any:
        raise StackError(why)

    run: dict[str, Any] = {
        "spend": lambda: {"P13": P13, "machine": MACHINE},
        "ledger": lambda: {"P1": P1, "machine": MACHINE, "cells": {"pgbench, 8": CELL}},
        "desk": lambda: {
            "P14": P14 | {"what": "the slowest", "detail": LOOKS},
            "sizes": {"cards": 1_000_000},
            "machine": MACHINE,
        },
    }
    for name, why in failing.items():
        run[name] = lambda why=why: fails(why)
    return bench_all.measure(run, bench_all.about() | {"quick": True})


def test_all_goals_stand_in_one_file_in_their_order() -> None:
    report = told()
    assert list(bench_text.goals(report)) == ["P1", "P13", "P14"]
    for row in bench_text.goals(json.loads(json.dumps(report))).values():
        assert {"goal", "median", "worst", "unit"} <= set(row)
    assert report["failed"] == {}
    assert "✗ P1" in "\n".join(bench_all.lines_of(report))


def test_a_part_that_fails_is_told_and_the_others_are_measured() -> None:
    report = told(desk="Odoo ended while starting")
    assert list(bench_text.goals(report)) == ["P1", "P13"]
    assert report["failed"] == {"desk": "Odoo ended while starting"}
    assert "Odoo ended while starting" in bench_report.page(report)


def test_the_page_needs_nothing_else_and_quotes_what_it_is_told() -> None:
    page = bench_report.page(told())
    assert "1,000,000 cards" in page
    assert "A quick look" in page
    assert "2 of 3 goals" in " ".join(page.split())
    assert "a card&#x27;s &lt;form&gt;" in page
    assert '<td class="bad">8</td><td class="bad">-350.00</td>' in page
    assert not any(word in page for word in ("http://", "https://", "<script", "<link"))


@pytest.mark.parametrize("log", [None, (0.1, 100.0)])
def test_bars_stay_within_the_plot(log: tuple[float, float] | None) -> None:
    plot = bench_report.plot(
        [Bar("a", 1e6, worst=0.0), Bar("b", 0.0)], Axis("x", 1, log)
    )
    widths = [float(part.split('"')[0]) for part in plot.split(' width="')[1:]]
    assert max(widths) <= bench_report.WIDTH - bench_report.LABEL
    assert min(widths) >= 1
    assert bench_report.plot([], Axis("x", log=log)).endswith("</svg>")


def test_a_view_asks_for_its_own_fields_and_for_those_of_lists_within() -> None:
    fields = {
        "card": {
            "fields": {
                "number": {"type": "char"},
                "type_id": {"type": "many2one"},
                "purses": {"type": "one2many", "relation": "purse"},
                "tags": {"type": "many2many", "relation": "tag"},
            }
        },
        "purse": {"fields": {"program_id": {"type": "many2one"}}},
    }
    arch = ET.fromstring(
        "<form><sheet><group><field name='number'/></group><field name='type_id'/>"
        "<field name='purses'><list limit='20'><field name='program_id'/></list>"
        "</field>"
        "<field name='tags'/></sheet></form>"
    )
    named = {"fields": {"display_name": {}}}
    assert odoo_pages.specification(arch, "card", fields) == {
        "number": {},
        "type_id": named,
        "purses": {"fields": {"program_id": named}, "limit": 20, "order": ""},
        "tags": {},
    }
