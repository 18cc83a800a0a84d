"""Odoo's JSON-2 door, as far as the gateway sees it: a real server with moods.

It stands for Odoo where timing and faults matter; the real Odoo receives real documents
in the end-to-end tests.
"""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ekarte_core import read_settlement

KEY = "0f" * 20


class FakeOdoo:
    """Takes settlement documents once; can be told to fail, to sleep, to hang up."""

    def __init__(self) -> None:
        self.received: dict[int, Any] = {}
        self.calls: list[tuple[float, int]] = []
        self.headers: list[dict[str, str]] = []
        self.status = 200
        self.message = ""
        self.sleep_s = 0.0
        self.hang_up_after_posting = 0
        self._server: ThreadingHTTPServer | None = None
        self.port = 0

    def start(self) -> "FakeOdoo":
        odoo = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                odoo.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, call: BaseHTTPRequestHandler) -> None:
        body = call.rfile.read(int(call.headers["Content-Length"]))
        document = json.loads(body)["document"]
        self.calls.append((time.monotonic(), document["id"]))
        self.headers.append(dict(call.headers))
        time.sleep(self.sleep_s)
        assert call.path == "/json/2/ekarte.settlement/receive"
        if call.headers["Authorization"] != f"Bearer {KEY}":
            self._reply(call, 401, {"message": "Invalid apikey"})
        elif self.status != 200:
            self._reply(call, self.status, {"name": "x", "message": self.message})
        else:
            created = document["id"] not in self.received
            self.received.setdefault(document["id"], read_settlement(document))
            if self.hang_up_after_posting:
                self.hang_up_after_posting -= 1
                call.connection.shutdown(socket.SHUT_RDWR)
                return
            self._reply(
                call,
                200,
                {"id": document["id"], "created": created, "moves": ["LOY/1"]},
            )

    def _reply(self, call: BaseHTTPRequestHandler, status: int, content: Any) -> None:
        body = json.dumps(content).encode()
        try:
            call.send_response(status)
            call.send_header("Content-Type", "application/json")
            call.send_header("Content-Length", str(len(body)))
            call.end_headers()
            call.wfile.write(body)
        except OSError:
            print("the gateway did not wait for the reply")
