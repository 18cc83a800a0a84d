"""Several sessions on one ledger: threads that start together, and Odoo's cursor."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2.extensions import ISOLATION_LEVEL_REPEATABLE_READ

from ekarte_core import LedgerConnection, Outcome, Request, execute
from tests.core.shop import Shop

SOON_S = 3
"""Far longer than a group takes, far shorter than a lock is held in the tests."""


@contextmanager
def odoo(shop: Shop) -> Iterator[Any]:
    """A cursor as Odoo lends it: REPEATABLE READ, committed at the end."""
    connection = psycopg2.connect(shop.dsn)
    connection.set_session(isolation_level=ISOLATION_LEVEL_REPEATABLE_READ)
    try:
        with connection, connection.cursor() as cr:
            yield cr
    finally:
        connection.close()


def lend(shop: Shop, cr: Any, *requests: Request, wait: bool = True) -> list[Outcome]:
    return execute(cr, requests, shop.network, shop.keyring, shop.now, wait=wait)


def together(work: Sequence[Callable[[], Any]]) -> list[Any]:
    """Start all at the same moment, in threads of their own."""
    barrier = threading.Barrier(len(work))

    def start(one: Callable[[], Any]) -> Any:
        barrier.wait()
        return one()

    with ThreadPoolExecutor(len(work)) as pool:
        return [done.result() for done in [pool.submit(start, one) for one in work]]


def until_answered(
    shop: Shop, gateway: LedgerConnection, requests: list[Request]
) -> list[Outcome]:
    """Send as a gateway does: what is busy comes again in the next group."""
    done: dict[tuple, Outcome] = {}
    left = requests
    while left:
        outcomes = gateway.run(left, shop.network, shop.now)
        done |= {row.request.key: row for row in outcomes if row.status != "busy"}
        left = [row.request for row in outcomes if row.status == "busy"]
        time.sleep(0.002 if left else 0)
    return [done[request.key] for request in requests]
