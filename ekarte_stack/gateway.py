"""The gateway as a process: settings in, readiness out."""

import time
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack import odoo_server, processes
from ekarte_stack.machine import Machine
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.steps import StackError, step

START_TIMEOUT_S = 60
SETTLE_EVERY_S = 5  # short, so that a demonstration need not wait


@dataclass(frozen=True)
class GatewaySettings:
    """What the gateway is told through its environment."""

    dsn: str
    http_port: int
    iso_port: int
    odoo_url: str
    odoo_database: str
    odoo_key_file: Path

    def variables(self) -> dict[str, str]:
        """Return the environment of the gateway."""
        return {
            "EKARTE_DSN": self.dsn,
            "EKARTE_HTTP": f"{LOOPBACK}:{self.http_port}",
            "EKARTE_ISO": f"{LOOPBACK}:{self.iso_port}",
            "EKARTE_ODOO_URL": self.odoo_url,
            "EKARTE_ODOO_DB": self.odoo_database,
            "EKARTE_ODOO_KEY_FILE": str(self.odoo_key_file),
            "EKARTE_SETTLE_EVERY_S": str(SETTLE_EVERY_S),
        }


def start(machine: Machine, settings: GatewaySettings) -> processes.Identity:
    """Start the gateway and wait until it says that it is ready."""
    log = machine.home.log / "gateway.log"
    where = f"HTTP {settings.http_port}, ISO 8583 {settings.iso_port}"
    with step(f"starting the gateway on {LOOPBACK} ({where})"):
        who = processes.start(
            machine.account.argv(machine.home.python, "-m", "ekarte_auth_gateway"),
            log=log,
            env=machine.account.environment(
                {"EKARTE_KEYRING": str(machine.home.keyring), **settings.variables()}
            ),
            cwd=machine.account.home,
        )
        end = time.monotonic() + START_TIMEOUT_S
        while not odoo_server.answers(f"http://{LOOPBACK}:{settings.http_port}/readyz"):
            if not processes.is_alive(who):
                raise StackError("the gateway ended while starting", log=log)
            if time.monotonic() > end:
                processes.stop(who, "the gateway")
                raise StackError(
                    f"the gateway is not ready after {START_TIMEOUT_S} s", log=log
                )
            time.sleep(0.1)
    return who
