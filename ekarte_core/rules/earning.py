"""Earning: points, conversions and turnover. Step 4 of an operation.

On what was really paid: the part paid by bonus money earns nothing; gift money
earns unless the program says otherwise. Points round down, once for each receipt.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import msgspec

from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import EarnedDecided, Facts, TurnoverDecided
from ekarte_core.rules.pricing import (
    Pricing,
    add_months,
    counted,
    period_over,
    turnover_group,
)
from ekarte_core.rules.programs import AccumulatedDiscount, BonusAmount, FixedDiscount
from ekarte_core.rules.purses import POINTS, TURNOVER, Sheet, end_of_day, share
from ekarte_core.rules.running import RunningProgram
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.tendering import BONUS, GIFT, Taking
from ekarte_core.values import Earned


class Earnings(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase earned; `converted` is money credited from points."""

    decided: tuple[EarnedDecided, ...] = ()
    converted: int = 0
    turnover: tuple[TurnoverDecided, ...] = ()
    reasons: tuple[Reason, ...] = ()

    @property
    def earned(self) -> tuple[Earned, ...]:
        """What the answer shows."""
        return tuple(Earned(program=x.program, points=x.points) for x in self.decided)


def earn(facts: Facts, sheet: Sheet, pricing: Pricing, taking: Taking) -> Earnings:
    """Credit the card for one booked purchase, on the sheet."""
    decided: list[EarnedDecided] = []
    reasons: list[Reason] = []
    converted = 0
    for running, parameters in facts.programs.bonuses:
        off = taking.of(BONUS)
        if not parameters.earn_on_gift:
            off += taking.of(GIFT)
        paid = paid_by_group(pricing, off)
        points = parameters.points(paid)
        if not points:
            missing = parameters.to_next_point(paid)
            reasons.append(Reason(key="bonus.none", name=running.name, amount=missing))
            continue
        end = end_of_lot(parameters, facts)
        sheet.credit(
            sheet.open(running.code, running.issuer, POINTS),
            "bonus_earn",
            "earn",
            points,
            carry=deferred(parameters, pricing, off, points),
            valid_until=end,
        )
        decided.append(EarnedDecided(running.code, points, end))
        reasons.append(Reason(key="bonus.earned", name=running.name, count=points))
        converted += _convert(running, parameters, facts, sheet, reasons)
    return Earnings(
        decided=tuple(decided),
        converted=converted,
        turnover=tuple(_count_turnover(facts, sheet, pricing, taking)),
        reasons=tuple(reasons),
    )


def end_of_lot(parameters: BonusAmount, facts: Facts) -> datetime | None:
    """Return the moment at which what is credited today burns, if ever."""
    if not parameters.expire_days:
        return None
    last = end_of(facts.today + timedelta(days=parameters.expire_days), parameters)
    return end_of_day(last, facts.zone)


def end_of(day: date, parameters: BonusAmount) -> date:
    """Return the last day of the day's month or year where the program says so."""
    if parameters.expire_at == "month":
        return add_months(day.replace(day=1), 1) - timedelta(days=1)
    if parameters.expire_at == "year":
        return date(day.year, 12, 31)
    return day


def paid_by_group(pricing: Pricing, off: int) -> dict[str, int]:
    """What was really paid for each goods group, minor units.

    `off` (paid by bonus money) is spread over the lines in proportion, exactly.
    """
    paid: dict[str, int] = {}
    shares = spread(off, [line.net for line in pricing.lines])
    for line, less in zip(pricing.lines, shares, strict=True):
        paid[line.group] = paid.get(line.group, 0) + line.net - less
    return paid


def spread(total: int, weights: Iterable[int]) -> list[int]:
    """Split `total` over the weights so that the parts sum to it exactly."""
    weights = list(weights)
    whole = sum(weights)
    parts = []
    given = seen = 0
    for weight in weights:
        seen += weight
        upto = share(total, seen, whole) if whole else 0
        parts.append(upto - given)
        given = upto
    return parts


def deferred(parameters: BonusAmount, pricing: Pricing, off: int, points: int) -> int:
    """Return the revenue deferred for points, minor units (IFRS 15, B39-B42).

    D = net(P) · x / (P + x), x = nominal value of the points, P = what was paid;
    50.00 at 21 % tax and 10 points worth 1.00: 0.81.
    """
    if parameters.deferral_policy == "none" or not parameters.convert_at:
        return 0
    shares = spread(off, [line.net for line in pricing.lines])
    paid = net = 0
    for line, less in zip(pricing.lines, shares, strict=True):
        gross = line.net - less
        paid += gross
        net += gross - tax_in(gross, line.tax_rate_bp)
    # x is a fraction: both sides are multiplied by convert_at to stay whole.
    value = points * parameters.convert_to
    return share(net, value, paid * parameters.convert_at + value)


def _convert(
    running: RunningProgram,
    parameters: BonusAmount,
    facts: Facts,
    sheet: Sheet,
    reasons: list[Reason],
) -> int:
    points = sheet.open(running.code, running.issuer, POINTS)
    times = parameters.conversions(sheet.usable(points))
    if not times:
        return 0
    erased, credited = times * parameters.convert_at, times * parameters.convert_to
    parts = sheet.spend(points, "convert", "convert", sheet.plan(points, erased))
    sheet.credit(
        sheet.open(running.code, running.issuer, facts.request.currency),
        "convert",
        "convert",
        credited,
        carry=sum(part.carry for part in parts),
        valid_until=end_of_lot(parameters, facts),
    )
    reasons.append(
        Reason(key="bonus.converted", name=running.name, count=erased, amount=credited)
    )
    return credited


def _count_turnover(
    facts: Facts, sheet: Sheet, pricing: Pricing, taking: Taking
) -> Iterable[TurnoverDecided]:
    for running, parameters in facts.programs.discounts:
        if isinstance(parameters, FixedDiscount) and not parameters.after_spend:
            continue
        sums: dict[str, int] = {}
        for group, amount in _countable(parameters, pricing, taking).items():
            apart = turnover_group(parameters, group)
            sums[apart] = sums.get(apart, 0) + amount
        for group, amount in sums.items():
            if amount > 0:
                start = _add_turnover(
                    running, parameters, sheet, group, amount, facts.today
                )
                yield TurnoverDecided(running.code, group, amount, start)


def _countable(
    parameters: FixedDiscount | AccumulatedDiscount, pricing: Pricing, taking: Taking
) -> dict[str, int]:
    """What counts, by goods group. An `after_spend` looks at all goods."""
    if getattr(parameters, "count", "net") == "gross":
        counted_sums: dict[str, int] = {}
        for line in pricing.lines:
            counted_sums[line.group] = counted_sums.get(line.group, 0) + line.gross
    else:
        counted_sums = paid_by_group(pricing, taking.of(BONUS))
    if isinstance(parameters, AccumulatedDiscount) and parameters.groups:
        return {g: a for g, a in counted_sums.items() if g in parameters.groups}
    return counted_sums


def _add_turnover(
    running: RunningProgram,
    parameters: FixedDiscount | AccumulatedDiscount,
    sheet: Sheet,
    group: str,
    amount: int,
    today: date,
) -> date:
    purse = sheet.open(running.code, running.issuer, TURNOVER, group)
    months = getattr(parameters, "period_months", 0)
    if period_over(purse, months, today):
        sheet.count(purse, "period_reset", -counted(purse, 0, today))
        purse.period_start = None
    if purse.period_start is None:
        purse.period_start = today
    sheet.count(purse, "turnover", amount)
    return purse.period_start
