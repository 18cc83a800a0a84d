"""The wire from gateways to Odoo: straight, until an answer is to be held back.

Bytes only. It is where the moment can be caught that no table shows: Odoo has booked
and says so, and nobody has heard it.
"""

import socket
import threading
from contextlib import suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer

from ekarte_stack.ports import LOOPBACK

CHUNK = 65_536
REACH_S = 2.0


class Wire:
    """Leads whoever connects to Odoo's port of the moment; none: hangs up.

    Attributes:
        target: where Odoo listens now, at each start at another port.
        port: where gateways find it, always.
        came: set when Odoo has begun to answer while answers were held back.
    """

    def __init__(self) -> None:
        """Open at a free port."""
        self.target = 0
        self.came = threading.Event()
        self._holds = False
        self._let_go = threading.Event()
        self._server = _Server((LOOPBACK, 0), _handler_of(self))
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def hold(self) -> None:
        """Hold back what Odoo answers from now on."""
        self.came.clear()
        self._let_go.clear()
        self._holds = True

    def drop(self) -> None:
        """Be straight again; what was held back is never heard."""
        self._holds = False
        self._let_go.set()

    def close(self) -> None:
        """Open no more connections."""
        self.drop()
        self._server.shutdown()
        self._server.server_close()

    def serve(self, caller: socket.socket) -> None:
        """Carry bytes both ways until one side hangs up."""
        with suppress(OSError):  # nobody there, or gone: the caller hears just that
            odoo = socket.create_connection((LOOPBACK, self.target), REACH_S)
            with odoo:
                odoo.settimeout(None)
                back = threading.Thread(
                    target=self._answer, args=(odoo, caller), daemon=True
                )
                back.start()
                try:
                    while chunk := caller.recv(CHUNK):
                        odoo.sendall(chunk)
                finally:
                    _hang_up(odoo)
                    back.join()

    def _answer(self, odoo: socket.socket, caller: socket.socket) -> None:
        with suppress(OSError):  # Odoo was killed, or the gateway was
            while chunk := odoo.recv(CHUNK):
                if self._holds:
                    self.came.set()
                    self._let_go.wait()
                    break
                caller.sendall(chunk)
        _hang_up(caller)


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the other side was quicker
        line.shutdown(socket.SHUT_RDWR)


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def _handler_of(wire: Wire) -> type[BaseRequestHandler]:
    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            wire.serve(self.request)

    return Handler
