"""Odoo as a browser finds it: a login, a session cookie, JSON calls of methods.

What a cashier's browser may ask, this may ask, and nothing more: there is no key and
no shell behind it.
"""

import http.client
import itertools
import json
from http import HTTPStatus
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlsplit

WAIT_S = 60.0
SESSION = "session_id"


class Refused(Exception):
    """Odoo answered a call with an error, as it does to a browser."""

    def __init__(self, kind: str, message: str, debug: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind  # the exception's class
        self.message = message  # what the user is shown
        self.debug = debug  # what a developer may unfold

    @property
    def is_for_people(self) -> bool:
        """Tell whether this is a refusal in words, not a fault of the server."""
        return self.kind.startswith("odoo.exceptions.")


class OdooDoor:
    """One logged-in session on a connection of its own; not for several threads."""

    def __init__(
        self,
        url: str,
        database: str,
        login: str,
        password: str,
        wait_s: float = WAIT_S,
    ) -> None:
        where = urlsplit(url)
        assert where.hostname is not None, url
        self._connection = http.client.HTTPConnection(
            where.hostname, where.port, timeout=wait_s
        )
        self._numbers = itertools.count(1)
        self.cookie = ""
        answer = self.post(
            "/web/session/authenticate",
            {"db": database, "login": login, "password": password},
        )
        self.user: int = answer["uid"]
        self.context: dict[str, Any] = answer["user_context"]

    def close(self) -> None:
        """Hang up; the session stays known to Odoo."""
        self._connection.close()

    def call(self, model: str, method: str, *args: Any, **named: Any) -> Any:
        """Call a method of a model, the ids first, as the web client does."""
        context = self.context | named.pop("context", {})
        return self.post(
            f"/web/dataset/call_kw/{model}/{method}",
            {
                "model": model,
                "method": method,
                "args": list(args),
                "kwargs": named | {"context": context},
            },
        )

    def post(self, path: str, params: dict[str, Any]) -> Any:
        """Ask a JSON-RPC route.

        Raises:
            Refused: Odoo answered with an error.
        """
        body = {
            "jsonrpc": "2.0",
            "method": "call",
            "id": next(self._numbers),
            "params": params,
        }
        status, answer = self.send(path, json.dumps(body).encode())
        if status != HTTPStatus.OK or not isinstance(answer, dict):
            raise Refused(f"HTTP {status}", str(answer)[:300], "")
        if "error" in answer:
            data = answer["error"].get("data", {})
            raise Refused(
                data.get("name", ""), data.get("message", ""), data.get("debug", "")
            )
        return answer.get("result")

    def send(self, path: str, body: bytes) -> tuple[int, Any]:
        """Send bytes as they are; return the status and what came back."""
        headers = {"Content-Type": "application/json"}
        if self.cookie:
            headers["Cookie"] = f"{SESSION}={self.cookie}"
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        raw = answer.read()
        for line in answer.headers.get_all("Set-Cookie") or []:
            found = SimpleCookie(line).get(SESSION)
            if found:
                self.cookie = found.value
        try:
            return answer.status, json.loads(raw)
        except ValueError:
            return answer.status, raw.decode(errors="replace")
