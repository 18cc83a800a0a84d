"""What the ledger must answer: a small second implementation, kept in memory.

`Oracle.decide` takes the operations of the day in their order and says what each
answer must be. It knows nothing of ekarte_core: see rules.py for why.
"""

from collections.abc import Callable

import buying
import living
import undoing
import visiting
from prices import price
from said import Booked, Expected, Operation, Refused
from world import World

Command = Callable[[World, Operation, Booked], None]
COMMANDS: dict[str, Command] = {
    "sale": buying.sale,
    "authorize": buying.authorize,
    "confirm": buying.confirm,
    "refund": undoing.refund,
    "reverse": undoing.reverse,
    "activate": living.activate,
    "top_up": living.top_up,
    "block": living.block,
    "unblock": living.unblock,
    "set_code": living.set_code,
    "enroll": living.enroll,
    "replace": living.replace,
    "check_in": visiting.check_in,
    "redeem": visiting.redeem,
}
APPROVED = ("00", "10")


class Oracle:
    """Decides operations one after the other and keeps the batches' sums."""

    def __init__(self) -> None:
        self.world = World()
        self.sums: dict[tuple[str, int], dict[str, tuple[int, int]]] = {}

    def decide(self, operation: Operation, clock: str) -> Expected:
        """Answer one operation of this time of the day and remember it."""
        world = self.world
        world.clock = clock
        if operation.command in ("echo", "status", "inquire"):
            return self._look(operation)
        before = world.stored.get(operation.key)
        if before is not None:
            same = before.operation == operation
            return before.expected if same else Expected(rc="94")
        booked = Booked(operation, Expected())
        try:
            self._decide(operation, booked)
        except Refused as refusal:
            booked.expected = Expected(rc=str(refusal))
            booked.state, booked.gross = "refused", 0
        world.stored[operation.key] = booked
        self._count(booked)
        return booked.expected

    def _decide(self, operation: Operation, booked: Booked) -> None:
        world = self.world
        if operation.key[:2] in world.closed:
            raise Refused("95")
        if operation.key in world.dead:
            raise Refused("05")
        if operation.command == "close":
            self._close(operation, booked)
            return
        COMMANDS[operation.command](world, operation, booked)
        card = booked.card
        booked.expected.amount = booked.gross
        if card is not None:
            booked.expected.balances = world.balances(operation.terminal, card)
            booked.expected.vouchers = world.vouchers(operation, card)

    def _look(self, operation: Operation) -> Expected:
        world = self.world
        if operation.command == "echo":
            return Expected()
        if operation.command == "status":
            known = operation.original in world.stored
            return Expected(rc="00" if known else "25")
        try:
            card, rules = world.fit(operation)
        except Refused as refusal:
            return Expected(rc=str(refusal))
        expected = Expected(balances=world.balances(operation.terminal, card))
        expected.vouchers = world.vouchers(operation, card)
        expected.rate = price(rules, card.account, operation.goods).rates[0]
        return expected

    # the end of a batch

    def _count(self, booked: Booked) -> None:
        """Count an approved operation into its batch."""
        operation, expected = booked.operation, booked.expected
        if expected.rc not in APPROVED or operation.command == "close":
            return
        sums = self.sums.setdefault(operation.key[:2], {})
        count, amount = sums.get(operation.command, (0, 0))
        sums[operation.command] = (count + 1, amount + booked.gross)

    def host_totals(
        self, terminal: str, batch: int
    ) -> tuple[tuple[str, int, int], ...]:
        """Counts and sums of a batch as the host has them."""
        sums = self.sums.get((terminal, batch), {})
        return tuple((name, *sums[name]) for name in sorted(sums))

    def _close(self, operation: Operation, booked: Booked) -> None:
        mine = self.host_totals(operation.terminal, operation.batch)
        same = operation.totals == mine
        booked.expected = Expected(rc="00" if same else "95", totals=mine)
        booked.state = "closed"
        if same:
            self.world.closed.add(operation.key[:2])
