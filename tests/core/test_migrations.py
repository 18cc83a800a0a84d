"""Migrations: from nothing to the schema, once; a changed file is noticed."""

import hashlib

import psycopg2
import psycopg2.errors
import pytest

from ekarte_core import (
    EkarteError,
    LedgerConnection,
    SchemaBehind,
    check_schema,
    migrate,
)
from ekarte_core.ledger import migrate as module
from tests.core.conftest import build, raze


@pytest.fixture
def bare_dsn(bench_dsn: str) -> str:
    """A database without any schema."""
    raze(bench_dsn)
    return bench_dsn


DESCRIBED = """
SELECT
    'column ' || c.relname, a.attname,
    concat_ws(
        ' ', format_type(a.atttypid, a.atttypmod), a.attnotnull,
        pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
    )
FROM pg_class AS c
INNER JOIN pg_attribute AS a ON c.oid = a.attrelid AND a.attnum > 0
LEFT JOIN pg_attrdef AS d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
WHERE
    c.relnamespace = 'ekarte'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'S')
    AND NOT a.attisdropped
UNION ALL
SELECT 'table', relname, concat_ws(' ', relkind, array_to_string(reloptions, ','))
FROM pg_class WHERE relnamespace = 'ekarte'::regnamespace
UNION ALL
SELECT 'constraint ' || conrelid::regclass, conname, pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'ekarte'::regnamespace
UNION ALL
SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'ekarte'
UNION ALL
SELECT 'trigger ' || tgenabled::text, tgrelid::regclass::text, pg_get_triggerdef(t.oid)
FROM pg_trigger AS t
INNER JOIN pg_class AS c ON t.tgrelid = c.oid
WHERE c.relnamespace = 'ekarte'::regnamespace AND NOT tgisinternal
UNION ALL
SELECT 'function', proname, pg_get_functiondef(oid)
FROM pg_proc WHERE pronamespace = 'ekarte'::regnamespace
UNION ALL
SELECT 'migration', name, encode(sha256, 'hex') FROM ekarte.migration
ORDER BY 1, 2, 3
"""


def described(dsn: str) -> list[tuple]:
    """All that a schema is made of."""
    connection = psycopg2.connect(dsn)
    with connection, connection.cursor() as cr:
        cr.execute(DESCRIBED)
        rows = cr.fetchall()
    connection.close()
    assert len(rows) > 150
    return rows


def test_a_second_run_has_nothing_to_do(bare_dsn: str):
    first = build(bare_dsn)
    assert first[0] == "0001_ledger.sql"
    before = described(bare_dsn)
    assert build(bare_dsn) == []
    assert described(bare_dsn) == before


def test_migrations_one_by_one_make_the_same_schema(
    bare_dsn: str, common_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    files = module._files()
    for count in range(1, len(files) + 1):
        monkeypatch.setattr(module, "_files", lambda count=count: files[:count])
        assert build(bare_dsn) == [files[count - 1][1]]
    assert described(bare_dsn) == described(common_dsn)


def test_a_schema_made_beforehand_is_used(bare_dsn: str):
    connection = psycopg2.connect(bare_dsn)
    with connection, connection.cursor() as cr:
        cr.execute("CREATE SCHEMA ekarte")
    connection.close()
    assert build(bare_dsn)


def test_a_changed_file_is_noticed_and_nothing_is_done(
    bare_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    build(bare_dsn)
    before = described(bare_dsn)
    number, name, text = module._files()[0]
    planted = [(number, name, text + "-- later\n"), (9999, "9999_new.sql", "SELECT 1")]
    monkeypatch.setattr(module, "_files", lambda: planted)
    with pytest.raises(EkarteError, match=f"{name} has changed"):
        build(bare_dsn)
    assert described(bare_dsn) == before


def test_a_new_file_is_applied_and_recorded(
    bare_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    build(bare_dsn)
    text = "CREATE TABLE ekarte.planted (a integer);"
    planted = [*module._files(), (9999, "9999_planted.sql", text)]
    monkeypatch.setattr(module, "_files", lambda: planted)
    assert build(bare_dsn) == ["9999_planted.sql"]
    connection = psycopg2.connect(bare_dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SELECT name, sha256 FROM ekarte.migration WHERE number = 9999")
        ((name, digest),) = cr.fetchall()
        cr.execute("SELECT * FROM ekarte.planted")
    connection.close()
    assert (name, bytes(digest)) == (
        "9999_planted.sql",
        hashlib.sha256(text.encode()).digest(),
    )


def test_a_file_that_fails_leaves_everything_as_it_was(
    bare_dsn: str, monkeypatch: pytest.MonkeyPatch
):
    planted = [*module._files(), (9999, "9999_bad.sql", "SELECT 1 FROM nowhere")]
    monkeypatch.setattr(module, "_files", lambda: planted)
    with pytest.raises(psycopg2.errors.UndefinedTable):
        build(bare_dsn)
    connection = psycopg2.connect(bare_dsn)
    with connection, connection.cursor() as cr:
        cr.execute("SELECT to_regclass('ekarte.migration')")
        assert cr.fetchone() == (None,)
    connection.close()


def test_a_ledger_without_its_schema_is_not_worked_on(bare_dsn: str, keyring):
    ledger = LedgerConnection(bare_dsn, keyring)
    with pytest.raises(SchemaBehind, match="migrate"):
        ledger.network(None)
    ledger.close()
    build(bare_dsn)
    connection = psycopg2.connect(bare_dsn)
    with connection, connection.cursor() as cr:
        check_schema(cr)
    connection.close()


def test_a_ledger_that_lacks_a_migration_is_not_worked_on(
    own_dsn: str, keyring, monkeypatch: pytest.MonkeyPatch
):
    planted = [*module._files(), (9999, "9999_new.sql", "SELECT 1")]
    monkeypatch.setattr(module, "_files", lambda: planted)
    ledger = LedgerConnection(own_dsn, keyring)
    with pytest.raises(SchemaBehind, match=r"9999_new\.sql"):
        ledger.network(None)
    ledger.close()


def test_a_role_that_may_not_migrate_is_told_so(bare_dsn: str):
    connection = psycopg2.connect(bare_dsn)
    with connection.cursor() as cr:
        cr.execute("SET ROLE pg_monitor")
        with pytest.raises(SchemaBehind, match="its owner"):
            migrate(cr)
    connection.close()
