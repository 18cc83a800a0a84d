"""HTTP answers: status by what became of the request, body always an Answer."""

from aiohttp import web

from ekarte_auth_gateway.messages import Verdict
from ekarte_core import Answer, Rc, encode_answer

RETRY_AFTER_S = "1"
_RETRIED = (429, 503)
# The usual Server header would tell everybody the versions of our libraries.
JSON = {"Content-Type": "application/json", "Server": "ekarte"}
_RETRY = {**JSON, "Retry-After": RETRY_AFTER_S}

_BY_STATUS = {"new": 200, "repeat": 200, "conflict": 409, "nonce": 401, "slowed": 429}
# What the ledger refused without remembering it, and what never came to the ledger.
_BY_CODE = {
    Rc.FORMAT.value: 400,
    Rc.AMOUNT.value: 400,
    Rc.TERMINAL.value: 403,
    # Not 503: it would be asked again, for ever.
    Rc.COMMAND.value: 403,
    Rc.BRANCH.value: 403,
    Rc.FAULT.value: 500,
}


def respond(verdict: Verdict) -> web.Response:
    """Return the response to an executed or refused task."""
    status = status_of(verdict)
    headers = JSON
    if status in _RETRIED:
        headers = {**JSON, "Retry-After": str(verdict.retry_s)}
    return web.Response(status=status, body=verdict.answer, headers=headers)


def status_of(verdict: Verdict) -> int:
    """Every business answer is a 200, declines included: `rc` decides."""
    known = _BY_STATUS.get(verdict.status)
    if known is not None:
        return known
    return _BY_CODE.get(verdict.rc, 503)


def problem(status: int, rc: str, message: str, field: str = "") -> web.Response:
    """Return a refusal that never became a task."""
    answer = Answer(rc=rc, message=message, field=field)
    headers = _RETRY if status in _RETRIED else JSON
    return web.Response(status=status, body=encode_answer(answer), headers=headers)
