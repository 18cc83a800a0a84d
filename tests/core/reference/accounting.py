"""Purchases are counted, and tickets of a draw given out for them."""

from __future__ import annotations

from tests.core.reference.arith import spread
from tests.core.reference.network import Program
from tests.core.reference.points import FREE
from tests.core.reference.state import Booked, Move


def count(programs: list[Program], booked: Booked) -> None:
    off = sum(taken.amount for taken in booked.taken if taken.tender in FREE)
    nets = [line.gross - line.discount for line in booked.lines]
    parts = [n - o for n, o in zip(nets, spread(off, nets), strict=True)]
    for program in programs:
        if not program.own or program.kind != "purchase_accounting":
            continue
        pairs = zip(booked.lines, parts, strict=True)
        ours = [
            paid
            for line, paid in pairs
            if not program.groups or line.group in program.groups
        ]
        paid = sum(ours)
        if not paid:
            continue
        assert booked.card is not None
        sums = {"turnover": paid, "purchases": 1}
        if program.ticket_per:
            sums["tickets"] = paid // program.ticket_per
        for unit, amount in sums.items():
            key = (program.purse, unit, "")
            booked.post(Move(booked.card, key, None, amount))
            if unit == "purchases":
                booked.whole[key] = amount
            else:
                booked.counted[key] = (amount, None)
