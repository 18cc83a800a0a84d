"""Waits until everything of the closed batches has reached accounting."""

import json
import time
from collections.abc import Callable

from ekarte_stack.report_ledger import Ledger
from ekarte_stack.steps import StackError

POLL_S = 0.3


def wait_until_settled(
    ledger: Ledger, timeout_s: float = 120.0, tell: Callable[[str], None] = str
) -> list[dict[str, object]]:
    """Wait for documents to be built and accepted; return what accounting replied.

    Raises:
        StackError: it has not happened in time; says what is missing and why.
    """
    end = time.monotonic() + timeout_s
    while True:
        [(unsettled,)] = ledger.rows("unsettled")
        documents = ledger.rows("settlements")
        waiting = [number for number, reply in documents if reply is None]
        if not unsettled and not waiting:
            return [json.loads(reply) for _, reply in documents]
        if time.monotonic() > end:
            raise StackError(
                f"after {timeout_s:.0f} s {unsettled} operations are in no settlement "
                f"and {len(waiting)} settlements are not accepted",
                advice=_why(ledger),
            )
        tell(f"{unsettled} operations and {len(waiting)} settlements on their way")
        time.sleep(POLL_S)


def _why(ledger: Ledger) -> str:
    failed = ledger.rows("last_failure")
    if not failed:
        return "see ./ekarte logs gateway"
    return f"the last delivery failed: {failed[0][0]}; see ./ekarte logs odoo"
