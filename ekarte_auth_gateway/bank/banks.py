"""All that the gateway has to do with banks, joined: lines, operations, messages."""

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timezone
from pathlib import Path

from ekarte_auth_gateway.bank.cards import Vault
from ekarte_auth_gateway.bank.courier import Courier, Patience
from ekarte_auth_gateway.bank.desk import BankDesk
from ekarte_auth_gateway.bank.figures import BankFigures
from ekarte_auth_gateway.bank.link import Link, LinkRhythm
from ekarte_auth_gateway.bank.messages import Sender
from ekarte_auth_gateway.bank.runner import Banks as Known
from ekarte_auth_gateway.bank.runner import Runner
from ekarte_auth_gateway.codec import NUMBER_OF, Mac, mac_with
from ekarte_auth_gateway.flow import Board, Counters, Desk, LedgerAway, LedgerThread
from ekarte_auth_gateway.messages import Task, Verdict
from ekarte_auth_gateway.ports import Clock, Ledger, OpenLedger, is_open
from ekarte_core import (
    Acquirer,
    BankCourse,
    Keyring,
    Request,
    next_stan,
    own_bank_work,
)

log = logging.getLogger(__name__)

OWNER_BITS = 62
CONNECT_S, ROUND_S, WIPE_S = 0.2, 1.0, 60.0
REFUSED_S = 30.0
"""After which a missing or wrong key file is looked at again."""


@dataclass(frozen=True)
class BankLimits:
    """What the settings say.

    Attributes:
        keys: folder with a key file for each acquirer, ``<code>.key``, hex.
        rhythm: of the lines.
        patience: with reversals and completions.
    """

    keys: Path
    rhythm: LinkRhythm
    patience: Patience


class Banks:
    """Lines to all acquirers of the network, and what goes over them."""

    def __init__(
        self,
        open_ledger: OpenLedger,
        desk: Desk,
        board: Board,
        keyring: Keyring,
        clock: Clock,
        counters: Counters,
        limits: BankLimits,
    ) -> None:
        """Build everything; nothing connects yet."""
        self._open_ledger = open_ledger
        self._desk = desk
        self._board = board
        self._clock = clock
        self._limits = limits
        self._owner = secrets.randbits(OWNER_BITS)
        self._figures = BankFigures(counters.registry)
        self._links: dict[str, Link] = {}
        self._refused: dict[Acquirer, float] = {}
        self._chores: list[asyncio.Task[None]] = []
        self._thread = LedgerThread(self._open, "bank")
        known = Known(self._links.get, self._sender, self._version, self._listening)
        vault = Vault(keyring)
        self._has_key = vault.usable
        runner = Runner(
            self._thread,
            self._ask_ledger,
            desk.has,
            known,
            vault,
            clock,
            self._figures,
            owner=self._owner,
            kept=limits.patience.limit,
        )
        self._courier = Courier(
            self._thread, known, vault, clock, self._figures, limits.patience
        )
        self._bank_desk = BankDesk(
            runner,
            self._thread,
            board,
            keyring,
            clock,
            owner=self._owner,
            link=self._links.get,
            finish=desk.finish,
            ask_ledger=self._ask_ledger,
        )
        desk.banks = self._bank_desk.takes

    def start(self) -> None:
        """Begin to connect, to take up what was left, and to deliver."""
        loop = asyncio.get_running_loop()
        for chore, every_s in (
            (self._connect, CONNECT_S),
            (self._bank_desk.tidy, ROUND_S),
            (self._courier.round, ROUND_S / 2),
            (self._courier.wipe, WIPE_S),
        ):
            self._chores.append(loop.create_task(_forever(chore, every_s)))

    async def stop(self) -> None:
        """Finish purchases under way, hang up; what waits is delivered another day."""
        await self._bank_desk.stop()
        for chore in self._chores:
            chore.cancel()
        await asyncio.gather(*self._chores, return_exceptions=True)
        await asyncio.gather(*(link.stop() for link in self._links.values()))
        await self._thread.stop()

    def _open(self) -> Ledger:
        """Open the ledger, and let other gateways see that we are at work."""
        ledger = self._open_ledger()
        ledger.lend(lambda cr: own_bank_work(cr, self._owner))
        return ledger

    async def _ask_ledger(self, request: Request) -> Verdict:
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

        def done(verdict: Verdict) -> None:
            if not future.done():
                future.set_result(verdict)

        self._desk.put(Task(request, "bank", done, time.monotonic()))
        return await future

    def _sender(self, course: BankCourse) -> Sender:
        device = self._board.device(course.key[0])
        link = self._links.get(course.acquirer)
        return Sender(
            currency=NUMBER_OF[course.currency],
            institution=link.acquirer.institution if link is not None else "",
            zone=device.zone if device is not None else timezone.utc,
        )

    def _version(self) -> int:
        network = self._board.network
        return network.version if network is not None else 0

    def _listening(self) -> list[str]:
        return [code for code, link in self._links.items() if link.ready]

    async def _stan(self) -> int:
        return await self._thread.call(lambda ledger: ledger.lend(next_stan))

    async def _connect(self) -> None:
        """Keep a line to each acquirer of the network, and to no other."""
        network = self._board.network
        if network is None:
            return
        for code, link in list(self._links.items()):
            if network.acquirers.get(code) != link.acquirer:
                del self._links[code]
                await link.stop()
        for code, acquirer in network.acquirers.items():
            again_s = self._refused.get(acquirer, 0.0)
            if code not in self._links and time.monotonic() >= again_s:
                self._new_link(acquirer)

    def _new_link(self, acquirer: Acquirer) -> None:
        try:
            mac = self._mac(acquirer)
        except (OSError, ValueError) as fault:
            self._refused[acquirer] = time.monotonic() + REFUSED_S
            log.error(  # noqa: TRY400 - the trace says less than the reason
                "acquirer cannot be used",
                # A ValueError's own words would quote the key.
                extra={
                    "acquirer": acquirer.code,
                    "reason": str(fault)
                    if isinstance(fault, OSError)
                    else type(fault).__name__,
                },
            )
            return
        if acquirer.reversal_card and not self._has_key:
            log.warning(
                "reversals go without the card's number: the keyring has no bank key",
                extra={"acquirer": acquirer.code},
            )
        link = self._links[acquirer.code] = Link(
            acquirer, mac, self._stan, self._clock, self._figures, self._limits.rhythm
        )
        link.start()

    def _mac(self, acquirer: Acquirer) -> Mac | None:
        if acquirer.mac == "none":
            return None
        file = self._limits.keys / f"{acquirer.code}.key"
        if is_open(file):
            raise PermissionError("open to others: chmod 640")
        return mac_with(acquirer.mac, bytes.fromhex(file.read_text().strip()))


async def _forever(chore: Callable[[], Awaitable[None]], every_s: float) -> None:
    while True:
        try:
            await chore()
        except LedgerAway:
            log.debug("bank's chore waits for the ledger")
        except Exception:
            # A chore that fails must not end the others, nor itself.
            log.exception("bank's chore failed", extra={"chore": chore.__name__})
        await asyncio.sleep(every_s)
