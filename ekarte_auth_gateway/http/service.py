"""HTTP/JSON: one path for each command, and the pages that tell about the gateway.

A low-level aiohttp server: there are twenty fixed paths, so a dict does what a router
would. The connection's own limits (number, idle time, size) are in server.py.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from ekarte_auth_gateway.codec import redact
from ekarte_auth_gateway.flow import Board, Counters, Desk, Device
from ekarte_auth_gateway.http.answers import JSON, problem, respond
from ekarte_auth_gateway.http.body import Bodies, BodyGivenUp, BodyLate
from ekarte_auth_gateway.http.key import answer_key
from ekarte_auth_gateway.http.openapi import openapi
from ekarte_auth_gateway.http.signature import SignatureFault, SignatureGate, Signed
from ekarte_auth_gateway.messages import AWAY, OVERLOADED, STOPPING, Task, Verdict
from ekarte_auth_gateway.ports import Clock
from ekarte_auth_gateway.tls import fingerprint
from ekarte_core import COMMANDS, Rc, Request, RequestInvalid, read_request

log = logging.getLogger(__name__)

PREFIX = "/v1/"
KEY = "key"
Page = Callable[[], web.Response]


@dataclass(frozen=True)
class HttpLimits:
    """Bounds of one request and of the connections.

    Attributes:
        body_bytes_max: larger bodies get 413.
        body_wait_s: a body that trickles longer is given up.
        idle_s: a connection without a request is closed after so long.
        connections_max: more are closed at once.
    """

    body_bytes_max: int = 65_536
    body_wait_s: float = 10.0
    idle_s: float = 300.0
    connections_max: int = 4096


class HttpService:
    """Answers HTTP requests; one instance is the server's handler."""

    def __init__(
        self,
        desk: Desk,
        board: Board,
        clock: Clock,
        counters: Counters,
        limits: HttpLimits,
        bodies: Bodies,
    ) -> None:
        """Take the desk for commands and the counters for their page."""
        self._desk = desk
        self._board = board
        self._counters = counters
        self._limits = limits
        self._bodies = bodies
        self._gate = SignatureGate(board, clock)
        self._commands = {PREFIX + name: name for name in (*COMMANDS, KEY)}
        self._openapi = msgspec.json.encode(openapi())
        self._pages: dict[str, Page] = {
            "/openapi.json": self._openapi_page,
            "/healthz": self._health_page,
            "/readyz": self._ready_page,
            "/metrics": self._metrics_page,
        }

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        command = self._commands.get(request.path)
        if command is None:
            return self._page(request)
        if request.method != "POST":
            response = problem(405, Rc.COMMAND.value, "commands are sent by POST")
            response.headers["Allow"] = "POST"
            return response
        return await self._command(request, command)

    async def look(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request at the door for figures: pages, no commands."""
        return self._page(request)

    async def _command(self, request: web.BaseRequest, command: str) -> web.Response:
        born_s = time.monotonic()
        body, refused = await self._body(request)
        if refused is None and self._board.network is None:
            refused = respond(AWAY)  # nobody's key is known yet
        if refused is not None:
            return self._refuse(command, refused)
        if self._desk.is_full:
            # Before the signature is looked at: who refuses much must refuse quickly.
            self._counters.answered(command, OVERLOADED.rc, "http", 0.0)
            return respond(OVERLOADED)
        certificate = fingerprint(request.transport)
        signs = command == KEY or "Signature-Input" in request.headers
        if certificate and not signs:
            return await self._certified(command, body, certificate, born_s)
        try:
            signed = self._gate.check(request, body)
            _check_certificate(signed.device, certificate)
        except SignatureFault as fault:
            log.warning(
                "signature refused",
                extra={"reason": str(fault), "peer": str(request.remote)},
            )
            refused = problem(401, fault.rc, str(fault), fault.field)
            return self._refuse(command, refused)
        if command == KEY:
            return self._key(signed.device, body, born_s)
        return await self._signed(command, body, signed, born_s)

    async def _signed(
        self, command: str, body: bytes, signed: Signed, born_s: float
    ) -> web.Response:
        """Serve who has signed."""
        try:
            order = read_request(command, body)
        except RequestInvalid as fault:
            return self._refuse(command, _invalid(fault, signed.device))
        refused = self._terminal_refusal(order, signed.device, born_s)
        if refused is not None:
            return self._refuse(command, refused)
        return respond(await self._execute(order, signed, born_s))

    def _key(self, device: Device, body: bytes, now_s: float) -> web.Response:
        """Tell a terminal its next key; who replays this learns nothing: no nonce."""
        response = _device_refusal(device, now_s) or answer_key(device, body)
        return self._refuse(KEY, response)

    async def _certified(
        self, command: str, body: bytes, certificate: str, born_s: float
    ) -> web.Response:
        """Serve who has no signature, and a certificate that is a terminal's."""
        try:
            order = read_request(command, body)
        except RequestInvalid as fault:
            return self._refuse(command, _malformed(fault))
        device = self._board.device(order.terminal)
        bound = device is not None and certificate in device.terminal.certificates
        if device is None or not bound or device.terminal.protocol != "http":
            log.warning("certificate refused", extra={"certificate": certificate[:16]})
            told = "the client certificate is not this terminal's"
            return self._refuse(
                command, problem(401, Rc.MAC.value, told, "certificate")
            )
        refused = self._terminal_refusal(order, device, born_s)
        if refused is not None:
            return self._refuse(command, refused)
        return respond(await self._execute(order, Signed(device, None), born_s))

    async def _body(
        self, request: web.BaseRequest
    ) -> tuple[bytes, web.Response | None]:
        """Read the body as it came, within limits of size and time."""
        limit = self._limits.body_bytes_max
        if (request.content_length or 0) > limit:
            return b"", self._too_large()
        encoding = request.headers.get("Content-Encoding", "identity")
        if encoding != "identity":
            return b"", problem(
                415, Rc.FORMAT.value, "send the body as it is", "content-encoding"
            )
        try:
            body = await self._bodies.read(request)
        except web.HTTPRequestEntityTooLarge:
            return b"", self._too_large()
        except BodyLate:
            return b"", problem(408, Rc.FORMAT.value, "the body did not come", "$")
        except BodyGivenUp:
            return b"", respond(STOPPING)
        return body, None

    def _too_large(self) -> web.Response:
        limit = self._limits.body_bytes_max
        response = problem(
            413, Rc.FORMAT.value, f"the body is larger than {limit} bytes", "$"
        )
        # Nobody reads the rest: the connection cannot go on.
        response.force_close()
        return response

    def _terminal_refusal(
        self, order: Request, device: Device, now_s: float
    ) -> web.Response | None:
        terminal = device.terminal
        if order.terminal != terminal.id:
            return problem(
                401, Rc.MAC.value, "terminal is not the one that signed", "terminal"
            )
        return _device_refusal(device, now_s)

    async def _execute(self, order: Request, signed: Signed, born_s: float) -> Verdict:
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

        def done(verdict: Verdict) -> None:
            if not future.done():  # the terminal may have hung up
                future.set_result(verdict)

        self._desk.submit(Task(order, "http", done, born_s, signed.nonce))
        return await future

    def _refuse(self, command: str, response: web.Response) -> web.Response:
        """Count what the desk does not."""
        self._counters.answered(command, str(response.status), "http", 0.0)
        return response

    def _page(self, request: web.BaseRequest) -> web.Response:
        page = self._pages.get(request.path)
        if page is None:
            if request.path.startswith(PREFIX):
                names = ", ".join(COMMANDS)
                return problem(
                    404, Rc.COMMAND.value, f"commands are {names}", "command"
                )
            return problem(404, Rc.COMMAND.value, "no such page: see /openapi.json")
        if request.method not in ("GET", "HEAD"):
            return problem(405, Rc.COMMAND.value, "this page is read by GET")
        return page()

    def _openapi_page(self) -> web.Response:
        return web.Response(body=self._openapi, headers=JSON)

    def _health_page(self) -> web.Response:
        return web.Response(body=b'{"alive":true}', headers=JSON)

    def _ready_page(self) -> web.Response:
        faults = self._desk.faults
        network = self._board.network
        body = {
            "ready": not faults,
            "faults": faults,
            "network_version": network.version if network else 0,
        }
        return web.Response(
            status=503 if faults else 200, body=msgspec.json.encode(body), headers=JSON
        )

    def _metrics_page(self) -> web.Response:
        return web.Response(
            body=self._counters.page(),
            headers={
                **JSON,
                "Content-Type": "text/plain; version=0.0.4; charset=utf-8",
            },
        )


def _device_refusal(device: Device, now_s: float) -> web.Response | None:
    if device.terminal.state != "active":
        return _blocked()
    if not device.may_send(now_s):
        return problem(
            429, Rc.TOO_OFTEN.value, "too many requests a second", "terminal"
        )
    return None


def _blocked() -> web.Response:
    return problem(403, Rc.TERMINAL.value, "this terminal is blocked", "terminal")


def _check_certificate(device: Device, certificate: str) -> None:
    """A terminal with certificates comes with one of them, signature or not."""
    if not device.admits(certificate):
        raise SignatureFault(
            "certificate", "this terminal comes with its client certificate only"
        )


def _malformed(fault: RequestInvalid) -> web.Response:
    # A field's name may be anything that somebody sent.
    return problem(400, fault.rc, redact(str(fault)), redact(fault.field))


def _invalid(fault: RequestInvalid, device: Device) -> web.Response:
    """Refuse a body that cannot be read; a blocked terminal is told that first."""
    if device.terminal.state != "active":
        return _blocked()
    return _malformed(fault)
