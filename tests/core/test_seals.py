"""The hash chain: whoever changes a sealed row breaks the seal that covers it."""

from datetime import date, datetime, timedelta

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import seal
from ekarte_core.service.sealing import broken_seals, digest
from tests.core.shop import CLUB, Shop, number
from tests.core.test_invariants import plant, red


@pytest.fixture
def sealed(shop: Shop) -> Shop:
    """Nine operations under three seals."""
    card = shop.gift(2000)
    sale = shop.request("sale", card, 400)
    shop.send(sale)
    shop.do("refund", amount=100, original=sale)
    assert _seal(shop, 3) == 3
    shop.do("sale", number(CLUB), 1000, reference="r", local_time=shop.now)
    shop.do("authorize", card, 300)
    shop.do("sale", card, 9999)
    assert _seal(shop, 3) == 3
    for serial in (2, 3, 4):
        shop.do("sale", number(CLUB, serial), 1000)
    assert _seal(shop, 3) == 3
    assert red(shop) == {}
    return shop


def _seal(shop: Shop, limit: int = 1000) -> int:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        count = seal(cr, shop.now, limit)
    connection.close()
    return count


def test_when_all_is_sealed_there_is_nothing_to_seal(sealed: Shop):
    assert _seal(sealed) == 0
    sealed.do("sale", number(CLUB), 100)
    assert _seal(sealed) == 1


def test_each_operation_is_sealed_once(sealed: Shop):
    rows = sealed.sql(
        "SELECT operation_id, seal_number FROM ekarte.seal_operation ORDER BY 1"
    )
    assert rows == [(n, (n + 2) // 3) for n in range(1, 10)]


def test_what_happens_later_leaves_the_seals_whole(sealed: Shop):
    card = number(CLUB)
    for _ in range(3):
        sealed.do("sale", card, 700)
    sealed.later(hours=2)
    sealed.expire()
    sealed.ledger.build_settlement(sealed.network, sealed.now, sealed.now)
    _seal(sealed)
    assert red(sealed) == {}


def columns(shop: Shop, table: str) -> list[str]:
    rows = shop.sql(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = 'ekarte' AND table_name = %s",
        table,
    )
    return [name for (name,) in rows]


def other(value: object) -> object:
    """Some other value of the same type."""
    if value is None:
        return 1
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1000
    if isinstance(value, str):
        return value[:-1] + ("y" if value.endswith("x") else "x")
    if isinstance(value, datetime):
        return value + timedelta(seconds=1)
    if isinstance(value, date):
        return value + timedelta(days=1)
    return bytes(value) + b"x"


@pytest.mark.parametrize(
    ("table", "where", "least"),
    [
        ("operation", "id = 4", 20),
        ("entry", "operation_id = 4 AND line = 1", 13),
        ("entry", "operation_id = 4 AND line = 2", 13),
        ("sale_line", "operation_id = 4", 8),
    ],
    ids=["operation", "entry", "counter leg", "sale line"],
)
def test_a_change_of_any_sealed_value_is_named(
    sealed: Shop, table: str, where: str, least: int
):
    silent = []
    names = columns(sealed, table)
    assert len(names) >= least
    connection = psycopg2.connect(sealed.dsn)
    with connection.cursor() as cr:
        cr.execute("SET session_replication_role = replica")
        for name in names:
            cr.execute("SAVEPOINT before")
            cr.execute(f"SELECT {name} FROM ekarte.{table} WHERE {where}")
            value = other(cr.fetchone()[0])
            change = f"UPDATE ekarte.{table} SET {name} = %(value)s WHERE {where}"
            try:
                cr.execute(change, {"value": value})
            except psycopg2.errors.CheckViolation:
                cr.execute("ROLLBACK TO before")
                continue  # refused at once: better still
            assert cr.rowcount == 1
            if 2 not in broken_seals(cr):
                silent.append(name)
            cr.execute("ROLLBACK TO before")
    connection.close()
    assert silent == []


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("DELETE FROM ekarte.entry WHERE operation_id = 4 AND line = 1", "seal 2"),
        ("DELETE FROM ekarte.operation WHERE id = 5", "seal 2"),
        ("DELETE FROM ekarte.seal_operation WHERE operation_id = 5", "seal 2"),
        (
            "UPDATE ekarte.seal_operation SET seal_number = 3 WHERE operation_id = 5",
            "seal 2",
        ),
        ("UPDATE ekarte.seal SET digest = 'x' WHERE number = 2", "seal 2"),
        ("UPDATE ekarte.seal SET previous = 'x' WHERE number = 2", "seal 2"),
        ("UPDATE ekarte.seal SET operations = 2 WHERE number = 2", "seal 2"),
        ("DELETE FROM ekarte.seal WHERE number = 2", "seal 3"),
        ("DELETE FROM ekarte.seal WHERE number = 1", "seal 2"),
        (
            "INSERT INTO ekarte.entry "
            "(operation_id, line, account, event, program, unit, posted, held, carry) "
            "VALUES (4, 99, 'spend', 'sale', 'GIFT', 'EUR', 0, 0, 0)",
            "seal 2",
        ),
    ],
    ids=[
        "entry gone",
        "operation gone",
        "cover gone",
        "cover moved",
        "digest",
        "previous",
        "count",
        "middle seal gone",
        "first seal gone",
        "entry added",
    ],
)
def test_a_damaged_chain_is_named(sealed: Shop, fault: str, named: str):
    plant(sealed, fault)
    assert named in red(sealed).get("I10", "").split(", ")


@pytest.mark.parametrize("table", ["settlement", "network_document"])
def test_a_changed_document_no_longer_fits_its_digest(sealed: Shop, table: str):
    """What Odoo will be sent, and what operations were decided by."""
    sealed.later(hours=1)
    sealed.ledger.build_settlement(sealed.network, sealed.now, sealed.now)
    plant(sealed, f"UPDATE ekarte.{table} SET body = body || ' '")
    assert set(red(sealed)) == {"I10"}


def test_a_forger_must_forge_every_later_seal(sealed: Shop):
    """Sealing the changed rows anew only moves the break to the next seal."""
    plant(sealed, "UPDATE ekarte.operation SET amount = 1 WHERE id = 5")
    assert red(sealed)["I10"] == "seal 2"
    _forge(sealed, 2)
    assert red(sealed)["I10"] == "seal 3"
    plant(
        sealed,
        "UPDATE ekarte.seal SET previous = "
        "(SELECT digest FROM ekarte.seal WHERE number = 2) WHERE number = 3",
    )
    assert red(sealed)["I10"] == "seal 3"
    _forge(sealed, 3)
    assert red(sealed) == {}  # whoever may do all that needs a witness outside


def _forge(shop: Shop, number_: int) -> None:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SET session_replication_role = replica")
        cr.execute(
            "SELECT s.previous, array_agg(o.operation_id ORDER BY o.operation_id) "
            "FROM ekarte.seal AS s "
            "INNER JOIN ekarte.seal_operation AS o ON s.number = o.seal_number "
            "WHERE s.number = %s GROUP BY s.previous",
            (number_,),
        )
        previous, ids = cr.fetchone()
        forged = digest(cr, bytes(previous), ids)
        cr.execute(
            "UPDATE ekarte.seal SET digest = %s WHERE number = %s", (forged, number_)
        )
    connection.close()


def test_the_chain_begins_with_nothing(sealed: Shop):
    ((previous,),) = sealed.sql("SELECT previous FROM ekarte.seal WHERE number = 1")
    assert bytes(previous) == bytes(32)
    pairs = sealed.sql(
        "SELECT a.digest = b.previous FROM ekarte.seal a "
        "INNER JOIN ekarte.seal b ON a.number + 1 = b.number"
    )
    assert pairs == [(True,), (True,)]


def test_a_seal_does_not_depend_on_how_a_session_writes_dates(sealed: Shop):
    connection = psycopg2.connect(sealed.dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SET DateStyle = 'German'; SET TimeZone = 'Asia/Tokyo'")
        cr.execute("SET extra_float_digits = 0; SET bytea_output = 'escape'")
        cr.execute("SET IntervalStyle = 'sql_standard'")
        assert broken_seals(cr) == []
    connection.close()
