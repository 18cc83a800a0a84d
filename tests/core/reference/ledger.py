"""The reference ledger: what becomes of each request, one after the other."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ekarte_core import Request
from tests.core.reference import (
    cards,
    purchases,
    redeeming,
    undoing,
    visits,
    vouchers,
)
from tests.core.reference.arith import local_day
from tests.core.reference.network import Network, Program
from tests.core.reference.points import Moment
from tests.core.reference.state import Booked, Card, Refused, Reply, by_end

NOT_KEPT = ("inquire", "echo", "status")
MOVES_VALUE = ("sale", "accrue", "authorize", "confirm", "refund", "top_up", "activate")


class Reference:
    """Cards, and every operation by its key."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.network = Network(document)
        self.cards: dict[str, Card] = {}
        self.booked: dict[tuple[str, int, int], Booked] = {}
        self.closed: set[tuple[str, int]] = set()
        self.codes: list[tuple[str, str, str]] = []
        self.commands: dict[str, Callable[[Here, Booked], None]] = {
            "activate": cards.activate,
            "top_up": cards.top_up,
            "block": cards.block,
            "unblock": cards.unblock,
            "inquire": _inquire,
            "sale": purchases.sale,
            "accrue": purchases.accrue,
            "authorize": purchases.authorize,
            "confirm": purchases.confirm,
            "refund": purchases.refund,
            "reverse": undoing.reverse,
            "check_in": visits.check_in,
            "redeem": redeeming.redeem,
            "close": _close,
        }

    def answer(self, request: Request, now: datetime) -> Booked:
        """Decide one request; a repeat gives the same again."""
        before = self.booked.get(request.key)
        if request.command not in NOT_KEPT and before is not None:
            if before.buried or before.request == request:
                return before
            return Booked(request, Reply("94"))
        booked = Booked(request, Reply("00"), at=now)
        here = Here(self, request, now)
        try:
            here.open_batch()
            self.commands[request.command](here, booked)
        except Refused as refusal:
            for move in reversed(booked.moves):
                move.apply(-1)
            reply = Reply(str(refusal), totals=booked.reply.totals)
            booked = Booked(request, reply, card=here.card)
        else:
            if here.code_was_right and booked.card is not None:
                booked.card.tries = 0
            here.show(booked)
        if request.command not in NOT_KEPT:
            self.booked[request.key] = booked
        return booked

    def expire(self, now: datetime) -> int:
        """End the holds whose time is over; returns how many."""
        over = [
            b
            for b in self.booked.values()
            if b.hold == "open" and (b.ends or now) <= now
        ]
        for booked in over:
            purchases.release(booked, "over")
        return len(over)

    def lapse(self, now: datetime) -> int:
        """Empty the lots that have ended, but for what is held; returns purses."""
        found = 0
        for card in self.cards.values():
            for purse in card.purses.values():
                ended = [
                    lot
                    for end, lot in purse.lots.items()
                    if end is not None and end <= now and lot.posted > lot.held
                ]
                for lot in ended:
                    lot.posted = lot.held
                found += bool(ended)
        return found

    def totals(self, terminal: str, batch: int) -> dict[str, tuple[int, int]]:
        """Approved operations of a batch: how many and how much, by command."""
        sums: dict[str, tuple[int, int]] = {}
        for key, booked in self.booked.items():
            if key[:2] == (terminal, batch) and booked.reply.approved:
                count, amount = sums.get(booked.request.command, (0, 0))
                amount += booked.reply.amount
                sums[booked.request.command] = (count + 1, amount)
        return sums

    def lots(self) -> dict[tuple[str, str, str, str, datetime], tuple[int, int]]:
        """(posted, held) of each lot that is not empty."""
        return {
            (card.number, *key, by_end(end)): (lot.posted, lot.held)
            for card in self.cards.values()
            for key, purse in card.purses.items()
            for end, lot in purse.lots.items()
            if lot.posted or lot.held
        }


class Here:
    """One request at its branch."""

    def __init__(self, ledger: Reference, request: Request, now: datetime) -> None:
        self.ledger, self.network = ledger, ledger.network
        self.request, self.now = request, now
        self.terminal = request.terminal
        self.zone = self.network.zone(self.terminal)
        self.today = local_day(now, self.zone)
        self.currency = self.network.currency
        self.card: Card | None = None
        self.code_was_right = False
        self.moment = Moment(now, self.zone, self.today, self.currency, ledger.codes)

    def open_batch(self) -> None:
        kept = self.request.command not in NOT_KEPT
        if kept and self.request.key[:2] in self.ledger.closed:
            raise Refused("95")

    def met(self, card: Card) -> list[Program]:
        """Programs of this branch, whether they run now or not."""
        return self.network.programs_at(self.terminal, card.number)

    def programs(self, card: Card) -> list[Program]:
        return self.network.running(
            self.terminal, card.number, self.now, card.registered
        )

    def original(self) -> Booked | None:
        named = self.request.original
        assert named is not None
        terminal = named.terminal or self.terminal
        found = self.ledger.booked.get((terminal, named.batch, named.operation))
        self.card = found.card if found else None
        same = self.network.issuer(terminal) == self.network.issuer(self.terminal)
        return found if same else None

    def show(self, booked: Booked) -> None:
        """Balances that this branch sees, after the operation."""
        card = booked.card
        if card is None:
            return
        booked.reply.card_state = card.state
        seller = self.network.issuer(self.terminal)
        accepted = {p.purse for p in self.met(card) if not p.own}
        for key, purse in card.purses.items():
            own = self.network.programs[key[0]]["issuer"] == seller
            if not own and (
                key[0] not in accepted
                or key[1] not in (self.currency, "credit", "visits")
            ):
                continue
            if purse.posted and key[1] not in ("voucher", "item"):
                row = (*key[:2], purse.posted, purse.usable(self.now))
                booked.reply.balances.append(row)
        booked.reply.balances.sort()
        booked.reply.vouchers = sorted(
            (v.code, v.program, v.kind, card.posted(v.key), v.product)
            if v.kind == "money"
            else (v.code, v.program, v.kind, 0, v.product)
            for v in vouchers.usable(card, self.now)
            if v.program in accepted or self.owns(v.program, seller)
        )

    def owns(self, program: str, seller: str) -> bool:
        return bool(self.network.programs[program]["issuer"] == seller)


def _inquire(here: Here, booked: Booked) -> None:
    """A quote where there is something to be bought."""
    asks = here.request.amount or here.request.lines
    (purchases.quote if asks else cards.inquire)(here, booked)


def _close(here: Here, booked: Booked) -> None:
    request = here.request
    ours = here.ledger.totals(request.terminal, request.batch)
    booked.reply.totals = ours
    theirs = {t.command: (t.count, t.amount) for t in request.totals if t.count}
    if ours != theirs:
        raise Refused("95")
    here.ledger.closed.add(request.key[:2])
