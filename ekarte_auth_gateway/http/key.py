"""POST /v1/key: the next key of a terminal, wrapped under its present one."""

import msgspec
from aiohttp import web

from ekarte_auth_gateway.channel import Refused, next_key_of
from ekarte_auth_gateway.flow import Device
from ekarte_auth_gateway.http.answers import JSON, problem
from ekarte_core import Parser, Rc


class KeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Asks for the terminal's next key; to be signed with the present one."""

    terminal: str


class KeyAnswer(msgspec.Struct, frozen=True):
    """The next key: its version, and 40 bytes in hexadecimal (RFC 3394)."""

    rc: str
    version: int
    wrapped: str


_requests = Parser(KeyRequest)


def answer_key(device: Device, body: bytes) -> web.Response:
    """Answer a request that this terminal has signed."""
    try:
        request = _requests.from_json(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        told = 'want {"terminal": "its number"}'
        return problem(400, Rc.FORMAT.value, told, "$")
    if request.terminal != device.terminal.id:
        told = "terminal is not the one that signed"
        return problem(401, Rc.MAC.value, told, "terminal")
    try:
        version, wrapped = next_key_of(device)
    except Refused as refused:
        return problem(403, refused.answer.rc, refused.answer.message, "key")
    answer = KeyAnswer(Rc.OK.value, version, wrapped.hex().upper())
    return web.Response(body=msgspec.json.encode(answer), headers=JSON)
