#!/usr/bin/env python3
"""Writes day.csv: the operations of one trading day and the answers they must get.

``python demo/make_day.py [--seed N] [--out FILE]``; the same seed, the same file. With
``--storm`` another kind of day, for tests.
"""

import argparse
import csv
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from crowd import all_customers
from newcomers import all_newcomers
from said import Expected, Item
from scenes import all_scenes
from storm import all_storm
from theatre import Played, Scene, Theatre

Crowd = Callable[[Theatre], Iterator[Scene]]
ORDINARY: tuple[Crowd, ...] = (all_scenes, all_customers, all_newcomers)
SEED = 20261120
DAY = "2026-11-20"
ZONE = "+02:00"  # Riga in November
YES_NO = {True: "yes", False: "no"}
COLUMNS = (
    "seq", "terminal", "batch", "operation", "command", "time", "card_kind", "card",
    "access_code", "amount", "lines", "tender_gift", "tender_bonus", "tender_credit",
    "tender_voucher", "original", "partial", "reference", "referrer", "other",
    "program", "reason", "new_access_code", "consents", "totals", "send", "note",
    "rc", "gross", "discount", "amount_due", "taken", "points", "converted", "rate",
    "saved", "balances", "vouchers", "host_totals",
)  # fmt: skip


def main(arguments: list[str]) -> int:
    """Play the day on the oracle and write it down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("day.csv"))
    parser.add_argument("--storm", action="store_true", help="only undone things")
    options = parser.parse_args(arguments)
    rows = make(options.seed, (all_storm,) if options.storm else ORDINARY)
    with options.out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    tally = ", ".join(f"{c} {n}" for c, n in Counter(r["rc"] for r in rows).items())
    sys.stdout.write(f"seed {options.seed}: {len(rows)} operations; {tally}\n")
    return 0


def make(seed: int, crowds: Sequence[Crowd] = ORDINARY) -> list[dict[str, str]]:
    """Return the rows of the day."""
    stage = Theatre(seed)
    for scenes in crowds:
        for scene in scenes(stage):
            stage.enter(scene)
    times: dict[tuple[str, int, int], int] = {}
    rows = []
    for seq, played in enumerate(stage.run(), start=1):
        # A repeat is the same message: it carries the time of the first.
        at = times.setdefault(played.operation.key, played.at)
        sent_at = at if played.step.send == "repeat" else played.at
        rows.append(row(seq, sent_at, played))
    return rows


def row(seq: int, at: int, played: Played) -> dict[str, str]:
    """One line of the file."""
    sent, step = played.operation, played.step
    return {
        "seq": str(seq),
        "terminal": sent.terminal,
        "batch": str(sent.batch),
        "operation": str(sent.operation),
        "command": sent.command,
        "time": f"{DAY}T{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}{ZONE}",
        "card_kind": sent.kind,
        "card": sent.card,
        "access_code": sent.code,
        "amount": "" if sent.amount is None else str(sent.amount),
        "lines": ";".join(line(item) for item in sent.items),
        "tender_gift": str(sent.gift or ""),
        "tender_bonus": str(sent.bonus or ""),
        "tender_credit": str(sent.credit or ""),
        "tender_voucher": sent.voucher,
        "original": "{}/{}/{}".format(*sent.original) if sent.original else "",
        "partial": "yes" if sent.partial else "",
        "reference": sent.reference,
        "referrer": sent.referrer,
        "other": sent.other,
        "program": sent.program,
        "reason": sent.reason,
        "new_access_code": sent.new_code,
        "consents": ";".join(f"{name}:{YES_NO[on]}" for name, on in sent.consents),
        "totals": sums(sent.totals),
        "send": step.send,
        "note": step.note,
        **answer(played.expected),
    }


def answer(expected: Expected) -> dict[str, str]:
    """The columns that say what must come back; empty means zero or none."""
    return {
        "rc": expected.rc,
        "gross": str(expected.amount or ""),
        "discount": str(expected.discount or ""),
        "amount_due": str(expected.due or ""),
        "taken": pairs(expected.taken),
        "points": pairs(expected.points),
        "converted": str(expected.converted or ""),
        "rate": str(expected.rate or ""),
        "saved": pairs(expected.saved),
        "balances": pairs(expected.balances),
        "vouchers": ";".join(expected.vouchers),
        "host_totals": sums(expected.totals),
    }


def line(item: Item) -> str:
    """Goods: `food:1200`, or with article and quantity `fuel:0:diesel:10`."""
    shown = f"{item.group}:{item.gross}"
    return f"{shown}:{item.sku}:{item.quantity}" if item.sku else shown


def pairs(values: dict[str, int]) -> str:
    """Names and numbers: `GRO-BONUS:3;FUEL-BONUS:1`."""
    return ";".join(f"{name}:{values[name]}" for name in sorted(values))


def sums(totals: tuple[tuple[str, int, int], ...]) -> str:
    """Counts and sums of a batch: `sale:12:34500;refund:1:990`."""
    return ";".join(f"{name}:{count}:{amount}" for name, count, amount in totals)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
