"""Tenders: what is taken from the card to pay. Step 3 of an operation.

Gift money first, then bonus money; never more than is there. A shortage refuses the
whole operation unless the terminal said that a part is welcome.
"""

from datetime import datetime

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.purses import PurseKey, Sheet
from ekarte_core.rules.running import Programs, RunningProgram
from ekarte_core.values import Tender

GIFT = "gift"
BONUS = "bonus"
SPEND_EVENT = {GIFT: "gift_spend", BONUS: "bonus_spend"}


class Taken(msgspec.Struct, frozen=True):
    """A part taken from one purse; `own`: the purse's issuer is the seller."""

    tender: str
    key: PurseKey
    amount: int
    own: bool


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
    now: datetime,
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
    short = expired = False
    for name, asked, sources in (
        (GIFT, tender.gift, gifts),
        (BONUS, tender.bonus, bonuses),
    ):
        left = asked
        for running, _parameters in sources:
            left, is_expired = _take(sheet, taken, name, running, currency, left, now)
            expired = expired or is_expired
        short = short or left > 0
    if short and not (partial and taken):
        return Taking(rc=Rc.EXPIRED if expired and not taken else Rc.SHORT)
    return Taking(rc=Rc.PARTIAL if short else Rc.OK, taken=tuple(taken))


def _take(
    sheet: Sheet,
    taken: list[Taken],
    tender: str,
    running: RunningProgram,
    currency: str,
    wanted: int,
    now: datetime,
) -> tuple[int, bool]:
    purse = sheet.find(running.code, currency)
    if purse is None or not wanted:
        return wanted, False
    if purse.valid_until is not None and now >= purse.valid_until:
        return wanted, purse.available > 0
    amount = min(wanted, max(purse.available, 0))
    if amount:
        taken.append(Taken(tender, purse.key, amount, running.own))
    return wanted - amount, False


def hold(sheet: Sheet, taking: Taking) -> None:
    """Reserve what the taking names."""
    for part in taking.taken:
        purse = sheet.find(*part.key)
        assert purse is not None
        sheet.move(purse, "hold", "hold", held=part.amount)


def release(sheet: Sheet, taken: tuple[Taken, ...]) -> None:
    """Give up a reservation."""
    for part in taken:
        purse = sheet.find(*part.key)
        assert purse is not None
        sheet.move(purse, "release", "hold", held=-part.amount)


def spend(sheet: Sheet, taken: tuple[Taken, ...]) -> None:
    """Take the value for good, with its carrying value."""
    for part in taken:
        purse = sheet.find(*part.key)
        assert purse is not None
        released = sheet.carry_released(purse, part.amount)
        sheet.move(
            purse,
            SPEND_EVENT[part.tender],
            "spend",
            posted=-part.amount,
            carry=-released,
        )


def capture(taken: tuple[Taken, ...], due: int) -> tuple[Taken, ...]:
    """Cut what was held down to what is due now, gift money first."""
    left = due
    kept = []
    for part in taken:
        amount = min(part.amount, left)
        left -= amount
        if amount:
            kept.append(msgspec.structs.replace(part, amount=amount))
    return tuple(kept)
