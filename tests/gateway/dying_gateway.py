"""A gateway that kills itself after a chosen step of a chosen operation.

    DIE_FOR=17 DIE_AT=3 python -m tests.gateway.dying_gateway

ends with SIGKILL after the third thing that operation 17 has done: a step written, an
answer of the ledger, or a question to the bank.
"""

import asyncio
import os
import signal
import sys
from typing import Any

from ekarte_auth_gateway.__main__ import main
from ekarte_auth_gateway.bank.banks import Banks
from ekarte_auth_gateway.bank.link import Link
from ekarte_auth_gateway.bank.runner import Runner

FOR = int(os.environ["DIE_FOR"])
UNHEARD_S = 0.001
left = int(os.environ["DIE_AT"])


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def count(operation: int) -> None:
    """One thing done; the last one."""
    global left  # noqa: PLW0603 - a program of one purpose
    if operation == FOR:
        left -= 1
        if left == 0:
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
    global left  # noqa: PLW0603 - a program of one purpose
    if fields["t"] in ("0100", "0200"):
        left -= 1
        if left == 0:
            asking = asyncio.ensure_future(ask_bank(self, fields))
            await asyncio.wait({asking}, timeout=UNHEARD_S)
            die()  # it is on the line, and nobody has heard the answer
    return await ask_bank(self, fields)


Runner.take = counted_take  # type: ignore[method-assign]  # that is what it is for
Banks._ask_ledger = counted_ledger  # type: ignore[method-assign]  # that is what it is for
Link.ask = counted_bank  # type: ignore[method-assign]  # that is what it is for

if __name__ == "__main__":
    sys.exit(main())
