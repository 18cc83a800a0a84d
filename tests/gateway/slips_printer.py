"""Printers for tests: a TCP socket and a serial line that behave like real ones.

They print what they get, answer DLE EOT at once and GS r when it is its turn, and can
be switched off, run out of paper, or say nothing.
"""

import contextlib
import os
import re
import select
import socket
import threading
import time
import tty

CUT = re.compile(rb"\x1dV.")
_QUESTION = re.compile(rb"\x10\x04(.)|\x1dr\x01", re.DOTALL)


class _Printer:
    """What both have in common: paper, and the answers to questions."""

    def __init__(self) -> None:
        self.printed = b""
        self.mute = self.paper_out = self.offline = False
        self.knows_gs_r = True
        self.hang_up_after_slip = False
        self._rest = b""
        self._stopping = threading.Event()

    def slips(self) -> list[bytes]:
        """Every piece of paper that was cut off."""
        return [piece for piece in CUT.split(self.printed)[:-1] if piece]

    def wait_for(self, count: int, wait_s: float = 20.0) -> list[bytes]:
        """Wait for so many pieces of paper, and see that no more come."""
        deadline = time.monotonic() + wait_s
        while len(self.slips()) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.slips()

    def _take(self, data: bytes) -> bytes:
        """Print; return what is answered."""
        self._rest += data
        answers = b""
        while match := _QUESTION.search(self._rest):
            self.printed += self._rest[: match.start()]
            asked, self._rest = match[0], self._rest[match.end() :]
            if self.mute:
                continue
            if asked == b"\x1dr\x01":
                answers += b"\x00" if self.knows_gs_r else b""
            elif asked == b"\x10\x04\x04":
                answers += b"\x72" if self.paper_out else b"\x12"
            else:
                answers += b"\x1a" if self.offline else b"\x12"
        if not self._rest.endswith((b"\x10", b"\x10\x04", b"\x1d", b"\x1dr")):
            self.printed += self._rest
            self._rest = b""
        return answers


class TcpPrinter(_Printer):
    """A printer in the network; `stop` and `start` are its power switch."""

    def __init__(self) -> None:
        super().__init__()
        self.port = 0
        self.connections = 0
        self._listener: socket.socket | None = None
        self._threads: list[threading.Thread] = []
        self.start()

    @property
    def address(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def start(self) -> None:
        self._stopping.clear()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        thread = threading.Thread(
            target=self._serve, args=(self._listener,), daemon=True
        )
        thread.start()
        self._threads.append(thread)

    def _serve(self, listener: socket.socket) -> None:
        listener.settimeout(0.05)
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listener.accept()
                self.connections += 1
                with connection:
                    self._talk(connection)
        listener.close()

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(0.05)
        before = len(self.slips())
        while not self._stopping.is_set():
            try:
                data = connection.recv(4096)
            except TimeoutError:
                continue
            except ConnectionError:
                return
            if not data:
                return
            answers = self._take(data)
            if self.hang_up_after_slip and len(self.slips()) > before:
                return
            with contextlib.suppress(ConnectionError):
                connection.sendall(answers)

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()


class SerialPrinter(_Printer):
    """A printer on a pseudo terminal: the gateway opens a real tty."""

    def __init__(self) -> None:
        super().__init__()
        self._ours, self._theirs = os.openpty()
        tty.setraw(self._theirs)
        self.device = os.ttyname(self._theirs)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"serial://{self.device}?baud=19200"

    def _serve(self) -> None:
        while not self._stopping.is_set():
            ready, _, _ = select.select([self._ours], [], [], 0.05)
            if ready:
                os.write(self._ours, self._take(os.read(self._ours, 4096)))

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        os.close(self._ours)
        os.close(self._theirs)
