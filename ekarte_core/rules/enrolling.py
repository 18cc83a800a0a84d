"""Enrol: a questionnaire is filled in. Its effects come once, its consents any time."""

from ekarte_core.codes import Rc
from ekarte_core.rules import prizes
from ekarte_core.rules.earning import Earnings, Grant, give_points
from ekarte_core.rules.explain import Reason
from ekarte_core.rules.plan import Decision, Facts, Plan
from ekarte_core.rules.programs import BonusPrize
from ekarte_core.rules.running import QUESTIONNAIRE, PointsRunning


def enroll(facts: Facts) -> Plan:
    """Remember the questionnaire and the consents; give what is promised for it.

    `questionnaire: no` among the consents: only they change, nothing was filled in.
    """
    consents_only = facts.request.consents.get(QUESTIONNAIRE) is False
    filled = set() if consents_only else {f"{facts.issuer}:{QUESTIONNAIRE}"}
    given = frozenset(_consents(facts, yes=True))
    earnings = Earnings()
    if filled and facts.issuer not in facts.programs.questionnaires:
        for program in facts.programs.points:
            _thank(facts, program, earnings)
        earnings.reasons.append(Reason(key="questionnaire.thanks"))
    return Plan(
        rc=Rc.OK,
        earned=earnings.earned,
        converted=earnings.converted,
        decision=Decision(
            earned=tuple(earnings.decided), counted=tuple(earnings.counted)
        ),
        new_vouchers=earnings.vouchers,
        reasons=earnings.reasons,
        new_facts=given | filled,
        lost_facts=frozenset(_consents(facts, yes=False)),
        new_state="active" if facts.card.state == "new" else "",
    )


def _consents(facts: Facts, *, yes: bool) -> list[str]:
    return [
        f"{facts.issuer}:{purpose}"
        for purpose, given in facts.request.consents.items()
        if given == yes and purpose != QUESTIONNAIRE
    ]


def _thank(facts: Facts, program: PointsRunning, earnings: Earnings) -> None:
    running, parameters = program
    if parameters.questionnaire_points:
        points = parameters.questionnaire_points
        give_points(facts, facts.sheet, program, points, Grant(), earnings)
    if isinstance(parameters, BonusPrize) and parameters.questionnaire_prize:
        prize = parameters.prizes[parameters.questionnaire_prize - 1]
        carry = 0 if parameters.deferral_policy == "none" else prize.value
        voucher = prizes.issue(
            facts, facts.sheet, running, prize, event="bonus_grant", carry=carry
        )
        earnings.vouchers.append(voucher)
        earnings.reasons.append(prizes.issued(voucher, running))
