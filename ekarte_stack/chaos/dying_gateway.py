"""A gateway that kills itself at a chosen point of its talk with PostgreSQL.

    CHAOS_ORDER=order python -m ekarte_stack.chaos.dying_gateway

does what any gateway does until it gets SIGUSR1; then it reads the order, `after-commit
3` for example, and ends with SIGKILL at the third such point. The points are the steps
of every group: before and after each statement, before a commit and after it, when the
operations are booked and nobody has been told.
"""

import os
import runpy
import signal
from pathlib import Path
from typing import Any

import psycopg2

ORDER = Path(os.environ["CHAOS_ORDER"])


class Order:
    """What is left to live; nothing is ordered at first."""

    point, left = "", 0

    def read(self, *_signal: object) -> None:
        """Take the order."""
        point, left = ORDER.read_text().split()
        self.left, self.point = int(left), point

    def pass_by(self, point: str) -> None:
        """Come to a point of this name; perhaps it is the last."""
        if point == self.point:
            self.left -= 1
            if not self.left:
                os.kill(os.getpid(), signal.SIGKILL)


order = Order()


def counted(factory: Any) -> Any:
    """Return the same class of connections, with the points in it."""

    class Counted(factory):  # type: ignore[misc]  # made at run time
        def __init__(self, *args: Any, **values: Any) -> None:
            super().__init__(*args, **values)
            self.cursor_factory = _counted_cursor(self.cursor_factory)

        def commit(self) -> None:
            order.pass_by("before-commit")
            super().commit()
            order.pass_by("after-commit")

    return Counted


def _counted_cursor(factory: Any) -> Any:
    class CountedCursor(factory):  # type: ignore[misc]  # made at run time
        def execute(self, *args: Any) -> None:
            order.pass_by("before-statement")
            super().execute(*args)
            order.pass_by("after-statement")

    return CountedCursor


connect = psycopg2.connect


def connect_counted(*args: Any, connection_factory: Any, **values: Any) -> Any:
    """Connect as told, and count from now on."""
    return connect(*args, connection_factory=counted(connection_factory), **values)


if __name__ == "__main__":
    psycopg2.connect = connect_counted
    signal.signal(signal.SIGUSR1, order.read)
    runpy.run_module("ekarte_auth_gateway", run_name="__main__")
