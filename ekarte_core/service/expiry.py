"""What the clock ends: holds give their value back, lots lapse.

Each by an operation of its own. Safe to run twice and in parallel: everything is
looked at again under the card's lock; cards that somebody else works on are left for
the next run.
"""

from datetime import datetime

import msgspec

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.rows import OperationRow, Rows
from ekarte_core.ledger.statements import send
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch
from ekarte_core.rules import tendering
from ekarte_core.rules.plan import Original
from ekarte_core.rules.purses import POINTS, LotPart, PurseKey, Sheet

EXPIRY_TERMINAL = "~EXPIRY"
"""Stands in the key of an expiry: (this, 0, id of the hold): once for each hold."""

LAPSE_TERMINAL = "~LAPSE"
"""Stands in the key of a lapse: (this, 0, id of the operation)."""

LAPSE_EVENT = {"gift_card": "gift_expire", "bonus_amount": "bonus_expire"}


def expire_holds(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Release open holds that are past their time; returns how many."""
    cr.execute(SQL["expired_holds"], {"now": now, "limit": limit})
    keys = [(terminal, batch, number) for terminal, batch, number in cr.fetchall()]
    card_ids = store.card_ids_of_keys(cr, keys)
    cards = store.lock_cards(cr, [c for c in card_ids if c is not None], wait=False)
    store.read_purses(cr, cards)
    ids = store.OperationIds(1)
    rows = Rows()
    for key, found in zip(keys, store.originals(cr, keys), strict=True):
        assert found is not None
        original = found[0]
        card = cards.get(original.card_id or 0)
        if card is not None and not original.hold_how:
            txn = next(ids.take(cr, 1))
            _release(txn, rows, card, original, key, network, keyring, now)
    statements = store.card_updates(cards.values(), now)
    send(cr, statements + rows.statements(now, network.version))
    return len(rows.operations)


def expire_lots(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Let lots that are past their end lapse; returns the operations this made.

    What a hold reserves of a lot stays until the hold ends.
    """
    cr.execute(SQL["ended_lots"], {"now": now, "limit": limit})
    cards = store.lock_cards(cr, {row[0] for row in cr.fetchall()}, wait=False)
    store.read_purses(cr, cards)
    ids = store.OperationIds(1)
    rows = Rows()
    for card in cards.values():
        for key in sorted(card.purses):
            _lapse(cr, ids, rows, card, key, network, keyring, now)
    statements = store.card_updates(cards.values(), now)
    send(cr, statements + rows.statements(now, network.version))
    return len(rows.operations)


def _lapse(
    cr: Cursor,
    ids: store.OperationIds,
    rows: Rows,
    card: store.CardRow,
    key: PurseKey,
    network: Network,
    keyring: Keyring,
    now: datetime,
) -> None:
    sheet = Sheet(card.purses.values(), now)
    purse = sheet.find(*key)
    assert purse is not None
    program = network.programs.get(purse.program)
    default = "bonus_expire" if purse.unit == POINTS else "gift_expire"
    event = LAPSE_EVENT.get(program.kind, default) if program else default
    ended = [
        LotPart(lot.valid_until, lot.available)
        for lot in purse.lots
        if lot.available and not lot.usable(now)
    ]
    if not ended:
        return
    sheet.spend(purse, event, "expire", ended)
    txn = next(ids.take(cr, 1))
    _take_over(rows, card, sheet, txn)
    # Accounting wants a place: the first branch of the issuer who owes the value.
    branch = next(
        (b for b in network.branches.values() if b.issuer == purse.issuer), None
    )
    rows.operations.append(
        _own_operation(
            txn,
            LAPSE_TERMINAL,
            txn,
            "lapse",
            card,
            network,
            keyring,
            now,
            issuer=purse.issuer,
            branch=branch,
        )
    )


def _take_over(rows: Rows, card: store.CardRow, sheet: Sheet, txn: int) -> None:
    card.purses = {purse.key: purse for purse in sheet.all()}
    card.moved = card.moved | {move.key for move in sheet.moves}
    rows.add_moves(txn, card, sheet.moves)


def _release(
    txn: int,
    rows: Rows,
    card: store.CardRow,
    original: Original,
    key: store.Key,
    network: Network,
    keyring: Keyring,
    now: datetime,
) -> None:
    sheet = Sheet(card.purses.values(), now)
    tendering.release(sheet, original.decision.taken)
    _take_over(rows, card, sheet, txn)
    rows.hold_ends.append((original.id, txn, "expired"))
    terminal = network.terminal(key[0])
    row = _own_operation(
        txn,
        EXPIRY_TERMINAL,
        original.id,
        "expire",
        card,
        network,
        keyring,
        now,
        issuer=original.issuer,
        branch=network.branches[terminal.branch] if terminal else None,
    )
    row = msgspec.structs.replace(row, amount=original.amount, original_id=original.id)
    rows.operations.append(row)


def _own_operation(
    txn: int,
    terminal: str,
    number: int,
    command: str,
    card: store.CardRow,
    network: Network,
    keyring: Keyring,
    now: datetime,
    *,
    issuer: str,
    branch: Branch | None,
) -> OperationRow:
    """A row for what nobody sent: the clock did it."""
    return OperationRow(
        id=txn,
        business_day=network.business_day(branch, now) if branch else now.date(),
        terminal=terminal,
        batch=0,
        number=number,
        command=command,
        rc="00",
        card_id=card.id,
        issuer=issuer,
        branch=branch.code if branch else "",
        currency=network.document.currency,
        amount=0,
        discount=0,
        amount_due=0,
        original_id=None,
        reference="",
        local_time=None,
        body_digest=keyring.body_digest(f"{command}|{number}".encode()),
        decision="{}",
        answer="{}",
    )
