"""The hash chain: whoever changes a sealed row is found, and the row is named."""

import random
from datetime import date, datetime, timedelta

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import seal, verify_seals
from ekarte_core.service.sealing import broken_links, chained, digests
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


def _seal(shop: Shop, limit: int = 1000, *, whole: bool = True) -> int:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        count = seal(cr, shop.now, limit, whole=whole)
    connection.close()
    return count


def _seal_quickly(shop: Shop) -> int:
    return _seal(shop, whole=False)


def test_when_all_is_sealed_there_is_nothing_to_seal(sealed: Shop):
    assert _seal(sealed) == 0
    sealed.do("sale", number(CLUB), 100)
    assert _seal(sealed) == 1


COVER = "ekarte.seal_operation"


def test_a_quick_look_passes_over_what_comes_late_with_an_old_id(sealed: Shop):
    """A gateway that was idle used a block of ids that is long past."""
    plant(sealed, f"UPDATE {COVER} SET operation_id = 5000 WHERE operation_id = 9")
    sealed.later(minutes=9)
    assert _seal_quickly(sealed) == 1  # operation 9 again, and it is not long ago
    sealed.do("sale", number(CLUB), 100)
    sealed.later(minutes=2)
    assert _seal_quickly(sealed) == 0
    assert _seal(sealed) == 1


def test_a_quick_look_finds_what_is_new(sealed: Shop):
    sealed.later(minutes=11)
    sealed.do("sale", number(CLUB), 100)
    assert _seal_quickly(sealed) == 1
    sealed.do("sale", number(CLUB), 100)
    assert _seal_quickly(sealed) == 1
    assert _seal_quickly(sealed) == 0


def test_a_gateway_looks_at_everything_once_an_hour(sealed: Shop):
    assert sealed.ledger.seal(sealed.now) == 0
    plant(
        sealed,
        "UPDATE ekarte.seal_operation SET operation_id = 5000 WHERE operation_id = 9",
    )
    sealed.later(minutes=50)
    assert sealed.ledger.seal(sealed.now) == 0  # operation 9 is below what was sealed
    sealed.later(minutes=10)
    assert sealed.ledger.seal(sealed.now) == 1


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
            if "operation 4 (seal 2)" not in broken_links(cr):
                silent.append(name)
            cr.execute("ROLLBACK TO before")
    connection.close()
    assert silent == []


ENTRY_ADDED = (
    "INSERT INTO ekarte.entry "
    "(operation_id, line, account, event, program, unit, posted, held, carry) "
    "VALUES (4, 99, 'spend', 'sale', 'GIFT', 'EUR', 0, 0, 0)"
)
OPERATION_ADDED = (
    "CREATE TEMPORARY TABLE twin AS SELECT * FROM ekarte.operation WHERE id = 6;"
    "UPDATE twin SET id = 99, number = 99;"
    "INSERT INTO ekarte.operation SELECT * FROM twin;"
    f"INSERT INTO {COVER} SELECT 99, seal_number, digest FROM {COVER} "
    "WHERE operation_id = 6"
)
# What was done, and everything that is named.
DAMAGE = {
    "entry gone": (
        "DELETE FROM ekarte.entry WHERE operation_id = 4 AND line = 1",
        "operation 4 (seal 2)",
    ),
    "entry added": (ENTRY_ADDED, "operation 4 (seal 2)"),
    "entry of another operation": (
        "UPDATE ekarte.entry SET operation_id = 5, line = 99 "
        "WHERE operation_id = 4 AND line = 1",
        "operation 4 (seal 2), operation 5 (seal 2)",
    ),
    "sale line gone": (
        "DELETE FROM ekarte.sale_line WHERE operation_id = 4",
        "operation 4 (seal 2)",
    ),
    "sale line added": (
        "INSERT INTO ekarte.sale_line SELECT operation_id, 99, goods_group, "
        "tax_rate_bp, 0, 0, 0, 0 FROM ekarte.sale_line WHERE operation_id = 4",
        "operation 4 (seal 2)",
    ),
    "operation gone": (
        "DELETE FROM ekarte.operation WHERE id = 5",
        "operation 5 (seal 2)",
    ),
    "operation added": (OPERATION_ADDED, "operation 99 (seal 2), seal 2"),
    "cover gone": (f"DELETE FROM {COVER} WHERE operation_id = 5", "seal 2"),
    "cover moved": (
        f"UPDATE {COVER} SET seal_number = 3 WHERE operation_id = 5",
        "seal 2, operation 5 (seal 3), seal 3",
    ),
    "cover forged": (
        f"UPDATE {COVER} SET digest = sha256('x') WHERE operation_id = 5",
        "operation 5 (seal 2), seal 2",
    ),
    "digest": (
        "UPDATE ekarte.seal SET digest = 'x' WHERE number = 2",
        "seal 2, seal 3",
    ),
    "previous": ("UPDATE ekarte.seal SET previous = 'x' WHERE number = 2", "seal 2"),
    "count": ("UPDATE ekarte.seal SET operations = 2 WHERE number = 2", "seal 2"),
    "first seal gone": ("DELETE FROM ekarte.seal WHERE number = 1", "seal 2, seal 1"),
    "middle seal gone": ("DELETE FROM ekarte.seal WHERE number = 2", "seal 3, seal 2"),
    "last seal gone": ("DELETE FROM ekarte.seal WHERE number = 3", "seal 3"),
    "seal added before all": (
        "INSERT INTO ekarte.seal SELECT -1, sealed_at, 0, previous, sha256(previous) "
        "FROM ekarte.seal WHERE number = 1",
        "seal 1",
    ),
}


@pytest.mark.parametrize(("fault", "named"), DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_named_and_nothing_else(
    sealed: Shop, fault: str, named: str
):
    plant(sealed, fault)
    assert _broken(sealed) == named.split(", ")
    assert "I10" in red(sealed)


def test_an_added_operation_is_named_though_its_digest_is_right(sealed: Shop):
    plant(sealed, OPERATION_ADDED)
    _forge_rows(sealed, 2)
    assert _broken(sealed) == ["operation 99 (seal 2)", "seal 2"]


def test_rows_that_no_seal_covers_yet_change_nothing_in_the_chain(sealed: Shop):
    sealed.do("sale", number(CLUB), 1000)
    plant(sealed, "UPDATE ekarte.operation SET reference = 'x' WHERE id = 10")
    assert _broken(sealed) == []
    _seal(sealed)
    plant(sealed, "UPDATE ekarte.operation SET reference = 'y' WHERE id = 10")
    assert _broken(sealed) == ["operation 10 (seal 4)"]


# --- seals of before rows had digests of their own

OLD_DIGEST = """
SELECT sha256(s.previous || string_agg(d.digest, ''::bytea ORDER BY d.id)) = s.digest
FROM ekarte.seal AS s
INNER JOIN ekarte.seal_operation AS c ON s.number = c.seal_number
INNER JOIN (
    SELECT
        o.id, sha256(convert_to(row(
            o.id, extract(epoch FROM o.at), o.business_day - date '2000-01-01',
            o.terminal, o.batch, o.number, o.command, o.rc, o.card_id, o.issuer,
            o.branch, o.currency, o.amount, o.discount, o.amount_due, o.original_id,
            o.reference, extract(epoch FROM o.local_time), o.network_version,
            encode(o.body_digest, 'hex'), o.decision, o.answer
        )::text || coalesce((
            SELECT string_agg(row(
                e.line, e.purse_id, e.lot_id, e.account, e.event, e.program, e.unit,
                e.posted, e.held, e.carry, e.version, e.posted_after, e.held_after
            )::text, '' ORDER BY e.line)
            FROM ekarte.entry AS e WHERE e.operation_id = o.id
        ), '') || coalesce((
            SELECT string_agg(row(
                l.line, l.goods_group, l.tax_rate_bp, l.gross, l.discount, l.bonus,
                l.tendered
            )::text, '' ORDER BY l.line)
            FROM ekarte.sale_line AS l WHERE l.operation_id = o.id
        ), ''), 'UTF8')) AS digest
    FROM ekarte.operation AS o
) AS d ON c.operation_id = d.id
GROUP BY s.number, s.previous, s.digest
"""


@pytest.fixture
def old(sealed: Shop) -> Shop:
    """The same ledger, its first two seals made before the migration."""
    plant(sealed, f"UPDATE {COVER} SET digest = NULL WHERE seal_number < 3")
    return sealed


def test_the_digest_of_a_seal_is_what_it_always_was(sealed: Shop):
    assert sealed.sql(OLD_DIGEST) == [(True,)] * 3


def test_old_seals_verify(old: Shop):
    assert red(old) == {}
    old.do("sale", number(CLUB), 100)
    assert _seal(old) == 1
    assert red(old) == {}


OLD_DAMAGE = {
    "value": ("UPDATE ekarte.operation SET amount = 1 WHERE id = 5", "seal 2"),
    "entry added": (ENTRY_ADDED, "seal 2"),
    "operation gone": (
        "DELETE FROM ekarte.operation WHERE id = 5",
        "operation 5 (seal 2), seal 2",
    ),
    "cover gone": (f"DELETE FROM {COVER} WHERE operation_id = 5", "seal 2"),
}


@pytest.mark.parametrize(("fault", "named"), OLD_DAMAGE.values(), ids=OLD_DAMAGE)
def test_a_change_under_an_old_seal_names_the_seal(old: Shop, fault: str, named: str):
    plant(old, fault)
    assert _broken(old) == named.split(", ")


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
    assert _broken(sealed) == ["operation 5 (seal 2)"]
    _forge_rows(sealed, 2)
    assert _broken(sealed) == ["seal 2"]
    _forge(sealed, 2)
    assert _broken(sealed) == ["seal 3"]
    plant(
        sealed,
        "UPDATE ekarte.seal SET previous = "
        "(SELECT digest FROM ekarte.seal WHERE number = 2) WHERE number = 3",
    )
    assert _broken(sealed) == ["seal 3"]
    _forge(sealed, 3)
    assert red(sealed) == {}  # whoever may do all that needs a witness outside


def _broken(shop: Shop) -> list[str]:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        found = broken_links(cr)
    connection.close()
    return found


def _forge_rows(shop: Shop, number_: int) -> None:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SET session_replication_role = replica")
        cr.execute(
            f"SELECT operation_id FROM {COVER} WHERE seal_number = %s", (number_,)
        )
        for operation, digest in digests(cr, [n for (n,) in cr.fetchall()]).items():
            cr.execute(
                f"UPDATE {COVER} SET digest = %s WHERE operation_id = %s",
                (digest, operation),
            )
    connection.close()


def _forge(shop: Shop, number_: int) -> None:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SET session_replication_role = replica")
        cr.execute(
            "SELECT s.previous, array_agg(o.digest ORDER BY o.operation_id) "
            "FROM ekarte.seal AS s "
            f"INNER JOIN {COVER} AS o ON s.number = o.seal_number "
            "WHERE s.number = %s GROUP BY s.previous",
            (number_,),
        )
        previous, rows = cr.fetchone()
        forged = chained(bytes(previous), [bytes(one) for one in rows])
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
        assert broken_links(cr) == []
    connection.close()


def test_random_damage_names_the_operations_it_touched_and_no_others(
    sealed: Shop, dice: random.Random
):
    """Rows changed, taken away and added, several at once, all over the chain."""
    for _ in range(30):
        with psycopg2.connect(sealed.dsn) as connection, connection.cursor() as cr:
            cr.execute("SET session_replication_role = replica")
            touched: set[int] = set()
            for _ in range(dice.choice([1, 2, 5])):
                touched.add(_damage(cr, dice, touched))
            named = broken_links(cr)
            connection.rollback()
        connection.close()
        expected = [f"operation {n} (seal {(n + 2) // 3})" for n in sorted(touched)]
        assert named == expected
    assert _broken(sealed) == []


def _damage(cr, dice: random.Random, others: set[int]) -> int:
    """Damage a row of another sealed operation in some way; returns its id."""
    table = dice.choice(["operation", "entry", "entry", "sale_line"])
    column = "id" if table == "operation" else "operation_id"
    cr.execute(f"SELECT DISTINCT {column} FROM ekarte.{table} ORDER BY 1")
    operation = dice.choice([n for (n,) in cr.fetchall() if n not in others])
    place = (
        f"ctid = (SELECT min(ctid) FROM ekarte.{table} WHERE {column} = {operation})"
    )
    ways = [f"DELETE FROM ekarte.{table} WHERE {place}"]
    if table == "operation":
        ways.append(f"UPDATE ekarte.operation SET amount = amount + 1 WHERE {place}")
    else:
        ways.append(f"UPDATE ekarte.{table} SET line = line + 50 WHERE {place}")
        ways.append(
            "INSERT INTO ekarte.sale_line VALUES "
            f"({operation}, (SELECT coalesce(max(line), 60) + 1 FROM ekarte.sale_line "
            f"WHERE operation_id = {operation}), '', 0, 0, 0, 0, 0)"
        )
    cr.execute(dice.choice(ways))
    assert cr.rowcount == 1
    return operation


# --- a look that goes on where the chain was found whole before


def _look(shop: Shop, *, whole: bool = False) -> list[str]:
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        found = verify_seals(cr, whole=whole)
    connection.close()
    return found


def _noted(shop: Shop) -> list[int]:
    rows = shop.sql("SELECT number FROM ekarte.seal_verified ORDER BY id")
    return [max(number_, 0) for (number_,) in rows]


OLD = "UPDATE ekarte.operation SET amount = {} WHERE id = 4"


def test_a_look_notes_how_far_the_chain_is_whole_once(sealed: Shop):
    assert (_look(sealed), _look(sealed), _look(sealed, whole=True)) == ([], [], [])
    assert _noted(sealed) == [3]
    sealed.do("sale", number(CLUB), 100)
    _seal(sealed)
    assert _look(sealed) == []
    assert _noted(sealed) == [3, 4]


def test_a_quick_look_finds_what_was_changed_after_the_noted_seal(sealed: Shop):
    assert _look(sealed) == []
    sealed.do("sale", number(CLUB), 100)
    _seal(sealed)
    plant(sealed, "UPDATE ekarte.operation SET amount = 1 WHERE id = 10")
    assert _look(sealed) == ["operation 10 (seal 4)"]
    assert _noted(sealed) == [3]


def test_a_change_before_the_noted_seal_is_for_the_whole_walk_to_find(sealed: Shop):
    assert _look(sealed) == []
    plant(sealed, OLD.format(1))
    assert _look(sealed) == []
    assert _look(sealed, whole=True) == ["operation 4 (seal 2)"]


def test_what_was_found_broken_is_found_by_every_look_until_it_is_mended(sealed: Shop):
    assert _look(sealed) == []
    ((amount,),) = sealed.sql("SELECT amount FROM ekarte.operation WHERE id = 4")
    plant(sealed, OLD.format(amount + 1))
    assert _look(sealed, whole=True) == ["operation 4 (seal 2)"]
    assert _look(sealed) == ["operation 4 (seal 2)"]
    assert _noted(sealed) == [3, 1]
    plant(sealed, OLD.format(amount))
    assert _look(sealed) == []
    assert _noted(sealed) == [3, 1, 3]


def test_who_forges_the_chain_to_its_end_is_betrayed_by_what_was_noted(sealed: Shop):
    assert _look(sealed) == []
    plant(sealed, OLD.format(1))
    _forge_rows(sealed, 2)
    _forge(sealed, 2)
    plant(
        sealed,
        "UPDATE ekarte.seal SET previous = "
        "(SELECT digest FROM ekarte.seal WHERE number = 2) WHERE number = 3",
    )
    _forge(sealed, 3)
    for _ in range(2):
        assert _look(sealed) == ["seal 3"]
    assert _broken(sealed) == ["seal 3"]
    assert set(red(sealed)) == {"I10"}
    assert _noted(sealed) == [3]


@pytest.mark.parametrize("fault", DAMAGE)
def test_a_look_at_what_is_new_finds_all_damage_that_the_whole_walk_finds(
    sealed: Shop, fault: str
):
    """Nothing was noted yet; and what was found is found again."""
    statement, named = DAMAGE[fault]
    plant(sealed, statement)
    assert _look(sealed) == named.split(", ")
    assert _look(sealed) == named.split(", ")


def test_a_seal_that_is_gone_after_the_noted_one_is_named(sealed: Shop):
    assert _look(sealed) == []
    for _ in range(2):
        sealed.do("sale", number(CLUB), 100)
        _seal(sealed)
    plant(sealed, "DELETE FROM ekarte.seal WHERE number = 4")
    assert _look(sealed) == ["seal 5", "seal 4"]
    plant(sealed, "DELETE FROM ekarte.seal WHERE number = 3")
    assert _look(sealed) == ["seal 5", "seal 3", "seal 4"]
