"""Background processes: started here, known by number and start time, stopped here."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypedDict

from ekarte_stack.steps import StackError

STOP_TIMEOUT_S = 30
LISTEN = "0A"  # state of a socket in /proc/net/tcp
START_TIME_FIELD = 22  # of /proc/<pid>/stat, counted as in proc(5)


class Identity(TypedDict):
    """A process, told apart from a later one with the same number."""

    pid: int
    started: int


def start(
    argv: Sequence[str], *, log: Path, env: Mapping[str, str], cwd: Path
) -> Identity:
    """Start a process in a session of its own, its output appended to ``log``."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
    return {"pid": process.pid, "started": _started(process.pid) or 0}


def is_alive(who: Identity) -> bool:
    """Tell whether this very process still runs."""
    _reap(who["pid"])
    return _started(who["pid"]) == who["started"]


def listens(who: Identity, ports: Sequence[int]) -> bool:
    """Tell whether this very process listens on all of these loopback ports."""
    try:
        links = [link.readlink() for link in Path(f"/proc/{who['pid']}/fd").iterdir()]
    except OSError:  # ended, or has just closed one of them
        return False
    own = {str(link) for link in links}
    return all(f"socket:[{inode}]" in own for inode in map(_listener, ports))


def _listener(port: int) -> str:
    """Return the inode of the IPv4 socket that listens on a port; see proc(5)."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        words = line.split()
        if words[3] == LISTEN and int(words[1].rpartition(":")[2], 16) == port:
            return words[9]
    return ""


def stop(who: Identity, name: str) -> bool:
    """Ask a process to end, insist after a while; False if it had ended before."""
    if not is_alive(who):
        return False
    os.kill(who["pid"], signal.SIGTERM)
    end = time.monotonic() + STOP_TIMEOUT_S
    while is_alive(who):
        if time.monotonic() > end:
            os.kill(who["pid"], signal.SIGKILL)
            time.sleep(0.5)
            if is_alive(who):
                raise StackError(f"{name} (process {who['pid']}) does not end")
        time.sleep(0.05)
    return True


def _started(pid: int) -> int | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name in parentheses may hold spaces; what follows it does not.
    after_name = stat.rpartition(")")[2].split()
    if after_name[0] == "Z":
        return None
    return int(after_name[START_TIME_FIELD - 3])


def _reap(pid: int) -> None:
    """Collect our own ended child; somebody else's is none of our business."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
