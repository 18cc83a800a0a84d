"""Terminals for tests, demonstrations and load: they ship with the gateway.

Each speaks as a real terminal does, over real sockets, and answers with core Answers.
They block, and one instance may be shared by threads (it does one exchange at a time,
as a terminal does).

    terminal = HttpTerminal("http://127.0.0.1:8470", "00000011", key)
    answer = terminal.send(Request(command="sale", terminal="00000011", ...))
"""

from ekarte_auth_gateway.codec import CodecError
from ekarte_auth_gateway.testing.faults import TerminalError
from ekarte_auth_gateway.testing.frame import FrameTerminal
from ekarte_auth_gateway.testing.http import (
    COVERED,
    HttpTerminal,
    SignedMessage,
    body_of,
)
from ekarte_auth_gateway.testing.iso import IsoTerminal

__all__ = [
    "COVERED",
    "CodecError",
    "FrameTerminal",
    "HttpTerminal",
    "IsoTerminal",
    "SignedMessage",
    "TerminalError",
    "body_of",
]
