"""POST /nexo/: who sent it, what it asks, and its answer."""

import asyncio
import hmac
import ipaddress
import logging
import time

import msgspec
from aiohttp import web

from ekarte_auth_gateway.codec import redact
from ekarte_auth_gateway.flow import (
    Board,
    Counters,
    Desk,
    Device,
    LedgerAway,
    LedgerThread,
)
from ekarte_auth_gateway.http import Bodies, BodyGivenUp, BodyLate, HttpLimits
from ekarte_auth_gateway.messages import AWAY, Task, Verdict
from ekarte_auth_gateway.nexo import requests as said
from ekarte_auth_gateway.nexo.naming import operation_of, totals_operation_of
from ekarte_auth_gateway.nexo.parts import NexoFault, Sender
from ekarte_auth_gateway.nexo.reading import (
    CATEGORIES,
    read_header,
    read_message,
    read_request,
    told_again,
    told_totals,
)
from ekarte_auth_gateway.nexo.responses import (
    Body,
    RepeatedMessageResponse,
    encode_response,
)
from ekarte_auth_gateway.nexo.writing import (
    Asked,
    body_of,
    refusal_of,
    response_of,
)
from ekarte_auth_gateway.ports import Clock
from ekarte_auth_gateway.tls import fingerprint
from ekarte_core import (
    Answer,
    NumberUse,
    Original,
    Rc,
    Request,
    RequestInvalid,
    check_request,
    decode_answer,
    use_of_number,
)

log = logging.getLogger(__name__)

PATH = "/nexo/"
KEY_HEADER = "X-API-Key"
_JSON = {"Content-Type": "application/json", "Server": "ekarte"}
_ATTEMPTS = 2


def api_key(terminal_key: bytes) -> str:
    """Return the API key of a terminal: derived, so that it needs no store."""
    return hmac.digest(terminal_key, b"ekarte nexo api key", "sha256").hex()


class _Refused(Exception):
    """Not nexo's business yet: an HTTP status tells it."""

    def __init__(self, status: int, rc: Rc, message: str) -> None:
        self.status = status
        self.rc = rc
        super().__init__(message)


class NexoService:
    """Answers nexo's messages; one instance is the handler of a server."""

    def __init__(
        self,
        desk: Desk,
        board: Board,
        clock: Clock,
        counters: Counters,
        limits: HttpLimits,
        bodies: Bodies,
        thread: LedgerThread,
    ) -> None:
        """Take the desk for commands; `thread` looks up the batches of messages."""
        self._desk = desk
        self._board = board
        self._clock = clock
        self._counters = counters
        self._limits = limits
        self._bodies = bodies
        self._thread = thread

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one HTTP request."""
        born_s = time.monotonic()
        try:
            header, device, body = await self._admit(request)
        except _Refused as refused:
            rc = refused.rc.value
            self._counters.answered("refused", rc, "nexo", 0.0)
            log.warning("nexo refused", extra={"reason": str(refused)})
            return _problem(refused)
        if header.message_category == "Abort":
            # Nothing waits at a card reader here; nexo wants no answer to this.
            return web.Response(status=200, headers=_JSON)
        answered = await self._answer(header, device, body, born_s)
        return web.Response(body=encode_response(header, answered), headers=_JSON)

    async def _admit(
        self, request: web.BaseRequest
    ) -> tuple[said.MessageHeader, Device, bytes]:
        """Return who sent what, once that is certain.

        Raises:
            _Refused: with the status to answer.
        """
        if request.path.rstrip("/") != PATH.rstrip("/"):
            raise _Refused(404, Rc.COMMAND, f"messages go to {PATH}")
        if request.method != "POST":
            raise _Refused(405, Rc.COMMAND, "messages are posted")
        body = await self._body(request)
        try:
            header = read_header(body)
        except NexoFault as fault:
            raise _Refused(400, fault.rc, f"{fault.place}: {fault}") from None
        if self._board.network is None:
            raise _Refused(503, Rc.SILENT, "the gateway has no network yet")
        device = self._board.device(header.poi_id)
        if device is None or device.terminal.protocol != "nexo":
            raise _Refused(401, Rc.TERMINAL, "POIID: no nexo terminal of this network")
        _check_sender(request, device)
        if device.terminal.state != "active":
            raise _Refused(403, Rc.TERMINAL, "this terminal is blocked")
        if not device.may_send(time.monotonic()):
            raise _Refused(429, Rc.TOO_OFTEN, "too many messages a second")
        if header.message_category not in (*CATEGORIES, "Abort"):
            raise _Refused(400, Rc.COMMAND, f"categories are {', '.join(CATEGORIES)}")
        return header, device, body

    async def _body(self, request: web.BaseRequest) -> bytes:
        """Read the body, chunked or not, within limits of size and time."""
        try:
            return await self._bodies.read(request)
        except web.HTTPRequestEntityTooLarge:
            told = f"the body is larger than {self._limits.body_bytes_max} bytes"
            raise _Refused(413, Rc.FORMAT, told) from None
        except BodyLate:
            raise _Refused(408, Rc.FORMAT, "the body did not come") from None
        except BodyGivenUp:
            raise _Refused(503, Rc.SILENT, "the gateway is stopping: repeat") from None

    async def _answer(
        self, header: said.MessageHeader, device: Device, body: bytes, born_s: float
    ) -> Body:
        try:
            message = read_message(body)
            return await self._serve(message, device, born_s)
        except NexoFault as fault:
            told = f"{fault.place}: {fault}" if fault.place else str(fault)
            answer = Answer(rc=fault.rc.value, message=told, field=fault.place)
        except RequestInvalid as fault:
            answer = Answer(
                rc=fault.rc, message=redact(str(fault)), field=redact(fault.field)
            )
        except LedgerAway:
            answer = decode_answer(AWAY.answer)
        self._counters.answered("refused", answer.rc, "nexo", 0.0)
        log.warning(
            "nexo message refused",
            extra={"category": header.message_category, "rc": answer.rc},
        )
        return refusal_of(answer)

    async def _serve(
        self, message: said.SaleToPOIRequest, device: Device, born_s: float
    ) -> Body:
        """Answer a message that could be read."""
        category = message.message_header.message_category
        sender = self._sender(device)
        # Read once before anything is asked: what is wrong costs no look-up.
        check_request(read_request(message, 1, sender))
        if category in ("Login", "Logout", "Diagnosis"):
            request = _without_key(read_request(message, 1, sender))
            answer = await self._execute(request, born_s)
            return body_of(answer, Asked(message, request, sender))
        if category == "TransactionStatus":
            return await self._status(message, device, born_s)
        if category in ("Reconciliation", "GetTotals"):
            return await self._totals(message, device, born_s)
        return await self._book(message, device, born_s)

    async def _book(
        self, message: said.SaleToPOIRequest, device: Device, born_s: float
    ) -> Body:
        """Execute in the batch of an earlier attempt, or in the open one."""
        sender = self._sender(device)
        number = operation_of(message.message_header.service_id)
        for left in reversed(range(_ATTEMPTS)):
            batch = (await self._use(device, number)).batch
            request = read_request(message, batch, sender)
            answer = await self._execute(request, born_s)
            # Somebody may have closed the batch in between: then there is a new one.
            if answer.rc != Rc.BATCH or not left:
                break
        return body_of(answer, Asked(message, request, sender))

    async def _status(
        self, message: said.SaleToPOIRequest, device: Device, born_s: float
    ) -> Body:
        asked = message.transaction_status_request
        assert asked is not None
        wanted = asked.message_reference
        if wanted.poi_id not in ("", device.terminal.id):
            raise NexoFault(Rc.ORIGINAL, "is another terminal's", "POIID")
        number, sender = operation_of(wanted.service_id), self._sender(device)
        use = await self._use(device, number)
        request = read_request(message, use.batch, sender)
        original = Original(batch=use.batch, operation=number)
        request = msgspec.structs.replace(request, original=original)
        answer = await self._execute(request, born_s)
        if answer.original is None:
            return refusal_of(answer)
        category = wanted.message_category or "Payment"
        first = msgspec.structs.replace(
            message.message_header,
            message_category=category,
            message_type="Response",
            service_id=wanted.service_id,
        )
        stored = answer.original
        if not asked.receipt_reprint_flag:
            stored = msgspec.structs.replace(stored, slip=())
        # Its message is gone: the answer is told as far as it speaks for itself.
        order = told_again(first, use.command)
        request = msgspec.structs.replace(request, operation=number, local_time=None)
        repeated = (
            refusal_of(stored)
            if order is None
            else body_of(stored, Asked(order, request, sender, again=True))
        )
        return Body(
            response=response_of(answer),
            repeated_message_response=RepeatedMessageResponse(
                message_header=first,
                repeated_response_message_body={f"{category}Response": repeated},
            ),
        )

    async def _totals(
        self, message: said.SaleToPOIRequest, device: Device, born_s: float
    ) -> Body:
        """Ask for the totals; a Reconciliation closes the batch with them.

        Asking is a close that cannot succeed: it tells the ledger's own figures.
        """
        service_id, sender = message.message_header.service_id, self._sender(device)
        batch = (await self._use(device, operation_of(service_id))).batch
        request = read_request(message, batch, sender)
        probe = msgspec.structs.replace(
            request, operation=totals_operation_of(service_id), slip="none"
        )
        answer = await self._execute(probe, born_s)
        asked = message.reconciliation_request
        if asked is None:
            if answer.rc == Rc.BATCH:  # as it had to be
                answer = msgspec.structs.replace(answer, rc=Rc.OK.value, message="")
            return body_of(answer, Asked(message, request, sender))
        if answer.rc != Rc.BATCH:
            return body_of(answer, Asked(message, request, sender))
        counted = told_totals(asked)
        totals = answer.totals if counted is None else counted
        request = msgspec.structs.replace(request, totals=totals)
        check_request(request)
        answer = await self._execute(request, born_s)
        return body_of(answer, Asked(message, request, sender))

    async def _use(self, device: Device, number: int) -> NumberUse:
        """Return where a number was used lately, or the open batch."""
        terminal, now = device.terminal.id, self._clock()
        return await self._thread.call(
            lambda ledger: ledger.lend(
                lambda cr: use_of_number(cr, terminal, number, now)
            )
        )

    def _sender(self, device: Device) -> Sender:
        network = self._board.network
        assert network is not None, "a device comes from a network"
        return Sender(
            zone=device.zone,
            currency=network.document.currency,
            columns=device.terminal.columns,
            language=network.issuers[device.branch.issuer].language,
        )

    async def _execute(self, request: Request, born_s: float) -> Answer:
        check_request(request)
        future: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()

        def done(verdict: Verdict) -> None:
            if not future.done():  # the cash register may have hung up
                future.set_result(verdict)

        self._desk.submit(Task(request, "nexo", done, born_s))
        return decode_answer((await future).answer)


def _without_key(request: Request) -> Request:
    return msgspec.structs.replace(request, batch=0, operation=0, slip="none")


def _check_sender(request: web.BaseRequest, device: Device) -> None:
    """Let in who has the terminal's certificate or its API key.

    Raises:
        _Refused: 401.
    """
    certificate = fingerprint(request.transport)
    if not device.admits(certificate):
        told = "this terminal comes with its client certificate only"
        raise _Refused(401, Rc.MAC, told)
    sent = request.headers.get(KEY_HEADER, "")
    if not sent and device.terminal.certificates:
        return
    if not is_private(request.transport):
        raise _Refused(401, Rc.MAC, "API keys travel over TLS only")
    # Bytes that are no text come as surrogates.
    raw = sent.encode("utf-8", "surrogateescape")
    if not hmac.compare_digest(raw, api_key(device.key).encode()):
        raise _Refused(401, Rc.MAC, f"{KEY_HEADER} is missing or wrong")


def is_private(transport: asyncio.BaseTransport | None) -> bool:
    """Say whether nobody can listen: TLS, or the same machine (a proxy before us)."""
    if transport is None:
        return False
    if transport.get_extra_info("ssl_object") is not None:
        return True
    peer = transport.get_extra_info("peername")
    return bool(peer) and ipaddress.ip_address(peer[0]).is_loopback


def _problem(refused: _Refused) -> web.Response:
    """Write a refusal as nexo's clients read HTTP errors."""
    told = {
        "status": refused.status,
        "errorCode": refused.rc.value,
        "message": str(refused),
    }
    response = web.Response(
        status=refused.status, body=msgspec.json.encode(told), headers=_JSON
    )
    if refused.status in (408, 413):
        response.force_close()  # nobody reads the rest
    return response
