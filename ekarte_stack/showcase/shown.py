"""What each role of the demo network must have something of to look at."""

from typing import Any

CARDS = ("card", "holder", "purse", "operation", "membership", "voucher", "statement")
PEOPLE = ("questionnaire.answer", "consent")
OF_ROLE = {
    "operator.grocer": (*CARDS, *PEOPLE),
    "issuer.grocer": (
        *CARDS,
        *PEOPLE,
        *("card.batch", "correction", "draw", "draw.winner", "signal", "daily.sale"),
        *("daily.branch", "daily.program", "branch.customer", "program", "segment"),
        *("campaign", "campaign.effect", "greeting.sent", "notice"),
    ),
    "accountant.grocer": (
        *CARDS,
        *("settlement", "clearing.cycle", "clearing.statement", "clearing.line"),
        *("clearing.dispute", "clearing.deposit", "clearing.default", "reestimate"),
        *("cohort", "rollforward", "entry", "exposure", "card.import"),
    ),
    "accountant.fuel": ("settlement", "clearing.statement", "clearing.line"),
}
"""Login: models."""
OF_ALL = ("offline.exception", "checkout", "coalition.leaving")
"""Whoever looks."""
LATER = frozenset(
    {
        *("voucher", "notice", "statement", "draw.winner", "greeting.sent"),
        *("clearing.default", "clearing.dispute"),
    }
)
"""What it takes months to earn, to lose, or to owe; or somebody's birthday."""
WHOLE_DAYS = 300


def nothing_of(env: Any, days: int) -> list[str]:
    """Return what a role would find empty after so many days: `login: model`."""
    empty = []
    for login, models in OF_ROLE.items():
        user = env["res.users"].search([("login", "=", login)])
        for name in models:
            if name in LATER and days < WHOLE_DAYS:
                continue
            model = env[f"ekarte.{name}"].with_user(user)
            if not model.with_company(user.company_id).search_count([], limit=1):
                empty.append(f"{login}: ekarte.{name}")
    models = (f"ekarte.{name}" for name in OF_ALL)
    return empty + [one for one in models if not env[one].search_count([], limit=1)]
