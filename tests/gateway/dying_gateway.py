"""A gateway that kills itself after a chosen step of a chosen operation.

    echo 17 3 >order; DIE_ORDER=order python -m tests.gateway.dying_gateway

ends with SIGKILL after the third thing that operation 17 has done: a step written, an
answer of the ledger, or a question to the bank. The order may change while it runs.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.bank.banks import Banks
from ekarte_auth_gateway.bank.link import Link
from ekarte_auth_gateway.bank.runner import Runner

ORDER = Path(os.environ["DIE_ORDER"])
UNHEARD_S = 0.001


class Order:
    """Which operation dies, and how many things are left to it."""

    def __init__(self) -> None:
        self.text = ""
        self.operation = self.left = 0

    def one_less(self, operation: int | None = None) -> bool:
        """Count one thing done, by any operation or by this one; True: the last."""
        text = ORDER.read_text()
        if text != self.text:
            self.text = text
            self.operation, self.left = map(int, text.split())
        if operation not in (None, self.operation):
            return False
        self.left -= 1
        return self.left == 0


order = Order()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count(operation: int) -> None:
    """One thing done; the last one."""
    if order.one_less(operation):
        die()


take, ask_ledger, ask_bank = Runner.take, Banks._ask_ledger, Link.ask


async def counted_take(self: Any, course: Any, *args: Any, **values: Any) -> Any:
    found = await take(self, course, *args, **values)
    count(course.key[2])
    return found


async def counted_ledger(self: Any, request: Any) -> Any:
    verdict = await ask_ledger(self, request)
    count(request.operation)
    return verdict


async def counted_bank(self: Any, fields: Any) -> Any:
    if fields["t"] in ("0100", "0200") and order.one_less():
        asking = asyncio.ensure_future(ask_bank(self, fields))
        await asyncio.wait({asking}, timeout=UNHEARD_S)
        die()  # it is on the line, and nobody has heard the answer
    return await ask_bank(self, fields)


Runner.take = counted_take  # type: ignore[method-assign]  # that is what it is for
Banks._ask_ledger = counted_ledger  # type: ignore[method-assign]  # that is what it is for
Link.ask = counted_bank  # type: ignore[method-assign]  # that is what it is for

if __name__ == "__main__":
    sys.exit(main())
