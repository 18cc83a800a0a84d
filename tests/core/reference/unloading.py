"""Sold value comes back, as far as it is unused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.reference.arith import half_up
from tests.core.reference.state import Booked, Card, Move, Refused

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here


def unload(here: Here, booked: Booked, card: Card, load: Booked) -> None:
    moves = [move for move in load.moves if move.key[1] in (here.currency, "visits")]
    if not moves:
        raise Refused("77")
    move, wanted = moves[0], here.request.amount
    lot = card.purse(move.key).lots[move.end]
    booked.card, booked.original = card, load
    gone = -sum(back.moves[0].posted for back in load.standing)
    ended = move.end is not None and move.end <= here.now
    left = 0 if ended else min(lot.posted - lot.held, move.posted - gone)
    if move.key[1] == "visits":
        program = here.network.programs[move.key[0]]["parameters"]
        worth = half_up(program["price"] * left, program["visits"])
        if wanted is not None and wanted != worth:
            raise Refused("13")
        amount, value = worth, left
    else:
        if wanted is not None and wanted > move.posted - gone:
            raise Refused("13")
        amount = value = left if wanted is None else wanted
    if value <= 0 or value > left:
        raise Refused("51")
    booked.post(Move(card, move.key, move.end, -value))
    booked.reply.amount = booked.reply.amount_due = amount
    if load.request.command == "activate":
        booked.state_before = card.state
        card.state = "closed"
    load.refunds.append(booked)
