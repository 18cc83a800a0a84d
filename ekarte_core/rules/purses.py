"""A working copy of one card's purses: every move is written down, none is lost.

The rules move value on a sheet; if the operation is refused the sheet is dropped
and nothing has happened. Money, points and visits lie in lots, each with its own
last moment; the earliest to end is used first. Amounts are in the purse's unit,
carry (the value in the general ledger) in minor units of currency.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, timezone, tzinfo

import msgspec

POINTS = "points"
VISITS = "visits"  # of a pass
VOUCHER = "voucher"  # money off, once; the goods group is its code
ITEM = "item"  # goods for nothing, once; the goods group is its code
CREDIT = "credit"  # not above zero: the debt
TURNOVER = "turnover"
VISITED = "visited"
EARNED = "earned"  # points ever earned
PURCHASES = "purchases"
TICKETS = "tickets"
OWED = "owed"  # points that could not be taken back
BILLED = "billed"  # part of a debt that stands on a statement
LOST = "lost"  # gift money that had been used when its sale was charged back

FOR_BOOKS = frozenset({BILLED, LOST})
"""Counters that only accounting reads; a reversal gives them back like value."""

COUNTERS = frozenset({TURNOVER, VISITED, EARNED, PURCHASES, TICKETS, OWED}) | FOR_BOOKS
"""Units that are counted: no lots, no value, nothing to spend."""

COUNTER_EVENT = {
    TURNOVER: "turnover",
    VISITED: "visit",
    EARNED: "earned",
    PURCHASES: "purchase",
    TICKETS: "ticket",
    OWED: "owed",
}
"""Event of a counter's entries, both ways; those for the books have their cause's."""

WITHOUT_LOTS = COUNTERS | {CREDIT}

LOAD = "load"  # account of value that is sold

PurseKey = tuple[str, str, str]  # program code, unit, goods group

FOR_EVER = datetime.max.replace(tzinfo=timezone.utc)


class Lot(msgspec.Struct, kw_only=True):
    """A part of a purse that ends at one moment; `id` 0: not written yet.

    A purse has one lot for each `valid_until`, so the moment names the lot.
    """

    id: int = 0
    valid_until: datetime | None = None
    issued: int = 0
    posted: int = 0
    held: int = 0
    carry: int = 0
    moved: bool = False

    @property
    def available(self) -> int:
        """What is neither used nor held."""
        return self.posted - self.held

    def usable(self, now: datetime) -> bool:
        """Say whether it may be used at this moment."""
        return self.valid_until is None or now < self.valid_until


class LotPart(msgspec.Struct, frozen=True, array_like=True):
    """An amount of one lot, with the carrying value that goes with it."""

    valid_until: datetime | None
    amount: int
    carry: int = 0


class Purse(msgspec.Struct, kw_only=True):
    """One purse as the ledger holds it; `id` 0: not opened yet."""

    id: int = 0
    program: str
    issuer: str
    unit: str
    goods_group: str = ""
    posted: int = 0
    held: int = 0
    credit_limit: int = 0
    carry: int = 0
    version: int = 0
    period_start: date | None = None
    last_at: datetime | None = None  # when it last counted
    day_count: int = 0  # how often on that day
    lots: list[Lot] = []

    @property
    def key(self) -> PurseKey:
        """Program, unit, goods group: unique on a card."""
        return (self.program, self.unit, self.goods_group)

    @property
    def available(self) -> int:
        """What is not held, ended lots included."""
        return self.posted - self.held + self.credit_limit

    def usable(self, now: datetime) -> int:
        """What may be taken at this moment."""
        if self.unit in WITHOUT_LOTS:
            return self.available
        return sum(lot.available for lot in self.lots if lot.usable(now))

    @property
    def next_end(self) -> datetime | None:
        """When the earliest of its open lots ends."""
        ends = [lot.valid_until for lot in self.lots if lot.posted and lot.valid_until]
        return min(ends, default=None)

    def lot(self, valid_until: datetime | None) -> Lot | None:
        """Return the lot that ends at this moment, if there is one."""
        return next((x for x in self.lots if x.valid_until == valid_until), None)


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one purse; `account` is the counter leg of the entry pair."""

    key: PurseKey
    lot: Lot | None
    event: str
    account: str
    posted: int = 0
    held: int = 0
    carry: int = 0
    version: int
    posted_after: int
    held_after: int


class Undone(msgspec.Struct, frozen=True):
    """One purse move of an operation that is to be undone."""

    program: str
    issuer: str
    unit: str
    goods_group: str
    event: str
    account: str
    posted: int
    carry: int
    in_lot: bool
    valid_until: datetime | None
    card_id: int = 0  # whose purse it was

    @property
    def key(self) -> PurseKey:
        """The purse it was made on."""
        return (self.program, self.unit, self.goods_group)


def end_of_day(day: date, zone: tzinfo) -> datetime:
    """Return the moment at which a local day is over, as UTC.

    In UTC, because local moments that the clock skips or repeats equal no other.
    """
    following = datetime.combine(day + timedelta(days=1), time(), zone)
    return following.astimezone(timezone.utc)


def share(total: int, part: int, whole: int) -> int:
    """Return total × part / whole, half up (away from zero), in whole units."""
    assert whole > 0
    product = abs(total) * abs(part)
    rounded = (2 * product + whole) // (2 * whole)
    return rounded if (total >= 0) == (part >= 0) else -rounded


class Sheet:
    """The purses of one card during one operation."""

    def __init__(self, purses: Iterable[Purse], now: datetime) -> None:
        """Look at purses; each is copied when it is first asked for."""
        self._now = now
        self._given = {purse.key: purse for purse in purses}
        self._copied: dict[PurseKey, Purse] = {}
        self.moves: list[Move] = []

    def find(self, program: str, unit: str, goods_group: str = "") -> Purse | None:
        """Return the purse, if the card has it."""
        key = (program, unit, goods_group)
        purse = self._copied.get(key)
        if purse is None and key in self._given:
            purse = self._copied[key] = _copy(self._given[key])
        return purse

    def open(
        self, program: str, issuer: str, unit: str, goods_group: str = ""
    ) -> Purse:
        """Return the purse, opened when the card does not have it yet."""
        purse = self.find(program, unit, goods_group)
        if purse is None:
            purse = Purse(
                program=program, issuer=issuer, unit=unit, goods_group=goods_group
            )
            self._copied[purse.key] = purse
        return purse

    def all(self) -> list[Purse]:
        """Return every purse as it is now, to be looked at only."""
        return [*{**self._given, **self._copied}.values()]

    def keys(self, program: str, unit: str) -> list[PurseKey]:
        """Return the keys of a program's purses of one unit."""
        found = {**self._given, **self._copied}
        return [key for key in found if key[:2] == (program, unit)]

    def usable(self, purse: Purse) -> int:
        """What may be taken from a purse now."""
        return purse.usable(self._now)

    def count(self, purse: Purse, event: str, amount: int) -> int:
        """Add to a counter: it has no lots and no value; it stops at zero.

        Returns what was added.
        """
        added = max(amount, -purse.posted)
        self._move(purse, None, event, purse.unit, posted=added)
        return added

    def owe(self, purse: Purse, event: str, account: str, amount: int) -> None:
        """Change a debt: negative buys, positive pays; its carry is itself.

        What comes in pays first what is billed.
        """
        self._move(purse, None, event, account, posted=amount, carry=amount)
        billed = self.find(purse.program, BILLED) if amount > 0 else None
        if billed is not None:
            self.count(billed, event, -amount)

    def _bill_no_more_than_owed(self, purse: Purse, event: str) -> None:
        """What came in meanwhile has paid a part of what is billed again."""
        billed = self.find(purse.program, BILLED)
        over = billed.posted - max(-purse.posted, 0) if billed is not None else 0
        if billed is not None and over > 0:
            self.count(billed, event, -over)

    def credit(
        self,
        purse: Purse,
        event: str,
        account: str,
        amount: int,
        *,
        carry: int = 0,
        valid_until: datetime | None = None,
    ) -> None:
        """Put value into the lot that ends at this moment, opened if need be."""
        lot = purse.lot(valid_until) or _new_lot(purse, valid_until)
        lot.issued += amount
        self._move(purse, lot, event, account, posted=amount, carry=carry)

    def give_back(self, purse: Purse, event: str, account: str, part: LotPart) -> None:
        """Put used value back into the very lot it came from, with its date.

        In an account that took the card's purses over the lot may be a new one.
        """
        if purse.unit == CREDIT:
            self.owe(purse, event, account, part.amount)
            return
        lot = purse.lot(part.valid_until) or _new_lot(purse, part.valid_until)
        lot.issued = max(lot.issued, lot.posted + part.amount)
        self._move(purse, lot, event, account, posted=part.amount, carry=part.carry)

    def plan(
        self, purse: Purse, amount: int, first: tuple[datetime | None, ...] = ()
    ) -> list[LotPart]:
        """Choose lots for an amount that is there, earliest end first.

        `first`: ends of lots that shall be used before all others.
        """
        if purse.unit == CREDIT:
            return [LotPart(None, amount)]
        lots = [lot for lot in purse.lots if lot.usable(self._now)]
        if first:
            lots.sort(key=lambda lot: lot.valid_until not in first)
        parts = []
        for lot in lots:
            part = min(amount, lot.available)
            if part:
                parts.append(LotPart(lot.valid_until, part))
                amount -= part
        assert not amount, "a rule planned more than may be used"
        return parts

    def spend(
        self,
        purse: Purse,
        event: str,
        account: str,
        parts: Iterable[LotPart],
        each: int = 0,
    ) -> list[LotPart]:
        """Take amounts out of their lots for good; returns them with their carry.

        `each`: what one of them carries, 0 for its share of what is left. It counts as
        long as the lot carries that but for rounding, and not another price.
        """
        spent = []
        for part in parts:
            if purse.unit == CREDIT:
                self.owe(purse, event, account, -part.amount)
                spent.append(LotPart(None, part.amount, part.amount))
                continue
            lot = purse.lot(part.valid_until)
            assert lot is not None
            carry = lot.carry
            if part.amount < lot.posted:
                # In proportion, half up; the last use takes the residue.
                carry = share(lot.carry, part.amount, lot.posted)
                if each and abs(lot.carry - each * lot.posted) <= lot.issued:
                    carry = min(each * part.amount, lot.carry)
            self._move(purse, lot, event, account, posted=-part.amount, carry=-carry)
            spent.append(LotPart(part.valid_until, part.amount, carry))
        return spent

    def hold(self, purse: Purse, parts: Iterable[LotPart]) -> None:
        """Reserve amounts of named lots: their end waits for the hold's."""
        for part in parts:
            lot = None if purse.unit == CREDIT else purse.lot(part.valid_until)
            self._move(purse, lot, "hold", "hold", held=part.amount)

    def release(self, purse: Purse, parts: Iterable[LotPart]) -> None:
        """Give reserved amounts up."""
        for part in parts:
            lot = None if purse.unit == CREDIT else purse.lot(part.valid_until)
            self._move(purse, lot, "release", "hold", held=-part.amount)

    def mirror(self, purse: Purse, move: Undone) -> None:
        """Undo one move of an earlier operation, in its own lot.

        Value that leaves a lot takes its carry along as far as it is still there;
        what empties the lot takes the residue.
        """
        if purse.unit == CREDIT:
            self.owe(purse, move.event, move.account, -move.posted)
            self._bill_no_more_than_owed(purse, move.event)
            return
        lot, carry = None, -move.carry
        if move.in_lot:
            lot = purse.lot(move.valid_until) or _new_lot(purse, move.valid_until)
            if move.posted < 0:
                lot.issued = max(lot.issued, lot.posted - move.posted)
            if move.posted > 0:
                if move.account == LOAD:  # it was not sold after all
                    lot.issued -= move.posted
                whole = move.posted == lot.posted
                carry = -lot.carry if whole else -min(move.carry, lot.carry)
        self._move(
            purse, lot, move.event, move.account, posted=-move.posted, carry=carry
        )

    def _move(
        self,
        purse: Purse,
        lot: Lot | None,
        event: str,
        account: str,
        *,
        posted: int = 0,
        held: int = 0,
        carry: int = 0,
    ) -> None:
        """Change a purse and its lot and write the move down; zero moves are none."""
        if not (posted or held or carry):
            return
        purse.posted += posted
        purse.held += held
        purse.carry += carry
        purse.version += 1
        assert purse.available >= 0, "a rule took more than the purse has"
        assert purse.held >= 0, "a rule released more than was held"
        if lot is not None:
            lot.posted += posted
            lot.held += held
            lot.carry += carry
            lot.moved = True
            assert 0 <= lot.held <= lot.posted <= lot.issued, "a lot out of its bounds"
        self.moves.append(
            Move(
                key=purse.key,
                lot=lot,
                event=event,
                account=account,
                posted=posted,
                held=held,
                carry=carry,
                version=purse.version,
                posted_after=purse.posted,
                held_after=purse.held,
            )
        )


def _copy(purse: Purse) -> Purse:
    lots = [msgspec.structs.replace(lot) for lot in purse.lots]
    return msgspec.structs.replace(purse, lots=lots)


def _new_lot(purse: Purse, valid_until: datetime | None) -> Lot:
    lot = Lot(valid_until=valid_until)
    purse.lots.append(lot)
    purse.lots.sort(key=_ends)
    return lot


def _ends(lot: Lot) -> datetime:
    end = lot.valid_until
    return FOR_EVER if end is None else end
