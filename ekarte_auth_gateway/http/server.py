"""The listening side of HTTP: connections limited in number, time and size."""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web

from ekarte_auth_gateway.flow import Counters
from ekarte_auth_gateway.http.answers import problem
from ekarte_auth_gateway.http.body import Bodies
from ekarte_auth_gateway.http.service import HttpLimits
from ekarte_auth_gateway.tls import HANDSHAKE_S
from ekarte_core import Rc

log = logging.getLogger(__name__)

HEADERS_MAX = 64
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
STOP_WAIT_S = 10.0


class _Connection(web.RequestHandler):
    """aiohttp's connection; its own refusals speak JSON like all others."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what aiohttp could not parse, or what our handler broke on."""
        if status >= 500:
            log.error("request handler failed", exc_info=exc)
            response = problem(status, Rc.FAULT.value, "the gateway failed")
        else:
            response = problem(status, Rc.FORMAT.value, "this is not HTTP", "$")
        response.force_close()
        return response


class _TooMany(asyncio.Protocol):
    """Closes what comes above the limit."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Close at once."""
        log.warning("connection refused: too many", extra={"transport": "http"})
        transport.close()


class HttpServer:
    """Listens and hands requests to a handler: the service's, or one of its pages."""

    def __init__(
        self,
        handle: Handler,
        counters: Counters,
        limits: HttpLimits,
        bodies: Bodies,
        label: str,
    ) -> None:
        """Take who answers; `start` listens. Must be made on the event loop.

        `bodies` is what `handle` reads bodies with; `label` names its connections in
        the figures.
        """
        self._bodies = bodies
        self._limits = limits
        self._connections: web.Server = web.Server(
            handle,
            request_factory=partial(
                web.BaseRequest,
                loop=asyncio.get_running_loop(),
                client_max_size=limits.body_bytes_max,
            ),
        )
        self._listener: asyncio.Server | None = None
        gauge = counters.connections.labels(label)
        gauge.set_function(lambda: len(self._connections.connections))

    async def start(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None = None,
        *,
        shared: bool = False,
    ) -> int:
        """Listen, over TLS with `context`; return the port (for when 0 was asked).

        `shared`: other processes may listen there too; the kernel deals connections.
        """
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            self._accept,
            host,
            port,
            backlog=512,
            reuse_address=True,
            reuse_port=shared or None,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context else None,
        )
        return int(self._listener.sockets[0].getsockname()[1])

    def _accept(self) -> asyncio.Protocol:
        if len(self._connections.connections) >= self._limits.connections_max:
            return _TooMany()
        return _Connection(
            self._connections,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.idle_s,
            max_headers=HEADERS_MAX,
            lingering_time=1.0,
            access_log=None,  # type: ignore[arg-type]  # None switches it off
            auto_decompress=False,  # a digest is over the bytes as they came
        )

    async def refuse_new(self) -> None:
        """Stop listening; open connections go on."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None

    async def stop(self) -> None:
        """Finish the requests under way and close all connections."""
        await self.refuse_new()
        # aiohttp drops what comes from here on: a body that is not here never will be.
        self._bodies.give_up()
        self._connections.pre_shutdown()
        await self._connections.shutdown(STOP_WAIT_S)
