"""Refund: goods come back, and what their purchase did is undone in proportion.

Goods are looked at by group, at the rate and the tax of the purchase. Everything
else (each tender, points, turnover) follows what the goods cost after discount,
cumulatively: after refunds of R out of N, a quantity Q has given back
round(Q × R / N) in all, so that the last refund gives the exact rest. Value goes
back to the lots it came from. Points already used are taken from the money they
became, then from what is returned to the customer (`clawback`: deduct).
"""

from collections.abc import Iterator

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules.earning import spread
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import (
    EarnedDecided,
    Facts,
    Original,
    Plan,
    SaleLine,
    TurnoverDecided,
    refuse,
)
from ekarte_core.rules.programs import BonusAmount
from ekarte_core.rules.purses import POINTS, TURNOVER, LotPart, Sheet, share
from ekarte_core.rules.running import RunningProgram
from ekarte_core.rules.tendering import BONUS, SPEND_EVENT, Taken
from ekarte_core.values import Earned


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of one group of the purchase, and what has come back of them before."""

    group: str
    tax_rate_bp: int
    gross: int
    discount: int
    back: int
    discount_back: int

    @property
    def left(self) -> int:
        """Gross that has not come back yet."""
        return self.gross - self.back

    def discount_of(self, gross: int) -> int:
        """The discount that goes with `gross` of it coming back now."""
        if not self.gross:
            return 0
        upto = share(self.discount, self.back + gross, self.gross)
        return upto - self.discount_back


class Returned(msgspec.Struct, frozen=True, kw_only=True):
    """Goods of one group that come back now."""

    group: str
    tax_rate_bp: int
    gross: int
    discount: int


def refund(facts: Facts) -> Plan:
    """Take goods back: value to the same lots, earned points off the card."""
    original = facts.original
    assert original is not None
    returned = _returned(facts, original)
    if returned is None:
        return refuse(Rc.AMOUNT)
    amount = sum(goods.gross for goods in returned)
    discount = sum(goods.discount for goods in returned)
    part = _Proportion(original, amount - discount)
    taken = tuple(_give_back(facts, original, part))
    due = amount - discount - sum(one.amount for one in taken)
    earned, reasons, deducted = _take_points_back(facts, original, part, due)
    for turnover in original.decision.turnover:
        take_turnover_back(facts.sheet, turnover, part.of(turnover.amount))
    return Plan(
        rc=Rc.OK,
        amount=amount,
        discount=discount,
        amount_due=due - deducted,
        taken=taken,
        earned=earned,
        reasons=reasons,
        sale_lines=_sale_lines(returned, taken, deducted),
    )


def take_turnover_back(sheet: Sheet, decided: TurnoverDecided, amount: int) -> None:
    """Lower a turnover by what a purchase added, if its period still runs."""
    purse = sheet.find(decided.program, TURNOVER, decided.goods_group)
    if purse is None or purse.period_start != decided.period_start:
        return
    sheet.count(purse, "turnover", -min(amount, purse.posted))


class _Proportion:
    """Which part of every quantity goes back now."""

    def __init__(self, original: Original, net: int) -> None:
        self._before = original.net_refunded
        self._after = original.net_refunded + net
        self._whole = original.net

    def upto(self, quantity: int) -> tuple[int, int]:
        """What of a quantity had gone back before, and has after this refund."""
        if not self._whole:
            return 0, 0
        return (
            share(quantity, self._before, self._whole),
            share(quantity, self._after, self._whole),
        )

    def of(self, quantity: int) -> int:
        """What of a quantity goes back now."""
        before, after = self.upto(quantity)
        return after - before


def _returned(facts: Facts, original: Original) -> list[Returned] | None:
    """Return the goods by group; None when they were not bought, or not so many."""
    bought = _bought(original)
    wanted: dict[str, int] = {}
    if facts.request.lines:
        for group, gross, _rate in facts.goods:
            known = "" if list(bought) == [""] else group
            wanted[known] = wanted.get(known, 0) + gross
    else:
        left = [goods.left for goods in bought.values()]
        if facts.amount > sum(left):
            return None
        wanted = dict(zip(bought, spread(facts.amount, left), strict=True))
    found = []
    for group, gross in wanted.items():
        if group not in bought or gross > bought[group].left:
            return None
        if gross:
            found.append(
                Returned(
                    group=group,
                    tax_rate_bp=bought[group].tax_rate_bp,
                    gross=gross,
                    discount=bought[group].discount_of(gross),
                )
            )
    return found


def _bought(original: Original) -> dict[str, Bought]:
    found: dict[str, Bought] = {}
    for line in original.decision.lines:
        back, discount_back = original.refunded_groups.get(line.group, (0, 0))
        known = found.get(line.group)
        found[line.group] = Bought(
            group=line.group,
            tax_rate_bp=line.tax_rate_bp,
            gross=line.gross + (known.gross if known else 0),
            discount=line.discount + (known.discount if known else 0),
            back=back,
            discount_back=discount_back,
        )
    return found


def _give_back(facts: Facts, original: Original, part: _Proportion) -> Iterator[Taken]:
    for one in original.decision.taken:
        slices = tuple(_window(one.parts, *part.upto(one.amount)))
        purse = facts.sheet.find(*one.key)
        assert purse is not None
        for piece in slices:
            facts.sheet.give_back(purse, SPEND_EVENT[one.tender], "spend", piece)
        if slices:
            yield Taken(one.tender, one.key, one.own, slices)


def _window(parts: tuple[LotPart, ...], start: int, end: int) -> Iterator[LotPart]:
    """Cut the amounts from `start` to `end` out of the parts laid in a row."""
    at = 0
    for part in parts:
        low, high = max(start - at, 0), min(end - at, part.amount)
        if low < high:
            carry = share(part.carry, high, part.amount)
            carry -= share(part.carry, low, part.amount)
            yield LotPart(part.valid_until, high - low, carry)
        at += part.amount


def _take_points_back(
    facts: Facts, original: Original, part: _Proportion, due: int
) -> tuple[tuple[Earned, ...], list[Reason], int]:
    taken: list[Earned] = []
    reasons: list[Reason] = []
    deducted = 0
    running = {program.code: (program, p) for program, p in facts.programs.bonuses}
    for decided in original.decision.earned:
        points = part.of(decided.points)
        if not points:
            continue
        missing = _points_off(facts, decided, points)
        taken.append(Earned(program=decided.program, points=-points))
        name, kept = decided.program, 0
        if decided.program in running:
            program, parameters = running[decided.program]
            name = program.name
            kept = _claw_back(facts, program, parameters, missing, due - deducted)
        reasons.append(Reason(key="bonus.taken_back", name=name, count=points))
        if kept:
            deducted += kept
            reasons.append(Reason(key="bonus.deducted", name=name, amount=kept))
    return tuple(taken), reasons, deducted


def _points_off(facts: Facts, decided: EarnedDecided, points: int) -> int:
    """Take points off, from the lot they were put in first; return what is missing."""
    purse = facts.sheet.find(decided.program, POINTS)
    if purse is None:
        return points
    off = min(points, facts.sheet.usable(purse))
    parts = facts.sheet.plan(purse, off, first=(decided.valid_until,))
    facts.sheet.spend(purse, "bonus_earn", "earn", parts)
    return points - off


def _claw_back(
    facts: Facts,
    running: RunningProgram,
    parameters: BonusAmount,
    missing: int,
    due: int,
) -> int:
    """Recover missing points by their value; return what the customer pays."""
    value = parameters.value_of(missing)
    money = facts.sheet.find(running.code, facts.request.currency)
    off = 0
    if money is not None:
        off = min(value, facts.sheet.usable(money))
        parts = facts.sheet.plan(money, off)
        facts.sheet.spend(money, "bonus_earn", "earn", parts)
    return min(value - off, due) if parameters.clawback == "deduct" else 0


def _sale_lines(
    returned: list[Returned], taken: tuple[Taken, ...], deducted: int
) -> tuple[SaleLine, ...]:
    """Return the accounting rows: a purchase with a minus sign.

    What is kept back for used points lowers the refund as own bonus money does.
    """
    own_bonus = sum(one.amount for one in taken if one.tender == BONUS and one.own)
    tendered = sum(one.amount for one in taken) - own_bonus
    weights = [goods.gross - goods.discount for goods in returned]
    rows = zip(
        returned,
        spread(own_bonus + deducted, weights),
        spread(tendered, weights),
        strict=True,
    )
    return tuple(
        SaleLine(
            group=goods.group,
            tax_rate_bp=goods.tax_rate_bp,
            gross=-goods.gross,
            discount=-goods.discount,
            bonus=-bonus,
            tendered=-other,
        )
        for goods, bonus, other in rows
    )
