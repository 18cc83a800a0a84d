"""Earning: points, conversions, prizes, turnover and counters. Step 4 of an operation.

On what was really paid: the part paid by bonus money or a voucher earns nothing; gift
money earns unless the program says otherwise. Points round down, once for each receipt.
"""

from datetime import datetime

import msgspec

from ekarte_core.rules import prizes, referring
from ekarte_core.rules.ends import end_of_lot
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import (
    CountedDecided,
    EarnedDecided,
    Facts,
    NewVoucher,
    ReferredDecided,
    TurnoverDecided,
)
from ekarte_core.rules.pricing import Pricing
from ekarte_core.rules.programs import (
    RATE_BP_MAX,
    BonusPrize,
    BonusVisit,
    Convertible,
    Points,
    Receipt,
)
from ekarte_core.rules.purses import (
    COUNTER_EVENT,
    EARNED,
    OWED,
    POINTS,
    TICKETS,
    Sheet,
    share,
)
from ekarte_core.rules.running import PointsRunning, RunningProgram
from ekarte_core.rules.shares import spread
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.tendering import GIFT, Taking
from ekarte_core.rules.turnover import add_turnover, turnovers
from ekarte_core.rules.visits import (
    count_visit,
    day_is_full,
    visit_decided,
    visited,
    within_gap,
)
from ekarte_core.values import Earned


class Earnings(msgspec.Struct, kw_only=True):
    """What an operation earned; `converted` is money credited from points."""

    decided: list[EarnedDecided] = []
    converted: int = 0
    turnover: list[TurnoverDecided] = []
    counted: list[CountedDecided] = []
    referred: list[ReferredDecided] = []
    vouchers: list[NewVoucher] = []
    second_vouchers: list[NewVoucher] = []  # of who brought the customer
    reasons: list[Reason] = []

    @property
    def earned(self) -> tuple[Earned, ...]:
        """What the answer shows."""
        return tuple(Earned(program=x.program, points=x.points) for x in self.decided)


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """A booked purchase with what its deferral is worked out from."""

    receipt: Receipt
    pricing: Pricing
    off: int  # paid by bonus money and vouchers
    gift: int


def earn(
    facts: Facts, sheet: Sheet, pricing: Pricing, taking: Taking, *, booked: bool
) -> Earnings:
    """Credit the card for one purchase, on the sheet; `booked`: for good."""
    bought = Bought(
        receipt=receipt_of(pricing, taking),
        pricing=pricing,
        off=taking.as_bonus,
        gift=taking.of(GIFT),
    )
    earnings = Earnings()
    for program in facts.programs.points:
        if booked:
            _refer(facts, sheet, program, earnings)
        points = program[1].points(bought.receipt)
        if points and isinstance(program[1], BonusVisit):
            points = _visit(facts, sheet, program[0], program[1], points, earnings)
        elif not points:
            missing = program[1].to_next_point(bought.receipt)
            if missing:
                earnings.reasons.append(
                    Reason(key="bonus.none", name=program[0].name, amount=missing)
                )
        if points:
            deferral = _Deferral(bought)
            give_points(facts, sheet, program, points, deferral, earnings)
    _count(facts, sheet, bought.receipt, earnings)
    return earnings


def receipt_of(pricing: Pricing, taking: Taking) -> Receipt:
    """Return the purchase as programs see it."""
    gross: dict[str, int] = {}
    net: dict[str, int] = {}
    for line in pricing.lines:
        gross[line.group] = gross.get(line.group, 0) + line.gross
        net[line.group] = net.get(line.group, 0) + line.net
    off, gift = taking.as_bonus, taking.of(GIFT)
    paid = paid_by_group(pricing, off) if off else net
    return Receipt(
        gross=gross,
        net=net,
        paid=paid,
        paid_without_gift=paid_by_group(pricing, off + gift) if gift else paid,
    )


def paid_by_group(pricing: Pricing, off: int) -> dict[str, int]:
    """What was paid for each goods group besides `off`, spread in proportion."""
    paid: dict[str, int] = {}
    shares = spread(off, [line.net for line in pricing.lines])
    for line, less in zip(pricing.lines, shares, strict=True):
        paid[line.group] = paid.get(line.group, 0) + line.net - less
    return paid


class _Deferral:
    """How much revenue points of a purchase defer; 0 without a purchase."""

    event = "bonus_earn"
    account = "earn"
    until: datetime | None = None  # as the program says

    def __init__(self, bought: Bought) -> None:
        self._bought = bought

    def carry(self, program: PointsRunning, points: int) -> int:
        running, parameters = program
        if running.pool_price_bp is not None:
            return paid_in(running.pool_price_bp, parameters, points)
        bought = self._bought
        off = bought.off + (0 if parameters.earn_on_gift else bought.gift)
        return deferred(parameters, bought.pricing, off, points)


class Grant:
    """Points without a sale: they cost what they are worth."""

    event = "bonus_grant"
    account = "grant"

    def __init__(self, until: datetime | None = None) -> None:
        self.until = until

    def carry(self, program: PointsRunning, points: int) -> int:
        """The nominal value as far as it is likely to be used, rounded down."""
        running, parameters = program
        if running.pool_price_bp is not None:
            return paid_in(running.pool_price_bp, parameters, points)
        if parameters.deferral_policy == "none":
            return 0
        value, parts = parameters.worth(points)
        return value * parameters.likelihood_bp // (parts * RATE_BP_MAX)


def give_points(
    facts: Facts,
    sheet: Sheet,
    program: PointsRunning,
    points: int,
    source: _Deferral | Grant,
    earnings: Earnings,
) -> None:
    """Credit points: first against what is owed, then to the card, then onwards."""
    running, parameters = program
    settled = _settle(sheet, running, points, earnings)
    credited = points - settled
    end = source.until or end_of_lot(parameters, facts)
    if credited:
        sheet.credit(
            sheet.open(running.code, running.issuer, POINTS),
            source.event,
            source.account,
            credited,
            carry=source.carry(program, credited),
            valid_until=end,
        )
        earnings.reasons.append(
            Reason(key="bonus.earned", name=running.name, count=credited)
        )
    whole = isinstance(parameters, BonusVisit)
    earnings.decided.append(EarnedDecided(running.code, credited, end, settled, whole))
    _go_on(facts, sheet, program, points, earnings)


def _settle(
    sheet: Sheet, running: RunningProgram, points: int, earnings: Earnings
) -> int:
    owed = sheet.find(running.code, OWED)
    if owed is None or not owed.posted:
        return 0
    settled = min(points, owed.posted)
    sheet.count(owed, COUNTER_EVENT[OWED], -settled)
    earnings.reasons.append(Reason(key="bonus.owed", name=running.name, count=settled))
    return settled


def _go_on(
    facts: Facts,
    sheet: Sheet,
    program: PointsRunning,
    points: int,
    earnings: Earnings,
) -> None:
    """What points lead to: money, prizes, a better card."""
    running, parameters = program
    if isinstance(parameters, Convertible):
        earnings.converted += _convert(facts, sheet, running, parameters, earnings)
    if isinstance(parameters, BonusPrize):
        if parameters.tiers:
            counter = sheet.open(running.code, running.issuer, EARNED)
            sheet.count(counter, COUNTER_EVENT[EARNED], points)
            earnings.counted.append(CountedDecided(running.code, EARNED, points))
        vouchers, reasons = prizes.give_own_prize(facts, sheet, running, parameters)
        earnings.vouchers += vouchers
        earnings.reasons += reasons


def _convert(
    facts: Facts,
    sheet: Sheet,
    running: RunningProgram,
    parameters: Convertible,
    earnings: Earnings,
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
    earnings.reasons.append(
        Reason(key="bonus.converted", name=running.name, count=erased, amount=credited)
    )
    return credited


def _visit(
    facts: Facts,
    sheet: Sheet,
    running: RunningProgram,
    parameters: BonusVisit,
    points: int,
    earnings: Earnings,
) -> int:
    """Count the purchase as a visit; 0 points when it comes too soon or too often."""
    purse = visited(sheet, running)
    if within_gap(facts, purse, parameters.min_gap_minutes):
        earnings.reasons.append(Reason(key="visit.too_soon", name=running.name))
        return 0
    if day_is_full(facts, purse, parameters.max_per_day):
        earnings.reasons.append(Reason(key="visit.too_many", name=running.name))
        return 0
    count_visit(facts, sheet, purse)
    earnings.counted.append(visit_decided(facts, running))
    return points


def visit(facts: Facts, program: PointsRunning, earnings: Earnings) -> None:
    """Give the points of a check-in, if this visit counts."""
    running, parameters = program
    if not isinstance(parameters, BonusVisit):
        return
    points = parameters.points(Receipt(visit_only=True))
    if points:
        points = _visit(facts, facts.sheet, running, parameters, points, earnings)
    if points:
        give_points(facts, facts.sheet, program, points, Grant(), earnings)


def _refer(
    facts: Facts, sheet: Sheet, program: PointsRunning, earnings: Earnings
) -> None:
    points, reason = referring.reward(facts, sheet, program)
    if points and facts.second is not None:
        theirs = Earnings()
        give_points(facts, facts.second.sheet, program, points, Grant(), theirs)
        account = facts.second.card.account_id
        earnings.referred += [
            ReferredDecided(x.program, x.points, x.valid_until, x.settled, account)
            for x in theirs.decided
        ]
        earnings.second_vouchers += theirs.vouchers
    if reason is not None:
        earnings.reasons.append(reason)


def _count(facts: Facts, sheet: Sheet, receipt: Receipt, earnings: Earnings) -> None:
    """Count turnover and the other counters of every program."""
    for running, parameters in facts.programs.counting:
        for group, amount in turnovers(parameters, receipt):
            start = add_turnover(running, parameters, sheet, group, amount, facts.clock)
            earnings.turnover.append(
                TurnoverDecided(running.code, group, amount, start)
            )
        for unit, amount in parameters.counters(receipt).items():
            if not amount:
                continue
            purse = sheet.open(running.code, running.issuer, unit)
            sheet.count(purse, COUNTER_EVENT[unit], amount)
            whole = unit != TICKETS
            earnings.counted.append(CountedDecided(running.code, unit, amount, whole))
            if unit == TICKETS:
                earnings.reasons.append(
                    Reason(key="tickets.given", name=running.name, count=amount)
                )


def deferred(parameters: Points, pricing: Pricing, off: int, points: int) -> int:
    """Return the revenue deferred for points, minor units (IFRS 15, B39-B42).

    D = net(P) · x / (P + x), x = nominal value of the points × how likely they are
    used, P = what was paid; 50.00 at 21 % tax and 10 points worth 1.00: 0.81, or
    0.69 where 85 % are expected to be used.
    """
    # x is a fraction: both sides are multiplied by its parts to stay whole.
    value, parts = parameters.worth(points)
    value, parts = value * parameters.likelihood_bp, parts * RATE_BP_MAX
    if parameters.deferral_policy == "none" or not value:
        return 0
    shares = spread(off, [line.net for line in pricing.lines])
    paid = net = 0
    for line, less in zip(pricing.lines, shares, strict=True):
        gross = line.net - less
        paid += gross
        net += gross - tax_in(gross, line.tax_rate_bp)
    return share(net, value, paid * parts + value)


def paid_in(pool_price_bp: int, parameters: Points, points: int) -> int:
    """Return what an issuer pays into its pool for points, minor units, half up."""
    value, parts = parameters.worth(points)
    return share(value, pool_price_bp, parts * RATE_BP_MAX)
