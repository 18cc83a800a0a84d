"""A terminal does not take its own words for an answer.

Somebody on the way may send a message back, and TCP itself does if a terminal calls a
port of its own machine where nobody listens (RFC 9293 section 3.5).
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from ekarte_auth_gateway.testing import FrameTerminal, IsoTerminal, TerminalError
from ekarte_stack.ports import is_free
from tests.gateway import town
from tests.gateway.shop import order
from tests.ports import free_port

KEY = bytes(range(32))


@pytest.fixture
def mirror() -> Iterator[int]:
    """The port of a server that sends back whatever comes."""

    def serve() -> None:
        with suppress(OSError):  # the test is over
            while True:
                line, _ = listener.accept()
                with line:
                    while data := line.recv(4096):
                        line.sendall(data)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("profile", ["A", "B"])
@pytest.mark.parametrize("repeat", [False, True])
def test_an_iso_terminal_refuses_its_own_message(mirror, profile, repeat):
    terminal = IsoTerminal("127.0.0.1", mirror, town.ISO_1, KEY, profile=profile)
    sale = order("sale", terminal, card=town.club_number(), amount=100)
    with pytest.raises(TerminalError, match=r"not an answer|somebody else"):
        terminal.send(sale, repeat=repeat)
    terminal.close()


def test_an_iso_terminal_refuses_its_own_words_for_a_key(mirror):
    terminal = IsoTerminal("127.0.0.1", mirror, town.ISO_1, KEY)
    with pytest.raises(TerminalError, match="not an answer"):
        terminal.ask_key()
    terminal.close()


def test_a_frame_terminal_refuses_its_own_message(mirror):
    terminal = FrameTerminal.over_tcp(
        "127.0.0.1", mirror, town.FRAME_1, KEY, wait_s=1.0
    )
    sale = order("sale", terminal, card=town.club_number(), amount=100)
    with pytest.raises(TerminalError, match="not an answer"):
        terminal.send(sale)
    with pytest.raises(TerminalError, match="not an answer"):
        terminal.ask_key()
    terminal.close()


def test_a_terminal_that_talks_to_itself_lets_go_of_the_port():
    """The gateway could not listen there again while it holds on."""
    port = free_port()
    terminal = IsoTerminal("127.0.0.1", port, town.ISO_1, KEY)
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    own.bind(("127.0.0.1", port))
    own.connect(("127.0.0.1", port))  # nobody listens: it is its own other end
    terminal._socket = own
    sale = order("sale", terminal, card=town.club_number(), amount=100)
    with pytest.raises(TerminalError, match="not an answer"):
        terminal.send(sale)
    assert own.fileno() == -1
    assert is_free(port)
