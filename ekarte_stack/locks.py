"""One at a time: commands that build or test in the same home folder wait in line."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from ekarte_stack.home import Home
from ekarte_stack.steps import say


@contextmanager
def only_one(home: Home, what: str) -> Iterator[None]:
    """Hold the lock ``what``; the kernel drops it with the process, however it ends."""
    with (home.path / f"{what}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"-> waiting: another ./ekarte is at work here ({what})")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
