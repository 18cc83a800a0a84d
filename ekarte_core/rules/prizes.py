"""Prizes: points become vouchers, and vouchers become points again.

A voucher is a purse of its own, named by the voucher's code, with one lot: so it is
held, used, restored and lapses like all other value. What the points carried in the
books goes with it.
"""

from ekarte_core.rules.ends import end_after, end_of_lot
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Facts, NewVoucher
from ekarte_core.rules.programs import BonusPrize, Prize
from ekarte_core.rules.purses import ITEM, POINTS, VOUCHER, Purse, Sheet
from ekarte_core.rules.running import RunningProgram

PRIZES_MAX = 100  # of one operation


def give_own_prize(
    facts: Facts, sheet: Sheet, running: RunningProgram, parameters: BonusPrize
) -> tuple[list[NewVoucher], list[Reason]]:
    """Turn points into the prize that is given by itself, as often as they reach."""
    prize = parameters.own_prize
    purse = sheet.find(running.code, POINTS)
    vouchers: list[NewVoucher] = []
    if prize is None or purse is None:
        return vouchers, []
    while sheet.usable(purse) >= prize.at and len(vouchers) < PRIZES_MAX:
        vouchers.append(buy(facts, sheet, running, prize, purse))
    return vouchers, [issued(voucher, running) for voucher in vouchers]


def buy(
    facts: Facts, sheet: Sheet, running: RunningProgram, prize: Prize, purse: Purse
) -> NewVoucher:
    """Consume the points of one prize, oldest first, and issue its voucher."""
    parts = sheet.spend(purse, "convert", "convert", sheet.plan(purse, prize.at))
    carry = sum(part.carry for part in parts)
    return issue(facts, sheet, running, prize, event="convert", carry=carry)


def issue(
    facts: Facts,
    sheet: Sheet,
    running: RunningProgram,
    prize: Prize,
    *,
    event: str,
    carry: int,
) -> NewVoucher:
    """Issue a voucher on the sheet."""
    voucher = NewVoucher(
        code=next(facts.codes),
        program=running.code,
        issuer=running.issuer,
        kind=prize.voucher_kind,
        value=prize.value,
        product=prize.product,
        valid_until=end_after(prize.valid_days, facts),
    )
    money = prize.voucher_kind == "money"
    sheet.credit(
        sheet.open(
            running.code, running.issuer, VOUCHER if money else ITEM, voucher.code
        ),
        event,
        event,
        prize.value if money else 1,
        carry=carry,
        valid_until=voucher.valid_until,
    )
    return voucher


def issued(voucher: NewVoucher, running: RunningProgram) -> Reason:
    """Say that a voucher has been issued."""
    if voucher.kind == "goods":
        what = f"{voucher.product} ({voucher.code})"
        return Reason(key="prize.goods", name=running.name, what=what)
    return Reason(
        key="prize.money", name=running.name, what=voucher.code, amount=voucher.value
    )


def take_back(
    facts: Facts,
    sheet: Sheet,
    running: RunningProgram,
    parameters: BonusPrize,
    missing: int,
    cause: tuple[str, str] = ("bonus_earn", "earn"),
) -> int:
    """Turn unused vouchers back into points while points are missing.

    Returns what is still missing. The last issued goes first. `cause`: event and
    counter account of what had brought the points.
    """
    prize = parameters.own_prize
    purse = sheet.find(running.code, POINTS)
    if prize is None or purse is None:
        return missing
    unit = VOUCHER if prize.voucher_kind == "money" else ITEM
    for key in reversed(sheet.keys(running.code, unit)):
        voucher = sheet.find(*key)
        assert voucher is not None
        whole = prize.value if unit == VOUCHER else 1
        if missing <= 0 or voucher.held or sheet.usable(voucher) != whole:
            continue
        parts = sheet.spend(voucher, "convert", "convert", sheet.plan(voucher, whole))
        sheet.credit(
            purse,
            "convert",
            "convert",
            prize.at,
            carry=sum(part.carry for part in parts),
            valid_until=end_of_lot(parameters, facts),
        )
        off = min(missing, prize.at)
        sheet.spend(purse, *cause, sheet.plan(purse, off))
        missing -= off
    return missing
