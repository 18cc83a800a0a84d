"""A commit takes longer than terminals may wait: what comes of it reaches the bank."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest

from ekarte_core import Keyring, Original
from tests.gateway import bank_town
from tests.gateway.bank_town import (
    Acquirer,
    booked,
    given_back,
    open_holds,
    part,
    settle,
)
from tests.gateway.conftest import BANK_ENV, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order
from tests.gateway.test_bank_kills import insist
from tests.gateway.test_bank_refunds import bought

SHORT_S = "1"
HELD = """
CREATE FUNCTION ekarte.held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
PERFORM pg_advisory_xact_lock_shared(hashtext('held'), hashtext(NEW.command));
RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER held AFTER INSERT ON ekarte.operation
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ekarte.held();
"""
"""A commit waits here as it does for a standby: all is written, and nobody sees it."""


@pytest.fixture
def shop(
    new_ledger: Callable[[], str],
    keyring: Keyring,
    keyring_file: Path,
    host: Acquirer,
    bank_keys: Path,
    tmp_path: Path,
) -> Iterator[GatewayProcess]:
    """A gateway that tells terminals early to ask again; in the end all is well."""
    env = {**BANK_ENV, "EKARTE_BANK_KEYS": str(bank_keys), "EKARTE_WAIT_S": SHORT_S}
    made = GatewayProcess(new_ledger(), keyring, keyring_file, tmp_path, **env)
    publish(made.dsn, tmp_path, **bank_town.network(host.port))
    made.sql(HELD + "SELECT 1")
    try:
        made.start_ready()
        made.wait_for_event("bank signed on")
        yield made
        settle(made)
        assert made.broken_invariants() == []
        assert host.book()["faults"] == []
    finally:
        made.kill()


@contextmanager
def held(shop: GatewayProcess, command: str) -> Iterator[Callable[[], None]]:
    """Commits of this command wait until the end, or until they are let go."""
    connection = psycopg2.connect(shop.dsn)
    with connection.cursor() as cr:
        words = ("held", command)
        cr.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashtext(%s))", words)
    try:
        yield connection.rollback
    finally:
        connection.close()


def rounds(shop: GatewayProcess, count: int = 2) -> None:
    """Wait until what was left half done has been looked after so many times."""
    seen = sum("taken up" in line["event"] for line in shop.logs())
    shop.wait_until(
        lambda: sum("taken up" in x["event"] for x in shop.logs()) >= seen + 2 * count,
        "taken up",
        wait_s=20,
    )


def steps(shop: GatewayProcess) -> list[str]:
    query = "SELECT step FROM ekarte.bank_step ORDER BY operation_id, number"
    return [step for (step,) in shop.sql(query)]


@pytest.mark.parametrize("killed", [False, True], ids=["it lives", "it is killed"])
def test_a_refund_that_commits_late_reaches_the_bank(shop, host, killed):
    till = shop.http(bank_town.BANK)
    sale = bought(till)
    refund = order("refund", till, original=sale.operation, amount=500)
    with held(shop, "refund"):
        assert till.send(refund).rc == "91"
        if killed:
            shop.kill()  # and its session goes on with the commit
            shop.start_ready()
        rounds(shop)
        assert steps(shop)[-1] == "refunding"
    till = shop.http(bank_town.BANK)
    state = insist(till, order("status", till, original=refund.operation))
    assert state.original.bank.amount == 475
    settle(shop)
    assert given_back(host) == [475]
    assert insist(till, refund).bank.amount == 475
    settle(shop)
    assert given_back(host) == [475]


def test_a_refund_that_never_came_about_leaves_nothing(shop, host):
    """Its card is locked as long as it may wait, and then it is given up."""
    till = shop.http(bank_town.BANK)
    sale = bought(till)
    refund = order("refund", till, original=sale.operation, amount=500)
    connection = psycopg2.connect(shop.dsn)
    with connection.cursor() as cr:
        cr.execute("SELECT FROM ekarte.card FOR NO KEY UPDATE")
    assert till.send(refund).rc == "91"
    settle(shop)
    assert steps(shop)[-1] == "kept"
    connection.close()
    assert given_back(host) == []
    assert insist(till, refund).bank.amount == 475
    settle(shop)
    assert given_back(host) == [475]


def test_a_reversal_of_a_refund_that_is_not_told_yet_reaches_the_bank(shop, host):
    till, other = shop.http(bank_town.BANK), shop.http(bank_town.BANK)
    sale = bought(till)
    refund = order("refund", till, original=sale.operation, amount=500)
    of = Original(batch=1, operation=refund.operation)
    undo = order("reverse", till, batch=2, original=of)
    with held(shop, "reverse") as let_go, held(shop, "refund") as let_refund_go:
        assert till.send(refund).rc == "91"
        sending = threading.Thread(target=other.send, args=(undo,), daemon=True)
        sending.start()
        shop.wait_until(
            lambda: shop.metric("ekarte_queue_depth") > 0 or not sending.is_alive(),
            "it waits in the lane, or is told to wait",
        )
        let_refund_go()
        sending.join()
        shop.wait_until(lambda: "refunded" in steps(shop), "the bank is told")
        let_go()
    of = Original(batch=2, operation=undo.operation)
    state = insist(till, order("status", till, original=of))
    settle(shop)
    assert given_back(host) == ([] if state.rc == "00" else [475])
    assert insist(till, undo).rc == "00"
    settle(shop)
    assert given_back(host) == []


@pytest.mark.parametrize("command", ["authorize", "confirm"])
def test_a_sale_that_commits_late_ends_in_both_or_in_neither(shop, host, command):
    till = shop.http(bank_town.BANK)
    value = gift_card(till, 5000)
    sale = order(
        *("sale", till), card=value, amount=2000, tender={"gift": 500}, bank=part()
    )
    with held(shop, command):
        assert till.send(sale).rc == "91"
        rounds(shop)
    answer = insist(till, sale)
    settle(shop)
    assert (answer.rc == "00") == (command == "confirm")
    assert booked(shop) == host.charged() == ([1500] if answer.rc == "00" else [])
    assert balance(till, value) == (4500 if answer.rc == "00" else 5000)
    assert open_holds(shop) == 0


def test_a_reversal_that_commits_late_undoes_it_in_both(shop, host):
    till = shop.http(bank_town.BANK)
    sale = bought(till)
    undo = order("reverse", till, original=sale.operation)
    with held(shop, "reverse"):
        assert till.send(undo).rc == "91"
        rounds(shop)
    assert insist(till, undo).rc == "00"
    settle(shop)
    assert booked(shop) == host.charged() == []
    assert ask(till, "echo").rc == "00"
