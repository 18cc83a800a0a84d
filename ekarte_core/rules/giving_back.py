"""Refund: goods come back, and what their purchase did is undone in proportion.

Goods are looked at by group, at the rate and the tax of the purchase. Everything
else (each tender, points, turnover) follows what the goods cost after discount,
cumulatively: after refunds of R out of N, a quantity Q has given back
round(Q × R / N) in all, so that the last refund gives the exact rest. Value goes
back to the lots it came from. The programs are those of the purchase's own version.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

import msgspec

from ekarte_core.codes import Rc
from ekarte_core.rules import referring
from ekarte_core.rules.clawing import take_points_back
from ekarte_core.rules.plan import (
    CountedDecided,
    Decision,
    Facts,
    Original,
    Plan,
    ReferredDecided,
    SaleLine,
    TurnoverDecided,
    refuse,
)
from ekarte_core.rules.purses import COUNTER_EVENT, ITEM, VISITED, LotPart, Sheet, share
from ekarte_core.rules.shares import spread
from ekarte_core.rules.tendering import (
    REST,
    SPEND_EVENT,
    UNPAID,
    Taken,
    own_bonus,
)
from ekarte_core.rules.turnover import take_turnover_back
from ekarte_core.rules.visits import take_visit_back


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


class Proportion:
    """Which part of every quantity goes back now; `whole`: the last of it does."""

    def __init__(self, original: Original, gross: int, net: int) -> None:
        """Take the refund's gross and net beside what was refunded before."""
        self._before = original.net_refunded
        self._after = original.net_refunded + net
        self._net = original.net
        self.whole = original.refunded + gross == original.amount

    def upto(self, quantity: int) -> tuple[int, int]:
        """What of a quantity had gone back before, and has after this refund."""
        if not self._net:
            return 0, 0
        return (
            share(quantity, self._before, self._net),
            share(quantity, self._after, self._net),
        )

    def of(self, quantity: int, *, whole: bool = False) -> int:
        """What of a quantity goes back now; `whole`: all of it with the last goods."""
        if whole:
            return quantity if self.whole else 0
        before, after = self.upto(quantity)
        return after - before


def refund(facts: Facts) -> Plan:
    """Take goods back: value to the same lots, earned points off the card.

    Goods of an accrual were paid elsewhere and are paid back there: nothing is due
    here, nothing can be kept back from it, and which goods they are does not matter.
    """
    original = facts.original
    assert original is not None
    returned = _returned(facts, original)
    if returned is None:
        return refuse(Rc.AMOUNT)
    amount = sum(goods.gross for goods in returned)
    discount = sum(goods.discount for goods in returned)
    part = Proportion(original, amount, amount - discount)
    taken = tuple(give_back(facts, original, part))
    accrued = original.command == "accrue"
    paid = amount - discount - sum(one.amount for one in taken)
    due = 0 if accrued else paid - part.of(original.decision.unpaid)
    points = take_points_back(facts, original, part, due)
    turnover = tuple(_turnover_back(facts.sheet, original, part))
    counted = tuple(_counters_back(facts.sheet, original, part))
    referred: tuple[ReferredDecided, ...] = ()
    if part.whole:
        referred = referring.take_back(facts, original.decision.referred)
    return Plan(
        rc=Rc.OK,
        amount=amount,
        discount=discount,
        amount_due=due - points.deducted,
        price_reduction=own_bonus(taken),
        kept=points.deducted,
        taken=taken,
        earned=tuple(points.earned),
        reasons=points.reasons,
        sale_lines=() if accrued else _sale_lines(returned, taken, points.deducted),
        decision=Decision(
            turnover=turnover, counted=(*counted, *points.owed), referred=referred
        ),
    )


def count_back(
    sheet: Sheet, counted: CountedDecided, amount: int, at: datetime | None
) -> int:
    """Lower a counter by what a purchase of that moment added, as far as it is there.

    Returns what was taken; to undo that, count the same amount negative.
    """
    purse = sheet.find(counted.program, counted.unit)
    if purse is None or not amount:
        return 0
    taken = -sheet.count(purse, COUNTER_EVENT[counted.unit], -amount)
    if counted.unit == VISITED:
        take_visit_back(purse, taken, counted.day, at)
    return taken


def _turnover_back(
    sheet: Sheet, original: Original, part: Proportion
) -> Iterator[TurnoverDecided]:
    """Take turnovers back; what was taken is decided, so that it can be undone."""
    for one in original.decision.turnover:
        taken = take_turnover_back(
            sheet, one.program, one.goods_group, part.of(one.amount), one.period_start
        )
        if taken:
            yield msgspec.structs.replace(one, amount=-taken)


def _counters_back(
    sheet: Sheet, original: Original, part: Proportion
) -> Iterator[CountedDecided]:
    for one in original.decision.counted:
        amount = part.of(one.amount, whole=one.whole)
        taken = count_back(sheet, one, amount, original.at)
        if taken:
            yield msgspec.structs.replace(one, amount=-taken)


def _returned(facts: Facts, original: Original) -> list[Returned] | None:
    """Return the goods by group; None when they were not bought, or not so many."""
    bought = _bought(original)
    wanted: dict[str, int] = {}
    if facts.request.lines:
        for line in facts.goods:
            known = "" if list(bought) == [""] else line.group
            wanted[known] = wanted.get(known, 0) + line.gross
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
    if original.command == "accrue":
        return {"": _all_of(original)}
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


def _all_of(original: Original) -> Bought:
    return Bought(
        group="",
        tax_rate_bp=0,
        gross=original.amount,
        discount=0,
        back=original.refunded,
        discount_back=0,
    )


def give_back(
    facts: Facts,
    original: Original,
    part: Proportion,
    events: Mapping[str, str] = SPEND_EVENT,
) -> Iterator[Taken]:
    """Put a part of what paid back where it came from; `events` by tender."""
    for one in original.decision.taken:
        if one.tender in UNPAID:
            pieces = one.parts if part.whole else ()
        else:
            pieces = tuple(_window(one.parts, *part.upto(one.amount)))
        program, unit, group = one.key
        purse = facts.sheet.find(program, unit, group)
        if purse is None:  # the card has left the account it paid from
            purse = facts.sheet.open(program, _issuer_of(facts, one), unit, group)
        account = "expire" if one.tender == REST else "spend"
        for piece in pieces:
            facts.sheet.give_back(purse, events[one.tender], account, piece)
        if pieces and one.tender not in (REST, ITEM):
            yield Taken(one.tender, one.key, one.own, pieces)


def _issuer_of(facts: Facts, taken: Taken) -> str:
    running = facts.programs.find(taken.key[0])
    return running.issuer if running is not None else facts.issuer


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


def _sale_lines(
    returned: list[Returned], taken: tuple[Taken, ...], deducted: int
) -> tuple[SaleLine, ...]:
    """Return the accounting rows: a purchase with a minus sign.

    What is kept back for used points lowers the refund as own bonus money does.
    """
    lowered = own_bonus(taken)
    tendered = sum(one.amount for one in taken) - lowered
    weights = [goods.gross - goods.discount for goods in returned]
    rows = zip(
        returned,
        spread(lowered + deducted, weights),
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
