"""The gateway as a server: settings in, readiness out."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ekarte_stack.machine import Machine
from ekarte_stack.ports import LOOPBACK
from ekarte_stack.serving import Server
from ekarte_stack.steps import StackError

START_TIMEOUT_S = 60
SETTLE_EVERY_S = 5  # short, so that a demonstration need not wait
PUBLIC_KEY = re.compile(r"public key ([0-9a-f]{64})")


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


def make_parameters_key(machine: Machine) -> list[str]:
    """Have the gateway write the key of parameters, if it has none yet.

    Returns:
        The public keys, as terminals are told them.
    """
    command = ("-m", "ekarte_auth_gateway", "parameters-key")
    made = subprocess.run(
        machine.account.argv(
            machine.home.python, *command, str(machine.home.parameters_key)
        ),
        env=machine.account.environment(),
        cwd=machine.account.home,
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        raise StackError(
            f"the key of parameters cannot be used: {made.stderr.strip()}",
            advice="the key file may be broken: remove it, it is made anew",
        )
    return PUBLIC_KEY.findall(made.stdout)


def server(machine: Machine, settings: GatewaySettings) -> Server:
    """Describe the gateway with these settings."""
    return Server(
        name="the gateway",
        argv=machine.account.argv(machine.home.python, "-m", "ekarte_auth_gateway"),
        env=machine.account.environment(
            {
                "EKARTE_KEYRING": str(machine.home.keyring),
                "EKARTE_PARAMETERS_KEY_FILE": str(machine.home.parameters_key),
                **settings.variables(),
            }
        ),
        cwd=machine.account.home,
        log=machine.home.log / "gateway.log",
        ports=(settings.http_port, settings.iso_port),
        health="/readyz",
        timeout_s=START_TIMEOUT_S,
    )
