"""Redeem: points are exchanged, for a prize of one's own or for goods of another.

Goods of another issuer are paid to it in clearing, at the price that the exchange
program names: what a terminal says they cost does not matter.
"""

from ekarte_core.codes import Rc
from ekarte_core.rules import prizes
from ekarte_core.rules.plan import Decision, Facts, Plan, SaleLine, refuse
from ekarte_core.rules.pricing import Goods
from ekarte_core.rules.programs import BonusPrize, Exchange, Prize
from ekarte_core.rules.purses import POINTS
from ekarte_core.rules.running import ExchangeRunning, PrizeRunning, RunningProgram
from ekarte_core.rules.tendering import Taken


def redeem(facts: Facts) -> Plan:
    """Exchange points for what the lines name.

    57 no such program or product, 54 the points have ended, 51 too few, 60 no more of
    that issuer's value is taken here.
    """
    named = facts.request.program
    wanted = [line for line in facts.goods if line.sku]
    if not wanted:
        return refuse(Rc.CARD_WRONG)
    for prize in facts.programs.vouchers:
        if prize[0].own and named == prize[0].code:
            return _prize(facts, prize, wanted)
    for exchange in facts.programs.exchanges:
        if named in ("", exchange[0].code) and _sells(exchange[1], wanted):
            return _goods(facts, exchange, wanted)
    return refuse(Rc.CARD_WRONG)


def _prize(facts: Facts, program: PrizeRunning, wanted: list[Goods]) -> Plan:
    """One prize, by its number."""
    running, parameters = program
    prize = _numbered(parameters, wanted[0].sku)
    if prize is None:
        return refuse(Rc.CARD_WRONG)
    purse = facts.sheet.find(running.code, POINTS)
    if purse is None or facts.sheet.usable(purse) < prize.at:
        return refuse(_lacking(facts, running.code, prize.at))
    voucher = prizes.buy(facts, facts.sheet, running, prize, purse)
    return Plan(
        rc=Rc.OK,
        new_vouchers=[voucher],
        reasons=[prizes.issued(voucher, running)],
    )


def _numbered(parameters: BonusPrize, number: str) -> Prize | None:
    if not (number.isascii() and number.isdigit()):
        return None
    place = int(number) - 1
    return parameters.prizes[place] if 0 <= place < len(parameters.prizes) else None


def _sells(parameters: Exchange, wanted: list[Goods]) -> bool:
    return all(parameters.find(line.sku) is not None for line in wanted)


def _goods(facts: Facts, program: ExchangeRunning, wanted: list[Goods]) -> Plan:
    running, parameters = program
    points = 0
    lines = []
    for line in wanted:
        goods = parameters.find(line.sku)
        assert goods is not None, "unknown products were refused before"
        points += goods.cost(line.thousandths)
        price = goods.value(line.thousandths)
        lines.append(_sale_line(running, line, price))
    amount = sum(line.gross for line in lines)
    purse = facts.sheet.find(parameters.points_of, POINTS)
    if not points or not amount:
        return refuse(Rc.AMOUNT)
    if purse is None or facts.sheet.usable(purse) < points:
        return refuse(_lacking(facts, parameters.points_of, points))
    room = facts.programs.room(running)
    if room is not None and room < amount:
        return refuse(Rc.ELSEWHERE)
    parts = facts.sheet.spend(
        purse, "exchange_spend", "spend", facts.sheet.plan(purse, points)
    )
    taken = (Taken(POINTS, purse.key, running.lowers_price, tuple(parts)),)
    return Plan(
        rc=Rc.OK,
        amount=amount,
        taken=taken,
        decision=Decision(taken=taken),
        sale_lines=tuple(lines),
    )


def _sale_line(running: RunningProgram, line: Goods, price: int) -> SaleLine:
    """Own goods for own points are not taxed; those of another are paid by it."""
    return SaleLine(
        group=line.group,
        tax_rate_bp=line.tax_rate_bp,
        gross=price,
        discount=0,
        bonus=price if running.lowers_price else 0,
        tendered=0 if running.lowers_price else price,
    )


def _lacking(facts: Facts, program: str, points: int) -> Rc:
    """54 where ended points would have been enough, else 51."""
    purse = facts.sheet.find(program, POINTS)
    ended = purse is not None and purse.available >= points
    return Rc.EXPIRED if ended else Rc.SHORT
