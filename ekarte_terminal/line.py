"""The way to the gateway, by the address that the settings name."""

from typing import Protocol
from urllib.parse import SplitResult, parse_qs, urlsplit

from ekarte_auth_gateway.testing import FrameTerminal, HttpTerminal, IsoTerminal
from ekarte_core import Answer, Request
from ekarte_terminal.settings import Settings, SettingsInvalid

_BAUD = 9600


class Line(Protocol):
    """What carries a request to the gateway."""

    def send(self, request: Request, *, repeat: bool) -> Answer:
        """Return the answer.

        Raises:
            TerminalError: silence or nonsense.
            CodecError: nothing was sent, for the transport cannot say it.
        """
        ...

    def close(self) -> None:
        """Hang up."""
        ...


class _Marked:
    """ISO 8583: a repeat has a message type of its own."""

    def __init__(self, terminal: IsoTerminal) -> None:
        self._terminal = terminal

    def send(self, request: Request, *, repeat: bool) -> Answer:
        return self._terminal.send(request, repeat=repeat)

    def close(self) -> None:
        self._terminal.close()


class _Same:
    """HTTP and frames: a repeat is the same message."""

    def __init__(self, terminal: HttpTerminal | FrameTerminal) -> None:
        self._terminal = terminal

    def send(self, request: Request, *, repeat: bool) -> Answer:
        del repeat
        return self._terminal.send(request)

    def close(self) -> None:
        self._terminal.close()


def open_line(settings: Settings) -> Line:
    """Return the way to the gateway; nothing is sent yet.

    Raises:
        SettingsInvalid: the address is none of those known.
    """
    try:
        return _open(settings, urlsplit(settings.connect))
    except (ValueError, KeyError) as fault:
        raise SettingsInvalid(f"connect: {fault}") from fault


def _open(settings: Settings, parts: SplitResult) -> Line:
    number, key = settings.number, settings.key
    wish = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    mac = wish.get("mac", "hmac-sha256")
    wait_s = settings.wait_s
    if parts.scheme in ("http", "https"):
        context = settings.context()
        return _Same(
            HttpTerminal(settings.connect, number, key, context, wait_s=wait_s)
        )
    if parts.scheme == "serial" and parts.path.startswith("/"):
        speed = int(wish.get("baud", _BAUD))
        return _Same(FrameTerminal.on_line(parts.path, number, key, mac, speed, wait_s))
    if not parts.hostname or not parts.port:
        raise ValueError("want http://, iso://, frame://host:port or serial:///dev/…")
    if parts.scheme == "frame":
        return _Same(
            FrameTerminal.over_tcp(parts.hostname, parts.port, number, key, mac, wait_s)
        )
    if parts.scheme == "iso":
        profile = wish.get("profile", "A")
        if profile not in ("A", "B"):
            raise ValueError("profile is A or B")
        return _Marked(
            IsoTerminal(
                *(parts.hostname, parts.port, number, key, mac, profile), wait_s=wait_s
            )
        )
    raise ValueError("want http://, iso://, frame://host:port or serial:///dev/…")
