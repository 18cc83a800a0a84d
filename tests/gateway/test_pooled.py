"""Through PgBouncer that shares servers by transaction: every command, same answers."""

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import LedgerConnection
from tests.gateway import town
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.pooler import pooler
from tests.gateway.shop import ask, balance, gift_card
from tests.gateway.test_commands import *  # noqa: F403 - all of them, through the pooler


@pytest.fixture(scope="module")
def pooled(new_ledger):
    with pooler(new_ledger(), "transaction", size=3) as through:
        yield through


@pytest.fixture(scope="module")
def gateway(pooled, keyring, keyring_file, tmp_path_factory):
    """The connections of a gateway and those of the tests share three servers."""
    folder = tmp_path_factory.mktemp("pooled")
    process = GatewayProcess(
        pooled, keyring, keyring_file, folder, EKARTE_PREPARE="off"
    )
    process.start_ready()
    yield process
    assert process.stop() == 0
    assert process.broken_invariants() == []


def test_nobody_depends_on_the_server_of_the_last_transaction(gateway):
    """Others use the same servers in turn, and leave them as they like."""
    terminal = gateway.http(town.HTTP_2)
    value = gift_card(terminal, 1_000)
    for spent in range(1, 9):
        assert gateway.sql("DEALLOCATE ALL; SELECT 1") == [(1,)]
        assert ask(terminal, "sale", card=value, amount=100).rc == "00"
        assert balance(terminal, value) == 1_000 - 100 * spent


def test_prepared_statements_are_what_such_a_pooler_breaks(pooled, keyring, gateway):
    """Why EKARTE_PREPARE is there: refused, and nothing is booked."""
    ledger = LedgerConnection(pooled, keyring)
    broken = 0
    for number in range(12):
        gateway.sql("SELECT 1")
        try:
            ledger.lend(lambda cr, n=number: _prepared_once(cr, n))
        except psycopg2.errors.InvalidSqlStatementName:
            broken += 1
    ledger.close()
    assert broken > 0


def _prepared_once(cr, number):
    cr.execute("PREPARE once AS SELECT 1" if number == 0 else "EXECUTE once")
