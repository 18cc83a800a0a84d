"""What time does to turnover: periods end, idle cards lose a step.

Rules see it at once (rules/turnover.py); this writes it down, so that balances and
reports say the same. Safe to run twice and in parallel.
"""

from datetime import datetime

import msgspec

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.rules.programs import Discount
from ekarte_core.rules.purses import TURNOVER, PurseKey
from ekarte_core.rules.turnover import Clock, settle
from ekarte_core.service.clockwork import ClockRun

TURN_TERMINAL = "~TURN"
"""Stands in the key of what time did to a turnover: (this, 0, id of the operation)."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """A program whose sums have a period or shrink, and today's date at its place."""

    program: str
    parameters: Discount
    clock: Clock
    zone: str


def turn_periods(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Reset sums whose period is over, shrink those of idle cards; returns how many."""
    due = {one.program: one for one in _due(network, now)}
    if not due:
        return 0
    cr.execute(
        SQL["turnovers_due"],
        {
            "programs": list(due),
            "months": [one.parameters.months for one in due.values()],
            "idle_days": [one.parameters.days_of_idleness for one in due.values()],
            "todays": [one.clock.today for one in due.values()],
            "zones": [one.zone for one in due.values()],
            "limit": limit,
        },
    )
    run = ClockRun(cr, network, keyring, now, {row[0] for row in cr.fetchall()})
    for card in run.cards.values():
        for key in sorted(card.purses):
            if key[1] == TURNOVER and key[0] in due:
                _turn(run, card, key, due[key[0]])
    return run.write()


def _turn(run: ClockRun, card: store.CardRow, key: PurseKey, due: Due) -> None:
    sheet = run.sheet(card)
    purse = sheet.find(*key)
    assert purse is not None
    settle(due.parameters, sheet, purse, due.clock)
    if sheet.moves:
        run.book(
            card,
            card,
            sheet,
            (TURN_TERMINAL, 0, None),
            "turn",
            issuer=purse.issuer,
            branch=run.place_of(purse.issuer),
        )


def _due(network: Network, now: datetime) -> list[Due]:
    """Programs with a period or idle days; those that branches override are left.

    Where a branch's own rules turn the same purse differently, only a purchase says
    which of them holds.
    """
    overridden = {p.overrides for p in network.document.programs if p.overrides}
    found = []
    for program in network.document.programs:
        parameters = network.parameters(program.code)
        if not isinstance(parameters, Discount) or program.code in overridden:
            continue
        if program.overrides or not (parameters.months or parameters.days_of_idleness):
            continue
        branch = network.first_branch(program.issuer)
        if branch is None:
            continue
        today = network.business_day(branch, now)
        found.append(
            Due(
                program=program.code,
                parameters=parameters,
                clock=Clock(now, today, network.zone(branch)),
                zone=branch.time_zone,
            )
        )
    return found
