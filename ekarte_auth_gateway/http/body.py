"""Reading the bodies of requests: within a time, and not while the gateway stops."""

import asyncio

from aiohttp import web


class BodyLate(Exception):
    """The body did not come in time."""


class BodyGivenUp(Exception):
    """The gateway stops before the body is here; nothing of it was looked at."""


class Bodies:
    """Reads bodies; one for all requests of a door. Lives on the event loop."""

    def __init__(self, wait_s: float) -> None:
        """Take how long a body may trickle."""
        self._wait_s = wait_s
        self._reading: set[asyncio.Task[bytes]] = set()
        self._stopped = asyncio.Event()

    async def read(self, request: web.BaseRequest) -> bytes:
        """Return the body of a request.

        Raises:
            BodyLate: it trickles.
            BodyGivenUp: the gateway stops.
            web.HTTPRequestEntityTooLarge: it is longer than the server takes.
        """
        if request.content.is_eof():  # all here: no timer for the usual case
            return await request.read()
        if self._stopped.is_set():
            raise BodyGivenUp
        reading = asyncio.ensure_future(request.read())
        self._reading.add(reading)
        try:
            return await asyncio.wait_for(reading, self._wait_s)
        except asyncio.TimeoutError:
            raise BodyLate from None
        except asyncio.CancelledError:
            if self._stopped.is_set() and reading.cancelled():
                raise BodyGivenUp from None
            raise
        finally:
            self._reading.discard(reading)

    def give_up(self) -> None:
        """Wait for no body any more: from here on the server hears nothing."""
        self._stopped.set()
        for reading in self._reading:
            reading.cancel()
