"""History is never rewritten: not by the owner, not by a granted role, not by SQL."""

import uuid
from collections.abc import Iterator
from datetime import timedelta

import psycopg2
import psycopg2.errors
import pytest
from psycopg2 import sql
from psycopg2.extensions import make_dsn

from ekarte_core import (
    DrawTerms,
    EkarteError,
    Keyring,
    LedgerConnection,
    Offline,
    ParametersBook,
    ParametersVersion,
    Prize,
    check_keys,
    draw_winners,
    execute,
    freeze_draw,
    grant,
    open_draw,
)
from tests.core.shop import CLUB, GIFT, Shop, number
from tests.core.test_draws import ticket_network

FIXED = [
    "network_document",
    "operation",
    "entry",
    "sale_line",
    "hold",
    "hold_end",
    "batch_close",
    "settlement",
    "settlement_operation",
    "settlement_accepted",
    "settlement_attempt",
    "seal",
    "seal_operation",
    "membership",
    "draw",
    "draw_list",
    "draw_result",
    "card_claim",
    "voucher",
    "statement",
    "lot_notice",
    "settling_terms",
    "stop_change",
    "parameters_key",
    "parameters",
    "parameters_loaded",
    "bank_operation",
    "bank_step",
    "bank_attempt",
    "bank_delivery",
    "offline_operation",
    "offline_exception",
    "seal_verified",
    "terminal_key",
]
KEPT = ["card", "purse", "lot"]
"""May change, never go."""

RARE = [
    "INSERT INTO ekarte.voucher "
    "SELECT 'A', id, 'P', 'I', 'money', 1, '', NULL, 1, now() FROM ekarte.card LIMIT 1",
    "INSERT INTO ekarte.statement VALUES (1, 1, 1, now(), now(), 1)",
    "INSERT INTO ekarte.lot_notice VALUES (1, now())",
    "INSERT INTO ekarte.settling_terms VALUES (1, 'P', 'S', 0, 1, 0, 0, '', FALSE)",
    "INSERT INTO ekarte.stop_change VALUES (1, 1, 'lost', '', 1, '{}', now())",
    "INSERT INTO ekarte.parameters_key VALUES (1, 'k', '', now())",
    "INSERT INTO ekarte.parameters VALUES (1, 'B', 1, 1, 0, 1, '', now())",
    "INSERT INTO ekarte.parameters_loaded VALUES (1, 'T', 1, now())",
    "INSERT INTO ekarte.bank_operation VALUES (1, '00000011', 1, 1, 'sale', 'A', 'T', "
    "'M', 'EUR', '1234', 'en', now(), 'x', '')",
    "INSERT INTO ekarte.bank_step VALUES "
    "(1, 1, now(), 'refused', '0200', 1, 1, '', '', '', '')",
    "INSERT INTO ekarte.bank_attempt VALUES (1, 1, 1, now())",
    "INSERT INTO ekarte.bank_delivery VALUES (1, 1, now(), 'acknowledged', '00')",
    "INSERT INTO ekarte.seal_verified (number, digest) VALUES (0, '')",
    "INSERT INTO ekarte.terminal_key VALUES (1, 'T', 10001, now())",
]
"""Rows of tables that this trade does not reach."""


@pytest.fixture
def traded(shop: Shop) -> Shop:
    """A ledger with a row in every table."""
    card = shop.gift(2000)
    hold = shop.request("authorize", card, 500)
    shop.send(hold)
    shop.do("confirm", original=hold)
    shop.do("sale", number(CLUB), 1000)
    shop.do("close", batch=2)
    shop.do("advice", card, 9, offline=Offline(command="accrue"), local_time=shop.now)
    shop.later(hours=1)
    document = shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    assert document is not None
    shop.ledger.settlement_failed(document, "away", shop.now)
    shop.ledger.settlement_accepted(document, "{}", shop.now)
    shop.ledger.seal(shop.now)
    shop.ledger.remember_nonce("00000011", "n", shop.now)
    _hold_a_draw(shop)
    shop.sql("INSERT INTO ekarte.card_claim VALUES ('x')")
    for row in RARE:
        shop.sql(row)
    return shop


def _hold_a_draw(shop: Shop) -> None:
    shop.publish(ticket_network())
    terms = DrawTerms(
        issuer="GROCER",
        name="Feast",
        program="LUCK",
        first_day=shop.now.date() - timedelta(days=9),
        last_day=shop.now.date() - timedelta(days=2),
        prizes=(Prize("A bicycle"),),
    )
    with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
        draw = open_draw(cr, shop.keyring, shop.network, terms, shop.now)
        freeze_draw(cr, shop.keyring, shop.network, draw, shop.now)
        draw_winners(cr, shop.keyring, draw, shop.now)
    connection.close()


def statement(text: str, table: str) -> str:
    return text.format(table=f"ekarte.{table}")


def first_column(shop: Shop, table: str) -> str:
    return shop.sql(
        "SELECT column_name FROM information_schema.columns "
        "WHERE table_schema = 'ekarte' AND table_name = %s AND ordinal_position = 1",
        table,
    )[0][0]


def test_every_table_is_looked_at(traded: Shop):
    tables = {
        row[0]
        for row in traded.sql(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'ekarte'"
        )
    }
    running = {"exposure", "exposure_use", "exposure_cleared"}  # sums, proved by I12
    swept = {"bank_work", "bank_card", "terminal_guess"}
    assert tables == {*FIXED, *KEPT, *running, *swept, "nonce", "migration"}
    for table in tables - running - swept:
        assert traded.sql(f"SELECT count(*) FROM ekarte.{table}") != [(0,)], table


@pytest.mark.parametrize("table", FIXED)
def test_the_owner_cannot_rewrite_history(traded: Shop, table: str):
    column = first_column(traded, table)
    for text in (
        f"UPDATE {{table}} SET {column} = {column}",
        "DELETE FROM {table}",
        "TRUNCATE {table} CASCADE",
    ):
        with pytest.raises(psycopg2.errors.RestrictViolation, match="append-only"):
            traded.sql(statement(text, table))


@pytest.mark.parametrize("table", KEPT)
def test_the_owner_cannot_remove_what_others_point_at(traded: Shop, table: str):
    for text in ("DELETE FROM {table}", "TRUNCATE {table} CASCADE"):
        with pytest.raises(psycopg2.errors.RestrictViolation):
            traded.sql(statement(text, table))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ekarte.purse SET posted = -1 WHERE unit = 'EUR'",
        "UPDATE ekarte.purse SET held = posted + 1 WHERE unit = 'EUR'",
        "UPDATE ekarte.purse SET held = -1 WHERE unit = 'EUR'",
        "UPDATE ekarte.purse SET credit_limit = -1",
        "UPDATE ekarte.lot SET posted = -1",
        "UPDATE ekarte.lot SET posted = issued + 1",
        "UPDATE ekarte.lot SET held = posted + 1",
        "UPDATE ekarte.lot SET held = -1",
        "UPDATE ekarte.card SET state = 'happy'",
    ],
)
def test_a_purse_never_goes_below_zero_not_even_by_sql(traded: Shop, change: str):
    with pytest.raises(psycopg2.errors.CheckViolation):
        traded.sql(change)


def test_a_purse_may_be_emptied_by_sql(traded: Shop):
    """The pair of the above: the constraint refuses no more than it must."""
    traded.sql("UPDATE ekarte.purse SET held = 0, posted = 0 WHERE unit = 'EUR'")
    assert traded.broken() == ["I2", "I8"]


@pytest.mark.parametrize(
    "row",
    [
        "INSERT INTO ekarte.entry SELECT * FROM ekarte.entry LIMIT 1",
        "INSERT INTO ekarte.hold_end SELECT * FROM ekarte.hold_end",
        "INSERT INTO ekarte.settlement_operation "
        "SELECT * FROM ekarte.settlement_operation LIMIT 1",
        "INSERT INTO ekarte.settlement_accepted "
        "SELECT * FROM ekarte.settlement_accepted",
        "INSERT INTO ekarte.lot SELECT id + 1000, purse_id, valid_until, 0, 0, 0, 0 "
        "FROM ekarte.lot",
    ],
    ids=["entry", "hold_end", "settled twice", "accepted twice", "lot of one date"],
)
def test_what_must_be_once_is_once(traded: Shop, row: str):
    with pytest.raises(psycopg2.errors.UniqueViolation):
        traded.sql(row)


@pytest.fixture
def role(shop: Shop) -> Iterator[str]:
    """A fresh database role that may do nothing yet."""
    name = f"core_role_{uuid.uuid4().hex[:8]}"
    shop.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'hush'")
    shop.sql("CREATE TABLE public.res_users (password text)")
    yield name
    shop.ledger.close()
    shop.sql("DROP TABLE public.res_users")
    shop.sql(f"DROP OWNED BY {name}")
    shop.sql(f"DROP ROLE {name}")


def granted(shop: Shop, role: str, purpose: str) -> None:
    with psycopg2.connect(shop.dsn) as connection, connection.cursor() as cr:
        grant(cr, role, purpose)
    connection.close()


def as_role(shop: Shop, role: str, text: str) -> list:
    connection = psycopg2.connect(shop.dsn)
    try:
        with connection, connection.cursor() as cr:
            cr.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
            cr.execute(text)
            return cr.fetchall() if cr.description else []
    finally:
        connection.close()


MUST_NOT = [
    "UPDATE ekarte.operation SET amount = 0",
    "DELETE FROM ekarte.entry",
    "TRUNCATE ekarte.entry",
    "DELETE FROM ekarte.card",
    "DELETE FROM ekarte.purse",
    "UPDATE ekarte.entry SET posted = 0",
    "UPDATE ekarte.settlement SET body = ''",
    "UPDATE ekarte.membership SET issuer = ''",
    "INSERT INTO ekarte.migration (number, name, sha256) VALUES (99, 'x', '')",
    "UPDATE ekarte.migration SET sha256 = ''",
    "DROP TABLE ekarte.nonce",
    "ALTER TABLE ekarte.entry DISABLE TRIGGER ALL",
    "CREATE TABLE ekarte.mine (a integer)",
    "CREATE OR REPLACE FUNCTION ekarte.refuse_change() RETURNS trigger "
    "LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
    "SET session_replication_role = replica",
    "SELECT * FROM public.res_users",
    "INSERT INTO public.res_users VALUES ('x')",
]


@pytest.mark.parametrize("purpose", ["gateway", "odoo"])
def test_a_granted_role_cannot_do_what_it_must_not(shop: Shop, role: str, purpose: str):
    granted(shop, role, purpose)
    for text in MUST_NOT:
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            as_role(shop, role, text)


DOCUMENT = (
    "INSERT INTO ekarte.network_document (version, published_at, sha256, body) "
    "VALUES (99, now(), '', '{}')"
)


def test_a_gateway_does_not_publish(shop: Shop, role: str):
    granted(shop, role, "gateway")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_role(shop, role, DOCUMENT)


def test_odoo_publishes(shop: Shop, role: str):
    granted(shop, role, "odoo")
    as_role(shop, role, DOCUMENT)


@pytest.mark.parametrize("purpose", ["gateway", "odoo"])
def test_a_granted_role_may_change_keys(shop: Shop, role: str, purpose: str):
    """Cards are found by an old key, renewed, and claimed while they are new."""
    granted(shop, role, purpose)
    shop.gift(2000)
    keys = dict(shop.keyring._keys) | {("card_token", 2): bytes(32)}
    requests = [
        shop.request("sale", card, 100) for card in (number(GIFT), number(CLUB))
    ]
    connection = psycopg2.connect(shop.dsn)
    with connection, connection.cursor() as cr:
        cr.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role)))
        outcomes = execute(cr, requests, shop.network, Keyring(keys), shop.now)
        check_keys(cr, Keyring(keys))
    connection.close()
    assert [outcome.rc for outcome in outcomes] == ["00", "00"]
    assert shop.sql("SELECT token_key FROM ekarte.card") == [(2,), (2,)]


DRAW = (
    "INSERT INTO ekarte.draw VALUES "
    "(99, 'GROCER', 'x', 'BONUS', '2026-11-01', '2026-11-02', '[]', 1, '', now())"
)


def test_a_gateway_holds_no_draws(shop: Shop, role: str):
    granted(shop, role, "gateway")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_role(shop, role, DRAW)


def test_odoo_holds_draws(shop: Shop, role: str):
    granted(shop, role, "odoo")
    as_role(shop, role, DRAW)


def test_without_a_grant_nothing_is_seen(shop: Shop, role: str):
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        as_role(shop, role, "SELECT * FROM ekarte.card")


def _tell(book: ParametersBook, shop: Shop) -> bool:
    """All that a gateway writes about what terminals are told."""
    assert book.claim()
    assert book.follow_cards(shop.network, shop.now) == 1
    book.add_keys([("k", b"K")], shop.now)
    book.add("G1", ParametersVersion(1, 1, 1, 1, b"", shop.now))
    return book.note_loaded("00000011", "G1", 1, shop.now)


def test_a_gateways_role_is_enough_for_its_whole_work(shop: Shop, role: str):
    granted(shop, role, "gateway")
    shop.ledger.close()
    dsn = make_dsn(shop.dsn, options=f"-c role={role}")
    shop.ledger = LedgerConnection(dsn, shop.keyring)
    card = shop.gift(2000)
    assert shop.sql("SELECT usename FROM pg_stat_activity WHERE pid = pg_backend_pid()")
    hold = shop.request("authorize", card, 500)
    shop.send(hold)
    assert shop.do("confirm", original=hold).rc == "00"
    lost = shop.request("authorize", card, 500)
    shop.send(lost)
    shop.do("reverse", original=shop.request("sale", card, 1))
    assert shop.do("sale", number(CLUB), 1000).rc == "00"
    assert shop.do("block", card).rc == "00"
    assert shop.ledger.parameters(lambda book: _tell(book, shop))
    assert shop.do("close", batch=2).rc == "00"
    assert shop.ledger.network(None).version == 1
    assert shop.ledger.remember_nonce("00000011", "n", shop.now)
    shop.later(hours=1)
    assert shop.expire() == 1
    assert shop.ledger.sweep(shop.now) == 1
    assert shop.ledger.seal(shop.now) > 0
    document = shop.ledger.build_settlement(shop.network, shop.now, shop.now)
    shop.ledger.settlement_failed(document, "away", shop.now)
    shop.ledger.settlement_accepted(document, "{}", shop.now)
    assert shop.broken() == []


@pytest.mark.parametrize("name", ['a"; DROP TABLE x', "Big", "1st", "", "a" * 64])
def test_a_role_with_an_odd_name_is_refused(dsn: str, name: str):
    connection = psycopg2.connect(dsn)
    with connection.cursor() as cr, pytest.raises(EkarteError, match="role name"):
        grant(cr, name, "gateway")
    connection.close()
