"""What the back office puts right by hand: value is put on a card, or taken off it.

Money and sums stand in the amount; points are the quantity of a single line. A
balance of another system is brought in alike. The entries have the events of what
comes nearest in accounting: gift money that is put on is money given back (C5), points
are a grant (B1p), and what is taken off is the same row with a minus.
"""

from collections.abc import Callable

from ekarte_core.codes import Rc
from ekarte_core.rules.card_life import gift_end
from ekarte_core.rules.earning import Earnings, Grant, give_points
from ekarte_core.rules.ends import end_of_lot, own_end
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Decision, Facts, Plan, TurnoverDecided, refuse
from ekarte_core.rules.programs import Convertible, Discount, GiftCard
from ekarte_core.rules.programs.kind import RATE_BP_MAX
from ekarte_core.rules.purses import POINTS, TURNOVER
from ekarte_core.rules.running import PointsRunning, RunningProgram
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.turnover import add_turnover, settle

_REASONS = {
    "put_on": ("value.put_on", "points.put_on"),
    "take_off": ("value.taken_off", "points.taken_off"),
    "bring_in": ("value.brought_in", "points.brought_in"),
}


def correct(facts: Facts) -> Plan:
    """Put value of the own issuer on the card, take it off, or bring it in.

    57: the program has no such value here. 51: not so much is there to take off.
    05: a balance that was taxed when it was sold is not brought in, nor one that has
    ended.
    """
    running = facts.programs.find(facts.request.program)
    if running is None or not running.own:
        return refuse(Rc.CARD_WRONG)
    end = own_end(facts)
    if end is not None and end <= facts.clock.now:
        return refuse(Rc.RULE)
    if facts.request.lines:
        return _points(facts, running)
    for kind, rule in _MONEY.items():
        if isinstance(running.parameters, kind):
            return rule(facts, running)
    return refuse(Rc.CARD_WRONG)


def _points(facts: Facts, running: RunningProgram) -> Plan:
    (line,) = facts.request.lines
    count = int(line.quantity)
    program = next((one for one in facts.programs.points if one[0] is running), None)
    if program is None:
        return refuse(Rc.CARD_WRONG)
    if facts.request.command == "take_off":
        return _points_off(facts, running, count)
    return _points_on(facts, program, count)


def _points_on(facts: Facts, program: PointsRunning, count: int) -> Plan:
    earnings = Earnings()
    grant = Grant(until=own_end(facts))
    give_points(facts, facts.sheet, program, count, grant, earnings)
    return Plan(
        rc=Rc.OK,
        earned=earnings.earned,
        converted=earnings.converted,
        decision=Decision(
            earned=tuple(earnings.decided), counted=tuple(earnings.counted)
        ),
        new_vouchers=earnings.vouchers,
        reasons=[
            _reason(facts, program[0], count=count),
            *(one for one in earnings.reasons if one.key != "bonus.earned"),
        ],
    )


def _points_off(facts: Facts, running: RunningProgram, count: int) -> Plan:
    purse = facts.sheet.find(running.code, POINTS)
    if purse is None or facts.sheet.usable(purse) < count:
        return refuse(Rc.SHORT)
    parts = facts.sheet.plan(purse, count)
    facts.sheet.spend(purse, Grant.event, Grant.account, parts)
    return Plan(rc=Rc.OK, reasons=[_reason(facts, running, count=count)])


def _gift(facts: Facts, running: RunningProgram) -> Plan:
    parameters = running.parameters
    assert isinstance(parameters, GiftCard)
    amount, opening = facts.request.amount or 0, facts.request.command == "bring_in"
    if facts.request.command == "take_off":
        return _money_off(facts, running, "gift_restore", amount)
    if opening and parameters.tax_rate_bp:
        return refuse(Rc.RULE)
    facts.sheet.credit(
        facts.sheet.open(running.code, running.issuer, facts.request.currency),
        "gift_load" if opening else "gift_restore",
        "load" if opening else "restore",
        amount,
        carry=amount - tax_in(amount, parameters.tax_rate_bp),
        valid_until=own_end(facts) or gift_end(parameters, facts),
    )
    return _done(facts, running, amount)


def _bonus_money(facts: Facts, running: RunningProgram) -> Plan:
    parameters = running.parameters
    assert isinstance(parameters, Convertible)
    amount = facts.request.amount or 0
    if facts.request.command == "take_off":
        return _money_off(facts, running, "bonus_restore", amount)
    likely = 0 if parameters.deferral_policy == "none" else parameters.likelihood_bp
    facts.sheet.credit(
        facts.sheet.open(running.code, running.issuer, facts.request.currency),
        "bonus_restore",
        "restore",
        amount,
        carry=amount * likely // RATE_BP_MAX,
        valid_until=own_end(facts) or end_of_lot(parameters, facts),
    )
    return _done(facts, running, amount)


def _money_off(facts: Facts, running: RunningProgram, event: str, amount: int) -> Plan:
    purse = facts.sheet.find(running.code, facts.request.currency)
    if purse is None or facts.sheet.usable(purse) < amount:
        return refuse(Rc.SHORT)
    parts = facts.sheet.plan(purse, amount)
    facts.sheet.spend(purse, event, "restore", parts)
    return _done(facts, running, amount)


def _turnover(facts: Facts, running: RunningProgram) -> Plan:
    """Sums that discounts grow by; not where each goods group has its own."""
    parameters, amount = running.parameters, facts.request.amount or 0
    assert isinstance(parameters, Discount)
    if parameters.turnover_groups != ("",) or facts.request.last_day:
        return refuse(Rc.CARD_WRONG)
    if facts.request.command != "take_off":
        start = add_turnover(running, parameters, facts.sheet, "", amount, facts.clock)
        counted = TurnoverDecided(running.code, "", amount, start)
        return _done(facts, running, amount, Decision(turnover=(counted,)))
    purse = facts.sheet.find(running.code, TURNOVER)
    if purse is not None:
        settle(parameters, facts.sheet, purse, facts.clock)
    if purse is None or purse.posted < amount or purse.period_start is None:
        return refuse(Rc.SHORT)
    facts.sheet.count(purse, "turnover", -amount)
    counted = TurnoverDecided(running.code, "", -amount, purse.period_start)
    return _done(facts, running, amount, Decision(turnover=(counted,)))


def _done(
    facts: Facts,
    running: RunningProgram,
    amount: int,
    decision: Decision | None = None,
) -> Plan:
    return Plan(
        rc=Rc.OK,
        amount=amount,
        decision=decision or Decision(),
        reasons=[_reason(facts, running, amount=amount)],
    )


def _reason(
    facts: Facts, running: RunningProgram, amount: int = 0, count: int = 0
) -> Reason:
    money, points = _REASONS[facts.request.command]
    key = points if count else money
    return Reason(key=key, name=running.name, amount=amount, count=count)


_MONEY: dict[type, Callable[[Facts, RunningProgram], Plan]] = {
    GiftCard: _gift,
    Convertible: _bonus_money,
    Discount: _turnover,
}
