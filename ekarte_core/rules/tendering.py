"""Tenders: what is taken from the card to pay. Step 3 of an operation.

Gift money first, then bonus money; never more than is there. A shortage refuses the
whole operation unless the terminal said that a part is welcome.
"""

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.purses import LotPart, Purse, PurseKey, Sheet
from ekarte_core.rules.running import Programs, RunningProgram
from ekarte_core.values import Tender

GIFT = "gift"
BONUS = "bonus"
SPEND_EVENT = {GIFT: "gift_spend", BONUS: "bonus_spend"}


class Taken(msgspec.Struct, frozen=True, array_like=True):
    """Parts taken from one purse; `own`: the purse's issuer is the seller."""

    tender: str
    key: PurseKey
    own: bool
    parts: tuple[LotPart, ...]

    @property
    def amount(self) -> int:
        """Sum of the parts, minor units."""
        return sum(part.amount for part in self.parts)


class Taking(msgspec.Struct, frozen=True, kw_only=True):
    """What a card pays of a purchase, or the code that refuses it."""

    rc: Rc
    taken: tuple[Taken, ...] = ()

    def of(self, tender: str) -> int:
        """Sum taken under one tender, minor units."""
        return sum(part.amount for part in self.taken if part.tender == tender)

    @property
    def total(self) -> int:
        """Sum taken under all tenders."""
        return sum(part.amount for part in self.taken)

    @property
    def own_bonus(self) -> int:
        """Bonus money of the seller itself: lowers what is earned and taxed."""
        return sum(p.amount for p in self.taken if p.tender == BONUS and p.own)


def plan_taking(
    programs: Programs,
    sheet: Sheet,
    tender: Tender | None,
    due: int,
    currency: str,
    *,
    partial: bool,
) -> Taking:
    """Decide what to take; takes nothing yet.

    Precedence: 13 asked for more than is due, 57 no such purse program here,
    54 the money has expired, 51 not enough (10 with a part where allowed).
    """
    if tender is None:
        tender = Tender(gift=due) if programs.only_gift else Tender()
    if tender.gift + tender.bonus > due:
        return Taking(rc=Rc.AMOUNT)
    gifts = list(programs.gifts)
    bonuses = [b for b in programs.bonus_money if b[1].convert_at]
    if (tender.gift and not gifts) or (tender.bonus and not bonuses):
        return Taking(rc=Rc.CARD_WRONG)
    taken: list[Taken] = []
    short = ended = False
    for name, asked, sources in (
        (GIFT, tender.gift, gifts),
        (BONUS, tender.bonus, bonuses),
    ):
        left = asked
        for running, _parameters in sources:
            left, some_ended = _take(sheet, taken, name, running, currency, left)
            ended = ended or some_ended
        short = short or left > 0
    if short and not (partial and taken):
        return Taking(rc=Rc.EXPIRED if ended and not taken else Rc.SHORT)
    return Taking(rc=Rc.PARTIAL if short else Rc.OK, taken=tuple(taken))


def _take(
    sheet: Sheet,
    taken: list[Taken],
    tender: str,
    running: RunningProgram,
    currency: str,
    wanted: int,
) -> tuple[int, bool]:
    """Plan a part from one purse; returns what is still wanted, and if some ended."""
    purse = sheet.find(running.code, currency)
    if purse is None or not wanted:
        return wanted, False
    usable = sheet.usable(purse)
    amount = min(wanted, usable)
    if amount:
        parts = tuple(sheet.plan(purse, amount))
        taken.append(Taken(tender, purse.key, running.own, parts))
    return wanted - amount, purse.available > usable


def hold(sheet: Sheet, taking: Taking) -> None:
    """Reserve what the taking names."""
    for part in taking.taken:
        sheet.hold(_purse(sheet, part), part.parts)


def release(sheet: Sheet, taken: tuple[Taken, ...]) -> None:
    """Give up a reservation."""
    for part in taken:
        sheet.release(_purse(sheet, part), part.parts)


def spend(sheet: Sheet, taken: tuple[Taken, ...]) -> tuple[Taken, ...]:
    """Take the value for good; returns the same with its carrying value."""
    return tuple(
        msgspec.structs.replace(
            part,
            parts=tuple(
                sheet.spend(
                    _purse(sheet, part), SPEND_EVENT[part.tender], "spend", part.parts
                )
            ),
        )
        for part in taken
    )


def capture(taken: tuple[Taken, ...], due: int) -> tuple[Taken, ...]:
    """Cut what was held down to what is due now, gift money first."""
    kept = []
    for part in taken:
        parts = []
        for lot in part.parts:
            amount = min(lot.amount, due)
            due -= amount
            if amount:
                parts.append(msgspec.structs.replace(lot, amount=amount))
        if parts:
            kept.append(msgspec.structs.replace(part, parts=tuple(parts)))
    return tuple(kept)


def _purse(sheet: Sheet, part: Taken) -> Purse:
    purse = sheet.find(*part.key)
    assert purse is not None, "value was taken from a purse that is not there"
    return purse
