"""Odoo, as the gateway sees it: one JSON-2 method that takes settlement documents."""

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from ekarte_auth_gateway.ports import OfficeRefused, OfficeSilent

METHOD = "/json/2/ekarte.settlement/receive"
# Odoo tries a conflicting transaction again for up to a minute; we outwait it, or we
# would send a document again that is being posted.
ANSWER_WAIT_S = 90.0
CONNECT_WAIT_S = 10.0
REASON_CHARS_MAX = 300
_EVERYBODY = (401, 403, 404, 429)


class OdooOffice:
    """Delivers documents over Odoo's JSON-2 API with an API key."""

    def __init__(self, url: str, database: str, key_file: Path) -> None:
        """Take Odoo's base URL, its database and the file that holds the key."""
        self._url = url.rstrip("/") + METHOD
        self._database = database
        self._key_file = key_file
        self._session: aiohttp.ClientSession | None = None

    async def deliver(self, document: bytes) -> str:
        """Post one document; return Odoo's reply.

        Raises:
            OfficeSilent: no connection, no answer, no rights, or not Odoo.
            OfficeRefused: Odoo will not have this document.
        """
        headers = {
            "Authorization": f"Bearer {await asyncio.to_thread(self._key)}",
            "Content-Type": "application/json",
            "X-Odoo-Database": self._database,
        }
        body = b'{"document":' + document + b"}"
        try:
            async with self._open().post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                reply = await response.read()
                status = response.status
        except (aiohttp.ClientError, asyncio.TimeoutError) as fault:
            why = f"Odoo cannot be reached ({type(fault).__name__})"
            raise OfficeSilent(why) from fault
        return _judge(status, reply)

    def _key(self) -> str:
        """Read the key each time: a renewed one needs no restart."""
        try:
            return self._key_file.read_text().strip()
        except OSError as fault:
            raise OfficeSilent(
                f"the API key file cannot be read: {fault.strerror}"
            ) from fault

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(
                    total=ANSWER_WAIT_S, sock_connect=CONNECT_WAIT_S
                ),
                trust_env=False,
            )
        return self._session

    async def close(self) -> None:
        """Hang up."""
        if self._session is not None:
            await self._session.close()


def _judge(status: int, reply: bytes) -> str:
    """Tell an accepted document from a refused one and from a silent Odoo."""
    try:
        content: Any = msgspec.json.decode(reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    if status == 200 and isinstance(content, dict) and "id" in content:
        return reply.decode(errors="replace")
    reason = f"HTTP {status}"
    if isinstance(content, dict) and content.get("message"):
        reason += f": {str(content['message'])[:REASON_CHARS_MAX]}"
    elif status == 200:
        reason += ": the reply names no settlement"
    # These tell about us, the way there or Odoo as a whole, and every document would
    # meet them. 4xx else and 500 tell about this document; the next one may pass.
    if status in _EVERYBODY or status > 500 or 300 <= status < 400:
        raise OfficeSilent(reason)
    raise OfficeRefused(reason)
