"""Readers: on a serial line, that send a line for each card; and of chip cards."""

import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import serial

from ekarte_terminal.cards import CHIP_READ
from ekarte_terminal.chip import CardGone
from ekarte_terminal.slot import Slot

_BAUD = 9600
_LINE_BYTES = 512
_WAIT_S = 0.3
_AGAIN_S = 2.0
_LOOK_S = 0.4
# It may be handing over what it read, to the very loop that stops it: then it is left.
_STOP_S = 1.0


class Reader:
    """Reads lines in a thread of its own and hands over what they say."""

    def __init__(self, address: str, take: Callable[[str], None]) -> None:
        """Take ``serial:///dev/ttyX?baud=9600`` and who wants the text.

        Raises:
            ValueError: the address is none.
        """
        parts = urlsplit(address)
        if parts.scheme != "serial" or not parts.path.startswith("/"):
            raise ValueError("reader: want serial:///dev/ttyX?baud=9600")
        self._path = parts.path
        self._baud = int(parse_qs(parts.query).get("baud", [str(_BAUD)])[-1])
        self._take = take
        self.listens = threading.Event()  # set while the line is open
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Let go of the line."""
        self._over.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                with serial.Serial(self._path, self._baud, timeout=_WAIT_S) as port:
                    self.listens.set()
                    self._read(port)
            except (OSError, serial.SerialException):
                self.listens.clear()
                self._over.wait(_AGAIN_S)  # unplugged: it is looked for again

    def _read(self, port: serial.Serial) -> None:
        line = bytearray()
        while not self._over.is_set():
            for byte in port.read(port.in_waiting or 1):
                if byte not in b"\r\n":
                    line.append(byte)
                elif line:
                    self._take(line.decode("ascii", "replace"))
                    line.clear()
            if len(line) > _LINE_BYTES:  # no card has so much: noise
                line.clear()


class ChipWatch:
    """Looks whether a chip card was put in, and hands its number over, once."""

    def __init__(self, slot: Slot, take: Callable[[str], None]) -> None:
        """Take the reader and who wants the text."""
        self._slot, self._take = slot, take
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._over.set()
        self._thread.join(_STOP_S)

    def _run(self) -> None:
        seen = False
        while not self._over.wait(_LOOK_S):
            if not self._slot.present():
                seen = False
            elif not seen:
                seen = self._read()

    def _read(self) -> bool:
        try:
            number = self._slot.look().number
        except CardGone:
            return False  # not in yet, or a stranger: it is looked at again
        self._take(CHIP_READ + number)
        return True
