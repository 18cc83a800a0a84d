"""Serial lines without hardware: pseudo-terminals, raw at both ends."""

import os
import pty
import select
import threading
import tty
from pathlib import Path


class OpenEnd:
    """A line whose one end is a device path and whose other end a test holds."""

    def __init__(self) -> None:
        self.handle, self._other = pty.openpty()
        tty.setraw(self._other)
        # Ours too: what we write must not come back to us as an echo.
        tty.setraw(self.handle)
        self.path = os.ttyname(self._other)

    def write(self, data: bytes) -> None:
        os.write(self.handle, data)

    def read(self, count: int, wait_s: float = 10.0) -> bytes:
        """Read so many bytes; fewer when they do not come."""
        got = b""
        while len(got) < count:
            ready, _, _ = select.select([self.handle], [], [], wait_s)
            if not ready:
                break
            got += os.read(self.handle, count - len(got))
        return got

    def close(self) -> None:
        for handle in (self.handle, self._other):
            os.close(handle)


class NullModem:
    """Two device paths joined by a cable, which may be pulled out and put in again.

    The paths are links: whoever opens them again finds the new cable's ends.
    """

    def __init__(self, folder: Path) -> None:
        self.paths = folder / "tty0", folder / "tty1"
        self._ends: list[OpenEnd] = []
        self._pump: threading.Thread | None = None
        self._stop, self._stopped = os.pipe()
        self.plug_in()

    @property
    def gateway_path(self) -> str:
        return str(self.paths[0])

    @property
    def terminal_path(self) -> str:
        return str(self.paths[1])

    def plug_in(self) -> None:
        self._ends = [OpenEnd(), OpenEnd()]
        for path, end in zip(self.paths, self._ends, strict=True):
            path.unlink(missing_ok=True)
            path.symlink_to(end.path)
        self._pump = threading.Thread(target=self._carry, daemon=True)
        self._pump.start()

    def pull_out(self) -> None:
        """The devices vanish, as a USB converter does."""
        os.write(self._stopped, b"x")
        assert self._pump is not None
        self._pump.join()
        os.read(self._stop, 1)
        for path, end in zip(self.paths, self._ends, strict=True):
            path.unlink()
            end.close()
        self._ends = []

    def close(self) -> None:
        if self._ends:
            self.pull_out()
        os.close(self._stop)
        os.close(self._stopped)

    def _carry(self) -> None:
        one, other = (end.handle for end in self._ends)
        across = {one: other, other: one}
        while True:
            ready, _, _ = select.select([one, other, self._stop], [], [])
            if self._stop in ready:
                return
            for handle in ready:
                os.write(across[handle], os.read(handle, 4096))
