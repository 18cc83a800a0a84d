"""What the gateway does by itself: networks, expiry, seals, old nonces, exposure."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ekarte_auth_gateway.flow.board import Board
from ekarte_auth_gateway.flow.counters import Counters
from ekarte_auth_gateway.flow.guesses import Guesses
from ekarte_auth_gateway.flow.key_book import KeyBook
from ekarte_auth_gateway.flow.threads import LedgerAway, LedgerThread
from ekarte_auth_gateway.ports import Clock, Ledger
from ekarte_core import (
    KeysSeen,
    Network,
    NetworkInvalid,
    NetworkMissing,
    share_guesses,
)

log = logging.getLogger(__name__)

EXPIRE_AT_ONCE = 500


@dataclass(frozen=True)
class Rhythm:
    """Seconds between two rounds of each chore."""

    network_s: float = 1.0
    guesses_s: float = 1.0
    expire_s: float = 2.0
    clock_s: float = 60.0
    seal_s: float = 10.0
    sweep_s: float = 60.0
    fold_s: float = 2.0


class Housekeeping:
    """Runs the chores, each at its own pace, until it is stopped."""

    def __init__(
        self,
        side: LedgerThread,
        back: LedgerThread,
        board: Board,
        keys: KeyBook,
        guesses: Guesses,
        clock: Clock,
        counters: Counters,
        rhythm: Rhythm,
    ) -> None:
        """Use `side` for what must be prompt and `back` for what may take long."""
        self._side = side
        self._back = back
        self._board = board
        self._keys = keys
        self._guesses = guesses
        self._clock = clock
        self._counters = counters
        self._rhythm = rhythm
        self._chores: list[asyncio.Task[None]] = []
        self._missing_told = False
        self._network_there = asyncio.Event()
        self.on_close: Callable[[], None] | None = None  # batches, without terminals

    def start(self) -> None:
        """Begin all chores; the network comes first, at once."""
        loop = asyncio.get_running_loop()
        rhythm = self._rhythm
        for chore, every_s in (
            # Before the network, with which terminals come: nobody is forgotten.
            (self.share_guesses, rhythm.guesses_s),
            (self.reload_network, rhythm.network_s),
            (self.expire_holds, rhythm.expire_s),
            (self.turn_the_clock, rhythm.clock_s),
            (self.seal, rhythm.seal_s),
            (self.sweep, rhythm.sweep_s),
            (self.fold_exposure, rhythm.fold_s),
        ):
            self._chores.append(loop.create_task(forever(chore, every_s)))

    async def stop(self) -> None:
        """End the chores; one that is under way is finished by its thread."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await self._keys.stop()

    async def reload_network(self) -> None:
        """Take a newer network document into use, and keys that came into force."""
        known = self._board.network
        await self._keys.write()
        try:
            network, keys = await self._side.call(
                lambda ledger: self._look(ledger, known)
            )
        except NetworkMissing:
            if not self._missing_told:
                log.warning(
                    "no network document: publish one from Odoo, or with "
                    "`python -m ekarte_core publish FILE`"
                )
            self._missing_told = True
            return
        except NetworkInvalid as fault:
            log.error(  # noqa: TRY400 - the trace says less than the faults
                "the published network document cannot be used; the old one stays",
                extra={"faults": [path for path, _ in fault.faults][:20]},
            )
            return
        # Before the network: with it terminals come, and an old key must be old then.
        self._keys.learn(keys)
        if network is known:
            return
        self._board.hang(network)
        self._network_there.set()
        # Else only the parameters of terminals have a newer version.
        if known is None or network.version != known.version:
            self._counters.network_version.set(network.version)
            log.info("network in use", extra={"version": network.version})

    def _look(self, ledger: Ledger, known: Network | None) -> tuple[Network, KeysSeen]:
        return ledger.network(known), self._keys.read(ledger)

    async def share_guesses(self) -> None:
        """Tell the other gateways what terminals missed here, and hear from them."""
        taken = self._guesses.take_unshared()
        now = self._clock()
        try:
            shared = await self._side.call(
                lambda ledger: ledger.lend(lambda cr: share_guesses(cr, taken, now))
            )
        except BaseException:
            self._guesses.put_back(taken)
            raise
        self._guesses.learn(shared, now)

    async def expire_holds(self) -> None:
        """Release holds whose time is over, as many rounds as it takes."""
        network = self._board.network
        while network is not None:
            count = await self._side.call(self._expire_some)
            if count:
                self._counters.holds_expired.inc(count)
                log.info("holds expired", extra={"count": count})
            if count < EXPIRE_AT_ONCE:
                return

    def _expire_some(self, ledger: Ledger) -> int:
        network = self._board.network
        if network is None:
            return 0
        return ledger.expire_holds(network, self._clock(), EXPIRE_AT_ONCE)

    async def turn_the_clock(self) -> None:
        """Let value lapse, turn periods, make statements: what a day's passing does."""
        await self._network_there.wait()  # not a round later, after a restart
        counts = await self._back.call(self._turn_a_little)
        while any(counts.values()):
            log.info("the clock has turned", extra={"operations": counts})
            closed = counts.get("batches", 0)
            self._counters.batches_closed.labels("schedule").inc(closed)
            if closed and self.on_close:
                self.on_close()
            counts = await self._back.call(self._turn_a_little)

    def _turn_a_little(self, ledger: Ledger) -> dict[str, int]:
        network = self._board.network
        if network is None:
            return {}
        return ledger.clock(network, self._clock(), EXPIRE_AT_ONCE)

    async def seal(self) -> None:
        """Continue the hash chain, behind the hot path."""
        await self._back.call(lambda ledger: ledger.seal(self._clock()))

    async def sweep(self) -> None:
        """Forget nonces that are too old to be accepted anyway."""
        await self._back.call(lambda ledger: ledger.sweep(self._clock()))

    async def fold_exposure(self) -> None:
        """Keep short what decisions sum up of issuers' debts to others."""
        await self._back.call(lambda ledger: ledger.fold_exposure(self._clock()))


async def forever(chore: Callable[[], Awaitable[None]], every_s: float) -> None:
    """Do a chore again and again, whatever becomes of it, until it is cancelled."""
    while True:
        try:
            await chore()
        except LedgerAway:
            log.debug("chore waits for the ledger", extra={"chore": chore.__name__})
        except Exception:
            # A chore that fails must not end the others, nor itself.
            log.exception("chore failed", extra={"chore": chore.__name__})
        await asyncio.sleep(every_s)
