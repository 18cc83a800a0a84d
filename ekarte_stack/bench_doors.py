"""The gateways of the bench: real processes with the settings they ship with."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ekarte_stack import processes
from ekarte_stack.bench_server import TICKS
from ekarte_stack.bench_town import Protocol
from ekarte_stack.cluster import GATEWAY, Cluster
from ekarte_stack.home import CHECKOUT
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import Server, on_free_ports

START_TIMEOUT_S = 60


@dataclass(frozen=True)
class Doors:
    """One gateway process and where it listens."""

    who: processes.Identity
    http: int
    iso8583: int

    def port(self, protocol: Protocol) -> int:
        """Return where it speaks this protocol."""
        return self.http if protocol == "http" else self.iso8583

    @property
    def cpu_s(self) -> float:
        """CPU time that it has used: see proc(5)."""
        stat = Path(f"/proc/{self.who['pid']}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return sum(map(int, fields[11:13])) / TICKS

    @property
    def megabytes(self) -> float:
        """Memory that it has in use."""
        status = Path(f"/proc/{self.who['pid']}/status").read_text()
        (row,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(row.split()[1]) / 1024


@contextmanager
def gateways(
    server: Cluster, keyring: Path, database: str, count: int, **settings: str
) -> Iterator[list[Doors]]:
    """Run so many gateways on one ledger."""
    make = partial(_server, server, keyring, database, settings)
    with ExitStack() as running:
        found = []
        for _ in range(count):
            who, (http, iso) = on_free_ports(("http", "iso"), make)
            running.callback(processes.stop, who, "the gateway")
            found.append(Doors(who, http, iso))
        yield found


def _server(
    server: Cluster,
    keyring: Path,
    database: str,
    settings: dict[str, str],
    http_port: int,
    iso_port: int,
) -> Server:
    return Server(
        name="a gateway",
        argv=server.account.argv(sys.executable, "-m", "ekarte_auth_gateway"),
        env=server.account.environment(
            {
                "PYTHONPATH": str(CHECKOUT),
                "EKARTE_DSN": server.dsn(GATEWAY, database),
                "EKARTE_KEYRING": str(keyring),
                "EKARTE_HTTP": f"{LOOPBACK}:{http_port}",
                "EKARTE_ISO": f"{LOOPBACK}:{iso_port}",
                **settings,
            }
        ),
        cwd=server.home.shelf,
        log=server.home.log / "gateway.log",
        ports=(http_port, iso_port),
        health="/readyz",
        timeout_s=START_TIMEOUT_S,
    )
