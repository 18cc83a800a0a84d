"""Reversals: as if it had not been, once, or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.core.reference import purchases
from tests.core.reference.state import Booked, Card, Move, Refused, Reply

if TYPE_CHECKING:
    from tests.core.reference.ledger import Here

COUNTERS = ("turnover", "visited", "purchases", "tickets", "owed", "credit")
FINAL = ("reverse", "block", "unblock", "close")


def reverse(here: Here, booked: Booked) -> None:
    request = here.request
    assert request.original is not None
    if request.original.terminal not in ("", here.terminal):
        raise Refused("25")
    original = here.original()
    if original is None:
        _bury(here)
        return
    if original.buried:
        return
    card = original.card
    other = request.card is not None and card and request.card.value != card.number
    if original.request.command in FINAL or other:
        raise Refused("77")
    booked.card = card
    if not original.reply.approved or original.undone or original.hold == "over":
        booked.reply.amount = original.reply.amount
        return
    booked.reply.amount = original.reply.amount
    if original.hold == "open":
        purchases.release(original, "over")
        original.undone = True
        return
    if original.hold == "captured" or original.standing:
        raise Refused("77")
    _mirror(booked, original)
    original.undone = True
    if card and card.state == "closed" and original.state_before:
        reopened = original.state_before
        card.state = "active" if reopened == "closed" else reopened
    if original.request.command == "activate" and card and card.state == "active":
        card.state, card.code, card.tries = "new", "", 0


def _bury(here: Here) -> None:
    """What never came is refused when it comes."""
    named = here.request.original
    assert named is not None
    key = (named.terminal or here.terminal, named.batch, named.operation)
    here.ledger.booked[key] = Booked(here.request, Reply("05"), buried=True)


def _mirror(booked: Booked, original: Booked) -> None:
    """Every lot gets back what it gave and gives what it got, if it is there."""
    card = original.card
    assert card is not None
    sums: dict[tuple, int] = {}
    for move in original.moves:
        place = (move.key, move.end)
        sums[place] = sums.get(place, 0) + move.posted
    for (key, end), came in sums.items():
        purse = card.purse(key)
        counter = key[1] == "turnover" and key in original.counted
        amount = _turnover(original, card, key, came) if counter else came
        lot = purse.lots.get(end)
        if (
            amount > 0
            and key[1] not in COUNTERS
            and (lot is None or lot.posted - lot.held < amount)
        ):
            raise Refused("51")
        booked.post(Move(card, key, end, -amount))


def _turnover(original: Booked, card: Card, key: tuple, amount: int) -> int:
    """A sum is lowered only while the period runs in which it was counted."""
    purse = card.purse(key)
    counted, since = original.counted.get(key, (0, None))
    if purse.since != since:
        return 0
    if key in original.before and purse.posted == counted:
        purse.since = original.before[key]
    return amount
