"""Discounts: which rate each line gets, and why. Step 2 of an operation.

All rates come from the state before this purchase: a step reached by it counts
from the next one (seed: "новой скидкой уже при следующей покупке"). Rounded half up
to the cent, once for each line.
"""

import msgspec

from ekarte_core.rules.explain import Reason
from ekarte_core.rules.programs import Discount
from ekarte_core.rules.purses import TURNOVER, Sheet, share
from ekarte_core.rules.running import DiscountRunning, Programs, RunningProgram
from ekarte_core.rules.turnover import Clock, counted

RATE_ONE_BP = 10_000
RATE_ONE = RATE_ONE_BP * 10**12
"""100 %, fine enough that a marginal discount's rate gives its cents back."""
_BP = RATE_ONE // RATE_ONE_BP


class Goods(msgspec.Struct, frozen=True, kw_only=True):
    """One line of goods as priced; `thousandths` of a piece, minor units."""

    group: str
    gross: int
    tax_rate_bp: int
    sku: str = ""
    thousandths: int = 1000


class PricedLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line after discount; amounts in minor units, rates in basis points.

    `free`: gross of what a goods voucher gives of it, inside `discount`.
    """

    group: str
    gross: int
    tax_rate_bp: int
    rate_bp: int
    discount: int
    free: int = 0

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
    def free(self) -> int:
        """Gross of what a goods voucher gives."""
        return sum(line.free for line in self.lines)

    @property
    def rate_bp(self) -> int:
        """The rate that most of the money got: shown as the current discount."""
        if not self.lines:
            return 0
        return max(self.lines, key=lambda line: line.gross).rate_bp


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """One discount program and the rate it offers each goods group of a purchase."""

    running: RunningProgram
    parameters: Discount
    rates: dict[str, int]  # by goods group, in RATE_ONE
    marginal: bool = False  # of the whole sum: its lines are not rounded one by one


def price(
    programs: Programs,
    sheet: Sheet,
    goods: list[Goods],
    clock: Clock,
    free: tuple[int, int] = (-1, 0),
) -> Pricing:
    """Price the lines of one purchase.

    `free`: place of the line that a goods voucher pays for, and how much gross.
    """
    sums: dict[str, int] = {}
    for line in goods:
        sums[line.group] = sums.get(line.group, 0) + line.gross
    offers = [_offer(one, programs, sheet, sums, clock) for one in programs.discounts]
    lines = []
    saved: dict[str, int] = {}
    combined: dict[str, tuple[int, list[tuple[str, int, int]]]] = {}
    rounding = _Rounding(offers)
    for place, line in enumerate(goods):
        if line.group not in combined:
            combined[line.group] = _combined(offers, line.group)
        rate, steps = combined[line.group]
        given = free[1] if place == free[0] else 0
        rest = line.gross - given
        for code, before, after in steps:
            cents = share(rest, after, RATE_ONE) - share(rest, before, RATE_ONE)
            saved[code] = saved.get(code, 0) + cents
        lines.append(
            PricedLine(
                group=line.group,
                gross=line.gross,
                tax_rate_bp=line.tax_rate_bp,
                rate_bp=share(rate, 1, _BP),
                discount=rounding.cents(rest, rate, steps) + given,
                free=given,
            )
        )
    reasons = [
        _reason(offer, sums, saved.get(offer.running.code, 0)) for offer in offers
    ]
    return Pricing(lines=tuple(lines), reasons=tuple(reasons))


def at_full_price(goods: list[Goods]) -> Pricing:
    """Price lines that no discount is given on."""
    lines = [
        PricedLine(
            group=line.group,
            gross=line.gross,
            tax_rate_bp=line.tax_rate_bp,
            rate_bp=0,
            discount=0,
        )
        for line in goods
    ]
    return Pricing(lines=tuple(lines))


class _Rounding:
    """Rounds line by line; a marginal discount once for all lines it is spread over."""

    def __init__(self, offers: list[Offer]) -> None:
        self._marginal = {offer.running.code for offer in offers if offer.marginal}
        self._so_far: dict[int, tuple[int, int]] = {}  # rate: gross, cents

    def cents(self, gross: int, rate: int, steps: list[tuple[str, int, int]]) -> int:
        """Return the discount of a line."""
        if not any(code in self._marginal for code, _before, _after in steps):
            return share(gross, rate, RATE_ONE)
        before, given = self._so_far.get(rate, (0, 0))
        upto = share(before + gross, rate, RATE_ONE)
        self._so_far[rate] = (before + gross, upto)
        return upto - given


def _offer(
    discount: DiscountRunning,
    programs: Programs,
    sheet: Sheet,
    sums: dict[str, int],
    clock: Clock,
) -> Offer:
    running, parameters = discount
    mine = [g for g in sums if not parameters.groups or g in parameters.groups]
    purchase = sum(sums[group] for group in mine)
    extra = (
        parameters.questionnaire_rate
        if running.issuer in programs.questionnaires
        else 0
    )
    cents = parameters.cents_of(purchase)
    rates = {}
    for group in mine:
        if cents is not None and purchase:
            rate = share(cents, RATE_ONE, purchase)
        else:
            spent = _spent(discount, sheet, group, clock)
            rate = parameters.rate_bp(spent, purchase) * _BP
        rates[group] = min(rate + extra * _BP, RATE_ONE)
    return Offer(
        running=running,
        parameters=parameters,
        rates=rates,
        marginal=cents is not None,
    )


def _spent(discount: DiscountRunning, sheet: Sheet, group: str, clock: Clock) -> int:
    running, parameters = discount
    purse = sheet.find(running.code, TURNOVER, parameters.turnover_group(group))
    return counted(parameters, purse, clock)


def _combined(
    offers: list[Offer], group: str
) -> tuple[int, list[tuple[str, int, int]]]:
    """Return the rate of a goods group, and the step (from, to) of each program."""
    rate = 0
    steps: list[tuple[str, int, int]] = []
    for offer in offers:
        if group not in offer.rates:
            continue
        how = offer.running.combine
        after = _combine(rate, offer.rates[group], how)
        if after == rate:
            continue
        if how == "best":  # takes the place of all before it
            steps, rate = [], 0
        steps.append((offer.running.code, rate, after))
        rate = after
    return rate, steps


def _combine(current: int, rate: int, how: str) -> int:
    if how == "add":
        return min(current + rate, RATE_ONE)
    if how == "compound":
        left = (RATE_ONE - current) * (RATE_ONE - rate)
        return RATE_ONE - share(left, 1, RATE_ONE)
    return max(current, rate)


class Promise(msgspec.Struct, frozen=True):
    """What an authorization promised a goods group; `free` as in a priced line."""

    gross: int
    discount: int
    rate_bp: int
    free: int = 0

    def of(self, before: int, gross: int, captured: int) -> tuple[int, int]:
        """Return the discount of a line, and how much of it is free.

        Args:
            before: gross of the lines of this group before it.
            gross: of the line.
            captured: of all lines of this group; the same as promised gets the very
                same discount.
        """
        free = min(self.free, before + gross) - min(self.free, before)
        if self.gross and self.gross == captured:
            upto = share(self.discount, before + gross, self.gross)
            return upto - share(self.discount, before, self.gross), free
        return free + share(gross - free, self.rate_bp, RATE_ONE_BP), free


NOTHING_PROMISED = Promise(0, 0, 0)


def reprice(promised: dict[str, Promise], goods: list[Goods]) -> Pricing:
    """Price what is captured with what an authorization promised, by goods group."""
    # What was authorized without lines was promised to whatever the goods are.
    any_goods = list(promised) == [""]
    captured: dict[str, int] = {}
    for line in goods:
        group = "" if any_goods else line.group
        captured[group] = captured.get(group, 0) + line.gross
    lines = []
    done: dict[str, int] = {}
    for line in goods:
        group = "" if any_goods else line.group
        promise = promised.get(group, NOTHING_PROMISED)
        before = done.get(group, 0)
        done[group] = before + line.gross
        discount, free = promise.of(before, line.gross, captured[group])
        lines.append(
            PricedLine(
                group=line.group,
                gross=line.gross,
                tax_rate_bp=line.tax_rate_bp,
                rate_bp=promise.rate_bp,
                discount=discount,
                free=free,
            )
        )
    return Pricing(lines=tuple(lines))


def _reason(offer: Offer, sums: dict[str, int], saved: int) -> Reason:
    """Say what one program did to the purchase; `saved`: its cents."""
    name = offer.running.name
    if not offer.rates:
        return Reason(key="discount.other_goods", name=name)
    rate = share(max(offer.rates.values()), 1, _BP)
    if not rate:
        return Reason(key="discount.not_yet", name=name)
    key = "discount.applied" if saved else "discount.better"
    return Reason(key=key, name=name, rate_bp=rate, amount=saved)


def next_steps(
    programs: Programs, sheet: Sheet, goods: list[Goods], clock: Clock
) -> list[Reason]:
    """Say for each discount what is missing to its next step, after this purchase."""
    found = []
    for running, parameters in programs.discounts:
        purchase = sum(
            line.gross
            for line in goods
            if not parameters.groups or line.group in parameters.groups
        )
        for group in parameters.turnover_groups:
            purse = sheet.find(running.code, TURNOVER, group)
            step = parameters.next_step(counted(parameters, purse, clock), purchase)
            if step is not None:
                missing, rate = step
                name = f"{running.name} ({group})" if group else running.name
                found.append(
                    Reason(key="discount.next", name=name, rate_bp=rate, amount=missing)
                )
    return found
