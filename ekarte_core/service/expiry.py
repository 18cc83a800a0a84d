"""Holds whose time is over give their value back, by an operation of their own."""

from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.ledger.rows import OperationRow, Rows, send
from ekarte_core.network.compiled import Network
from ekarte_core.rules import tendering
from ekarte_core.rules.plan import Original
from ekarte_core.rules.purses import Sheet

EXPIRY_TERMINAL = "~EXPIRY"
"""Stands in the key of an expiry: (this, 0, id of the hold): once for each hold."""


def expire_holds(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Release open holds that are past their time; returns how many.

    Safe to run twice and in parallel: a hold is looked at again under its card's
    lock; cards that somebody else works on are left for the next run.
    """
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
    statements = store.card_updates(cr, cards.values(), now)
    send(cr, statements + rows.statements(cr, now, network.version))
    return len(rows.operations)


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
    card.purses = {purse.key: purse for purse in sheet.all()}
    card.moved = card.moved | {move.key for move in sheet.moves}
    rows.add_moves(txn, card, sheet.moves)
    rows.hold_ends.append((original.id, txn, "expired"))
    terminal = network.terminal(key[0])
    branch = network.branches[terminal.branch] if terminal else None
    rows.operations.append(
        OperationRow(
            id=txn,
            business_day=network.business_day(branch, now) if branch else now.date(),
            terminal=EXPIRY_TERMINAL,
            batch=0,
            number=original.id,
            command="expire",
            rc="00",
            card_id=card.id,
            issuer=original.issuer,
            branch=branch.code if branch else "",
            currency=network.document.currency,
            amount=original.amount,
            discount=0,
            amount_due=0,
            original_id=original.id,
            reference="",
            local_time=None,
            body_digest=keyring.body_digest(f"expire|{original.id}".encode()),
            decision="{}",
            answer="{}",
        )
    )
