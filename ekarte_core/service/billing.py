"""Statements of credit cards: what is owed when the statement day begins.

A statement is a row of its own and an operation that bills what was not billed before.
It covers what was bought before its day, however late the clock's job comes. Who does
not pay in time is charged for it once, where the program says so.
"""

from collections.abc import Iterator
from datetime import date, datetime, time, timezone

import msgspec

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch
from ekarte_core.rules import credit
from ekarte_core.rules.programs import CreditCard
from ekarte_core.rules.purses import CREDIT, Purse, Sheet
from ekarte_core.service.clockwork import ClockRun

BILL_TERMINAL = "~BILL"
"""Stands in the key of a statement: (this, its day as yyyymmdd, id of the purse)."""

LATE_TERMINAL = "~LATE"
"""Stands in the key of a late charge, in the same way."""


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    """A credit program and the branch whose days it goes by."""

    program: str
    issuer: str
    parameters: CreditCard
    branch: Branch


def make_statements(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Make the statements that are due; returns how many."""
    return sum(
        _bill(cr, network, keyring, now, place, limit) for place in _places(network)
    )


def charge_late(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Charge for statements that were not paid in time; returns how many."""
    return sum(
        _charge(cr, network, keyring, now, place, limit)
        for place in _places(network)
        if place.parameters.late_charge
    )


def _places(network: Network) -> Iterator[_Place]:
    for program in network.document.programs:
        parameters = network.parameters(program.code)
        branch = network.first_branch(program.issuer)
        if program.overrides or branch is None:
            continue
        if isinstance(parameters, CreditCard):
            yield _Place(
                program=program.code,
                issuer=program.issuer,
                parameters=parameters,
                branch=branch,
            )


def _bill(
    cr: Cursor,
    network: Network,
    keyring: Keyring,
    now: datetime,
    place: _Place,
    limit: int,
) -> int:
    today = network.business_day(place.branch, now)
    day = place.parameters.last_statement_day(today)
    begins = datetime.combine(day, time(), network.zone(place.branch))
    wanted = {
        "program": place.program,
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
    for card_id, purse_id, version, amount, bought in cr.fetchall():
        card = run.cards.get(card_id)
        if card is None:
            continue
        sheet = run.sheet(card)
        newly = credit.bill(sheet, _purse(sheet, place), bought)
        txn = _book(run, card, sheet, (BILL_TERMINAL, day, purse_id), place, amount)
        due_on = place.parameters.due_on(day)
        rows.append((txn, purse_id, version, day, due_on, amount, newly))
    run.write()
    for row in rows:
        cr.execute(SQL["add_statement"], dict(zip(_STATEMENT, row, strict=True)))
    return len(rows)


def _charge(
    cr: Cursor,
    network: Network,
    keyring: Keyring,
    now: datetime,
    place: _Place,
    limit: int,
) -> int:
    wanted = {
        "program": place.program,
        "today": network.business_day(place.branch, now),
        "terminal": LATE_TERMINAL,
        "limit": limit,
    }
    cr.execute(SQL["late_statements"], wanted)
    cards = {row[0] for row in cr.fetchall()}
    run = ClockRun(cr, network, keyring, now, cards)
    cr.execute(SQL["late_statements"], wanted)
    for card_id, purse_id, made_on in cr.fetchall():
        card = run.cards.get(card_id)
        if card is None:
            continue
        sheet, amount = run.sheet(card), place.parameters.late_charge
        credit.charge(sheet, _purse(sheet, place), amount)
        _book(run, card, sheet, (LATE_TERMINAL, made_on, purse_id), place, amount)
    return run.write()


def _purse(sheet: Sheet, place: _Place) -> Purse:
    purse = sheet.find(place.program, CREDIT)
    assert purse is not None
    return purse


def _book(
    run: ClockRun,
    card: store.CardRow,
    sheet: Sheet,
    key: tuple[str, date, int],
    place: _Place,
    amount: int,
) -> int:
    terminal, day, purse_id = key
    return run.book(
        card,
        card,
        sheet,
        (terminal, day.year * 10000 + day.month * 100 + day.day, purse_id),
        _COMMANDS[terminal],
        issuer=place.issuer,
        branch=place.branch,
        amount=amount,
    )


_COMMANDS = {BILL_TERMINAL: "statement", LATE_TERMINAL: "charge"}
_STATEMENT = (
    *("operation", "purse", "version"),
    *("made_on", "due_on", "amount", "newly_billed"),
)
