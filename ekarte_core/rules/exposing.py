"""What an issuer comes to owe others: its value used, or held, at their branches.

Nominal minor units, as they are paid to the seller. View `used_elsewhere` of the ledger
says the same from entries.
"""

from collections.abc import Callable, Iterable

from ekarte_core.rules.purses import FOR_BOOKS, ITEM, POINTS, VISITS, Move

HELD = frozenset({"hold", "release"})
USED = frozenset({"gift_spend", "bonus_spend", "voucher_spend", "credit_spend"})
RESTORED = frozenset(
    {"gift_restore", "bonus_restore", "voucher_restore", "credit_restore"}
)
_MONEY_EVENTS = HELD | USED | RESTORED
_NO_MONEY = frozenset({POINTS, VISITS, ITEM}) | FOR_BOOKS


def used_elsewhere(
    seller: str,
    amount: int,
    moves: Iterable[tuple[str, Move]],
    visit_price: Callable[[str], int],
) -> dict[str, int]:
    """Return by issuer what an operation of a seller adds to what it owes.

    `amount`: what an exchange is worth; `moves`: each with the issuer of its purse;
    `visit_price`: what a program pays for a visit. A capture gives up what was held and
    takes what is used: it adds only what differs.
    """
    found: dict[str, int] = {}
    exchanged: set[str] = set()
    for issuer, move in moves:
        if issuer == seller:
            continue
        change = 0
        if move.event in _MONEY_EVENTS and move.key[1] not in _NO_MONEY:
            change = move.held - move.posted
        elif move.event == "exchange_spend" and issuer not in exchanged:
            exchanged.add(issuer)
            change = amount if move.posted < 0 else -amount
        elif move.event == "pass_use":
            change = -move.posted * visit_price(move.key[0])
        if change:
            found[issuer] = found.get(issuer, 0) + change
    return {issuer: change for issuer, change in found.items() if change}
