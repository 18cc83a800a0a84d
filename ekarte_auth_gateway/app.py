"""Builds the gateway from its settings, runs it, and takes it down in order."""

import asyncio
import gc
import json
import logging
import signal
import sys
import traceback
from datetime import datetime, timedelta, timezone

from ekarte_auth_gateway.bank import BankLimits, Banks, LinkRhythm, Patience
from ekarte_auth_gateway.channel import ChannelLimits, IsoService, TcpServer
from ekarte_auth_gateway.codec import PROFILE_A, PROFILE_B, Profile, redact
from ekarte_auth_gateway.flow import (
    Board,
    Counters,
    Desk,
    Housekeeping,
    KeyBook,
    LedgerThread,
    Limits,
    Rhythm,
    Schedule,
    Settlement,
)
from ekarte_auth_gateway.http import (
    Bodies,
    HttpLimits,
    HttpServer,
    HttpService,
    OdooOffice,
)
from ekarte_auth_gateway.nexo import NexoService
from ekarte_auth_gateway.parameters import ParametersService, load_signer
from ekarte_auth_gateway.ports import Ledger
from ekarte_auth_gateway.serial import FrameService, SerialLines
from ekarte_auth_gateway.settings import Address, Settings
from ekarte_auth_gateway.slips import PrinterLimits, Printers, Slips
from ekarte_auth_gateway.tls import Tls
from ekarte_core import (
    LedgerConnection,
    NetworkInvalid,
    NetworkMissing,
    load_keyring,
)

log = logging.getLogger(__name__)

TRACE_FRAMES = 12
COLLECT_EVERY = (50_000, 20, 100)
SHARED_LOOKS, SHARED_LOOK_S = 500, 0.02


class JsonLines(logging.Formatter):
    """One JSON object a line, with every secret taken out of the finished line."""

    _OWN = frozenset(
        vars(logging.makeLogRecord({})) | {"message": "", "asctime": "", "taskName": ""}
    )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; whatever was given as `extra` becomes fields of it."""
        at = datetime.fromtimestamp(record.created, timezone.utc)
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "room": record.name.removeprefix("ekarte_auth_gateway."),
            "event": record.getMessage(),
        }
        for name, value in vars(record).items():
            if name not in self._OWN:
                line[name] = value
        if record.exc_info:
            kind, fault, trace = record.exc_info
            told = traceback.format_exception(kind, fault, trace, limit=-TRACE_FRAMES)
            line["trace"] = "".join(told)
        return redact(json.dumps(line, default=str, ensure_ascii=False))


def set_up_logs(level: str) -> None:
    """Log JSON lines to standard error, for this process and its libraries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # These speak of every connection; their warnings still come through.
    for name in ("aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(root.level, logging.WARNING))


def now() -> datetime:
    """The gateway's clock."""
    return datetime.now(timezone.utc)


class Gateway:
    """All parts joined. Made, started and stopped on one event loop."""

    def __init__(self, settings: Settings) -> None:
        """Build everything; nothing listens or connects yet.

        Raises:
            KeyringInvalid: the keyring file cannot be used.
            ParametersKeyInvalid: the key of parameters cannot be used.
            TlsInvalid: the certificate or its key cannot be used.
        """
        self._settings = settings
        self._keyring = load_keyring(settings.keyring)
        self._tls = None if settings.tls is None else Tls(settings.tls)
        self.http_port = 0
        self.figures_port = 0
        self.iso_port = 0
        self.iso_b_port = 0
        self.frame_port = 0
        self.nexo_port = 0
        counters = Counters()
        board = Board(self._keyring, settings.rate_max)
        self._side = LedgerThread(self._open_ledger, "side")
        self._back = LedgerThread(self._open_ledger, "back")
        self._desk = Desk(
            self._open_ledger,
            self._side,
            board,
            now,
            counters,
            Limits(
                queue_max=settings.queue_max,
                queue_s=settings.queue_s,
                group_max=settings.group_max,
                wait_s=settings.wait_s,
            ),
        )
        self._slips = _slips(settings, board, counters)
        self._desk.refuse = self._slips.refusal
        self._desk.on_answer = self._slips.finish
        self._housekeeping = Housekeeping(
            self._side,
            self._back,
            board,
            KeyBook(self._side, board, now),
            self._desk.guesses,
            now,
            counters,
            Rhythm(expire_s=settings.expire_every_s, seal_s=settings.seal_every_s),
        )
        self._http, self._figures = _http_servers(settings, self._desk, board, counters)
        self._iso, self._iso_b = (
            _iso_server(settings, self._desk, board, counters, profile)
            for profile in (PROFILE_A, PROFILE_B)
        )
        self._nexo = self._nexo_server(board, counters)
        self._frame = TcpServer(
            FrameService(self._desk, board, counters, "frame"),
            counters,
            _channel_limits(settings),
        )
        self._lines = SerialLines(
            settings.serial,
            FrameService(self._desk, board, counters, "serial"),
            counters,
        )
        self._office, self._settlement = self._accounting(board, counters)
        self._parameters = self._telling(board, counters)
        self._banks = self._with_banks(board, counters)

    def _nexo_server(self, board: Board, counters: Counters) -> HttpServer:
        """Serve cash registers; batches are looked up beside the lanes."""
        limits = _http_limits(self._settings)
        bodies = Bodies(limits.body_wait_s)
        service = NexoService(
            self._desk, board, now, counters, limits, bodies, self._side
        )
        return HttpServer(service.handle, counters, limits, bodies, "nexo")

    def _telling(self, board: Board, counters: Counters) -> ParametersService | None:
        """What terminals download, if there is a key to sign it with."""
        settings = self._settings.parameters
        if settings is None:
            return None
        signer = load_signer(settings.key_file)
        thread = LedgerThread(self._open_ledger, "parameters")
        service = ParametersService(
            thread, board, now, signer, settings.every_s, counters
        )
        self._desk.aside["parameters"] = service.take
        return service

    def _accounting(
        self, board: Board, counters: Counters
    ) -> tuple[OdooOffice | None, Settlement | None]:
        odoo = self._settings.odoo
        if odoo is None:
            return None, None
        office = OdooOffice(odoo.url, odoo.database, odoo.key_file)
        schedule = Schedule(
            every_s=self._settings.settle_every_s,
            retry_first_s=self._settings.retry_first_s,
            retry_max_s=self._settings.retry_max_s,
        )
        settlement = Settlement(self._back, office, board, now, counters, schedule)
        self._desk.on_close = settlement.batch_closed
        self._housekeeping.on_close = settlement.batch_closed
        return office, settlement

    def _with_banks(self, board: Board, counters: Counters) -> Banks | None:
        """Join what speaks to acquirers; without it the desk refuses bank parts."""
        settings = self._settings
        if settings.bank is None:
            return None
        limits = BankLimits(
            keys=settings.bank.keys,
            rhythm=LinkRhythm(settings.bank.wait_s, settings.bank.echo_s),
            patience=Patience(
                settings.retry_first_s,
                settings.retry_max_s,
                timedelta(hours=settings.bank.limit_h),
            ),
        )
        return Banks(
            self._open_ledger,
            self._desk,
            board,
            self._keyring,
            now,
            counters,
            limits,
        )

    def _open_ledger(self) -> Ledger:
        """Connect; a connection that cannot read the network is none."""
        ledger = LedgerConnection(
            self._settings.dsn, self._keyring, prepare=self._settings.prepare
        )
        try:
            ledger.network(None)
        except (NetworkMissing, NetworkInvalid) as fault:
            # The database answers: that is all that is asked here. Housekeeping
            # tells about the network.
            log.debug("connected without a network", extra={"reason": str(fault)})
        except BaseException:
            ledger.close()
            raise
        return ledger

    async def start(self) -> None:
        """Connect to the ledger and listen."""
        self._desk.start()
        self._housekeeping.start()
        if self._banks is not None:
            self._banks.start()
        if self._settlement is not None:
            self._settlement.start()
        if self._parameters is not None:
            self._parameters.start()
        settings = self._settings
        # Its own though others are shared: who reads figures means one process.
        self.figures_port = await self._open(
            self._figures, settings.figures, "metrics", shared=False
        )
        if settings.shared_ports:
            await self._wait_until_able()
        self.http_port = await self._open(self._http, settings.http, "http")
        self.iso_port = await self._open(self._iso, settings.iso, "iso8583")
        self.iso_b_port = await self._open(self._iso_b, settings.iso_b, "iso8583-B")
        self.frame_port = await self._open(self._frame, settings.frame, "frame")
        self.nexo_port = await self._open(self._nexo, settings.nexo, "nexo")
        self._lines.start()
        ports = {
            "metrics_port": self.figures_port,
            "iso_port": self.iso_port,
            "iso_b_port": self.iso_b_port,
            "frame_port": self.frame_port,
            "nexo_port": self.nexo_port,
        }
        log.info("listening", extra={"http_port": self.http_port, **ports})

    async def _wait_until_able(self) -> None:
        """Leave connections to those who can serve, while we cannot; not for ever."""
        for _ in range(SHARED_LOOKS):
            if not self._desk.faults:
                return
            await asyncio.sleep(SHARED_LOOK_S)
        log.warning("listening though not ready", extra={"faults": self._desk.faults})

    async def _open(
        self,
        server: HttpServer | TcpServer,
        address: Address | None,
        door: str,
        *,
        shared: bool = True,
    ) -> int:
        """Listen at a door, if it has an address; return its port."""
        if address is None:
            return 0
        context = None if self._tls is None else self._tls.context(door)
        shared = shared and self._settings.shared_ports
        return await server.start(address.host, address.port, context, shared=shared)

    def reload(self) -> None:
        """Read certificates anew (SIGHUP); connections that are open stay."""
        if self._tls is not None:
            self._tls.reload()

    async def stop(self) -> None:
        """Stop listening, answer what is under way, hang up, end the threads."""
        log.info("stopping")
        await self._http.refuse_new()
        await self._iso.refuse_new()
        await self._iso_b.refuse_new()
        await self._frame.refuse_new()
        await self._nexo.refuse_new()
        if self._banks is not None:
            await self._banks.stop()
        await self._desk.stop()
        if self._parameters is not None:
            await self._parameters.stop()
        await self._http.stop()
        await self._figures.stop()
        await self._iso.stop()
        await self._iso_b.stop()
        await self._frame.stop()
        await self._nexo.stop()
        await self._lines.stop()
        await self._slips.stop()
        if self._settlement is not None:
            await self._settlement.stop()
        await self._housekeeping.stop()
        if self._office is not None:
            await self._office.close()
        await self._side.stop()
        await self._back.stop()
        log.info("stopped")


def _slips(settings: Settings, board: Board, counters: Counters) -> Slips:
    limits = PrinterLimits(
        queue_max=settings.printer_queue_max, give_up_s=settings.printer_give_up_s
    )
    return Slips(board, Printers(counters, limits))


def _http_servers(
    settings: Settings, desk: Desk, board: Board, counters: Counters
) -> tuple[HttpServer, HttpServer]:
    """Make the door of terminals and the one for figures only."""
    limits = _http_limits(settings)
    bodies = Bodies(limits.body_wait_s)
    service = HttpService(desk, board, now, counters, limits, bodies)
    return (
        HttpServer(service.handle, counters, limits, bodies, "http"),
        HttpServer(service.look, counters, limits, bodies, "metrics"),
    )


def _http_limits(settings: Settings) -> HttpLimits:
    return HttpLimits(
        body_bytes_max=settings.body_bytes_max,
        idle_s=settings.idle_s,
        connections_max=settings.connections_max,
    )


def _iso_server(
    settings: Settings, desk: Desk, board: Board, counters: Counters, profile: Profile
) -> TcpServer:
    service = IsoService(desk, board, now, counters, profile)
    return TcpServer(service, counters, _channel_limits(settings))


def _channel_limits(settings: Settings) -> ChannelLimits:
    return ChannelLimits(
        frame_bytes_max=settings.frame_bytes_max,
        idle_s=settings.idle_s,
        connections_max=settings.connections_max,
    )


def _collect_seldom() -> None:
    """Keep the garbage collector from looking at everything all the time.

    A request makes thousands of objects and no cycles; looking through them took the
    loop's time in bursts, when there was most to do (docs/PERFORMANCE.md).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECT_EVERY)


async def run(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT."""
    gateway = Gateway(settings)
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    loop.add_signal_handler(signal.SIGHUP, gateway.reload)
    try:
        await gateway.start()
        _collect_seldom()
        await stopping.wait()
    finally:
        await gateway.stop()
