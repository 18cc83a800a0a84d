"""One run of the clock over some cards: locked, changed, written like any operation.

Nobody sent these operations. Their keys begin with a terminal that no terminal can
have, and are made so that the same thing is not done twice.
"""

from collections.abc import Iterable
from datetime import date, datetime

from ekarte_core.keyring import Keyring
from ekarte_core.ledger import store
from ekarte_core.ledger.cursor import Cursor
from ekarte_core.ledger.ids import OperationIds
from ekarte_core.ledger.purses import read_purses
from ekarte_core.ledger.rows import OperationRow, Rows
from ekarte_core.ledger.statements import send
from ekarte_core.network.compiled import Network
from ekarte_core.network.document import Branch
from ekarte_core.rules.purses import Sheet
from ekarte_core.service.exposing import note_uses

ClockKey = tuple[str, int, int | None]  # None: the operation's own id


class ClockRun:
    """Cards that nobody else works on now, and the rows that this run writes."""

    def __init__(
        self,
        cr: Cursor,
        network: Network,
        keyring: Keyring,
        now: datetime,
        card_ids: Iterable[int],
    ) -> None:
        """Lock those of the cards that are free, and read their purses."""
        self.cr, self.network, self.keyring, self.now = cr, network, keyring, now
        self.cards = store.lock_cards(cr, card_ids, wait=False)
        read_purses(cr, self.cards)
        self.rows = Rows()
        self._ids = OperationIds(1)

    def sheet(self, account: store.CardRow) -> Sheet:
        """Return a working copy of an account's purses."""
        return Sheet(account.purses.values(), self.now)

    def place_of(self, issuer: str) -> Branch | None:
        """Accounting wants a place: the first branch of the issuer."""
        return self.network.first_branch(issuer)

    def today(self, branch: Branch | None) -> date:
        """The business day of a branch, else the day of UTC."""
        if branch is None:
            return self.now.date()
        return self.network.business_day(branch, self.now)

    def book(
        self,
        card: store.CardRow,
        account: store.CardRow,
        sheet: Sheet,
        key: ClockKey,
        command: str,
        *,
        issuer: str,
        branch: Branch | None,
        amount: int = 0,
        original_id: int | None = None,
    ) -> int:
        """Take a sheet's moves over as one operation; returns its id."""
        txn = next(self._ids.take(self.cr, 1))
        account.purses = {purse.key: purse for purse in sheet.all()}
        account.moved = account.moved | {move.key for move in sheet.moves}
        self.rows.add_moves(txn, account, sheet.moves)
        moved = [(account, sheet.moves)]
        note_uses(self.rows, {}, self.network, issuer, amount, moved)
        terminal, batch, number = key
        number = txn if number is None else number
        self.rows.operations.append(
            OperationRow(
                id=txn,
                business_day=self.today(branch),
                terminal=terminal,
                batch=batch,
                number=number,
                command=command,
                rc="00",
                card_id=card.id,
                issuer=issuer,
                branch=branch.code if branch else "",
                currency=self.network.document.currency,
                amount=amount,
                discount=0,
                amount_due=0,
                original_id=original_id,
                reference="",
                local_time=None,
                body_digest=self.keyring.body_digest(f"{command}|{number}".encode()),
                decision="{}",
                answer="{}",
            )
        )
        return txn

    def write(self) -> int:
        """Write everything; returns how many operations there were."""
        store.open_purses(self.cr, self.cards.values(), self._ids)
        statements = store.card_updates(self.cards.values(), self.now)
        statements += self.rows.statements(self.now, self.network.version)
        send(self.cr, statements)
        return len(self.rows.operations)
