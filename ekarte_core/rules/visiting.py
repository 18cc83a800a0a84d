"""Check-in: a visit without a purchase.

A visit pass gives one of its visits, attendance is counted, bonuses by visit are
earned. One program that refuses refuses the visit.
"""

from ekarte_core.codes import Rc
from ekarte_core.rules.earning import Earnings, visit
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Decision, Facts, Plan, refuse
from ekarte_core.rules.programs import BonusVisit
from ekarte_core.rules.purses import VISITS, share
from ekarte_core.rules.running import AttendanceRunning, PassRunning
from ekarte_core.rules.tax import tax_in
from ekarte_core.rules.visits import (
    count_visit,
    day_is_full,
    visit_decided,
    visited,
    within_gap,
)

_REFUSALS = (Rc.EXPIRED, Rc.TOO_OFTEN, Rc.SHORT, Rc.ELSEWHERE)


def check_in(facts: Facts) -> Plan:
    """Count a visit in every program that counts visits.

    65 too soon or too often, 54 the pass has ended, 51 no visit left on it, 60 no
    more of that issuer's value is taken here.
    """
    programs = facts.programs
    by_visit = [one for one in programs.points if isinstance(one[1], BonusVisit)]
    if not (programs.passes or programs.attendances or by_visit):
        return refuse(Rc.CARD_WRONG)
    refusals = [_attendance_refusal(facts, one) for one in programs.attendances]
    passed, pass_refusal = _choose_pass(facts)
    refusals.append(pass_refusal)
    for rc in _REFUSALS:
        if rc in refusals:
            return refuse(rc)
    earnings = Earnings()
    for attendance in programs.attendances:
        _attend(facts, attendance, earnings)
    if passed is not None:
        _use_pass(facts, passed, earnings)
    for points in by_visit:
        visit(facts, points, earnings)
    return Plan(
        rc=Rc.OK,
        earned=earnings.earned,
        converted=earnings.converted,
        decision=Decision(
            earned=tuple(earnings.decided), counted=tuple(earnings.counted)
        ),
        new_vouchers=earnings.vouchers,
        reasons=earnings.reasons,
        new_state="active" if facts.card.state == "new" else "",
    )


def _attendance_refusal(facts: Facts, program: AttendanceRunning) -> Rc | None:
    purse = visited(facts.sheet, program[0])
    too_soon = within_gap(facts, purse, program[1].min_gap_minutes)
    return Rc.TOO_OFTEN if too_soon else None


def _choose_pass(facts: Facts) -> tuple[PassRunning | None, Rc | None]:
    """Return the pass that gives this visit, or why none of the card's passes does.

    The first in sequence that may; passes that were never bought do not count.
    """
    refused: list[Rc] = []
    for program in facts.programs.passes:
        refusal = _pass_refusal(facts, program)
        if refusal is None:
            return program, None
        refused.append(refusal)
    for rc in _REFUSALS:
        if rc in refused:
            return None, rc
    return None, None


def _pass_refusal(facts: Facts, program: PassRunning) -> Rc | None:
    running, parameters = program
    purse = facts.sheet.find(running.code, VISITS)
    if purse is None or not purse.available:
        return Rc.SHORT
    if not facts.sheet.usable(purse):
        return Rc.EXPIRED
    if day_is_full(facts, visited(facts.sheet, running), parameters.max_per_day):
        return Rc.TOO_OFTEN
    room = facts.programs.room(running)
    no_room = room is not None and room < parameters.visit_price
    return Rc.ELSEWHERE if no_room else None


def _attend(facts: Facts, program: AttendanceRunning, earnings: Earnings) -> None:
    running, _parameters = program
    purse = visited(facts.sheet, running)
    count_visit(facts, facts.sheet, purse)
    earnings.counted.append(visit_decided(facts, running))
    earnings.reasons.append(
        Reason(key="visit.counted", name=running.name, count=purse.posted)
    )


def _use_pass(facts: Facts, program: PassRunning, earnings: Earnings) -> None:
    running, parameters = program
    purse = facts.sheet.find(running.code, VISITS)
    assert purse is not None, "a pass without visits was refused before"
    net = parameters.price - tax_in(parameters.price, facts.tax_of(parameters.group))
    each = share(net, 1, parameters.count)
    facts.sheet.spend(purse, "pass_use", "spend", facts.sheet.plan(purse, 1), each)
    count_visit(facts, facts.sheet, visited(facts.sheet, running))
    earnings.counted.append(visit_decided(facts, running))
    earnings.reasons.append(
        Reason(key="pass.left", name=running.name, count=facts.sheet.usable(purse))
    )
