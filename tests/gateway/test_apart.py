"""The ledger on a cluster of its own, Odoo's copy on another, and two gateways."""

from collections.abc import Iterator

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import verify
from ekarte_core.ledger.apart import FROM_ODOO, PUBLICATIONS, STAYS
from tests.gateway.clusters import Cluster, clusters_of
from tests.gateway.conftest import core_command, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card
from tests.gateway.test_restore import empty_database

PUBLISHED = "SELECT tablename FROM pg_publication_tables"
LOGICAL = {"wal_level": "logical", "fsync": "off"}


class Apart:
    """Two clusters as docs/SCALING.md sets them up."""

    def __init__(self, ledger: Cluster, odoo: Cluster) -> None:
        self.clusters = {"ledger": ledger.create(**LOGICAL), "odoo": odoo}
        odoo.create(**LOGICAL)
        self.dsn = {side: one.database("prod") for side, one in self.clusters.items()}
        for side, one in self.clusters.items():
            empty_database(one.dsn, "prod")
            core_command("migrate", "--dsn", self.dsn[side])
            core_command("apart", "--side", side, "--dsn", self.dsn[side])
        for side, other in (("odoo", "ledger"), ("ledger", "odoo")):
            self.say(
                side,
                f"CREATE SUBSCRIPTION from_{other} CONNECTION '{self.dsn[other]}'"
                f" PUBLICATION {PUBLICATIONS[other]} WITH (copy_data = false)",
            )

    def say(self, side: str, query: str) -> list[tuple]:
        connection = psycopg2.connect(self.dsn[side])
        connection.autocommit = True
        with connection.cursor() as cr:
            cr.execute(query)
            rows = cr.fetchall() if cr.description else []
        connection.close()
        return rows

    def both_hold(self, query: str) -> bool:
        return self.say("ledger", query) == self.say("odoo", query)

    def broken_in_copy(self) -> list[str]:
        with (
            psycopg2.connect(self.dsn["odoo"]) as connection,
            connection.cursor() as cr,
        ):
            found = [one.code for one in verify(cr) if not one.holds]
        connection.close()
        return found


@pytest.fixture(scope="module")
def apart() -> Iterator[Apart]:
    with clusters_of("ledger", "odoo") as made:
        yield Apart(*made)


@pytest.fixture
def pair(apart, keyring, keyring_file, tmp_path) -> Iterator[list[GatewayProcess]]:
    """Odoo's side publishes the network; two gateways serve the ledger."""
    publish(apart.dsn["odoo"], tmp_path)
    made = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        dsn = apart.dsn["ledger"]
        made.append(GatewayProcess(dsn, keyring, keyring_file, tmp_path / name))
        made[-1].start()
    for gateway in made:
        gateway.wait_until(lambda g=gateway: g.ready()["ready"], "the network is here")
    yield made
    for gateway in made:
        gateway.kill()


def test_odoo_reads_what_gateways_book_and_neither_needs_the_other_to_live(
    apart, pair, tmp_path
):
    one, other = pair
    value = gift_card(one.http(), 50_000)
    for gateway in pair * 5:
        assert ask(gateway.http(), "sale", card=value, amount=100).rc == "00"
    same = "SELECT id, rc, md5(answer) FROM ekarte.operation ORDER BY id"
    one.wait_until(lambda: apart.both_hold(same), "the copy has every answer")
    assert apart.say("odoo", "SELECT count(*) FROM ekarte.operation") == [(11,)]
    assert apart.broken_in_copy() == []

    apart.clusters["odoo"].control("stop", "--mode=immediate")  # Odoo's machine is gone
    for gateway in pair * 5:
        assert ask(gateway.http(), "sale", card=value, amount=100).rc == "00"
    held = ask(one.http(), "authorize", card=value, amount=3_000)
    assert (held.rc, balance(other.http(), value)) == ("00", 45_000)

    apart.clusters["odoo"].start()
    publish(apart.dsn["odoo"], tmp_path, name="Renamed")
    for gateway in pair:
        gateway.wait_until(
            lambda g=gateway: g.ready()["network_version"] == 2, "version 2 in use"
        )
    one.wait_until(lambda: apart.both_hold(same), "the copy has caught up")
    purses = "SELECT id, posted, held, version FROM ekarte.purse ORDER BY id"
    one.wait_until(lambda: apart.both_hold(purses), "with every purse")
    assert apart.broken_in_copy() == []
    assert one.broken_invariants() == []


def test_neither_side_writes_what_is_at_home_on_the_other(apart):
    for side, table in (("odoo", "entry"), ("ledger", "network_document")):
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction, match="a copy"):
            apart.say(side, f"DELETE FROM ekarte.{table}")
    tables, home = (
        [name for (name,) in apart.say(side, PUBLISHED)] for side in ("ledger", "odoo")
    )
    every = apart.say(
        "ledger", "SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'"
    )
    assert sorted(home) == sorted(FROM_ODOO)
    assert sorted((*tables, *home, *STAYS)) == sorted(name for (name,) in every)


def test_tables_join_when_it_is_run_again(apart):
    apart.say("ledger", "ALTER PUBLICATION ekarte_ledger DROP TABLE ekarte.voucher")
    said = core_command("apart", "--side", "ledger", "--dsn", apart.dsn["ledger"])
    assert "publication ekarte_ledger" in said
    found = "SELECT count(*) FROM pg_publication_tables WHERE tablename = 'voucher'"
    assert apart.say("ledger", found) == [(1,)]
