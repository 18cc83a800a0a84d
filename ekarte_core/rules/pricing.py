"""Discounts: which rate each line gets, and why. Step 2 of an operation.

All rates come from the state before this purchase: a step reached by it counts
from the next one (seed: "новой скидкой уже при следующей покупке"). Rounded half up
to the cent, once for each line.
"""

from datetime import date

import msgspec

from ekarte_core.rules.explain import Reason
from ekarte_core.rules.programs import AccumulatedDiscount, FixedDiscount
from ekarte_core.rules.purses import TURNOVER, Purse, Sheet, share
from ekarte_core.rules.running import DiscountRunning, Programs, RunningProgram

RATE_ONE_BP = 10_000


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line after discount; amounts in minor units, rates in basis points."""

    group: str
    gross: int
    tax_rate_bp: int
    rate_bp: int
    discount: int

    @property
    def net(self) -> int:
        """What the line costs after discount, tax included."""
        return self.gross - self.discount


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """All lines priced, and the reasons for people."""

    lines: tuple[PricedLine, ...]
    reasons: tuple[Reason, ...] = ()

    @property
    def gross(self) -> int:
        """Sum before discount."""
        return sum(line.gross for line in self.lines)

    @property
    def discount(self) -> int:
        """Sum of discounts."""
        return sum(line.discount for line in self.lines)

    @property
    def net(self) -> int:
        """Sum after discount."""
        return self.gross - self.discount

    @property
    def rate_bp(self) -> int:
        """The rate that most of the money got: shown as the current discount."""
        if not self.lines:
            return 0
        return max(self.lines, key=lambda line: line.gross).rate_bp


GroupAmount = tuple[str, int, int]  # goods group, gross minor, tax rate bp


def price(
    programs: Programs, sheet: Sheet, goods: list[GroupAmount], today: date
) -> Pricing:
    """Price the lines of one purchase."""
    lines = []
    saved: dict[str, int] = {}
    for group, gross, tax_rate_bp in goods:
        rate, given = _line_rate(programs, sheet, group, gross, today)
        for code, cents in given.items():
            saved[code] = saved.get(code, 0) + cents
        lines.append(
            PricedLine(
                group=group,
                gross=gross,
                tax_rate_bp=tax_rate_bp,
                rate_bp=rate,
                discount=share(gross, rate, RATE_ONE_BP),
            )
        )
    groups = {group for group, _gross, _rate in goods}
    reasons = tuple(
        _reason(discount, sheet, groups, saved.get(discount[0].code, 0), today)
        for discount in programs.discounts
    )
    return Pricing(lines=tuple(lines), reasons=reasons)


def _line_rate(
    programs: Programs, sheet: Sheet, group: str, gross: int, today: date
) -> tuple[int, dict[str, int]]:
    """Return the rate of a line and the cents each program gives of it."""
    rate = 0
    given: dict[str, int] = {}
    for running, parameters in programs.discounts:
        if parameters.groups and group not in parameters.groups:
            continue
        own_rate = _rate(running, parameters, sheet, group, today)
        combined = _combine(rate, own_rate, running.combine)
        if combined == rate:
            continue
        if running.combine == "best":  # takes the place of all before it
            given = {}
            rate = 0
        given[running.code] = share(gross, combined, RATE_ONE_BP) - share(
            gross, rate, RATE_ONE_BP
        )
        rate = combined
    return rate, given


def reprice(quoted: dict[str, int], goods: list[GroupAmount]) -> Pricing:
    """Price with the rates an authorization promised, by goods group."""
    return Pricing(
        lines=tuple(
            PricedLine(
                group=group,
                gross=gross,
                tax_rate_bp=tax_rate_bp,
                rate_bp=quoted.get(group, 0),
                discount=share(gross, quoted.get(group, 0), RATE_ONE_BP),
            )
            for group, gross, tax_rate_bp in goods
        )
    )


def turnover_group(parameters: FixedDiscount | AccumulatedDiscount, group: str) -> str:
    """Return which turnover purse a goods group counts into ('' is the common one)."""
    apart = isinstance(parameters, AccumulatedDiscount) and group in parameters.groups
    return group if apart else ""


def counted(purse: Purse | None, months: int, today: date) -> int:
    """Return the accumulated sum that still counts: none after the period's end."""
    if purse is None or period_over(purse, months, today):
        return 0
    return purse.posted


def period_over(purse: Purse, months: int, today: date) -> bool:
    """Say whether the purse's period of so many months has ended before today."""
    if not months or purse.period_start is None:
        return False
    return today >= add_months(purse.period_start, months)


def add_months(day: date, months: int) -> date:
    """Return the same day so many months later, or that month's last day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    length = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[month - 1]
    return date(year, month, min(day.day, length))


def _rate(
    running: RunningProgram,
    parameters: FixedDiscount | AccumulatedDiscount,
    sheet: Sheet,
    group: str,
    today: date,
) -> int:
    purse = sheet.find(running.code, TURNOVER, turnover_group(parameters, group))
    return parameters.rate_bp(_spent(parameters, purse, today))


def _spent(
    parameters: FixedDiscount | AccumulatedDiscount, purse: Purse | None, today: date
) -> int:
    months = getattr(parameters, "period_months", 0)
    return counted(purse, months, today)


def _combine(current: int, rate: int, how: str) -> int:
    if how == "add":
        return min(current + rate, RATE_ONE_BP)
    if how == "compound":
        left = (RATE_ONE_BP - current) * (RATE_ONE_BP - rate)
        return RATE_ONE_BP - (left + RATE_ONE_BP // 2) // RATE_ONE_BP
    return max(current, rate)


def _reason(
    discount: DiscountRunning, sheet: Sheet, groups: set[str], saved: int, today: date
) -> Reason:
    """Say what one program did to the purchase; `saved`: its cents."""
    running, parameters = discount
    mine = groups & set(parameters.groups) if parameters.groups else groups
    if not mine:
        return Reason(key="discount.other_goods", name=running.name)
    rate = max(_rate(running, parameters, sheet, group, today) for group in mine)
    if not rate:
        return Reason(key="discount.not_yet", name=running.name)
    key = "discount.applied" if saved else "discount.better"
    return Reason(key=key, name=running.name, rate_bp=rate, amount=saved)


def next_steps(programs: Programs, sheet: Sheet, today: date) -> list[Reason]:
    """Say for each discount what is missing to its next step, after this purchase."""
    found = []
    for running, parameters in programs.discounts:
        apart = parameters.groups if isinstance(parameters, AccumulatedDiscount) else ()
        for group in apart or ("",):
            purse = sheet.find(running.code, TURNOVER, group)
            step = parameters.next_step(_spent(parameters, purse, today))
            if step is not None:
                missing, rate = step
                name = f"{running.name} ({group})" if group else running.name
                found.append(
                    Reason(key="discount.next", name=name, rate_bp=rate, amount=missing)
                )
    return found
