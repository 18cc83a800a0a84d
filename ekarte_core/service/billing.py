"""Statements of credit cards: what is owed when the statement day begins.

A statement is a row of its own and an operation that moves nothing. It covers what was
bought before its day, however late the clock's job comes.
"""

from datetime import datetime, time, timezone

from ekarte_core.keyring import Keyring
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.rules.programs import CreditCard
from ekarte_core.service.clockwork import ClockRun

BILL_TERMINAL = "~BILL"
"""Stands in the key of a statement: (this, its day as yyyymmdd, id of the purse)."""


def make_statements(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Make the statements that are due; returns how many."""
    return sum(
        _bill(cr, network, keyring, now, program.code, limit)
        for program in network.document.programs
        if program.kind == "credit_card" and not program.overrides
    )


def _bill(
    cr: Cursor,
    network: Network,
    keyring: Keyring,
    now: datetime,
    program: str,
    limit: int,
) -> int:
    parameters = network.parameters(program)
    issuer = network.programs[program].issuer
    branch = network.first_branch(issuer)
    if branch is None or not isinstance(parameters, CreditCard):
        return 0
    day = parameters.last_statement_day(network.business_day(branch, now))
    due_on = parameters.due_on(day)
    begins = datetime.combine(day, time(), network.zone(branch))
    wanted = {
        "program": program,
        "made_on": day,
        "before": begins.astimezone(timezone.utc),
        "limit": limit,
    }
    cr.execute(SQL["statements_due"], wanted)
    cards = {row[0] for row in cr.fetchall()}
    run = ClockRun(cr, network, keyring, now, cards)
    # Asked again under the lock: a rival may have made it, or a late purchase come.
    cr.execute(SQL["statements_due"], wanted)
    rows = []
    for card_id, purse_id, version, amount in cr.fetchall():
        card = run.cards.get(card_id)
        if card is None:
            continue
        txn = run.book(
            card,
            card,
            run.sheet(card),
            (BILL_TERMINAL, day.year * 10000 + day.month * 100 + day.day, purse_id),
            "statement",
            issuer=issuer,
            branch=branch,
            amount=amount,
        )
        rows.append((txn, purse_id, version, day, due_on, amount))
    run.write()
    for row in rows:
        cr.execute(SQL["add_statement"], dict(zip(_STATEMENT, row, strict=True)))
    return len(rows)


_STATEMENT = ("operation", "purse", "version", "made_on", "due_on", "amount")
