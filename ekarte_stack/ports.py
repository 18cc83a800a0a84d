"""The ports of the stack: a default each, the next free one if it is taken."""

import os
import socket

from ekarte_stack.steps import StackError

LOOPBACK = "127.0.0.1"
TRIES = 200
# What it is for: environment variable, default.
DEFAULTS = {
    "odoo": ("EKARTE_ODOO_PORT", 8069),
    "http": ("EKARTE_HTTP_PORT", 8580),
    "iso": ("EKARTE_ISO_PORT", 8583),
    "postgres": ("EKARTE_PG_PORT", 5483),
}


def choose(purpose: str, taken: frozenset[int] = frozenset()) -> int:
    """Return a port on the loopback address that nobody listens on.

    A port set by its environment variable is taken as it is or refused, never
    replaced in silence.
    """
    variable, default = DEFAULTS[purpose]
    wished = os.environ.get(variable)
    if wished:
        if not wished.isdigit() or not is_free(int(wished)):
            raise StackError(
                f"{variable}={wished} is not a free port",
                advice=f"stop what listens there, or set {variable} to another port",
            )
        return int(wished)
    for port in range(default, default + TRIES):
        if port not in taken and is_free(port):
            return port
    raise StackError(
        f"no free port from {default} to {default + TRIES - 1}",
        advice=f"set {variable} to a free port",
    )


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
