"""Machines of a trial: network namespaces on a bridge, each with an address of its own.

Nothing leaves this machine: the addresses are those that RFC 2544 keeps for trials, and
they exist only while the trial runs. A machine dies with `kill`, and its wire is cut
with `cut`.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ekarte_stack.account import Account
from ekarte_stack.steps import StackError

NET = "198.18.87"
BRIDGE = "ekarte-br"


@dataclass
class Node:
    """One machine of the trial."""

    name: str
    number: int
    account: Account
    processes: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    @property
    def space(self) -> str:
        """The name of its namespace."""
        return f"ekarte-{self.name}"

    @property
    def wire(self) -> str:
        """The end of its wire that is in the bridge."""
        return f"ekarte-w{self.number}"

    @property
    def address(self) -> str:
        """Its address."""
        return f"{NET}.{self.number}"

    def run(self, argv: Sequence[str | Path], log: Path, **env: str) -> None:
        """Start a program there, under the servers' account."""
        command = ["ip", "netns", "exec", self.space, *self.account.argv(*argv)]
        with log.open("ab") as out:
            self.processes.append(
                subprocess.Popen(
                    command,
                    env=self.account.environment(env),
                    cwd=self.account.home,
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,
                )
            )

    @property
    def pids(self) -> list[int]:
        """All processes of the machine."""
        return [int(pid) for pid in _ip("netns", "pids", self.space).split()]

    def kill(self) -> None:
        """The machine dies: everything on it at once."""
        while found := self.pids:
            for pid in found:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for process in self.processes:
                process.wait()  # what is dead and not collected still counts
        self.processes.clear()

    def cut(self) -> None:
        """Pull its wire out."""
        _ip("link", "set", self.wire, "down")

    def join(self) -> None:
        """Put its wire in."""
        _ip("link", "set", self.wire, "up")


@contextmanager
def nodes(names: Sequence[str], account: Account) -> Iterator[list[Node]]:
    """Have machines of these names, wired to a bridge that this machine is on too.

    Raises:
        StackError: this account may not make namespaces.
    """
    if os.geteuid() or shutil.which("ip") is None:
        raise StackError(
            "machines of a trial are network namespaces: root and iproute2 are needed",
            advice="run it as root, or leave these faults out with --only",
        )
    made = [Node(name, number, account) for number, name in enumerate(names, start=10)]
    with ExitStack() as stack:
        _remove(made)
        stack.callback(_remove, made)
        _ip("link", "add", BRIDGE, "type", "bridge")
        _ip("address", "add", f"{NET}.1/24", "dev", BRIDGE)
        _ip("link", "set", BRIDGE, "up")
        for node in made:
            _wire(node)
        yield made


def _wire(node: Node) -> None:
    _ip("netns", "add", node.space)
    peer = ("type", "veth", "peer", "name", "eth0", "netns", node.space)
    _ip("link", "add", node.wire, *peer)
    _ip("link", "set", node.wire, "master", BRIDGE, "up")
    _ip("-n", node.space, "address", "add", f"{node.address}/24", "dev", "eth0")
    for link in ("lo", "eth0"):
        _ip("-n", node.space, "link", "set", link, "up")


def _remove(made: Sequence[Node]) -> None:
    """Take everything down; of an earlier run too, that was killed."""
    there = _ip("netns", "list").split()
    for node in made:
        if node.space in there:
            node.kill()
            _ip("netns", "delete", node.space)
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        _ip("link", "delete", BRIDGE)


def _ip(*words: str) -> str:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"ip {' '.join(words)}: {done.stderr.strip()}")
    return done.stdout
