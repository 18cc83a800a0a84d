"""Ports for servers that tests start: below those from which clients call.

A server that is started again on its port may find it taken if the kernel gives the
same ports to callers (ip_local_port_range): by any caller of this machine, and by its
own clients too, for on the loopback address who calls a port where nobody listens may
be given that very port and then talks to itself (TCP's simultaneous open, RFC 9293
section 3.5).
"""

import itertools
import os
import random
from pathlib import Path

from ekarte_stack.ports import is_free

FIRST = 10_000  # services that machines have usually listen below
_CALLERS = Path("/proc/sys/net/ipv4/ip_local_port_range")
COUNT = min(20_000, int(_CALLERS.read_text().split()[0]) - FIRST)
# Each process begins elsewhere, and takes no port twice before it has seen them all.
_turns = itertools.count(random.Random(os.urandom(8)).randrange(20_000))


def free_port() -> int:
    """Return a port on the loopback address that nobody listens on, nor calls from."""
    for turn in itertools.islice(_turns, COUNT):
        port = FIRST + turn % COUNT
        if is_free(port):
            return port
    raise AssertionError(f"no free port from {FIRST} on, below those of callers")
