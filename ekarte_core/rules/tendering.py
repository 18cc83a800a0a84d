"""Tenders: what is taken from the card to pay. Step 3 of an operation.

A voucher first, then gift money, bonus money and credit; never more than is there. A
shortage refuses the whole operation unless the terminal said that a part is welcome.
"""

from collections.abc import Iterable

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules import credit
from ekarte_core.rules.purses import (
    CREDIT,
    ITEM,
    VOUCHER,
    LotPart,
    Purse,
    PurseKey,
    Sheet,
)
from ekarte_core.rules.running import Programs, RunningProgram
from ekarte_core.values import Tender

GIFT = "gift"
BONUS = "bonus"
REST = "rest"  # of a voucher, forfeited: its use is once
SPEND_EVENT = {
    GIFT: "gift_spend",
    BONUS: "bonus_spend",
    CREDIT: "credit_spend",
    VOUCHER: "voucher_spend",
    ITEM: "voucher_spend",
    REST: "voucher_expire",
}
UNPAID = frozenset({ITEM, REST})  # leaves the card without paying
AS_BONUS = frozenset({BONUS, VOUCHER})  # earns nothing; the own one is not taxed


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """Parts taken from one purse; `own`: the seller's own, and lowers its price."""

    tender: str
    key: PurseKey
    own: bool
    parts: tuple[LotPart, ...]

    @property
    def amount(self) -> int:
        """What it pays, minor units."""
        if self.tender in UNPAID:
            return 0
        return sum(part.amount for part in self.parts)


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """What a card pays of a purchase, or the code that refuses it."""

    rc: Rc
    taken: tuple[Taken, ...] = ()
    unpaid: int = 0  # what a terminal took offline that was not there

    @property
    def total(self) -> int:
        """Sum taken under all tenders."""
        return sum(part.amount for part in self.taken)

    def of(self, tender: str) -> int:
        """Sum taken under one tender, minor units."""
        return sum(part.amount for part in self.taken if part.tender == tender)

    @property
    def as_bonus(self) -> int:
        """Sum paid by bonus money and vouchers, or by nobody: it earns nothing."""
        paid = sum(part.amount for part in self.taken if part.tender in AS_BONUS)
        return paid + self.unpaid

    @property
    def own_bonus(self) -> int:
        """The same of the seller itself: lowers what is taxed."""
        return own_bonus(self.taken)


def own_bonus(taken: Iterable[Taken]) -> int:
    """Sum of the seller's own bonus money and vouchers that lower its price."""
    return sum(part.amount for part in taken if part.tender in AS_BONUS and part.own)


class _Search:
    """What has been planned so far, while the tenders are gone through."""

    def __init__(self, programs: Programs, sheet: Sheet, currency: str) -> None:
        self.programs, self.sheet, self.currency = programs, sheet, currency
        self.taken: list[Taken] = []
        self.short: Rc | None = None  # the first shortage
        self.ended = False
        self.used: dict[str, int] = {}  # of other issuers' value, where it has a limit

    def take(self, tender: str, asked: int) -> None:
        """Plan `asked` from the purses of one tender."""
        left, cut = asked, 0
        for running, unit, limit in self._sources(tender):
            purse = self.sheet.find(running.code, unit)
            if purse is None or not left:
                continue
            usable = self.sheet.usable(purse)
            amount = min(left, usable if limit is None else max(usable - limit, 0))
            room = self.room(running)
            if room is not None and room < amount:
                amount, cut = room, cut + amount - room
            if amount:
                parts = tuple(self.sheet.plan(purse, amount))
                own = running.lowers_price
                self.taken.append(Taken(tender, purse.key, own, parts))
                self.use(running, amount)
            left -= amount
            self.ended = self.ended or purse.available > usable
        if left and self.short is None:
            short = Rc.LIMIT if tender == CREDIT else Rc.SHORT
            self.short = short if left > cut else Rc.ELSEWHERE

    def room(self, running: RunningProgram) -> int | None:
        """What may still be used of its issuer's value here; None: no limit."""
        room = self.programs.room(running)
        return None if room is None else room - self.used.get(running.issuer, 0)

    def use(self, running: RunningProgram, amount: int) -> None:
        """Remember value of another issuer: two programs of it share one room."""
        if not running.own:
            self.used[running.issuer] = self.used.get(running.issuer, 0) + amount

    def _sources(self, tender: str) -> list[tuple[RunningProgram, str, int | None]]:
        if tender == GIFT:
            return [(p, self.currency, None) for p, _ in self.programs.gifts]
        if tender == BONUS:
            return [(p, self.currency, None) for p, _ in bonus_sources(self.programs)]
        return [
            (one[0], CREDIT, credit.over_limit(self.sheet, one))
            for one in self.programs.credits
        ]


def bonus_sources(programs: Programs) -> list[tuple[RunningProgram, object]]:
    """Programs whose points become money that may be spent here."""
    return [(p, q) for p, q in programs.bonus_money if q.convert_at]


def wanted_tender(programs: Programs, asked: Tender | None, due: int) -> Tender:
    """What is to be taken; a pure gift or credit card pays all unless told."""
    if asked is not None:
        return asked
    if programs.only_tender == GIFT:
        return Tender(gift=due)
    return Tender(credit=due) if programs.only_tender == CREDIT else Tender()


def plan_taking(
    programs: Programs,
    sheet: Sheet,
    asked: Tender | None,
    due: int,
    currency: str,
    *,
    partial: bool,
) -> Taking:
    """Decide what to take; takes nothing yet.

    Precedence: 13 asked for more than is due, 57 no such purse program here, no such
    voucher, 54 the value has ended, 61 over the credit limit, 51 not enough, 60 no more
    of that issuer's value is taken here (10 with a part where allowed).
    """
    search = _Search(programs, sheet, currency)
    tender = wanted_tender(programs, asked, due)
    if tender.voucher:
        refused = _take_voucher(search, tender.voucher, due)
        if refused is not None:
            return Taking(rc=refused)
        due -= sum(taken.amount for taken in search.taken)
    if tender.money > due:
        return Taking(rc=Rc.AMOUNT)
    if lacks_program(programs, tender):
        return Taking(rc=Rc.CARD_WRONG)
    for name, amount in (
        (GIFT, tender.gift),
        (BONUS, tender.bonus),
        (CREDIT, tender.credit),
    ):
        if amount:
            search.take(name, amount)
    if search.short is None:
        return Taking(rc=Rc.OK, taken=tuple(search.taken))
    if partial and any(taken.amount for taken in search.taken):
        return Taking(rc=Rc.PARTIAL, taken=tuple(search.taken))
    ended = search.ended and not search.taken
    return Taking(rc=Rc.EXPIRED if ended else search.short)


class Lacking(msgspec.Struct, frozen=True):
    """Why not all that was asked for is there; None where it is."""

    voucher: Rc | None
    money: Rc | None


def plan_what_is_there(
    programs: Programs, sheet: Sheet, asked: Tender, worth: int, currency: str
) -> tuple[Taking, Lacking]:
    """Plan as much of each tender as there is; takes nothing yet.

    `worth`: what the voucher shall pay; the rest of it is forfeited.
    """
    search = _Search(programs, sheet, currency)
    refused = _take_voucher(search, asked.voucher, worth) if asked.voucher else None
    for name, amount in (
        (GIFT, asked.gift),
        (BONUS, asked.bonus),
        (CREDIT, asked.credit),
    ):
        if amount:
            search.take(name, amount)
    taking = Taking(rc=Rc.OK, taken=tuple(search.taken))
    return taking, Lacking(refused, search.short)


def lacks_program(programs: Programs, tender: Tender) -> bool:
    """True when a tender is asked for that no program of the card can pay here."""
    return bool(
        (tender.gift and not programs.gifts)
        or (tender.bonus and not bonus_sources(programs))
        or (tender.credit and not programs.credits)
        or (tender.voucher and not programs.vouchers)
    )


def find_voucher(programs: Programs, sheet: Sheet, code: str) -> Purse | None:
    """Return the purse of a voucher of the card that may be used here, used or not."""
    for running, _parameters in programs.vouchers:
        for unit in (VOUCHER, ITEM):
            purse = sheet.find(running.code, unit, code)
            if purse is not None:
                return purse
    return None


def voucher_refusal(sheet: Sheet, purse: Purse | None) -> Rc | None:
    """Return why a voucher cannot be used: 57 no such or used, 54 ended."""
    if purse is None or not purse.available:
        return Rc.CARD_WRONG
    return None if sheet.usable(purse) else Rc.EXPIRED


def _take_voucher(search: _Search, code: str, due: int) -> Rc | None:
    """Plan the use of a voucher: what it pays, and the rest that is forfeited."""
    purse = find_voucher(search.programs, search.sheet, code)
    refused = voucher_refusal(search.sheet, purse)
    if purse is None or refused is not None:
        return refused
    running = next(p for p, _ in search.programs.vouchers if p.code == purse.program)
    own = running.lowers_price
    (lot,) = search.sheet.plan(purse, purse.available)
    if purse.unit == ITEM:
        search.taken.append(Taken(ITEM, purse.key, own, (lot,)))
        return None
    used = min(lot.amount, due)
    room = search.room(running)
    if room is not None and room < used:
        return Rc.ELSEWHERE
    search.use(running, used)
    for tender, amount in ((VOUCHER, used), (REST, lot.amount - used)):
        if amount:
            part = LotPart(lot.valid_until, amount)
            search.taken.append(Taken(tender, purse.key, own, (part,)))
    return None


def hold(sheet: Sheet, taking: Taking) -> None:
    """Reserve what the taking names."""
    for part in taking.taken:
        sheet.hold(purse_of(sheet, part), part.parts)


def release(sheet: Sheet, taken: tuple[Taken, ...]) -> None:
    """Give up a reservation."""
    for part in taken:
        sheet.release(purse_of(sheet, part), part.parts)


def spend(sheet: Sheet, taken: tuple[Taken, ...]) -> tuple[Taken, ...]:
    """Take the value for good; returns the same with its carrying value."""
    return tuple(
        msgspec.structs.replace(
            part,
            parts=tuple(
                sheet.spend(
                    purse_of(sheet, part),
                    SPEND_EVENT[part.tender],
                    "expire" if part.tender == REST else "spend",
                    part.parts,
                )
            ),
        )
        for part in taken
    )


def capture(taken: tuple[Taken, ...], due: int) -> tuple[Taken, ...]:
    """Cut what was held down to what is due now, in the order it was planned.

    A voucher is used up whatever is due: what it does not pay is forfeited.
    """
    kept = []
    rest: list[Taken] = []
    for part in taken:
        if part.tender in UNPAID:
            kept.append(part)
            continue
        parts, over = [], []
        for lot in part.parts:
            amount = min(lot.amount, due)
            due -= amount
            if amount:
                parts.append(msgspec.structs.replace(lot, amount=amount))
            if amount < lot.amount:
                over.append(msgspec.structs.replace(lot, amount=lot.amount - amount))
        if parts:
            kept.append(msgspec.structs.replace(part, parts=tuple(parts)))
        if over and part.tender == VOUCHER:
            rest.append(Taken(REST, part.key, part.own, tuple(over)))
    return tuple(kept + rest)


def purse_of(sheet: Sheet, part: Taken) -> Purse:
    """The purse that value was taken from, or its like in the account of today."""
    program, unit, group = part.key
    purse = sheet.find(program, unit, group)
    assert purse is not None, "value was taken from a purse that is not there"
    return purse
