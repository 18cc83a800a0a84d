"""Start a server and wait until it, and nobody else, answers on its ports."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from ekarte_stack import ports, processes
from ekarte_stack.steps import StackError, say, step

LOOK_EVERY_S = 0.1
PORT_TRIES = 4


@dataclass(frozen=True)
class Server:
    """One background server: its command, and how it shows that it is ready."""

    name: str
    argv: list[str]
    env: dict[str, str]
    cwd: Path
    log: Path
    ports: tuple[int, ...]  # the first one answers ``health`` over HTTP
    health: str
    timeout_s: int


def start(server: Server) -> processes.Identity:
    """Start a server and wait for it; leave nothing behind if it fails."""
    where = ", ".join(map(str, server.ports))
    with step(f"starting {server.name} on {ports.LOOPBACK}, port {where}"):
        who = processes.start(
            server.argv, log=server.log, env=server.env, cwd=server.cwd
        )
        try:
            _wait(server, who)
        except BaseException:
            processes.stop(who, server.name)
            raise
    return who


def _wait(server: Server, who: processes.Identity) -> None:
    end = time.monotonic() + server.timeout_s
    url = f"http://{ports.LOOPBACK}:{server.ports[0]}{server.health}"
    # Whoever took the port a moment earlier may answer just as well.
    while not (processes.listens(who, server.ports) and answers(url)):
        if not processes.is_alive(who):
            raise StackError(f"{server.name} ended while starting", log=server.log)
        if time.monotonic() > end:
            raise StackError(
                f"{server.name} is not ready after {server.timeout_s} s", log=server.log
            )
        time.sleep(LOOK_EVERY_S)


def on_free_ports(
    purposes: tuple[str, ...], make: Callable[..., Server]
) -> tuple[processes.Identity, tuple[int, ...]]:
    """Start the server that ``make`` describes for free ports; return both.

    Between choosing a port and listening on it somebody else may take it: then
    other ports are chosen.
    """
    for tries_left in reversed(range(PORT_TRIES)):
        chosen: list[int] = []
        for purpose in purposes:
            chosen.append(ports.choose(purpose, frozenset(chosen)))
        try:
            return start(make(*chosen)), tuple(chosen)
        except StackError:
            if not tries_left or all(ports.is_free(port) for port in chosen):
                raise
            say("   somebody else was quicker to take a port; choosing again")
    raise AssertionError("the last try returns or raises")


def answers(url: str) -> bool:
    """Tell whether an HTTP address of ours answers with 200."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(url, timeout=10) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (urllib.error.URLError, OSError):
        return False
