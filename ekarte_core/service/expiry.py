"""What the clock ends: holds give their value back, lots lapse.

Each by an operation of its own. Safe to run twice and in parallel: everything is
looked at again under the card's lock; cards that somebody else works on are left for
the next run.
"""

from datetime import datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.queries import SQL
from ekarte_core.network.compiled import Network
from ekarte_core.rules import tendering
from ekarte_core.rules.plan import Original
from ekarte_core.rules.purses import (
    ITEM,
    POINTS,
    VISITS,
    VOUCHER,
    LotPart,
    PurseKey,
)
from ekarte_core.service.clockwork import ClockRun

EXPIRY_TERMINAL = "~EXPIRY"
"""Stands in the key of an expiry: (this, 0, id of the hold): once for each hold."""

LAPSE_TERMINAL = "~LAPSE"
"""Stands in the key of a lapse: (this, 0, id of the operation)."""

LAPSE_EVENT = {
    POINTS: "bonus_expire",
    VISITS: "pass_expire",
    VOUCHER: "voucher_expire",
    ITEM: "voucher_expire",
}
LAPSE_EVENT_OF_MONEY = {"gift_card": "gift_expire"}


def expire_holds(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Release open holds that are past their time; returns how many."""
    cr.execute(SQL["expired_holds"], {"now": now, "limit": limit})
    keys = [(terminal, batch, number) for terminal, batch, number in cr.fetchall()]
    cards = [card for card, _other in store.card_ids_of_keys(cr, keys)]
    run = ClockRun(cr, network, keyring, now, {card for card in cards if card})
    for key, found in zip(keys, store.originals(cr, keys), strict=True):
        assert found is not None
        original = found[0]
        card = run.cards.get(original.card_id or 0)
        if card is not None and card.account is not None and not original.hold_how:
            _release(run, card, card.account, original, key)
    return run.write()


def _release(
    run: ClockRun,
    card: store.CardRow,
    account: store.CardRow,
    original: Original,
    key: store.Key,
) -> None:
    sheet = run.sheet(account)
    tendering.release(sheet, original.decision.taken)
    terminal = run.network.terminal(key[0])
    txn = run.book(
        card,
        account,
        sheet,
        (EXPIRY_TERMINAL, 0, original.id),
        "expire",
        issuer=original.issuer,
        branch=run.network.branches[terminal.branch] if terminal else None,
        amount=original.amount,
        original_id=original.id,
    )
    run.rows.hold_ends.append((original.id, txn, "expired"))


def expire_lots(
    cr: Cursor, network: Network, keyring: Keyring, now: datetime, limit: int = 500
) -> int:
    """Let lots that are past their end lapse; returns the operations this made.

    What a hold reserves of a lot stays until the hold ends.
    """
    cr.execute(SQL["ended_lots"], {"now": now, "limit": limit})
    run = ClockRun(cr, network, keyring, now, {row[0] for row in cr.fetchall()})
    for card in run.cards.values():
        for key in sorted(card.purses):
            _lapse(run, card, key)
    return run.write()


def _lapse(run: ClockRun, card: store.CardRow, key: PurseKey) -> None:
    sheet = run.sheet(card)
    purse = sheet.find(*key)
    assert purse is not None
    ended = [
        LotPart(lot.valid_until, lot.available)
        for lot in purse.lots
        if lot.available and not lot.usable(run.now)
    ]
    if not ended:
        return
    sheet.spend(purse, _lapse_event(run.network, key), "expire", ended)
    run.book(
        card,
        card,
        sheet,
        (LAPSE_TERMINAL, 0, None),
        "lapse",
        issuer=purse.issuer,
        branch=run.place_of(purse.issuer),
    )


def _lapse_event(network: Network, key: PurseKey) -> str:
    program, unit, _group = key
    if unit in LAPSE_EVENT:
        return LAPSE_EVENT[unit]
    known = network.programs.get(program)
    kind = known.kind if known else "gift_card"
    return LAPSE_EVENT_OF_MONEY.get(kind, "bonus_expire")
