"""What the gateway does by itself: holds expire, networks change, the chain grows."""

import json
import os
from contextlib import closing
from datetime import datetime, timedelta, timezone

import msgspec
import psycopg2
import pytest
from psycopg2.extensions import make_dsn

from ekarte_auth_gateway.codec import unpack
from ekarte_core import CardRef, LedgerConnection, Request, load_keyring
from tests.gateway import town
from tests.gateway.conftest import core_command, publish
from tests.gateway.gateway_process import GatewayProcess
from tests.gateway.shop import ask, balance, gift_card, order
from tests.gateway.wire import Line, frame


def test_a_hold_expires_by_itself_and_cannot_be_confirmed(make_gateway):
    gateway = make_gateway().start_ready()
    brief, long = gateway.http(town.HTTP_BRIEF), gateway.http()
    value = gift_card(long, 5000)
    short_hold = order("authorize", brief, card=value, amount=1000)
    long_hold = order("authorize", long, card=value, amount=2000)
    assert brief.send(short_hold).rc == "00"
    assert long.send(long_hold).rc == "00"
    assert balance(long, value) == 2000
    gateway.wait_until(lambda: balance(long, value) == 3000, "one hold expired", 10)
    assert gateway.metric("ekarte_holds_expired_total") == 1
    assert ask(brief, "confirm", original=short_hold.operation).rc != "00"
    assert ask(long, "confirm", original=long_hold.operation).rc == "00"
    assert balance(long, value) == 3000
    assert gateway.broken_invariants() == []


def test_a_published_network_is_in_use_within_seconds(make_gateway, tmp_path):
    gateway = make_gateway().start_ready()
    terminal = gateway.http()
    assert ask(terminal, "echo").params_version == 1
    terminals = town.document()["terminals"]
    terminals[0]["state"] = "blocked"
    publish(gateway.dsn, tmp_path, terminals=terminals)
    gateway.wait_until(lambda: gateway.ready()["network_version"] == 2, "in use", 5)
    assert ask(terminal, "echo").rc == "58"
    assert terminal.last_status == 403


def test_a_renewed_key_replaces_the_old_one(make_gateway, tmp_path):
    gateway = make_gateway().start_ready()
    terminals = town.document()["terminals"]
    for each in terminals:
        each["key_version"] = 2
    publish(gateway.dsn, tmp_path, terminals=terminals)
    gateway.wait_until(lambda: gateway.ready()["network_version"] == 2, "in use", 5)
    assert ask(gateway.http(), "echo").rc == "63"
    with Line(gateway, town.ISO_1) as old:
        fields = old.fields(order("echo", old))
        old.send(frame(old.message(fields)))
        assert unpack(old.take())["39"] == "63"
    new_key = gateway.keyring.terminal_key
    assert ask(gateway.http(key=new_key(town.HTTP_1, 2)), "echo").rc == "00"
    assert ask(gateway.iso(key=new_key(town.ISO_1, 2)), "echo").rc == "00"


def test_the_hash_chain_and_the_nonces_are_looked_after(make_gateway):
    gateway = make_gateway(EKARTE_SEAL_EVERY_S="0.5").start_ready()
    terminal = gateway.http()
    for _ in range(3):
        assert ask(terminal, "sale", card=town.club_number(), amount=100).rc == "00"
    nonces = gateway.sql("SELECT count(*) FROM ekarte.nonce")[0][0]
    assert nonces >= 3
    sealed = "SELECT count(*) FROM ekarte.seal_operation"
    gateway.wait_until(lambda: gateway.sql(sealed)[0][0] >= 3, "sealed", 25)
    assert gateway.broken_invariants() == []


def test_it_runs_from_an_empty_database_and_says_what_is_missing(
    server_dsn, tmp_path, keyring_file
):
    """The order in which people do things: gateway, then migrate, then publish."""
    name = f"gateway_from_nothing_{os.getpid()}"
    admin = psycopg2.connect(server_dsn)
    admin.autocommit = True
    admin.cursor().execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    admin.cursor().execute(f"CREATE DATABASE {name}")
    dsn = make_dsn(server_dsn, dbname=name)
    gateway = GatewayProcess(dsn, load_keyring(keyring_file), keyring_file, tmp_path)
    try:
        gateway.start()
        assert "migrate" in gateway.wait_for_event("ledger away")["reason"]
        core_command("migrate", "--dsn", dsn)
        gateway.wait_for_event("no network document")
        # Each of its connections notices the migration by itself.
        missing = ["no network document has been published"]
        gateway.wait_until(lambda: gateway.ready()["faults"] == missing, "missing", 10)
        assert ask(gateway.http(), "echo").rc == "91"
        publish(dsn, tmp_path)
        gateway.wait_until(lambda: gateway.ready()["ready"], "ready", 10)
        assert ask(gateway.http(), "echo").rc == "00"
    finally:
        gateway.kill()
        admin.cursor().execute(f"DROP DATABASE {name} WITH (FORCE)")
        admin.close()


def test_the_gateways_database_role_needs_no_more_than_it_was_granted(
    make_gateway, server_dsn, tmp_path
):
    """It sells, settles, seals and expires; it cannot rewrite, nor read elsewhere."""
    gateway = make_gateway()
    owner_dsn, role = gateway.dsn, f"gateway_{os.getpid()}"
    owner = psycopg2.connect(owner_dsn)
    owner.autocommit = True
    cr = owner.cursor()
    cr.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'for-a-test'")
    try:
        cr.execute("CREATE TABLE public.res_users (password text)")
        core_command("grant", "--dsn", owner_dsn, "--role", role, "--for", "gateway")
        dsn = make_dsn(owner_dsn, user=role, password="for-a-test")
        gateway.start_ready(
            EKARTE_DSN=dsn, EKARTE_SETTLE_EVERY_S="0.3", EKARTE_SEAL_EVERY_S="0.5"
        )
        brief, terminal = gateway.http(town.HTTP_BRIEF), gateway.http()
        value = gift_card(terminal, 1000)
        assert ask(brief, "authorize", card=value, amount=300).rc == "00"
        gateway.wait_until(lambda: balance(terminal, value) == 1000, "expired", 10)
        assert ask(terminal, "close").totals
        gateway.wait_until(
            lambda: gateway.sql("SELECT count(*) FROM ekarte.seal_operation")[0][0],
            "sealed",
            25,
        )
        assert [line for line in gateway.logs() if line["level"] == "error"] == []
        for statement in (
            "SELECT * FROM public.res_users",
            "UPDATE ekarte.operation SET amount = 0",
            "DELETE FROM ekarte.entry",
            "INSERT INTO ekarte.network_document VALUES (9, now(), '', '')",
        ):
            thief = psycopg2.connect(dsn)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                thief.cursor().execute(statement)
            thief.close()
    finally:
        gateway.kill()
        cr.execute(f"DROP OWNED BY {role}")
        cr.execute(f"DROP ROLE {role}")
        owner.close()


def test_the_figures_tell_what_happened(gateway):
    terminal = gateway.http()
    assert ask(terminal, "echo").rc == "00"
    before = gateway.metric("ekarte_requests_total")
    assert ask(terminal, "sale", card=town.club_number(), amount=100).rc == "00"
    assert gateway.metric("ekarte_requests_total") == before + 1
    page = terminal.get("/metrics").decode()
    for name in (
        'ekarte_requests_total{command="sale",rc="00",transport="http"}',
        'ekarte_request_seconds_bucket{le="0.005",transport="http"}',
        "ekarte_group_size_count",
        "ekarte_queue_depth",
        "ekarte_holds_expired_total",
        "ekarte_settlements_pending",
        "ekarte_settlements_accepted_total",
        'ekarte_connections{transport="http"}',
        'ekarte_connections{transport="iso8583"}',
    ):
        assert name in page
    json.loads(terminal.get("/readyz"))


def test_a_batch_that_was_left_open_is_closed_on_time(make_gateway, tmp_path):
    gateway = make_gateway()
    terminals = town.document()["terminals"]
    at = datetime.now(timezone.utc) - timedelta(hours=25)
    for each in terminals:
        each["close_at"] = "12:00"
    publish(gateway.dsn, tmp_path, terminals=terminals)
    with closing(LedgerConnection(gateway.dsn, gateway.keyring)) as ledger:
        sale = Request(
            command="sale",
            terminal=town.HTTP_1,
            batch=4,
            operation=1,
            card=CardRef(value=town.club_number()),
            amount=100,
        )
        ledger.run([sale], ledger.network(None), at)
    gateway.start_ready()
    closed = "SELECT terminal, batch FROM ekarte.batch_close"
    gateway.wait_until(lambda: gateway.sql(closed), "closed", 20)
    assert gateway.sql(closed) == [(town.HTTP_1, 4)]
    late = gateway.http().send(msgspec.structs.replace(sale, operation=2))
    assert late.rc == "95"
    assert gateway.broken_invariants() == []
