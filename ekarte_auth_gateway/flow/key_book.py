"""Which keys terminals have used, as all gateways and every restart know it.

A terminal that got its next key over the wire uses it when it likes; with that the old
one is worth nothing. The gateway that hears it first notes it in the ledger, the others
read it there within a second.
"""

import asyncio
import logging
from functools import partial

from ekarte_auth_gateway.flow.board import Board
from ekarte_auth_gateway.flow.threads import LedgerAway, LedgerThread
from ekarte_auth_gateway.ports import Clock, Ledger
from ekarte_core import KeysSeen, note_terminal_key, terminal_keys_since

log = logging.getLogger(__name__)


class KeyBook:
    """Notes keys that come into force, and learns of those that others noted."""

    def __init__(self, thread: LedgerThread, board: Board, clock: Clock) -> None:
        """Hear from the board; nothing is read or written yet."""
        self._thread = thread
        self._board = board
        self._clock = clock
        self._upto = 0
        self._unwritten: dict[str, int] = {}
        self._writing: asyncio.Task[None] | None = None
        board.on_key = self._hear

    def read(self, ledger: Ledger) -> KeysSeen:
        """Read what is new; in the ledger's thread."""
        upto = self._upto
        return ledger.lend(lambda cr: terminal_keys_since(cr, upto))

    def learn(self, seen: KeysSeen) -> None:
        """Use what was read; on the event loop."""
        self._upto = seen.upto
        self._board.keys_used(seen.versions)

    def _hear(self, terminal: str, version: int) -> None:
        log.info("key in force", extra={"terminal": terminal, "version": version})
        self._unwritten[terminal] = version
        if self._writing is None or self._writing.done():
            self._writing = asyncio.get_running_loop().create_task(self._write_soon())

    async def _write_soon(self) -> None:
        try:
            await self.write()
        except LedgerAway:
            log.warning("keys in force wait for the ledger")  # the chore tries again
        except Exception:
            log.exception("keys in force not noted")

    async def write(self) -> None:
        """Note what nobody has noted yet.

        Raises:
            LedgerAway: the ledger is not there; all of it is kept for later.
        """
        while self._unwritten:
            terminal, version = next(iter(self._unwritten.items()))
            await self._thread.call(partial(self._note, terminal, version))
            if self._unwritten.get(terminal) == version:
                del self._unwritten[terminal]

    def _note(self, terminal: str, version: int, ledger: Ledger) -> bool:
        now = self._clock()
        return ledger.lend(lambda cr: note_terminal_key(cr, terminal, version, now))

    async def stop(self) -> None:
        """Note what is left, if the ledger is there."""
        if self._writing is not None:
            await self._writing
        await self._write_soon()
